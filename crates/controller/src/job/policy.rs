//! What a job's rules say of its failed pods and of its succeeded indexes.
//! Models pkg/controller/job/{pod_failure_policy,success_policy}.go.

use api::Pod;
use api::batch::job::JobSpec;
use api::batch::job_policy::{OnExitCodes, OnPodCondition, PodFailurePolicy, SuccessPolicy};
use api::core::pod_status::{
    ConditionStatus, ContainerState, ContainerStatus, PodCondition, PodPhase,
};

use super::indexes::Indexes;

/// What becomes of a failed pod.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verdict {
    /// Why the whole job fails by it.
    pub fails_job: Option<String>,
    /// Whether it counts against the back-off limits.
    pub counts: bool,
    pub fails_index: bool,
}

const COUNTS: Verdict = Verdict { fails_job: None, counts: true, fails_index: false };

/// The verdict of the first rule that matches.
pub fn judge(policy: Option<&PodFailurePolicy>, pod: &Pod) -> Verdict {
    for (index, rule) in policy.into_iter().flat_map(|policy| &policy.rules).enumerate() {
        let matched = match &rule.on_exit_codes {
            Some(codes) => by_exit_code(codes, pod),
            None => by_condition(&rule.on_pod_conditions, pod),
        };
        let Some(what) = matched else { continue };
        return match rule.action.as_str() {
            "Ignore" => Verdict { counts: false, ..COUNTS },
            "FailIndex" => Verdict { fails_index: true, ..COUNTS },
            "Count" => COUNTS,
            "FailJob" => {
                let why = format!("{what} matching FailJob rule at index {index}");
                Verdict { fails_job: Some(why), ..COUNTS }
            }
            _ => continue,
        };
    }
    COUNTS
}

fn by_exit_code(codes: &OnExitCodes, pod: &Pod) -> Option<String> {
    let status = &pod.status;
    let mut containers = status.container_statuses.iter().chain(&status.init_container_statuses);
    let (name, code) = containers.find_map(|container| exit_code(codes, container))?;
    let (namespace, pod) = (&pod.metadata.namespace, &pod.metadata.name);
    Some(format!("Container {name} for pod {namespace}/{pod} failed with exit code {code}"))
}

fn exit_code<'c>(codes: &OnExitCodes, container: &'c ContainerStatus) -> Option<(&'c str, i32)> {
    let ContainerState::Terminated(state) = &container.state else { return None };
    let code = state.exit_code;
    if codes.container_name.as_ref().is_some_and(|name| *name != container.name) || code == 0 {
        return None;
    }
    let listed = codes.values.contains(&code);
    let matches = match codes.operator.as_str() {
        "In" => listed,
        "NotIn" => !listed,
        _ => false,
    };
    matches.then_some((container.name.as_str(), code))
}

fn by_condition(patterns: &[OnPodCondition], pod: &Pod) -> Option<String> {
    let matches = |condition: &&PodCondition| {
        patterns.iter().any(|pattern| {
            let status = pattern.status.unwrap_or(ConditionStatus::True);
            condition.type_.as_str() == pattern.type_ && condition.status == status
        })
    };
    let condition = pod.status.conditions.iter().find(matches)?;
    let (namespace, name) = (&pod.metadata.namespace, &pod.metadata.name);
    Some(format!("Pod {namespace}/{name} has condition {}", condition.type_.as_str()))
}

/// Whether a deleted pod must have ended before another takes its place.
pub fn only_replaces_failed(spec: &JobSpec) -> bool {
    spec.pod_failure_policy.is_some() || spec.pod_replacement_policy.as_deref() == Some("Failed")
}

/// Whether a pod counts as failed; one that is deleted does, where others replace it at once.
pub fn has_failed(pod: &Pod, spec: &JobSpec) -> bool {
    match pod.status.phase {
        PodPhase::Failed => true,
        PodPhase::Succeeded => false,
        _ => pod.metadata.is_deleting() && !only_replaces_failed(spec),
    }
}

/// Why what has succeeded is enough, if it is.
pub fn success(
    policy: Option<&SuccessPolicy>,
    completions: i32,
    succeeded: &Indexes,
) -> Option<String> {
    let rules = policy.into_iter().flat_map(|policy| &policy.rules);
    let mut met = rules.enumerate().filter(|(_, rule)| match &rule.succeeded_indexes {
        None => rule.succeeded_count.is_some_and(|count| succeeded.total() >= count),
        Some(text) => {
            let required = Indexes::parse(text, completions);
            let common = required.common(succeeded);
            required.total() > 0
                && (common == required.total()
                    || rule.succeeded_count.is_some_and(|count| common >= count))
        }
    });
    met.next().map(|(index, _)| format!("Matched rules at index {index}"))
}
