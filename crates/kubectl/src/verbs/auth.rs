//! `kubectl auth`: may I, who am I, and roles brought to what files say.
// Models kubectl/pkg/cmd/auth.

mod reconcile;

use api::rbac::policy_rule::PolicyRule;
use api::rbac::rules;
use apimachinery::gvk::GroupResource;
use apimachinery::status::Reason;
use apimachinery::wire::Wire;
use client::{Body, Request, Verb as ApiVerb};
use serde_json::{Value, json};

use crate::fail::{Fail, Outcome, error};
use crate::flags::{ALL_NAMESPACES, Args, Flag, PRINT};
use crate::path::Look;
use crate::printers::{Format, TabWriter, object};
use crate::server;
use crate::session::Cx;
use crate::verbs::{Flow, Verb};

static CAN_I: Verb = Verb {
    name: "can-i",
    about: "Check whether an action is allowed",
    usage: "VERB [TYPE | TYPE/NAME | NONRESOURCEURL]",
    flags: &[
        ALL_NAMESPACES,
        &[
            Flag::bool("quiet").short('q'),
            Flag::text("subresource"),
            Flag::bool("list"),
            Flag::bool("no-headers"),
        ],
    ],
    run: Some(can_i),
    ..Verb::NONE
};

static WHOAMI: Verb = Verb {
    name: "whoami",
    about: "Experimental: Check self subject attributes",
    flags: &[PRINT],
    run: Some(whoami),
    ..Verb::NONE
};

pub static VERB: Verb = Verb {
    name: "auth",
    about: "Inspect authorization",
    usage: "SUBCOMMAND",
    children: &[&CAN_I, &reconcile::VERB, &WHOAMI],
    ..Verb::NONE
};

const AUTHENTICATION: &str = "authentication.k8s.io";
const AUTHORIZATION: &str = "authorization.k8s.io";

/// Asks the server a question that it does not keep.
pub fn review(
    cx: &mut Cx<'_>,
    (group, plural): (&'static str, &'static str),
    body: Value,
) -> Outcome<Value> {
    let resource = GroupResource::fixed(group, plural);
    let body = Body::Json(body);
    server::value(cx, Request::new(ApiVerb::Create, resource, "", "").body(body))
}

fn can_i(cx: &mut Cx<'_>, args: &Args) -> Outcome<Flow> {
    if args.bool("list") {
        if !args.words.is_empty() {
            return error("list option must be specified with no arguments");
        }
        let others = args.bool("quiet") || args.bool("all-namespaces");
        if others || !args.text("subresource").is_empty() {
            return error(
                "list option can't be specified with neither quiet, all-namespaces nor subresource \
                 options",
            );
        }
        return list(cx, args);
    }
    let [verb, what] = args.words.as_slice() else {
        return error(
            "you must specify two arguments: verb resource or verb resource/resourceName.\nSee \
             'kubectl auth can-i -h' for help and examples.",
        );
    };
    let spec = match what.starts_with('/') {
        true => path_spec(cx, args, verb, what)?,
        false => resource_spec(cx, args, verb, what),
    };
    if args.bool("no-headers") {
        return error("--no-headers cannot be set without --list specified");
    }
    let answer = review(cx, (AUTHORIZATION, "selfsubjectaccessreviews"), json!({ "spec": spec }))?;
    let allowed = answer.flag("status.allowed");
    if !args.bool("quiet") {
        let mut text = if allowed { "yes" } else { "no" }.to_owned();
        for part in ["status.reason", "status.evaluationError"] {
            if !allowed && !answer.text(part).is_empty() {
                text.push_str(&format!(" - {}", answer.text(part)));
            }
        }
        cx.say(&text);
    }
    Ok(if allowed { Flow::Done } else { Flow::Exit(1) })
}

const PATH_VERBS: &str = " get put post head options delete patch * ";
const RESOURCE_VERBS: &str = " get list watch create update patch delete deletecollection use bind \
                              impersonate * approve sign escalate attest ";

fn is_known(verbs: &str, verb: &str) -> bool {
    verbs.contains(&format!(" {verb} "))
}

/// Names that are no resources but are asked for as if they were.
const NOT_STANDARD: [&str; 2] = ["users", "groups"];

fn path_spec(cx: &mut Cx<'_>, args: &Args, verb: &str, path: &str) -> Outcome<Value> {
    if !args.text("subresource").is_empty() {
        return error("--subresource can not be used with NonResourceURL");
    }
    if !is_known(PATH_VERBS, verb) {
        cx.warn(&format!("verb '{verb}' is not a known verb\n"));
    }
    Ok(json!({ "nonResourceAttributes": { "path": path, "verb": verb } }))
}

fn resource_spec(cx: &mut Cx<'_>, args: &Args, verb: &str, what: &str) -> Value {
    let (resource, name) = what.split_once('/').unwrap_or((what, ""));
    let lower = resource.to_lowercase();
    let kind = schema::Schema::get().resolve(&lower);
    let (group, plural) = match kind {
        Some(kind) => (kind.group, kind.plural),
        None => ("", resource),
    };
    if kind.is_none() && resource != "*" && !NOT_STANDARD.contains(&lower.as_str()) {
        let text = match lower.split_once('.') {
            Some((name, group)) => {
                format!("the server doesn't have a resource type '{name}' in group '{group}'\n")
            }
            None => format!("the server doesn't have a resource type '{lower}'\n"),
        };
        cx.warn(&text);
    }
    let everywhere = args.bool("all-namespaces");
    if kind.is_some_and(|kind| !kind.namespaced) && !everywhere {
        let tail = if group.is_empty() { String::new() } else { format!(" in group '{group}'") };
        cx.warn(&format!("resource '{plural}' is not namespace scoped{tail}\n"));
    }
    if !everywhere && !is_known(RESOURCE_VERBS, verb) {
        cx.warn(&format!("verb '{verb}' is not a known verb\n"));
    }
    json!({ "resourceAttributes": {
        "namespace": if everywhere { "" } else { args.namespace.as_str() },
        "verb": verb, "group": group, "resource": plural, "name": name,
        "subresource": args.text("subresource"),
    }})
}

fn list(cx: &mut Cx<'_>, args: &Args) -> Outcome<Flow> {
    let body = json!({ "spec": { "namespace": args.namespace } });
    let answer = review(cx, (AUTHORIZATION, "selfsubjectrulesreviews"), body)?;
    if answer.flag("status.incomplete") {
        let why = answer.text("status.evaluationError").to_owned();
        cx.warn(&format!("the list may be incomplete: {why}"));
    }
    let all = ["status.resourceRules", "status.nonResourceRules"];
    let all = all.iter().flat_map(|part| answer.items(part));
    let all: Vec<PolicyRule> =
        all.filter_map(|rule| PolicyRule::from_value(rule.clone()).ok()).collect();
    let mut text = String::new();
    if !args.bool("no-headers") {
        text.push_str("Resources\tNon-Resource URLs\tResource Names\tVerbs\n");
    }
    rules::for_display(&all).iter().for_each(|rule| text.push_str(&rule_line(rule)));
    cx.out.stdout(&TabWriter::table().format(&text));
    Ok(Flow::Done)
}

/// A displayed rule as a line of cells.
pub fn rule_line(rule: &PolicyRule) -> String {
    let lists = [&rule.non_resource_urls, &rule.resource_names, &rule.verbs];
    let lists: Vec<String> = lists.iter().map(|texts| rules::plain(texts)).collect();
    format!("{}\t{}\n", rule.resource_text(), lists.join("\t"))
}

fn whoami(cx: &mut Cx<'_>, args: &Args) -> Outcome<Flow> {
    let format = Format::of(args, &cx.session.files, false)?;
    object::check(&format)?;
    let found = review(cx, (AUTHENTICATION, "selfsubjectreviews"), json!({}));
    let answer = found.map_err(|fail| match fail {
        Fail::Status(status) if status.reason == Reason::Forbidden => Fail::Error(
            "the selfsubjectreviews API is not enabled in the cluster or you do not have \
             permission to call it"
                .to_owned(),
        ),
        other => other,
    })?;
    if !format.is_human() {
        let text = object::print(&format, &answer, args)?;
        cx.out.stdout(&text);
        return Ok(Flow::Done);
    }
    let info = answer.at("status.userInfo");
    let list = |values: &[Value]| {
        let texts: Vec<&str> = values.iter().filter_map(Value::as_str).collect();
        format!("[{}]", texts.join(" "))
    };
    let mut text = "ATTRIBUTE\tVALUE\n".to_owned();
    for (title, field) in [("Username", "username"), ("UID", "uid")] {
        if !info.text(field).is_empty() {
            text.push_str(&format!("{title}\t{}\n", info.text(field)));
        }
    }
    if !info.items("groups").is_empty() {
        text.push_str(&format!("Groups\t{}\n", list(info.items("groups"))));
    }
    for (key, values) in info.pairs("extra") {
        text.push_str(&format!("Extra: {key}\t{}\n", list(values.items(""))));
    }
    cx.out.stdout(&TabWriter::table().format(&text));
    Ok(Flow::Done)
}
