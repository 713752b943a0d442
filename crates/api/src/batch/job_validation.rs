//! What is wrong with a job.
// Models ValidateJob of pkg/apis/batch/validation/validation.go.

use std::collections::BTreeSet;

use apimachinery::field_path::FieldPath;
use apimachinery::labels::to_selector;
use apimachinery::meta::string_map;
use apimachinery::names;
use apimachinery::status::{FieldError, FieldErrorKind, FieldErrors};
use apimachinery::strconv::json_strings;
use apimachinery::wire::{StringMap, Wire};
use serde_json::Value;

use super::indexes;
use super::job::{
    CONTROLLER_UID_LABEL, INDEXED, JOB_NAME_LABEL, Job, JobSpec, LEGACY_CONTROLLER_UID_LABEL,
    LEGACY_JOB_NAME_LABEL, NON_INDEXED,
};
use super::job_policy::{
    OnExitCodes, OnPodCondition, PodFailurePolicy, PodFailurePolicyRule, SuccessPolicy,
    SuccessPolicyRule,
};
use crate::core::pod_validation::validate_template;
use crate::validation::{check, label_selector, non_negative, too_long};

const INDEXED_LIMIT: i32 = 100_000;
const LIMIT_FOR_HIGH_COMPLETIONS: i32 = 10_000;
const RULES_MAX: usize = 20;
const EXIT_CODES_MAX: usize = 255;
const MANAGED_BY_MAX: usize = 63;
const SUCCEEDED_INDEXES_MAX: usize = 64 * 1024;
const ACTIONS: [&str; 4] = ["Count", "FailIndex", "FailJob", "Ignore"];

/// The spec and what its name and labels must be. `prefixed`: whether the newer labels must be
/// there, which old jobs do not have.
pub fn job(job: &Job, prefixed: bool, errors: &mut FieldErrors) {
    generated_selector(job, prefixed, errors);
    spec_with_selector(&job.spec, &FieldPath::new("spec"), errors);
    let last = job.spec.completions.filter(|count| *count > 0).map(|count| count - 1);
    if let (true, Some(last)) = (job.spec.is_indexed(), last) {
        let host = format!("{}-{last}", job.metadata.name);
        if !names::is_dns1123_label(&host).is_empty() {
            let detail = format!("will not able to create pod with invalid DNS label: {host}");
            let name = job.metadata.name.as_str();
            errors.push(FieldError::invalid("metadata.name", name, &detail));
        }
    }
}

fn generated_selector(job: &Job, prefixed: bool, errors: &mut FieldErrors) {
    if job.spec.manual_selector == Some(true) || job.spec.selector.is_none() {
        return;
    }
    if job.metadata.uid.is_unset() {
        errors.push(FieldError::required("metadata.uid", ""));
    }
    let (uid, name) = (job.metadata.uid.to_string(), job.metadata.name.as_str());
    let mut expected = vec![(LEGACY_CONTROLLER_UID_LABEL, uid.as_str())];
    expected.push((LEGACY_JOB_NAME_LABEL, name));
    if prefixed {
        expected.extend([(CONTROLLER_UID_LABEL, uid.as_str()), (JOB_NAME_LABEL, name)]);
    }
    let labels = &job.spec.template.metadata.labels;
    let path = FieldPath::new("spec").child("template").child("metadata").child("labels");
    for (label, wanted) in &expected {
        let path = path.key(label);
        match labels.get(*label) {
            None => errors.push(FieldError::required(path, &format!("must be '{wanted}'"))),
            Some(found) if found != wanted => {
                let detail = format!("must be '{wanted}'");
                errors.push(FieldError::invalid(path, label_values(labels), &detail));
            }
            Some(_) => {}
        }
    }
    let selector = to_selector(job.spec.selector.as_ref());
    if selector.is_ok_and(|selector| !selector.matches(&string_map(&expected))) {
        let value = job.spec.selector.as_ref().map(Wire::to_value).unwrap_or_default();
        let detail = "`selector` not auto-generated";
        errors.push(FieldError::invalid("spec.selector", value, detail));
    }
}

fn label_values(labels: &StringMap) -> Value {
    labels.to_value()
}

pub fn spec_with_selector(spec: &JobSpec, path: &FieldPath, errors: &mut FieldErrors) {
    self::spec(spec, path, errors);
    let at = path.child("selector");
    match &spec.selector {
        None => errors.push(FieldError::required(at, "")),
        Some(selector) => label_selector(selector, &at, errors),
    }
    let labels = &spec.template.metadata.labels;
    if to_selector(spec.selector.as_ref()).is_ok_and(|selector| !selector.matches(labels)) {
        let path = path.child("template").child("metadata").child("labels");
        let detail = "`selector` does not match template `labels`";
        errors.push(FieldError::invalid(path, labels.to_value(), detail));
    }
}

/// Everything but the selector, which a cron job's template does not have.
pub fn spec(spec: &JobSpec, path: &FieldPath, errors: &mut FieldErrors) {
    for (name, count) in [
        ("parallelism", spec.parallelism.map(i64::from)),
        ("completions", spec.completions.map(i64::from)),
        ("activeDeadlineSeconds", spec.active_deadline_seconds),
        ("backoffLimit", spec.backoff_limit.map(i64::from)),
        ("ttlSecondsAfterFinished", spec.ttl_seconds_after_finished.map(i64::from)),
        ("backoffLimitPerIndex", spec.backoff_limit_per_index.map(i64::from)),
        ("maxFailedIndexes", spec.max_failed_indexes.map(i64::from)),
    ] {
        non_negative(count.unwrap_or(0), path.child(name), errors);
    }
    if spec.max_failed_indexes.is_some() && spec.backoff_limit_per_index.is_none() {
        let detail = "when maxFailedIndexes is specified";
        errors.push(FieldError::required(path.child("backoffLimitPerIndex"), detail));
    }
    managed_by(spec, &path.child("managedBy"), errors);
    completion_mode(spec, path, errors);
    if let Some(policy) = &spec.pod_failure_policy {
        pod_failure_policy(spec, policy, &path.child("podFailurePolicy"), errors);
    }
    if let Some(policy) = &spec.success_policy {
        let path = path.child("successPolicy");
        if spec.is_indexed() {
            success_policy(spec, policy, &path, errors);
        } else {
            let mut error = FieldError::invalid(path, "", "requires indexed completion mode");
            error.value = internal_success_policy(policy);
            errors.push(error);
        }
    }
    replacement_policy(spec, &path.child("podReplacementPolicy"), errors);
    let template = path.child("template");
    errors.extend(validate_template(&spec.template, &template));
    restart_policy(spec, &template.child("spec").child("restartPolicy"), errors);
}

/// Go's JSON of the internal type.
fn internal_success_policy(policy: &SuccessPolicy) -> String {
    let rules = policy.rules.iter().map(|rule| {
        let (indexes, count) = (rule.succeeded_indexes.to_value(), rule.succeeded_count.to_value());
        format!("{{\"SucceededIndexes\":{indexes},\"SucceededCount\":{count}}}")
    });
    format!("{{\"Rules\":[{}]}}", rules.collect::<Vec<_>>().join(","))
}

/// Models IsDomainPrefixedPath of apimachinery/pkg/util/validation.
fn managed_by(spec: &JobSpec, path: &FieldPath, errors: &mut FieldErrors) {
    let Some(manager) = spec.managed_by.as_deref() else { return };
    match manager.split_once('/') {
        _ if manager.is_empty() => errors.push(FieldError::required(path, "")),
        Some((domain, rest)) if !domain.is_empty() && !rest.is_empty() => {
            check(names::is_dns1123_subdomain, domain, path, errors);
            let allowed = |c: char| c.is_ascii_alphanumeric() || "/-._~%!$&'()*+,;=:".contains(c);
            if !rest.chars().all(allowed) {
                let message =
                    names::regex_error("Invalid path", r"[A-Za-z0-9/\-._~%!$&'()*+,;=:]+", &[]);
                errors.push(FieldError::invalid(path, rest, &message));
            }
        }
        _ => {
            let detail = "must be a domain-prefixed path (such as \"acme.io/foo\")";
            errors.push(FieldError::invalid(path, manager, detail));
        }
    }
    if manager.len() > MANAGED_BY_MAX {
        errors.push(too_long(path, MANAGED_BY_MAX));
    }
}

fn completion_mode(spec: &JobSpec, path: &FieldPath, errors: &mut FieldErrors) {
    let mode = spec.completion_mode.as_deref().unwrap_or(NON_INDEXED);
    if mode == INDEXED {
        return indexed(spec, path, errors);
    }
    if mode != NON_INDEXED {
        let supported = [NON_INDEXED, INDEXED];
        errors.push(FieldError::not_supported(path.child("completionMode"), mode, &supported));
        return;
    }
    for (name, value) in [
        ("backoffLimitPerIndex", spec.backoff_limit_per_index),
        ("maxFailedIndexes", spec.max_failed_indexes),
    ] {
        if let Some(value) = value {
            let detail = "requires indexed completion mode";
            errors.push(FieldError::invalid(path.child(name), value, detail));
        }
    }
}

fn indexed(spec: &JobSpec, path: &FieldPath, errors: &mut FieldErrors) {
    let parallelism = spec.parallelism.unwrap_or(0);
    let parallelism_path = path.child("parallelism");
    let failed = spec.max_failed_indexes;
    let failed_path = path.child("maxFailedIndexes");
    if spec.completions.is_none() {
        let detail = "when completion mode is Indexed";
        errors.push(FieldError::required(path.child("completions"), detail));
    }
    if parallelism > INDEXED_LIMIT {
        let detail = format!(
            "must be less than or equal to {INDEXED_LIMIT} when completion mode is Indexed"
        );
        errors.push(FieldError::invalid(&parallelism_path, parallelism, &detail));
    }
    if let (Some(completions), Some(failed)) = (spec.completions, failed)
        && failed > completions
    {
        let detail = "must be less than or equal to completions";
        errors.push(FieldError::invalid(&failed_path, failed, detail));
    }
    if let Some(failed) = failed.filter(|failed| *failed > INDEXED_LIMIT) {
        let detail = format!("must be less than or equal to {INDEXED_LIMIT}");
        errors.push(FieldError::invalid(&failed_path, failed, &detail));
    }
    let many = spec.completions.is_some_and(|completions| completions > INDEXED_LIMIT);
    if !many || spec.backoff_limit_per_index.is_none() {
        return;
    }
    if failed.is_none() {
        let detail = format!("must be specified when completions is above {INDEXED_LIMIT}");
        errors.push(FieldError::required(&failed_path, &detail));
    }
    let detail = format!(
        "must be less than or equal to {LIMIT_FOR_HIGH_COMPLETIONS} when completions are above \
         {INDEXED_LIMIT} and used with backoff limit per index"
    );
    for (path, value) in [(parallelism_path, Some(parallelism)), (failed_path, failed)] {
        if let Some(value) = value.filter(|value| *value > LIMIT_FOR_HIGH_COMPLETIONS) {
            errors.push(FieldError::invalid(path, value, &detail));
        }
    }
}

fn too_many(path: &FieldPath, count: usize, max: usize) -> FieldError {
    let detail = format!("must have at most {max} items");
    let mut error = FieldError::bare(FieldErrorKind::TooMany, path, &detail);
    error.value = count.to_string();
    error
}

fn pod_failure_policy(
    spec: &JobSpec,
    policy: &PodFailurePolicy,
    path: &FieldPath,
    errors: &mut FieldErrors,
) {
    let path = path.child("rules");
    if policy.rules.len() > RULES_MAX {
        errors.push(too_many(&path, policy.rules.len(), RULES_MAX));
    }
    for (i, rule) in policy.rules.iter().enumerate() {
        failure_rule(spec, rule, &path.index(i), errors);
    }
}

fn valid_values(values: &[&str]) -> String {
    format!("valid values: {}", json_strings(values).replace(',', " "))
}

fn failure_rule(
    spec: &JobSpec,
    rule: &PodFailurePolicyRule,
    path: &FieldPath,
    errors: &mut FieldErrors,
) {
    let action = path.child("action");
    match rule.action.as_str() {
        "" => errors.push(FieldError::required(action, &valid_values(&ACTIONS))),
        "FailIndex" if spec.backoff_limit_per_index.is_none() => {
            let detail = "requires the backoffLimitPerIndex to be set";
            errors.push(FieldError::invalid(action, rule.action.as_str(), detail));
        }
        known if ACTIONS.contains(&known) => {}
        unknown => errors.push(FieldError::not_supported(action, unknown, &ACTIONS)),
    }
    if let Some(codes) = &rule.on_exit_codes {
        exit_codes(spec, codes, &path.child("onExitCodes"), errors);
    }
    pod_conditions(&rule.on_pod_conditions, &path.child("onPodConditions"), errors);
    let detail = match (rule.on_exit_codes.is_some(), rule.on_pod_conditions.is_empty()) {
        (true, false) => "specifying both OnExitCodes and OnPodConditions is not supported",
        (false, true) => "specifying one of OnExitCodes and OnPodConditions is required",
        _ => return,
    };
    errors.push(FieldError::bare(FieldErrorKind::Invalid, path, detail));
}

fn pod_conditions(patterns: &[OnPodCondition], path: &FieldPath, errors: &mut FieldErrors) {
    if patterns.len() > RULES_MAX {
        errors.push(too_many(path, patterns.len(), RULES_MAX));
    }
    for (i, pattern) in patterns.iter().enumerate() {
        let path = path.index(i);
        check(names::is_qualified_name, &pattern.type_, &path.child("type"), errors);
    }
}

fn exit_codes(spec: &JobSpec, codes: &OnExitCodes, path: &FieldPath, errors: &mut FieldErrors) {
    let operators = ["In", "NotIn"];
    let operator = path.child("operator");
    match codes.operator.as_str() {
        "" => errors.push(FieldError::required(operator, &valid_values(&operators))),
        "In" | "NotIn" => {}
        other => errors.push(FieldError::not_supported(operator, other, &operators)),
    }
    let body = &spec.template.spec;
    let mut containers = body.containers.iter().chain(&body.init_containers);
    if let Some(name) = &codes.container_name
        && !containers.any(|container| container.name == *name)
    {
        let detail = "must be one of the container or initContainer names in the pod template";
        errors.push(FieldError::invalid(path.child("containerName"), name.as_str(), detail));
    }
    let path = path.child("values");
    if codes.values.is_empty() {
        let nothing = Value::Array(Vec::new());
        errors.push(FieldError::invalid(&path, nothing, "at least one value is required"));
    } else if codes.values.len() > EXIT_CODES_MAX {
        errors.push(too_many(&path, codes.values.len(), EXIT_CODES_MAX));
    }
    let mut seen = BTreeSet::new();
    for (i, code) in codes.values.iter().enumerate() {
        if codes.operator == "In" && *code == 0 {
            let detail = "must not be 0 for the In operator";
            errors.push(FieldError::invalid(path.index(i), 0, detail));
        }
        if !seen.insert(*code) {
            errors.push(FieldError::duplicate(path.index(i), *code));
        }
    }
    if !codes.values.is_sorted() {
        errors.push(FieldError::invalid(path, codes.values.to_value(), "must be ordered"));
    }
}

fn success_policy(
    spec: &JobSpec,
    policy: &SuccessPolicy,
    path: &FieldPath,
    errors: &mut FieldErrors,
) {
    let path = path.child("rules");
    if policy.rules.is_empty() {
        let detail = "at least one rules must be specified when the successPolicy is specified";
        errors.push(FieldError::required(&path, detail));
    }
    if policy.rules.len() > RULES_MAX {
        errors.push(too_many(&path, policy.rules.len(), RULES_MAX));
    }
    let completions = spec.completions.unwrap_or(0);
    for (i, rule) in policy.rules.iter().enumerate() {
        success_rule(completions, rule, &path.index(i), errors);
    }
}

fn success_rule(
    completions: i32,
    rule: &SuccessPolicyRule,
    path: &FieldPath,
    errors: &mut FieldErrors,
) {
    if rule.succeeded_count.is_none() && rule.succeeded_indexes.is_none() {
        let detail = "at least one of succeededCount or succeededIndexes must be specified";
        errors.push(FieldError::required(path, detail));
    }
    let mut named = 0;
    if let Some(text) = &rule.succeeded_indexes {
        let path = path.child("succeededIndexes");
        if text.len() > SUCCEEDED_INDEXES_MAX {
            errors.push(too_long(&path, SUCCEEDED_INDEXES_MAX));
        }
        match indexes::validate(text, completions) {
            Ok(count) => named = count,
            Err(why) => {
                let detail = format!("error parsing succeededIndexes: {why}");
                errors.push(FieldError::invalid(path, text.as_str(), &detail));
            }
        }
    }
    let Some(count) = rule.succeeded_count else { return };
    let path = path.child("succeededCount");
    non_negative(i64::from(count), path.clone(), errors);
    let mut most = |max: i32, what: &str| {
        if count > max {
            let detail = format!("must be less than or equal to {max} (the number of {what})");
            errors.push(FieldError::invalid(&path, count, &detail));
        }
    };
    most(completions, "specified completions");
    if rule.succeeded_indexes.is_some() {
        most(named, "indexes in the specified succeededIndexes field");
    }
}

fn replacement_policy(spec: &JobSpec, path: &FieldPath, errors: &mut FieldErrors) {
    let Some(policy) = spec.pod_replacement_policy.as_deref() else { return };
    let supported: &[&str] = match spec.pod_failure_policy {
        Some(_) => &["Failed"],
        None => &["Failed", "TerminatingOrFailed"],
    };
    if !supported.contains(&policy) {
        errors.push(FieldError::not_supported(path, policy, supported));
    }
}

fn restart_policy(spec: &JobSpec, path: &FieldPath, errors: &mut FieldErrors) {
    match spec.template.spec.restart_policy.as_str() {
        "Always" | "" => {
            let detail = "valid values: \"OnFailure\", \"Never\"";
            errors.push(FieldError::required(path, detail));
        }
        "Never" => {}
        policy @ "OnFailure" if spec.pod_failure_policy.is_some() => {
            let detail = "only \"Never\" is supported when podFailurePolicy is specified";
            errors.push(FieldError::invalid(path, policy, detail));
        }
        "OnFailure" => {}
        other => errors.push(FieldError::not_supported(path, other, &["OnFailure", "Never"])),
    }
}
