//! Jobs and cron jobs.

use serde_json::Value;

use crate::describe::Pen;
use crate::describe::pen::{controller, long_time, time};
use crate::describe::pod::selector;
use crate::describe::workload::pod_template;
use crate::path::{Look, scalar};
use crate::session::Cx;

/// About so many characters of a list of indexes are shown.
const INDEXES_SHOWN: usize = 50;

fn or_unset(pen: &mut Pen, title: &str, object: &Value, path: &str, unit: &str) {
    let text = match object.has(path) {
        true => format!("{}{unit}", scalar(object.at(path))),
        false => "<unset>".to_owned(),
    };
    pen.field(0, title, &text);
}

fn if_set(pen: &mut Pen, title: &str, object: &Value, path: &str, unit: &str) {
    if object.has(path) {
        pen.field(0, title, &format!("{}{unit}", scalar(object.at(path))));
    }
}

// Models describeJob of kubectl/pkg/describe/describe.go.
pub fn job(_: &mut Cx<'_>, pen: &mut Pen, object: &Value) {
    pen.field(0, "Name", object.text("metadata.name"));
    pen.field(0, "Namespace", object.text("metadata.namespace"));
    pen.field(0, "Selector", &selector(object.at("spec.selector")));
    pen.labels("Labels", object.at("metadata.labels"));
    pen.annotations("Annotations", object.at("metadata.annotations"));
    pen.some(0, "Controlled By", &controller(object));
    let (spec, status) = (object.at("spec"), object.at("status"));
    if_set(pen, "Parallelism", spec, "parallelism", "");
    or_unset(pen, "Completions", spec, "completions", "");
    if_set(pen, "Completion Mode", spec, "completionMode", "");
    if_set(pen, "Suspend", spec, "suspend", "");
    if_set(pen, "Backoff Limit", spec, "backoffLimit", "");
    if_set(pen, "TTL Seconds After Finished", spec, "ttlSecondsAfterFinished", "");
    let (start, end) = (status.at("startTime"), status.at("completionTime"));
    for (title, at) in [("Start Time", start), ("Completed At", end)] {
        if !at.is_null() {
            pen.field(0, title, &long_time(at));
        }
    }
    if let (Some(start), Some(end)) = (time(start), time(end)) {
        let took = apimachinery::duration::human_duration(end.0.saturating_sub(start.0));
        pen.field(0, "Duration", &took);
    }
    if_set(pen, "Active Deadline Seconds", spec, "activeDeadlineSeconds", "s");
    let ready = match status.has("ready") {
        true => format!(" ({} Ready)", status.int("ready")),
        false => String::new(),
    };
    let count = |name: &str| status.int(name);
    let (active, succeeded, failed) = (count("active"), count("succeeded"), count("failed"));
    let text = format!("{active} Active{ready} / {succeeded} Succeeded / {failed} Failed");
    pen.field(0, "Pods Statuses", &text);
    if spec.text("completionMode") == "Indexed" {
        pen.field(0, "Completed Indexes", &some_indexes(status.text("completedIndexes")));
    }
    pod_template(pen, spec.at("template"));
}

/// The list up to the first comma behind the limit.
fn some_indexes(list: &str) -> String {
    if list.is_empty() {
        return "<none>".to_owned();
    }
    let rest = list.get(INDEXES_SHOWN..).unwrap_or_default();
    match rest.find(',').and_then(|comma| list.get(..=INDEXES_SHOWN + comma)) {
        Some(shown) => format!("{shown}..."),
        None => list.to_owned(),
    }
}

// Models describeCronJob of kubectl/pkg/describe/describe.go.
pub fn cron_job(_: &mut Cx<'_>, pen: &mut Pen, object: &Value) {
    pen.head(object);
    let (spec, status) = (object.at("spec"), object.at("status"));
    pen.field(0, "Schedule", spec.text("schedule"));
    pen.field(0, "Concurrency Policy", spec.text("concurrencyPolicy"));
    let suspend = if spec.flag("suspend") { "True" } else { "False" };
    pen.field(0, "Suspend", if spec.has("suspend") { suspend } else { "<unset>" });
    or_unset(pen, "Time Zone", spec, "timeZone", "");
    or_unset(pen, "Successful Job History Limit", spec, "successfulJobsHistoryLimit", "");
    or_unset(pen, "Failed Job History Limit", spec, "failedJobsHistoryLimit", "");
    or_unset(pen, "Starting Deadline Seconds", spec, "startingDeadlineSeconds", "s");
    let job = spec.at("jobTemplate.spec");
    let chosen = match job.has("selector") {
        true => selector(job.at("selector")),
        false => "<unset>".to_owned(),
    };
    pen.field(0, "Selector", &chosen);
    or_unset(pen, "Parallelism", job, "parallelism", "");
    or_unset(pen, "Completions", job, "completions", "");
    if_set(pen, "Active Deadline Seconds", job, "activeDeadlineSeconds", "s");
    pod_template(pen, job.at("template"));
    let last = match status.has("lastScheduleTime") {
        true => long_time(status.at("lastScheduleTime")),
        false => "<unset>".to_owned(),
    };
    pen.field(0, "Last Schedule Time", &last);
    let active: Vec<&str> = status.items("active").iter().map(|job| job.text("name")).collect();
    let active = if active.is_empty() { "<none>".to_owned() } else { active.join(", ") };
    pen.field(0, "Active Jobs", &active);
}
