//! `kubectl explain`: fields with their types. The schema carries no prose, so descriptions are
//! named as missing.
// Models kubectl/pkg/explain/v2/templates/plaintext.tmpl.

mod custom;

pub use custom::explain_custom;

use crate::types::{Field, FieldKind, Type, TypeId};
use crate::{MAX_DEPTH, Schema};
use std::fmt;
use std::fmt::Write;

const NO_DESCRIPTION: &str = "<no description in this build>";
/// So many enum values are listed behind a field; all of them on the field's own page.
const ENUMS_SHOWN_MAX: usize = 4;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExplainError {
    /// What kubectl has printed on stdout before it fails.
    pub output: String,
    /// With the leading `error: `, for stderr.
    pub message: String,
}

impl fmt::Display for ExplainError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for ExplainError {}

/// One field as explain shows it; what an editor's completion shows too.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FieldDoc {
    pub name: &'static str,
    /// `string`, `[]Container`, `map[string]Quantity`
    pub type_name: String,
    pub required: bool,
    /// Allowed values; of a list or map, those of its elements.
    pub enums: Vec<&'static str>,
}

impl FieldDoc {
    pub(crate) fn of(field: &Field) -> Self {
        FieldDoc {
            name: field.name,
            type_name: type_name(&field.kind),
            required: field.required,
            enums: field.enums.clone(),
        }
    }
}

impl Schema {
    /// The fields at a path below a kind; lists and maps on the way have no segment of their own.
    pub fn explain(&self, id: TypeId, path: &[&str]) -> Option<Vec<FieldDoc>> {
        let (_, below) = self.walk(id, path)?;
        let fields = below.map_or(&[][..], |ty| &ty.fields);
        Some(fields.iter().map(FieldDoc::of).collect())
    }

    /// The last field of the path (none for the kind itself) and the type below it.
    fn walk(&self, id: TypeId, path: &[&str]) -> Option<(Option<&Field>, Option<&Type>)> {
        let mut at = (None, self.ty(id));
        for name in path {
            let field = at.1?.field(name)?;
            at = (Some(field), field.kind.object().and_then(|id| self.ty(id)));
        }
        Some(at)
    }
}

/// The page kubectl prints for a kind or for a field of it.
pub fn explain_text(
    group: &str,
    version: &str,
    kind: &str,
    path: &[&str],
    recursive: bool,
) -> Result<String, ExplainError> {
    let schema = Schema::get();
    let mut out = String::new();
    let Some(id) = schema.type_for(group, version, kind) else {
        let message =
            format!("error: the fields of {kind} ({group}/{version}) are not in this build");
        return Err(ExplainError { output: out, message });
    };
    if !group.is_empty() {
        let _ = writeln!(out, "GROUP:      {group}");
    }
    let _ = write!(out, "KIND:       {kind}\nVERSION:    {version}\n\n");
    let Some((field, below)) = schema.walk(id, path) else {
        let name = path.last().copied().unwrap_or_default();
        let message = format!("error: field \"{name}\" does not exist");
        return Err(ExplainError { output: out, message });
    };
    if let Some(field) = field {
        let _ = writeln!(out, "FIELD: {} <{}>", field.name, type_name(&field.kind));
        if let Some(enums) = own_enums(field) {
            out.push_str("ENUM:");
            for value in enums {
                let _ = write!(out, "\n    {}", enum_text(value));
            }
        }
        out.push_str("\n\n");
    }
    let _ = write!(out, "DESCRIPTION:\n    {NO_DESCRIPTION}\n    \n");
    if let Some(ty) = below.filter(|ty| !ty.fields.is_empty()) {
        out.push_str("FIELDS:\n");
        let mut history = Vec::new();
        field_list(schema, ty, 1, recursive, &mut history, &mut out);
    }
    out.push('\n');
    Ok(out)
}

fn field_list(
    schema: &Schema,
    ty: &Type,
    level: usize,
    recursive: bool,
    history: &mut Vec<&'static str>,
    out: &mut String,
) {
    if history.contains(&ty.name) || level > MAX_DEPTH {
        return;
    }
    history.push(ty.name);
    for field in &ty.fields {
        field_detail(field, level, recursive, out);
        let below = field.kind.object().and_then(|id| schema.ty(id)).filter(|_| recursive);
        if let Some(below) = below {
            field_list(schema, below, level + 1, recursive, history, out);
        }
    }
    history.pop();
}

fn field_detail(field: &Field, level: usize, short: bool, out: &mut String) {
    let indent = "  ".repeat(level);
    let _ = write!(out, "{indent}{}\t<{}>", field.name, type_name(&field.kind));
    if field.required {
        out.push_str(" -required-");
    }
    if let Some(enums) = own_enums(field) {
        let shown: Vec<&str> =
            enums.iter().take(ENUMS_SHOWN_MAX).map(|value| enum_text(value)).collect();
        let more = if enums.len() > ENUMS_SHOWN_MAX { ", ...." } else { "" };
        let _ = write!(out, "\n{indent}enum: {}{more}", shown.join(", "));
    }
    out.push('\n');
    if !short {
        let _ = write!(out, "{indent}  <no description>\n\n");
    }
}

/// Explain does not show the values that the elements of a list or map may have.
fn own_enums(field: &Field) -> Option<&[&'static str]> {
    (!field.enums.is_empty() && field.kind.element().is_none()).then_some(&field.enums)
}

fn enum_text(value: &str) -> &str {
    if value.is_empty() { "\"\"" } else { value }
}

pub(crate) fn type_name(kind: &FieldKind) -> String {
    match kind {
        FieldKind::String | FieldKind::Bytes | FieldKind::Time | FieldKind::MicroTime => {
            "string".to_owned()
        }
        FieldKind::Int32 | FieldKind::Int64 => "integer".to_owned(),
        FieldKind::Number => "number".to_owned(),
        FieldKind::Boolean => "boolean".to_owned(),
        FieldKind::Quantity => "Quantity".to_owned(),
        FieldKind::IntOrString => "IntOrString".to_owned(),
        FieldKind::Array(inner) => format!("[]{}", type_name(inner)),
        FieldKind::Map(inner) => format!("map[string]{}", type_name(inner)),
        FieldKind::Object(id) | FieldKind::Any(id) => {
            Schema::get().ty(*id).map_or("Object", |ty| ty.short_name()).to_owned()
        }
    }
}
