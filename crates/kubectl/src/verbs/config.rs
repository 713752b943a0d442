//! `kubectl config` and `kubectl auth whoami`.

use serde_json::json;

use crate::fail::{Outcome, error};
use crate::flags::{Args, Flag};
use crate::printers::TabWriter;
use crate::session::Cx;
use crate::verbs::{Flow, Verb};

static CURRENT_CONTEXT: Verb = Verb {
    name: "current-context",
    about: "Display the current-context",
    run: Some(|cx, _| {
        let context = cx.session.context.clone();
        cx.say(&context);
        Ok(Flow::Done)
    }),
    ..Verb::NONE
};

static GET_CONTEXTS: Verb = Verb {
    name: "get-contexts",
    about: "Describe one or many contexts",
    flags: &[&[Flag::bool("no-headers"), Flag::text("output").short('o')]],
    run: Some(get_contexts),
    ..Verb::NONE
};

static SET_CONTEXT: Verb = Verb {
    name: "set-context",
    about: "Set a context entry in kubeconfig",
    usage: "[NAME | --current] [--namespace=namespace]",
    flags: &[&[Flag::bool("current")]],
    run: Some(set_context),
    ..Verb::NONE
};

static USE_CONTEXT: Verb = Verb {
    name: "use-context",
    aliases: &["use"],
    about: "Set the current-context in a kubeconfig file",
    usage: "CONTEXT_NAME",
    run: Some(use_context),
    ..Verb::NONE
};

static VIEW: Verb = Verb {
    name: "view",
    about: "Display merged kubeconfig settings or a specified kubeconfig file",
    flags: &[&[Flag::bool("minify"), Flag::text("output").short('o')]],
    run: Some(view),
    ..Verb::NONE
};

pub static VERB: Verb = Verb {
    name: "config",
    about: "Modify kubeconfig files",
    usage: "SUBCOMMAND",
    children: &[&CURRENT_CONTEXT, &GET_CONTEXTS, &SET_CONTEXT, &USE_CONTEXT, &VIEW],
    ..Verb::NONE
};

static WHOAMI: Verb = Verb {
    name: "whoami",
    about: "Experimental: Check self subject attributes",
    run: Some(whoami),
    ..Verb::NONE
};

pub static AUTH: Verb = Verb {
    name: "auth",
    about: "Inspect authorization",
    usage: "SUBCOMMAND",
    children: &[&WHOAMI],
    ..Verb::NONE
};

fn get_contexts(cx: &mut Cx<'_>, args: &Args) -> Outcome<Flow> {
    let session = &cx.session;
    let name = session.context.clone();
    if let Some(other) = args.words.iter().find(|word| **word != name) {
        return error(format!("context {other} not found"));
    }
    if args.text("output") == "name" {
        cx.say(&name);
        return Ok(Flow::Done);
    }
    let mut text = String::new();
    if !args.bool("no-headers") {
        text.push_str("CURRENT\tNAME\tCLUSTER\tAUTHINFO\tNAMESPACE\n");
    }
    let (cluster, user, namespace) = (&session.cluster, &session.user, &session.namespace);
    text.push_str(&format!("*\t{name}\t{cluster}\t{user}\t{namespace}\n"));
    cx.out.stdout(&TabWriter::table().format(&text));
    Ok(Flow::Done)
}

fn set_context(cx: &mut Cx<'_>, args: &Args) -> Outcome<Flow> {
    let name = cx.session.context.clone();
    match (args.bool("current"), args.words.as_slice()) {
        (true, []) => {}
        (false, [given]) if *given == name => {}
        (false, [other]) => {
            return error(format!(
                "there is only one cluster here; the context {other:?} is not supported"
            ));
        }
        _ => return error("you must specify a non-empty context name or --current"),
    }
    if args.changed("namespace") {
        cx.session.namespace = args.text("namespace").to_owned();
        if cx.session.namespace.is_empty() {
            cx.session.namespace = "default".to_owned();
        }
    }
    cx.say(&format!("Context {name:?} modified."));
    Ok(Flow::Done)
}

fn use_context(cx: &mut Cx<'_>, args: &Args) -> Outcome<Flow> {
    let given = args.word(0);
    if given != cx.session.context {
        return error(format!("no context exists with the name: {given:?}"));
    }
    cx.say(&format!("Switched to context {given:?}."));
    Ok(Flow::Done)
}

fn view(cx: &mut Cx<'_>, args: &Args) -> Outcome<Flow> {
    let session = &cx.session;
    let value = json!({
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{ "name": session.cluster, "cluster": { "server": session.server } }],
        "contexts": [{
            "name": session.context,
            "context": {
                "cluster": session.cluster,
                "namespace": session.namespace,
                "user": session.user,
            },
        }],
        "current-context": session.context,
        "users": [{ "name": session.user, "user": { "token": "REDACTED" } }],
    });
    let text = match args.text("output") {
        "" | "yaml" => yaml::to_yaml(&value),
        "json" => crate::printers::object::to_json(&value),
        other => {
            return error(format!(
                "config view output {other:?} is not supported in this terminal"
            ));
        }
    };
    cx.out.stdout(&text);
    Ok(Flow::Done)
}

fn whoami(cx: &mut Cx<'_>, _: &Args) -> Outcome<Flow> {
    let user = cx.session.user.clone();
    let text = format!(
        "ATTRIBUTE\tVALUE\nUsername\t{user}\nGroups\t[system:masters system:authenticated]\n"
    );
    cx.out.stdout(&TabWriter::table().format(&text));
    Ok(Flow::Done)
}
