//! `kubectl auth reconcile`: roles and bindings get what files say that they lack.
// Models kubectl/pkg/cmd/auth/reconcile.go and component-helpers/auth/rbac/reconciliation.

use api::rbac::policy_rule::PolicyRule;
use api::rbac::rules;
use apimachinery::wire::Wire;
use serde_json::Value;

use crate::fail::{Outcome, error};
use crate::flags::{Args, FILENAME, Flag, PRINT, WRITE};
use crate::manifest;
use crate::path::{Look, keyed};
use crate::printers::{Format, object};
use crate::server::{self, Write};
use crate::session::Cx;
use crate::target::{self, Found};
use crate::verbs::{Flow, Verb};

pub static VERB: Verb = Verb {
    name: "reconcile",
    about: "Reconciles rules for RBAC role, role binding, cluster role, and cluster role binding \
            objects",
    usage: "-f FILENAME",
    flags: &[
        FILENAME,
        PRINT,
        WRITE,
        &[Flag::bool("remove-extra-permissions"), Flag::bool("remove-extra-subjects")],
    ],
    run: Some(run),
    ..Verb::NONE
};

/// What an object needs, and what was told of it.
struct Plan {
    object: Value,
    operation: &'static str,
    notes: Vec<String>,
}

fn run(cx: &mut Cx<'_>, args: &Args) -> Outcome<Flow> {
    if !args.words.is_empty() {
        return error("no arguments are allowed");
    }
    let (found, fails) = manifest::objects(cx, args)?;
    target::each(cx, found, fails, |cx, one| {
        if one.kind.group == api::rbac::GROUP { reconcile(cx, args, one) } else { Ok(()) }
    })?;
    Ok(Flow::Done)
}

fn reconcile(cx: &mut Cx<'_>, args: &Args, wanted: Found) -> Outcome {
    let (kind, namespace) = (wanted.kind, wanted.namespace.clone());
    let name = wanted.object.text("metadata.name").to_owned();
    let dry = args.text("dry-run") == "client";
    let write = Write { dry_run: false, ..Write::default() };
    let plan = match server::get(cx, kind, &namespace, &name) {
        Err(fail) if fail.is_not_found() => Plan {
            object: wanted.object.clone(),
            operation: "create",
            notes: added(&wanted.object, &Value::Null),
        },
        Err(fail) => return Err(fail),
        Ok(live) if wanted.object.has("roleRef") => binding(args, &wanted.object, live),
        Ok(live) => role(args, &wanted.object, live),
    };
    let mut result = plan.object;
    if !dry {
        result = match plan.operation {
            "create" => server::create(cx, kind, &namespace, result, &write)?,
            "update" => server::update(cx, kind, &namespace, &name, result, &write)?,
            "recreate" => {
                let options = (client::DeleteOptions::default(), false);
                server::delete(cx, kind, &namespace, &name, options)?;
                server::create(cx, kind, &namespace, result, &write)?
            }
            _ => result,
        };
    }
    let tail = if dry { " (dry run)" } else { "" };
    let text = match Format::of(args, &cx.session.files, false)? {
        Format::Human | Format::Wide => {
            format!("{} reconciled{tail}\n", object::object_name(&result))
        }
        format => object::print(&format, &result, args)?,
    };
    cx.out.stdout(&text);
    if !plan.operation.is_empty() {
        cx.complain(&format!("\treconciliation required {}", plan.operation));
        plan.notes.iter().for_each(|note| cx.complain(note));
    }
    Ok(())
}

fn rules_of(object: &Value) -> Vec<PolicyRule> {
    let rules = object.items("rules").iter();
    rules.filter_map(|rule| PolicyRule::from_value(rule.clone()).ok()).collect()
}

/// A rule as Go's `%+v` prints it.
fn rule_text(rule: &PolicyRule) -> String {
    format!(
        "{{Verbs:{} APIGroups:{} Resources:{} ResourceNames:{} NonResourceURLs:{}}}",
        rules::plain(&rule.verbs),
        rules::plain(&rule.api_groups),
        rules::plain(&rule.resources),
        rules::plain(&rule.resource_names),
        rules::plain(&rule.non_resource_urls)
    )
}

fn subject_text(subject: &Value) -> String {
    format!(
        "{{Kind:{} APIGroup:{} Name:{} Namespace:{}}}",
        subject.text("kind"),
        subject.text("apiGroup"),
        subject.text("name"),
        subject.text("namespace")
    )
}

fn noted(title: &str, lines: Vec<String>) -> Vec<String> {
    if lines.is_empty() {
        return lines;
    }
    let mut notes = vec![format!("\t{title}:")];
    notes.extend(lines.iter().map(|line| format!("\t\t{line}")));
    notes
}

fn missing_subjects(wanted: &Value, live: &Value) -> Vec<Value> {
    let has = |one: &&Value| !live.items("subjects").contains(one);
    wanted.items("subjects").iter().filter(has).cloned().collect()
}

/// What of the wanted object another has not.
fn added(wanted: &Value, live: &Value) -> Vec<String> {
    let rules = rules::uncovered(&rules_of(live), &rules_of(wanted));
    let mut notes = noted(
        "missing subjects added",
        missing_subjects(wanted, live).iter().map(subject_text).collect(),
    );
    notes.extend(noted("missing rules added", rules.iter().map(rule_text).collect()));
    notes
}

/// Labels and annotations that the live object lacks; true if there were some.
fn merge_metadata(wanted: &Value, live: &mut Value) -> bool {
    let mut changed = false;
    for part in ["labels", "annotations"] {
        for (key, value) in wanted.at("metadata").pairs(part) {
            if keyed(live, &format!("metadata.{part}"), key) != value.as_str() {
                changed = true;
                if let Some(map) = crate::path::object_mut(live, &["metadata", part]) {
                    map.insert(key.to_owned(), value.clone());
                }
            }
        }
    }
    changed
}

fn role(args: &Args, wanted: &Value, mut live: Value) -> Plan {
    let (had, want) = (rules_of(&live), rules_of(wanted));
    let missing = rules::uncovered(&had, &want);
    let extra = rules::uncovered(&want, &had);
    let mut notes = noted("missing rules added", missing.iter().map(rule_text).collect());
    let mut changed = merge_metadata(wanted, &mut live);
    let remove = args.bool("remove-extra-permissions") && !extra.is_empty();
    if remove {
        live["rules"] = wanted.at("rules").clone();
        notes.extend(noted("extra rules removed", extra.iter().map(rule_text).collect()));
        changed = true;
    } else if !missing.is_empty() {
        let all: Vec<Value> = had.iter().chain(&missing).map(Wire::to_value).collect();
        live["rules"] = all.into();
        changed = true;
    }
    if wanted.has("aggregationRule") && wanted.at("aggregationRule") != live.at("aggregationRule") {
        live["aggregationRule"] = wanted.at("aggregationRule").clone();
        changed = true;
    }
    Plan { object: live, operation: if changed { "update" } else { "" }, notes }
}

fn binding(args: &Args, wanted: &Value, mut live: Value) -> Plan {
    let (missing, extra) = (missing_subjects(wanted, &live), missing_subjects(&live, wanted));
    let mut notes = noted("missing subjects added", missing.iter().map(subject_text).collect());
    if wanted.at("roleRef") != live.at("roleRef") {
        // A binding keeps its role for life.
        return Plan { object: wanted.clone(), operation: "recreate", notes };
    }
    let mut changed = merge_metadata(wanted, &mut live);
    let mut subjects = live.items("subjects").to_vec();
    changed |= !missing.is_empty();
    subjects.extend(missing);
    if args.bool("remove-extra-subjects") && !extra.is_empty() {
        subjects.retain(|one| !extra.contains(one));
        notes.extend(noted("extra subjects removed", extra.iter().map(subject_text).collect()));
        changed = true;
    }
    live["subjects"] = subjects.into();
    Plan { object: live, operation: if changed { "update" } else { "" }, notes }
}
