//! Job: runs pods until so many have succeeded.

use apimachinery::labels::LabelSelector;
use apimachinery::meta::{ObjectMeta, Uid};
use apimachinery::names;
use apimachinery::status::FieldErrors;
use apimachinery::time::Time;
use apimachinery::wire_struct;
use serde_json::Value;
use smol_str::{SmolStr, format_smolstr};

use super::job_policy::{PodFailurePolicy, SuccessPolicy};
use super::{job_status_validation, job_update_validation, job_validation};
use crate::core::container::container_cells;
use crate::core::pod::PodTemplateSpec;
use crate::core::pod_defaults;
use crate::core::pod_status::ConditionStatus;
use crate::object::{Column, Kind, KindInfo, age};
use crate::object_update::{keep_deletion, move_generation};
use crate::validation::object_meta;

pub const CONTROLLER_UID_LABEL: &str = "batch.kubernetes.io/controller-uid";
pub const JOB_NAME_LABEL: &str = "batch.kubernetes.io/job-name";
pub const LEGACY_CONTROLLER_UID_LABEL: &str = "controller-uid";
pub const LEGACY_JOB_NAME_LABEL: &str = "job-name";
pub const INDEXED: &str = "Indexed";
pub const NON_INDEXED: &str = "NonIndexed";

wire_struct! {
    /// How many pods must succeed, how many run at a time, and what is done about failures.
    pub struct JobSpec {
        pub active_deadline_seconds: Option<i64> => "activeDeadlineSeconds",
        pub backoff_limit: Option<i32> => "backoffLimit",
        pub backoff_limit_per_index: Option<i32> => "backoffLimitPerIndex",
        pub completion_mode: Option<SmolStr> => "completionMode",
        pub completions: Option<i32> => "completions",
        pub managed_by: Option<SmolStr> => "managedBy",
        pub manual_selector: Option<bool> => "manualSelector",
        pub max_failed_indexes: Option<i32> => "maxFailedIndexes",
        pub parallelism: Option<i32> => "parallelism",
        pub pod_failure_policy: Option<PodFailurePolicy> => "podFailurePolicy",
        pub pod_replacement_policy: Option<SmolStr> => "podReplacementPolicy",
        pub selector: Option<LabelSelector> => "selector",
        pub success_policy: Option<SuccessPolicy> => "successPolicy",
        pub suspend: Option<bool> => "suspend",
        pub template: PodTemplateSpec => "template" keep,
        pub ttl_seconds_after_finished: Option<i32> => "ttlSecondsAfterFinished",
    }
}

wire_struct! {
    /// How a job ended, or why it rests.
    pub struct JobCondition {
        pub last_probe_time: Option<Time> => "lastProbeTime",
        pub last_transition_time: Option<Time> => "lastTransitionTime",
        pub message: SmolStr => "message",
        pub reason: SmolStr => "reason",
        pub status: ConditionStatus => "status" keep,
        pub type_: SmolStr => "type" keep,
    }
}

wire_struct! {
    /// Pods that have ended, still carry the finalizer and are not in the totals.
    pub struct UncountedTerminatedPods {
        pub failed: Vec<Uid> => "failed",
        pub succeeded: Vec<Uid> => "succeeded",
    }
}

wire_struct! {
    /// How far a job has come.
    pub struct JobStatus {
        pub active: i32 => "active",
        pub completed_indexes: SmolStr => "completedIndexes",
        pub completion_time: Option<Time> => "completionTime",
        pub conditions: Vec<JobCondition> => "conditions",
        pub failed: i32 => "failed",
        pub failed_indexes: Option<SmolStr> => "failedIndexes",
        pub ready: Option<i32> => "ready",
        pub start_time: Option<Time> => "startTime",
        pub succeeded: i32 => "succeeded",
        pub terminating: Option<i32> => "terminating",
        pub uncounted_terminated_pods: Option<UncountedTerminatedPods> => "uncountedTerminatedPods",
    }
}

wire_struct! {
    /// Runs pods until so many have succeeded.
    pub struct Job {
        pub metadata: ObjectMeta => "metadata" keep,
        pub spec: JobSpec => "spec" keep,
        pub status: JobStatus => "status" keep,
    }
}

impl JobStatus {
    pub fn condition(&self, type_: &str) -> Option<&JobCondition> {
        self.conditions.iter().find(|condition| condition.type_ == type_)
    }

    pub fn is_true(&self, type_: &str) -> bool {
        self.condition(type_).is_some_and(|c| c.status == ConditionStatus::True)
    }

    /// `Complete` or `Failed`, whichever ended the job.
    pub fn finished(&self) -> Option<&JobCondition> {
        self.conditions.iter().find(|condition| {
            (condition.type_ == "Complete" || condition.type_ == "Failed")
                && condition.status == ConditionStatus::True
        })
    }
}

impl JobSpec {
    pub fn is_indexed(&self) -> bool {
        self.completion_mode.as_deref() == Some(INDEXED)
    }

    pub fn is_suspended(&self) -> bool {
        self.suspend == Some(true)
    }

    // Models SetDefaults_Job.
    fn set_defaults(&mut self) {
        pod_defaults::default_template(&mut self.template.spec);
        if self.completions.is_none() && self.parallelism.is_none() {
            self.completions = Some(1);
        }
        self.parallelism.get_or_insert(1);
        let limit = if self.backoff_limit_per_index.is_some() { i32::MAX } else { 6 };
        self.backoff_limit.get_or_insert(limit);
        self.completion_mode.get_or_insert(SmolStr::new_static(NON_INDEXED));
        self.suspend.get_or_insert(false);
        let by_policy = self.pod_failure_policy.is_some();
        let replace = if by_policy { "Failed" } else { "TerminatingOrFailed" };
        self.pod_replacement_policy.get_or_insert(SmolStr::new_static(replace));
        self.manual_selector.get_or_insert(false);
    }

    /// A condition's status in a rule is true unless it says otherwise.
    pub(super) fn default_rules(&mut self) {
        let rules = self.pod_failure_policy.iter_mut().flat_map(|policy| &mut policy.rules);
        for pattern in rules.flat_map(|rule| &mut rule.on_pod_conditions) {
            pattern.status.get_or_insert(ConditionStatus::True);
        }
    }
}

impl Job {
    /// Models generateSelector in pkg/registry/batch/job/strategy.go.
    fn generate_selector(&mut self) {
        let name = self.metadata.name.clone();
        let uid = format_smolstr!("{}", self.metadata.uid);
        let labels = self.spec.template.metadata.labels.make_mut();
        for (label, value) in [
            (LEGACY_JOB_NAME_LABEL, &name),
            (JOB_NAME_LABEL, &name),
            (LEGACY_CONTROLLER_UID_LABEL, &uid),
            (CONTROLLER_UID_LABEL, &uid),
        ] {
            labels.entry(SmolStr::new_static(label)).or_insert_with(|| value.clone());
        }
        let selector = self.spec.selector.get_or_insert_default();
        let matched = selector.match_labels.make_mut();
        matched.entry(SmolStr::new_static(CONTROLLER_UID_LABEL)).or_insert(uid);
    }

    fn completions_cell(&self) -> String {
        let succeeded = self.status.succeeded;
        match (self.spec.completions, self.spec.parallelism.unwrap_or(0)) {
            (Some(completions), _) => format!("{succeeded}/{completions}"),
            (None, parallelism @ 2..) => format!("{succeeded}/1 of {parallelism}"),
            (None, _) => format!("{succeeded}/1"),
        }
    }

    fn duration_cell(&self, now: Time) -> String {
        let Some(start) = self.status.start_time else { return String::new() };
        let end = self.status.completion_time.unwrap_or(now);
        apimachinery::duration::human_duration(end.0.saturating_sub(start.0))
    }

    fn status_cell(&self) -> &'static str {
        let is = |type_| self.status.is_true(type_);
        let early = ["Complete", "Failed"].into_iter().find(|type_| is(type_));
        if let Some(word) = early {
            return word;
        }
        if self.metadata.is_deleting() {
            return "Terminating";
        }
        let late = [
            ("Suspended", "Suspended"),
            ("FailureTarget", "FailureTarget"),
            ("SuccessCriteriaMet", "SuccessCriteriaMet"),
        ];
        late.into_iter().find(|(type_, _)| is(type_)).map_or("Running", |(_, word)| word)
    }
}

impl Kind for Job {
    const INFO: KindInfo = KindInfo::fixed("batch", "v1", "Job", "jobs", true, &["status"]);

    fn meta(&self) -> &ObjectMeta {
        &self.metadata
    }

    fn meta_mut(&mut self) -> &mut ObjectMeta {
        &mut self.metadata
    }

    fn set_defaults(&mut self) {
        self.spec.set_defaults();
        self.spec.default_rules();
        // A new job takes its template's labels once they are complete.
        if !self.metadata.uid.is_unset() && self.metadata.labels.is_empty() {
            self.metadata.labels = self.spec.template.metadata.labels.clone();
        }
    }

    // Models pkg/registry/batch/job/strategy.go.
    fn prepare_for_create(&mut self) {
        if self.spec.manual_selector != Some(true) {
            self.generate_selector();
        }
        if self.metadata.labels.is_empty() {
            self.metadata.labels = self.spec.template.metadata.labels.clone();
        }
        self.status = JobStatus::default();
        self.metadata.generation = 1;
    }

    fn prepare_for_update(&mut self, old: &Self) {
        self.status = old.status.clone();
        move_generation(&mut self.metadata, &old.metadata, self.spec != old.spec);
    }

    fn prepare_for_status_update(&mut self, old: &Self) {
        self.spec = old.spec.clone();
        self.metadata.generation = old.metadata.generation;
        keep_deletion(&mut self.metadata, &old.metadata);
    }

    fn validate(&self) -> FieldErrors {
        let mut errors = FieldErrors::new();
        object_meta(&self.metadata, true, names::is_dns1123_subdomain, &mut errors);
        job_validation::job(self, true, &mut errors);
        errors
    }

    fn validate_update(&self, old: &Self) -> FieldErrors {
        job_update_validation::job_update(self, old)
    }

    fn validate_status_update(&self, old: &Self) -> FieldErrors {
        job_status_validation::status_update(self, old)
    }

    fn columns() -> &'static [Column] {
        const {
            &[
                Column::text("Name"),
                Column::text("Status"),
                Column::text("Completions"),
                Column::text("Duration"),
                Column::text("Age"),
                Column::wide("Containers"),
                Column::wide("Images"),
                Column::wide("Selector"),
            ]
        }
    }

    // Models printJob in pkg/printers/internalversion/printers.go.
    fn row(&self, now: Time) -> Vec<Value> {
        let [names, images] = container_cells(&self.spec.template.spec.containers);
        let selector = self.spec.selector.as_ref();
        vec![
            self.metadata.name.as_str().into(),
            self.status_cell().into(),
            self.completions_cell().into(),
            self.duration_cell(now).into(),
            age(&self.metadata, now).into(),
            names.into(),
            images.into(),
            selector.map_or_else(|| "<none>".to_owned(), LabelSelector::format).into(),
        ]
    }

    fn selectable_fields(&self) -> Vec<(&'static str, SmolStr)> {
        vec![("status.successful", format_smolstr!("{}", self.status.succeeded))]
    }
}
