//! `apply --prune`: what was applied once, carries the labels and stands in no file is deleted.
// Models kubectl/pkg/cmd/apply/prune.go and kubectl/pkg/util/prune/prune.go.

use std::collections::BTreeSet;

use client::{DeleteOptions, Propagation};
use schema::Schema;
use serde_json::Value;

use crate::discovery::Kind;
use crate::fail::{Outcome, error};
use crate::flags::Args;
use crate::path::{self, Look, keyed};
use crate::server::{self, Filter};
use crate::session::Cx;
use crate::verbs::object::{DryRun, LAST_APPLIED, Writer};

/// What is pruned unless an allow list says otherwise: group, version and kind.
const DEFAULT: [(&str, &str, &str); 16] = [
    ("", "v1", "ConfigMap"),
    ("", "v1", "Endpoints"),
    ("", "v1", "Namespace"),
    ("", "v1", "PersistentVolumeClaim"),
    ("", "v1", "PersistentVolume"),
    ("", "v1", "Pod"),
    ("", "v1", "ReplicationController"),
    ("", "v1", "Secret"),
    ("", "v1", "Service"),
    ("batch", "v1", "Job"),
    ("batch", "v1", "CronJob"),
    ("networking.k8s.io", "v1", "Ingress"),
    ("apps", "v1", "DaemonSet"),
    ("apps", "v1", "Deployment"),
    ("apps", "v1", "ReplicaSet"),
    ("apps", "v1", "StatefulSet"),
];

pub fn check(args: &Args) -> Outcome {
    if !args.bool("prune") {
        return Ok(());
    }
    let selects = !args.text("selector").is_empty();
    if args.bool("all") && selects {
        return error("cannot set --all and --selector at the same time");
    }
    if !args.bool("all") && !selects {
        return error(
            "all resources selected for prune without explicitly passing --all. To prune all \
             resources, pass the --all flag. If you did not mean to prune all resources, specify a \
             label selector",
        );
    }
    kinds(args).map(|_| ())
}

fn kinds(args: &Args) -> Outcome<Vec<Kind>> {
    let find = |(group, version, kind): (&str, &str, &str)| {
        Schema::get().resource_for_kind(group, version, kind)
    };
    let allowed = args.list("prune-allowlist");
    if allowed.is_empty() {
        return Ok(DEFAULT.into_iter().filter_map(find).collect());
    }
    let mut kinds = Vec::new();
    for text in allowed {
        let [group, version, kind] = text.split('/').collect::<Vec<_>>()[..] else {
            return error(format!(
                "invalid GroupVersionKind format: {text}, please follow <group/version/kind>"
            ));
        };
        let group = if group == "core" { "" } else { group };
        match find((group, version, kind)) {
            Some(kind) => kinds.push(kind),
            None => {
                return error(format!(
                    "no matches for kind {kind:?} in version {:?}",
                    if group.is_empty() {
                        version.to_owned()
                    } else {
                        format!("{group}/{version}")
                    }
                ));
            }
        }
    }
    Ok(kinds)
}

/// What one run of `apply` saw.
#[derive(Default)]
pub struct Visited {
    pub namespaces: BTreeSet<String>,
    pub uids: BTreeSet<String>,
}

impl Visited {
    pub fn note(&mut self, namespace: &str, object: &Value) {
        if !namespace.is_empty() {
            self.namespaces.insert(namespace.to_owned());
        }
        self.uids.insert(object.text("metadata.uid").to_owned());
    }
}

pub fn prune(cx: &mut Cx<'_>, writer: &Writer<'_>, visited: &Visited) -> Outcome {
    let args = writer.args;
    let (spaced, global): (Vec<Kind>, Vec<Kind>) =
        kinds(args)?.into_iter().partition(|kind| kind.namespaced);
    for namespace in &visited.namespaces {
        for kind in &spaced {
            prune_kind(cx, writer, kind, namespace, visited)?;
        }
    }
    // With a namespace and no list of kinds, what has no namespace is left alone.
    let leaves = args.changed("namespace") && !args.changed("prune-allowlist");
    for kind in global.iter().filter(|_| !leaves) {
        prune_kind(cx, writer, kind, "", visited)?;
    }
    Ok(())
}

fn prune_kind(
    cx: &mut Cx<'_>,
    writer: &Writer<'_>,
    kind: Kind,
    namespace: &str,
    visited: &Visited,
) -> Outcome {
    let filter = Filter { labels: writer.args.text("selector").to_owned(), ..Filter::default() };
    for object in server::list(cx, kind, namespace, &filter)? {
        let was_applied = keyed(&object, "metadata.annotations", LAST_APPLIED).is_some();
        if !was_applied || visited.uids.contains(object.text("metadata.uid")) {
            continue;
        }
        if writer.dry_run != DryRun::Client {
            let options = DeleteOptions {
                propagation: Some(Propagation::Background),
                ..DeleteOptions::default()
            };
            let dry_run = writer.dry_run == DryRun::Server;
            server::delete(cx, kind, namespace, path::name(&object), (options, dry_run))?;
        }
        writer.print(cx, kind, &object, "pruned")?;
    }
    Ok(())
}
