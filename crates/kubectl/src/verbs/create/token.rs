//! `kubectl create token`: a token of a service account.
// Models kubectl/pkg/cmd/create/create_token.go.

use client::{Body, Verb as ApiVerb};
use serde_json::{Value, json};

use super::one_name;
use crate::discovery;
use crate::fail::{Fail, Outcome, error};
use crate::flags::{Args, Flag, PRINT};
use crate::path::Look;
use crate::printers::{Format, object};
use crate::server;
use crate::session::Cx;
use crate::verbs::{Flow, Verb, Words};

pub static VERB: Verb = Verb {
    name: "token",
    about: "Request a service account token",
    usage: "SERVICE_ACCOUNT_NAME",
    flags: &[
        &[
            Flag::array("audience"),
            Flag::duration("duration", "0s"),
            Flag::text("bound-object-kind"),
            Flag::text("bound-object-name"),
            Flag::text("bound-object-uid"),
        ],
        PRINT,
    ],
    words: Words::Names("serviceaccounts"),
    run: Some(run),
    ..Verb::NONE
};

const KINDS: [&str; 3] = ["Node", "Pod", "Secret"];
const SECOND: i64 = 1_000_000_000;

fn bound_object(args: &Args) -> Outcome<Value> {
    let [kind, name, uid] =
        ["bound-object-kind", "bound-object-name", "bound-object-uid"].map(|flag| args.text(flag));
    if kind.is_empty() {
        for (flag, value) in [("bound-object-name", name), ("bound-object-uid", uid)] {
            if !value.is_empty() {
                return error(format!(
                    "--{flag} can only be set if --bound-object-kind is provided"
                ));
            }
        }
        return Ok(Value::Null);
    }
    if !KINDS.contains(&kind) {
        let kinds = KINDS.join(", ");
        return error(format!("supported --bound-object-kind values are {kinds}"));
    }
    if name.is_empty() {
        return error("--bound-object-name is required if --bound-object-kind is provided");
    }
    Ok(json!({ "kind": kind, "apiVersion": "v1", "name": name, "uid": uid }))
}

fn run(cx: &mut Cx<'_>, args: &Args) -> Outcome<Flow> {
    let name = one_name(args)?;
    let duration = args.duration("duration");
    if duration < 0 {
        return error("--duration must be greater than or equal to 0");
    }
    if duration % SECOND != 0 {
        return error("--duration cannot be expressed in units less than seconds");
    }
    if args.list("audience").iter().any(String::is_empty) {
        return error("--audience must not be an empty string");
    }
    let mut spec = json!({ "audiences": args.list("audience") });
    if duration > 0 {
        spec["expirationSeconds"] = (duration / SECOND).into();
    }
    let bound = bound_object(args)?;
    if !bound.is_null() {
        spec["boundObjectRef"] = bound;
    }
    let format = Format::of(args, &cx.session.files, false)?;
    object::check(&format)?;
    let kind = discovery::resolve("serviceaccounts")?;
    let request = server::request(ApiVerb::Create, kind, &args.namespace, name)
        .subresource("token")
        .body(Body::Json(json!({ "spec": spec })));
    let answer = server::value(cx, request).map_err(|fail| match fail {
        Fail::Status(status) => Fail::Error(format!("failed to create token: {}", status.message)),
        other => other,
    })?;
    let text = match format.is_human() {
        true => format!("{}\n", answer.text("status.token")),
        false => object::print(&format, &answer, args)?,
    };
    cx.out.stdout(&text);
    Ok(Flow::Done)
}
