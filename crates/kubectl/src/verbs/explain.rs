//! `kubectl explain`: the structure of a kind, from the schema, which holds no prose.
// Models kubectl/pkg/explain/v2.

use schema::{Field, FieldKind, Schema, Type};

use crate::discovery;
use crate::fail::{Fail, Outcome, error};
use crate::flags::{Args, Flag};
use crate::session::Cx;
use crate::verbs::{Flow, Verb, Words};

pub static VERB: Verb = Verb {
    name: "explain",
    about: "Get documentation for a resource",
    usage: "TYPE [--recursive=FALSE|TRUE] [--api-version=api-version-group] \
         [-o|--output=plaintext]",
    flags: &[&[
        Flag::bool("recursive"),
        Flag::text("api-version"),
        Flag::text("output").short('o').default("plaintext"),
    ]],
    words: Words::Types,
    run: Some(run),
    ..Verb::NONE
};

/// Types that contain themselves end here.
const DEPTH_MAX: usize = 12;

fn run(cx: &mut Cx<'_>, args: &Args) -> Outcome<Flow> {
    let path = match args.words.as_slice() {
        [] => {
            return error(
                "You must specify the type of resource to explain. Use \"kubectl api-resources\" \
                     for a complete list of supported resources.",
            );
        }
        [one] => one,
        _ => return error("We accept only this format: explain RESOURCE"),
    };
    if args.text("output") != "plaintext" {
        return error(format!(
            "explain output {:?} is not supported in this terminal",
            args.text("output")
        ));
    }
    let (resource, fields) = path.split_once('.').unwrap_or((path, ""));
    let kind = discovery::resolve(path)
        .or_else(|_| discovery::resolve(resource))
        .map_err(|_| Fail::Raw(format!("the server doesn't have a resource type {resource:?}")))?;
    let fields = if discovery::resolve(path).is_ok() && path != resource { "" } else { fields };
    let (group, version) = match args.text("api-version") {
        "" => (kind.group, kind.version),
        given => given.split_once('/').unwrap_or(("", given)),
    };
    let schema = Schema::get();
    let Some(root) = schema.type_for(group, version, kind.kind).and_then(|id| schema.ty(id)) else {
        return error(format!(
            "couldn't find resource for \"{group}/{version}, Kind={}\"",
            kind.kind
        ));
    };
    let mut text = String::new();
    if !group.is_empty() {
        text.push_str(&format!("GROUP:      {group}\n"));
    }
    text.push_str(&format!("KIND:       {}\nVERSION:    {version}\n\n", kind.kind));
    cx.out.stdout(&text);
    let mut here = root;
    let mut last: Option<&Field> = None;
    for name in fields.split('.').filter(|name| !name.is_empty()) {
        // A field of a plain type has none below it.
        let inner = match last {
            None => Some(root),
            Some(field) => field.kind.object().and_then(|id| schema.ty(id)),
        };
        let Some(field) = inner.and_then(|ty| ty.field(name)) else {
            return error(format!("field {name:?} does not exist"));
        };
        last = Some(field);
        if let Some(ty) = field.kind.object().and_then(|id| schema.ty(id)) {
            here = ty;
        }
    }
    let mut text = String::new();
    if let Some(field) = last {
        text.push_str(&format!(
            "FIELD: {} <{}>{}\n",
            field.name,
            type_name(&field.kind),
            required(field)
        ));
        text.push_str(&enums(field, ""));
        text.push_str("\n\n");
    }
    text.push_str("DESCRIPTION:\n    <empty>\n");
    let has_fields = last.is_none_or(|field| field.kind.object().is_some());
    if has_fields && !here.fields.is_empty() {
        text.push_str("FIELDS:\n");
        list(&mut text, here, 1, args.bool("recursive"));
    }
    text.push('\n');
    cx.out.stdout(&text);
    Ok(Flow::Done)
}

fn required(field: &Field) -> &'static str {
    if field.required { " -required-" } else { "" }
}

fn enums(field: &Field, indent: &str) -> String {
    match field.enums.is_empty() {
        true => String::new(),
        false => format!("{indent}enum: {}\n", field.enums.join(", ")),
    }
}

fn list(text: &mut String, ty: &Type, level: usize, recursive: bool) {
    let indent = "  ".repeat(level);
    for field in &ty.fields {
        let name = type_name(&field.kind);
        text.push_str(&format!("{indent}{}\t<{name}>{}\n", field.name, required(field)));
        text.push_str(&enums(field, &indent));
        let inner = field.kind.object().and_then(|id| Schema::get().ty(id));
        if !recursive {
            text.push_str(&format!("{indent}  <no description>\n\n"));
        } else if let Some(inner) = inner.filter(|_| level < DEPTH_MAX)
            && inner.name != ty.name
        {
            list(text, inner, level + 1, true);
        }
    }
}

fn type_name(kind: &FieldKind) -> String {
    let named =
        |id: &schema::TypeId| Schema::get().ty(*id).map_or("Object", Type::short_name).to_owned();
    match kind {
        FieldKind::String | FieldKind::Bytes => "string".to_owned(),
        FieldKind::Int32 | FieldKind::Int64 => "integer".to_owned(),
        FieldKind::Number => "number".to_owned(),
        FieldKind::Boolean => "boolean".to_owned(),
        FieldKind::Quantity => "Quantity".to_owned(),
        FieldKind::IntOrString => "IntOrString".to_owned(),
        FieldKind::Time => "Time".to_owned(),
        FieldKind::MicroTime => "MicroTime".to_owned(),
        FieldKind::Object(id) | FieldKind::Any(id) => named(id),
        FieldKind::Map(inner) => format!("map[string]{}", type_name(inner)),
        FieldKind::Array(inner) => format!("[]{}", type_name(inner)),
    }
}
