//! `kubectl certificate approve` and `deny`.
// Models kubectl/pkg/cmd/certificates/certificates.go.

use serde_json::{Value, json};

use crate::discovery;
use crate::fail::{Fail, Outcome, all, error};
use crate::flags::{Args, FILENAME, Flag, PRINT};
use crate::manifest;
use crate::path::Look;
use crate::printers::{Format, object};
use crate::server::{self, Write};
use crate::session::Cx;
use crate::verbs::{Flow, Verb, Words};

static APPROVE: Verb = Verb {
    name: "approve",
    about: "Approve a certificate signing request",
    usage: "(-f FILENAME | NAME)",
    flags: &[PRINT, FILENAME, &[Flag::bool("force")]],
    words: Words::Names("certificatesigningrequests"),
    run: Some(|cx, args| decide(cx, args, &YES)),
    ..Verb::NONE
};

static DENY: Verb = Verb {
    name: "deny",
    about: "Deny a certificate signing request",
    usage: "(-f FILENAME | NAME)",
    flags: &[PRINT, FILENAME, &[Flag::bool("force")]],
    words: Words::Names("certificatesigningrequests"),
    run: Some(|cx, args| decide(cx, args, &NO)),
    ..Verb::NONE
};

pub static VERB: Verb = Verb {
    name: "certificate",
    about: "Modify certificate resources",
    usage: "SUBCOMMAND",
    children: &[&APPROVE, &DENY],
    ..Verb::NONE
};

/// One of the two answers.
struct Decision {
    condition: &'static str,
    opposite: &'static str,
    reason: &'static str,
    message: &'static str,
    done: &'static str,
}

static YES: Decision = Decision {
    condition: "Approved",
    opposite: "Denied",
    reason: "KubectlApprove",
    message: "This CSR was approved by kubectl certificate approve.",
    done: "approved",
};

static NO: Decision = Decision {
    condition: "Denied",
    opposite: "Approved",
    reason: "KubectlDeny",
    message: "This CSR was denied by kubectl certificate deny.",
    done: "denied",
};

fn decide(cx: &mut Cx<'_>, args: &Args, decision: &Decision) -> Outcome<Flow> {
    if args.words.is_empty() && !args.changed("filename") {
        return error("one or more CSRs must be specified as <name> or -f <filename>");
    }
    let mut names = args.words.clone();
    let mut fails = Vec::new();
    if args.changed("filename") {
        let (found, wrong) = manifest::objects(cx, args)?;
        names.extend(found.iter().map(|one| one.object.text("metadata.name").to_owned()));
        fails.extend(wrong);
    }
    for name in names {
        if let Err(fail) = decide_one(cx, args, decision, &name) {
            fails.push(fail);
        }
    }
    all(fails)?;
    Ok(Flow::Done)
}

fn decide_one(cx: &mut Cx<'_>, args: &Args, decision: &Decision, name: &str) -> Outcome {
    let kind = discovery::resolve("certificatesigningrequests")?;
    let mut request = server::get(cx, kind, "", name)?;
    let mut is_decided = false;
    for condition in request.items("status.conditions") {
        let condition = condition.text("type");
        if condition == decision.opposite {
            return Err(Fail::Error(format!(
                "certificate signing request {name:?} is already {condition}"
            )));
        }
        is_decided |= condition == decision.condition;
    }
    if !is_decided || args.bool("force") {
        if !is_decided {
            add_condition(&mut request, decision, &cx.time().to_string());
        }
        let write = Write { subresource: "approval".to_owned(), ..Write::default() };
        server::update(cx, kind, "", name, request.clone(), &write)?;
    }
    let text = match Format::of(args, &cx.session.files, false)? {
        Format::Human | Format::Wide => {
            format!("{} {}\n", object::object_name(&request), decision.done)
        }
        format => object::print(&format, &request, args)?,
    };
    cx.out.stdout(&text);
    Ok(())
}

fn add_condition(request: &mut Value, decision: &Decision, now: &str) {
    let condition = json!({
        "type": decision.condition, "status": "True", "reason": decision.reason,
        "message": decision.message, "lastUpdateTime": now, "lastTransitionTime": null,
    });
    let status = &mut request["status"];
    match status["conditions"].as_array_mut() {
        Some(conditions) => conditions.push(condition),
        None => status["conditions"] = json!([condition]),
    }
}
