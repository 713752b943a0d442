//! Pod security standards: what a namespace's labels allow its pods, and warn of in what makes pods.
// Models k8s.io/pod-security-admission/{admission,api}.

mod checks;

use std::collections::{BTreeMap, BTreeSet};

use api::{Namespace, Pod, as_kind};
use apimachinery::meta::Key;
use apimachinery::status::{FieldError, FieldErrors, Status};
use apimachinery::wire::{StringMap, Wire};
use client::Verb;
use serde_json::Value;

use super::Checked;
use crate::server::{ApiServer, CallCx, Result};
use checks::{BASELINE, RESTRICTED, Refusal, Subject};

const PREFIX: &str = "pod-security.kubernetes.io/";
/// The newest version that the checks know.
const NEWEST: u32 = 36;
const PODS_CHECKED_MAX: usize = 3000;

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
enum Level {
    #[default]
    Privileged,
    Baseline,
    Restricted,
}

/// A level at a version; no version is the latest one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct LevelVersion {
    level: Level,
    minor: Option<u32>,
}

impl std::fmt::Display for LevelVersion {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self.level {
            Level::Privileged => "privileged",
            Level::Baseline => "baseline",
            Level::Restricted => "restricted",
        })?;
        match self.minor {
            Some(minor) => write!(f, ":v1.{minor}"),
            None => f.write_str(":latest"),
        }
    }
}

#[derive(Clone, Copy, Debug, Default)]
struct Policy {
    enforce: LevelVersion,
    warn: LevelVersion,
}

fn level(text: &str) -> Option<Level> {
    Some(match text {
        "privileged" => Level::Privileged,
        "baseline" => Level::Baseline,
        "restricted" => Level::Restricted,
        _ => return None,
    })
}

fn version(text: &str) -> Option<Option<u32>> {
    if text == "latest" {
        return Some(None);
    }
    let digits = text.strip_prefix("v1.")?;
    let is_plain = digits.bytes().all(|b| b.is_ascii_digit());
    let is_plain = is_plain && (digits == "0" || !digits.starts_with('0'));
    digits.parse().ok().filter(|_| is_plain).map(Some)
}

/// What the labels of a namespace say, and what is wrong with them. What cannot be read is
/// enforced strictly, and not warned of.
fn policy(labels: &StringMap) -> (Policy, FieldErrors) {
    let mut errors = FieldErrors::new();
    let label = |name: &str| labels.get(format!("{PREFIX}{name}").as_str());
    let mut one = |mode: &str, otherwise: Level| {
        let mut found = LevelVersion::default();
        let given = label(mode);
        let read = given.and_then(|text| level(text));
        if let Some(text) = given {
            found.level = read.unwrap_or(otherwise);
            if read.is_none() {
                let detail = "must be one of privileged, baseline, restricted";
                let path = format!("metadata.labels[{PREFIX}{mode}]");
                errors.push(FieldError::invalid(path, text.as_str(), detail));
            }
        }
        let name = format!("{mode}-version");
        if let Some(text) = label(&name) {
            found.minor = version(text).flatten();
            if version(text).is_none() {
                let detail = "must be \"latest\" or \"v1.x\"";
                let path = format!("metadata.labels[{PREFIX}{name}]");
                errors.push(FieldError::invalid(path, text.as_str(), detail));
            }
        }
        (found, read.is_some())
    };
    let (enforce, is_enforced) = one("enforce", Level::Restricted);
    // What is audited goes into a log that nobody keeps here; only its labels are checked.
    one("audit", Level::Privileged);
    let (mut warn, _) = one("warn", Level::Privileged);
    if label("warn").is_none() && is_enforced && enforce.level > warn.level {
        warn.level = enforce.level;
        if label("warn-version").is_none() {
            warn.minor = enforce.minor;
        }
    }
    (Policy { enforce, warn }, errors)
}

/// Everything that a level forbids of a pod.
fn refusals(wanted: LevelVersion, annotations: &Value, spec: &Value) -> Vec<(String, String)> {
    let minor = wanted.minor.unwrap_or(NEWEST);
    let subject = Subject { annotations, spec, minor };
    let run = |check: &checks::Check| -> Refusal {
        if minor >= check.since { (check.run)(&subject) } else { None }
    };
    let is_strict = wanted.level == Level::Restricted;
    let kept = |check: &&checks::Check| {
        !(is_strict && check.overridden_since.is_some_and(|since| minor >= since))
    };
    let mut all = Vec::new();
    if wanted.level >= Level::Baseline {
        all.extend(BASELINE.iter().filter(kept).filter_map(run));
    }
    if is_strict {
        all.extend(RESTRICTED.iter().filter_map(run));
    }
    all
}

fn detail(refusals: &[(String, String)]) -> String {
    let all = refusals.iter().map(|(reason, detail)| match detail.as_str() {
        "" => reason.clone(),
        detail => format!("{reason} ({detail})"),
    });
    all.collect::<Vec<_>>().join(", ")
}

fn reasons(refusals: &[(String, String)]) -> String {
    let all: Vec<&str> = refusals.iter().map(|(reason, _)| reason.as_str()).collect();
    all.join(", ")
}

/// Where the template of pods stands in what makes pods.
fn template_path(group: &str, plural: &str) -> Option<&'static str> {
    Some(match (group, plural) {
        ("apps", "daemonsets" | "deployments" | "replicasets" | "statefulsets")
        | ("batch", "jobs")
        | ("", "replicationcontrollers") => "/spec/template",
        ("batch", "cronjobs") => "/spec/jobTemplate/spec/template",
        ("", "podtemplates") => "/template",
        _ => return None,
    })
}

pub(super) fn validate(
    server: &mut ApiServer,
    _: &mut CallCx<'_>,
    checked: &Checked<'_>,
) -> Result<()> {
    if checked.resource.is_namespace {
        return namespace(server, checked);
    }
    let name = checked.resource.name();
    let template = template_path(&name.group, &name.resource);
    if checked.namespace.is_empty() || !(checked.resource.is_pod || template.is_some()) {
        return Ok(());
    }
    let Some(labels) = namespace_labels(server, checked.namespace) else { return Ok(()) };
    match template {
        None => pod(server, checked, &labels),
        Some(template) => workload(server, checked, &labels, template),
    }
}

/// The namespace's labels, if they say anything of this.
fn namespace_labels(server: &ApiServer, name: &str) -> Option<StringMap> {
    let resource = server.resources.get(&<Namespace as api::Kind>::INFO.resource)?;
    let labels = &server.stored(resource, &Key::new("", name))?.meta().labels;
    labels.keys().any(|key| key.starts_with(PREFIX)).then(|| labels.clone())
}

fn pod(server: &mut ApiServer, checked: &Checked<'_>, labels: &StringMap) -> Result<()> {
    let Some(pod) = as_kind::<Pod>(checked.object.as_ref()) else { return Ok(()) };
    let old = checked.old.and_then(|old| as_kind::<Pod>(old.as_ref()));
    if old.is_some_and(|old| !is_significant(pod, old)) {
        return Ok(());
    }
    let (policy, _) = policy(labels);
    let (annotations, spec) = (pod.metadata.annotations.to_value(), pod.spec.to_value());
    let found = refusals(policy.enforce, &annotations, &spec);
    if !found.is_empty() {
        let why = format!("violates PodSecurity \"{}\": {}", policy.enforce, detail(&found));
        return Err(checked.forbidden(&why));
    }
    warn(server, policy, &annotations, &spec);
    Ok(())
}

fn warn(server: &mut ApiServer, policy: Policy, annotations: &Value, spec: &Value) {
    let found = refusals(policy.warn, annotations, spec);
    if !found.is_empty() {
        let text = format!("would violate PodSecurity \"{}\": {}", policy.warn, detail(&found));
        server.warnings.push(text);
    }
}

/// Whether an update changes what the checks look at: images, or how many containers there are.
fn is_significant(pod: &Pod, old: &Pod) -> bool {
    let images = |pod: &Pod| -> Vec<smol_str::SmolStr> {
        let all = pod.spec.init_containers.iter().chain(&pod.spec.containers);
        all.map(|container| container.image.clone()).collect()
    };
    images(pod) != images(old)
}

fn workload(
    server: &mut ApiServer,
    checked: &Checked<'_>,
    labels: &StringMap,
    template: &str,
) -> Result<()> {
    let (policy, _) = policy(labels);
    if policy.warn.level == Level::Privileged {
        return Ok(());
    }
    let wire = checked.object.to_wire();
    if let Some(template) = wire.pointer(template) {
        warn(server, policy, &template["metadata"]["annotations"], &template["spec"]);
    }
    Ok(())
}

fn namespace(server: &mut ApiServer, checked: &Checked<'_>) -> Result<()> {
    let meta = checked.object.meta();
    let (new, errors) = policy(&meta.labels);
    let (old, old_errors) = checked.old.map(|old| policy(&old.meta().labels)).unwrap_or_default();
    if !errors.is_empty() && errors != old_errors {
        return Err(Status::invalid("", "Namespace", &meta.name, &errors));
    }
    let wanted = new.enforce;
    let loosens = wanted.minor == old.enforce.minor && wanted.level <= old.enforce.level;
    if checked.verb != Verb::Update || wanted.level == Level::Privileged || loosens {
        return Ok(());
    }
    let found = existing(server, &meta.name, wanted);
    server.warnings.extend(found);
    Ok(())
}

/// Warnings of the pods that are there and would not be allowed any more.
fn existing(server: &ApiServer, namespace: &str, wanted: LevelVersion) -> Vec<String> {
    let Some(resource) = server.resources.get(&<Pod as api::Kind>::INFO.resource) else {
        return Vec::new();
    };
    // Reasons with the first pod that gives them and the number of such pods.
    let mut counts: BTreeMap<String, (String, usize)> = BTreeMap::new();
    let mut owners = BTreeSet::new();
    let (mut first, mut others) = (Vec::new(), Vec::new());
    for (_, object) in server.in_namespace(resource, namespace) {
        let Some(pod) = as_kind::<Pod>(object.as_ref()) else { continue };
        match pod.metadata.controller() {
            Some(owner) if !owners.insert(owner.uid) => others.push(pod),
            _ => first.push(pod),
        }
    }
    first.append(&mut others);
    let total = first.len();
    for pod in first.iter().take(PODS_CHECKED_MAX) {
        let (annotations, spec) = (pod.metadata.annotations.to_value(), pod.spec.to_value());
        let found = refusals(wanted, &annotations, &spec);
        if found.is_empty() {
            continue;
        }
        let name = pod.metadata.name.to_string();
        let entry = counts.entry(reasons(&found)).or_insert_with(|| (name.clone(), 0));
        entry.0 = entry.0.clone().min(name);
        entry.1 += 1;
    }
    let mut warnings = Vec::new();
    if total > PODS_CHECKED_MAX {
        warnings.push(format!(
            "new PodSecurity enforce level only checked against the first {PODS_CHECKED_MAX} of \
             {total} existing pods"
        ));
    }
    if !counts.is_empty() {
        warnings.push(format!(
            "existing pods in namespace {namespace:?} violate the new PodSecurity enforce level \
             \"{wanted}\""
        ));
    }
    let lines = counts.into_iter().map(|(reason, (pod, count))| match count {
        1 => format!("{pod}: {reason}"),
        2 => format!("{pod} (and 1 other pod): {reason}"),
        _ => format!("{pod} (and {} other pods): {reason}", count.saturating_sub(1)),
    });
    let lines: BTreeSet<String> = lines.collect();
    warnings.extend(lines);
    warnings
}
