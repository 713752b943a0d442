//! `kubectl events`.
// Models kubectl/pkg/cmd/events/{events,event_printer}.go.

use serde_json::Value;

use crate::describe::{Pen, since, sort_events};
use crate::discovery;
use crate::fail::{Outcome, error};
use crate::flags::{ALL_NAMESPACES, Args, Flag, PRINT};
use crate::path::Look;
use crate::printers::{Format, TabWriter, object};
use crate::server::{self, Filter};
use crate::session::Cx;
use crate::verbs::{Flow, Verb};

pub static VERB: Verb = Verb {
    name: "events",
    about: "List events",
    usage: "[(-o|--output=)json|yaml|name] [--for TYPE/NAME] [--types=Normal,Warning]",
    flags: &[
        &[
            Flag::text("for"),
            Flag::list("types"),
            Flag::bool("watch").short('w'),
            Flag::bool("no-headers"),
            Flag::int("chunk-size", "500"),
        ],
        ALL_NAMESPACES,
        PRINT,
    ],
    run: Some(run),
    ..Verb::NONE
};

fn run(cx: &mut Cx<'_>, args: &Args) -> Outcome<Flow> {
    if args.bool("watch") {
        return error(
            "--watch of kubectl events is not supported in this terminal; use kubectl get events \
                 -w",
        );
    }
    let format = Format::of(args, &cx.session.files, false)?;
    let everywhere = args.bool("all-namespaces");
    let namespace = if everywhere { String::new() } else { args.namespace.clone() };
    let kind = discovery::resolve("events")?;
    let mut events = server::list(cx, kind, &namespace, &Filter::default())?;
    if let Some((kind, name)) = args.text("for").split_once('/') {
        let kind = discovery::resolve(kind)?;
        events.retain(|event| {
            event.text("involvedObject.kind") == kind.kind
                && event.text("involvedObject.name") == name
        });
    } else if args.changed("for") {
        return error("--for must be in resource/name form");
    }
    let types = args.list("types");
    let is_type = |ty: &String| ["normal", "warning"].contains(&ty.to_ascii_lowercase().as_str());
    if !types.iter().all(is_type) {
        return error("valid --types are Normal or Warning");
    }
    if !types.is_empty() {
        events.retain(|event| types.iter().any(|ty| event.text("type").eq_ignore_ascii_case(ty)));
    }
    if events.is_empty() {
        match everywhere {
            true => cx.complain("No events found."),
            false => cx.complain(&format!("No events found in {namespace} namespace.")),
        }
        return Ok(Flow::Done);
    }
    sort_events(&mut events);
    if !format.is_human() {
        // The real one has lost the kinds by then, and prints no names.
        if format == Format::Name {
            return Ok(Flow::Done);
        }
        let text = object::print(&format, &object::list_of(events), args)?;
        cx.out.stdout(&text);
        return Ok(Flow::Done);
    }
    let mut text = String::new();
    if !args.bool("no-headers") {
        let first = if everywhere { "NAMESPACE\t" } else { "" };
        text.push_str(&format!("{first}LAST SEEN\tTYPE\tREASON\tOBJECT\tMESSAGE\n"));
    }
    let pen = Pen::new(cx.time());
    for event in &events {
        text.push_str(&line(&pen, event, everywhere));
    }
    cx.out.stdout(&TabWriter::table().format(&text));
    Ok(Flow::Done)
}

fn line(pen: &Pen, event: &Value, everywhere: bool) -> String {
    let about = event.at("involvedObject");
    let object = format!("{}/{}", about.text("kind"), about.text("name"));
    let namespace = match everywhere {
        true => format!("{}\t", event.text("metadata.namespace")),
        false => String::new(),
    };
    let (ty, reason) = (event.text("type"), event.text("reason"));
    let message = event.text("message").trim();
    format!("{namespace}{}\t{ty}\t{reason}\t{object}\t{message}\n", since(pen, event))
}
