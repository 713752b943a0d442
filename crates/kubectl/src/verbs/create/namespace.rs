//! The small forms of `kubectl create`: namespace and serviceaccount.

use serde_json::json;

use super::{FORM, one_name, submit};
use crate::verbs::Verb;

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
