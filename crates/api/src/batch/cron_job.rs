//! CronJob: makes a job at each time of its schedule.

use apimachinery::labels::LabelSelector;
use apimachinery::meta::ObjectMeta;
use apimachinery::names;
use apimachinery::status::FieldErrors;
use apimachinery::time::Time;
use apimachinery::wire_struct;
use serde_json::Value;
use smol_str::SmolStr;

use super::cron_job_validation;
use super::job::JobSpec;
use crate::core::container::container_cells;
use crate::core::pod_defaults;
use crate::core::reference::ObjectReference;
use crate::object::{Column, Kind, KindInfo, age, since};
use crate::object_update::{keep_deletion, move_generation};
use crate::validation::object_meta;

wire_struct! {
    /// What jobs are made from.
    pub struct JobTemplateSpec {
        pub metadata: ObjectMeta => "metadata" keep,
        pub spec: JobSpec => "spec" keep,
    }
}

wire_struct! {
    /// When which jobs are made, and how many of them are kept.
    pub struct CronJobSpec {
        pub concurrency_policy: SmolStr => "concurrencyPolicy",
        pub failed_jobs_history_limit: Option<i32> => "failedJobsHistoryLimit",
        pub job_template: JobTemplateSpec => "jobTemplate" keep,
        pub schedule: SmolStr => "schedule" keep,
        pub starting_deadline_seconds: Option<i64> => "startingDeadlineSeconds",
        pub successful_jobs_history_limit: Option<i32> => "successfulJobsHistoryLimit",
        pub suspend: Option<bool> => "suspend",
        pub time_zone: Option<SmolStr> => "timeZone",
    }
}

wire_struct! {
    /// The jobs that run, and when jobs were last made and done.
    pub struct CronJobStatus {
        pub active: Vec<ObjectReference> => "active",
        pub last_schedule_time: Option<Time> => "lastScheduleTime",
        pub last_successful_time: Option<Time> => "lastSuccessfulTime",
    }
}

wire_struct! {
    /// Makes a job at each time of its schedule.
    pub struct CronJob {
        pub metadata: ObjectMeta => "metadata" keep,
        pub spec: CronJobSpec => "spec" keep,
        pub status: CronJobStatus => "status" keep,
    }
}

impl Kind for CronJob {
    const INFO: KindInfo = KindInfo::fixed("batch", "v1", "CronJob", "cronjobs", true, &["status"]);

    fn meta(&self) -> &ObjectMeta {
        &self.metadata
    }

    fn meta_mut(&mut self) -> &mut ObjectMeta {
        &mut self.metadata
    }

    // Models SetDefaults_CronJob; the jobs get their own defaults when they are made.
    fn set_defaults(&mut self) {
        let spec = &mut self.spec;
        if spec.concurrency_policy.is_empty() {
            spec.concurrency_policy = SmolStr::new_static("Allow");
        }
        spec.suspend.get_or_insert(false);
        spec.successful_jobs_history_limit.get_or_insert(3);
        spec.failed_jobs_history_limit.get_or_insert(1);
        pod_defaults::default_template(&mut spec.job_template.spec.template.spec);
        spec.job_template.spec.default_rules();
    }

    // Models pkg/registry/batch/cronjob/strategy.go.
    fn prepare_for_create(&mut self) {
        self.status = CronJobStatus::default();
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
        cron_job_validation::spec(&self.spec, None, &mut errors);
        cron_job_validation::name(&self.metadata.name, &mut errors);
        errors
    }

    fn validate_update(&self, old: &Self) -> FieldErrors {
        let mut errors = FieldErrors::new();
        if self.spec != old.spec {
            cron_job_validation::spec(&self.spec, Some(&old.spec), &mut errors);
        }
        errors
    }

    fn columns() -> &'static [Column] {
        const {
            &[
                Column::text("Name"),
                Column::text("Schedule"),
                Column::text("Timezone"),
                Column::flag("Suspend"),
                Column::number("Active"),
                Column::text("Last Schedule"),
                Column::text("Age"),
                Column::wide("Containers"),
                Column::wide("Images"),
                Column::wide("Selector"),
            ]
        }
    }

    // Models printCronJob in pkg/printers/internalversion/printers.go.
    fn row(&self, now: Time) -> Vec<Value> {
        let spec = &self.spec;
        let template = &spec.job_template.spec;
        let [names, images] = container_cells(&template.template.spec.containers);
        let last = self.status.last_schedule_time;
        let suspend = match spec.suspend {
            None => "<unset>",
            Some(true) => "True",
            Some(false) => "False",
        };
        vec![
            self.metadata.name.as_str().into(),
            spec.schedule.as_str().into(),
            spec.time_zone.as_deref().unwrap_or("<none>").into(),
            suspend.into(),
            self.status.active.len().into(),
            last.map_or_else(|| "<none>".to_owned(), |last| since(Some(last), now)).into(),
            age(&self.metadata, now).into(),
            names.into(),
            images.into(),
            template
                .selector
                .as_ref()
                .map_or_else(|| "<none>".to_owned(), LabelSelector::format)
                .into(),
        ]
    }
}
