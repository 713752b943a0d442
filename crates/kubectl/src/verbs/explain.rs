//! `kubectl explain`: the structure of a kind, from the schema, which holds no prose.
// Models kubectl/pkg/explain/v2.

use schema::Schema;

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
        return error(format!("unrecognized format: {}", args.text("output")));
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
    let custom = cx.api.custom_schema(group, version, kind.kind);
    if custom.is_none() && Schema::get().type_for(group, version, kind.kind).is_none() {
        return error(format!(
            "couldn't find resource for \"{group}/{version}, Resource={}\"",
            kind.plural
        ));
    }
    let path: Vec<&str> = fields.split('.').filter(|name| !name.is_empty()).collect();
    let recursive = args.bool("recursive");
    let page = match custom {
        Some(schema) => {
            schema::explain_custom((group, version, kind.kind), &schema, &path, recursive)
        }
        None => schema::explain_text(group, version, kind.kind, &path, recursive),
    };
    match page {
        Ok(text) => cx.out.stdout(&text),
        Err(why) => {
            cx.out.stdout(&why.output);
            return error(why.message);
        }
    }
    Ok(Flow::Done)
}
