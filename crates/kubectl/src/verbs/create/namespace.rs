//! The small forms of `kubectl create`: namespace, serviceaccount, quota.

use serde_json::{Map, Value, json};

use super::{FORM, one_name, submit};
use crate::fail::{Outcome, error};
use crate::flags::{Args, Flag};
use crate::session::Cx;
use crate::verbs::{Flow, Verb};

pub static VERB: Verb = Verb {
    name: "namespace",
    aliases: &["ns"],
    about: "Create a namespace with the specified name",
    usage: "NAME [--dry-run=server|client|none]",
    flags: &FORM,
    run: Some(|cx, args| {
        let name = one_name(args)?;
        let value = json!({
            "apiVersion": "v1",
            "kind": "Namespace",
            "metadata": { "name": name },
            "spec": {},
            "status": {},
        });
        submit(cx, args, "namespaces", value, "")
    }),
    ..Verb::NONE
};

pub static SERVICE_ACCOUNT: Verb = Verb {
    name: "serviceaccount",
    aliases: &["sa"],
    about: "Create a service account with the specified name",
    usage: "NAME [--dry-run=server|client|none]",
    flags: &FORM,
    run: Some(|cx, args| {
        let name = one_name(args)?;
        let value = json!({
            "apiVersion": "v1",
            "kind": "ServiceAccount",
            "metadata": { "name": name },
        });
        submit(cx, args, "serviceaccounts", value, "failed to create serviceaccount:")
    }),
    ..Verb::NONE
};

pub static QUOTA: Verb = Verb {
    name: "quota",
    aliases: &["resourcequota"],
    about: "Create a quota with the specified name",
    usage: "NAME [--hard=key1=value1,key2=value2] [--scopes=Scope1,Scope2]",
    flags: &[&[Flag::text("hard"), Flag::text("scopes")], FORM[0], FORM[1], FORM[2], FORM[3]],
    run: Some(quota),
    ..Verb::NONE
};

fn quota(cx: &mut Cx<'_>, args: &Args) -> Outcome<Flow> {
    let name = one_name(args)?;
    let mut spec = Map::new();
    let mut hard = Map::new();
    for part in args.text("hard").split(',').filter(|part| !part.is_empty()) {
        match part.split_once('=') {
            Some((key, value)) => hard.insert(key.to_owned(), value.into()),
            None => {
                return error(format!(
                    "Invalid argument syntax {part}, expected <resource>=<value>"
                ));
            }
        };
    }
    if !hard.is_empty() {
        spec.insert("hard".to_owned(), Value::Object(hard));
    }
    let scopes: Vec<&str> = args.text("scopes").split(',').filter(|s| !s.is_empty()).collect();
    if !scopes.is_empty() {
        spec.insert("scopes".to_owned(), json!(scopes));
    }
    let value = json!({
        "apiVersion": "v1",
        "kind": "ResourceQuota",
        "metadata": { "name": name },
        "spec": spec,
        "status": {},
    });
    submit(cx, args, "resourcequotas", value, "failed to create quota:")
}
