//! Which scheduled time is due, and which comes next.
//! Models pkg/controller/cronjob/utils.go.

use api::CronJob;
use api::batch::cron_job::CronJobSpec;
use apimachinery::cron::{NEVER, Schedule};
use apimachinery::time::Time;

const MANY_MISSED: i64 = 100;

/// The schedule in the cron job's time zone.
pub fn parse(spec: &CronJobSpec) -> Result<Schedule, String> {
    match spec.time_zone.as_deref().filter(|_| !spec.schedule.contains("TZ")) {
        Some(zone) => Schedule::parse(&format!("TZ={zone} {}", spec.schedule)),
        None => Schedule::parse(&spec.schedule),
    }
}

struct Recent {
    /// The moment that the search began at.
    earliest: Time,
    time: Option<Time>,
    /// How many times have passed unused.
    missed: i64,
}

/// The last scheduled time that is not after now.
fn most_recent(
    cron_job: &CronJob,
    now: Time,
    schedule: &Schedule,
    with_deadline: bool,
) -> Result<Recent, String> {
    let last = cron_job.status.last_schedule_time;
    let mut earliest = last.or(cron_job.metadata.creation_timestamp).unwrap_or(now);
    let deadline = cron_job.spec.starting_deadline_seconds.filter(|_| with_deadline);
    if let Some(seconds) = deadline {
        earliest = earliest.max(Time(now.0.saturating_sub(seconds)));
    }
    let first = schedule.next(earliest);
    let second = schedule.next(first);
    if now < first {
        return Ok(Recent { earliest, time: None, missed: 0 });
    }
    if now < second {
        return Ok(Recent { earliest, time: Some(first), missed: 0 });
    }
    let between = second.0.saturating_sub(first.0);
    if between < 1 {
        return Err("time difference between two schedules is less than 1 second".to_owned());
    }
    let missed = now.0.saturating_sub(first.0) / between + 1;
    // Schedules are not even: the last step is searched from a little earlier.
    let from = first.0.saturating_add((missed - 2).saturating_mul(between));
    let (mut time, mut next) = (None, schedule.next(Time(from)));
    while next <= now && next != NEVER {
        time = Some(next);
        next = schedule.next(next);
    }
    Ok(Recent { earliest, time, missed })
}

pub struct Due {
    pub time: Option<Time>,
    pub too_many_missed: bool,
}

/// The time whose job is to be made now, if there is one.
pub fn due(cron_job: &CronJob, now: Time, schedule: &Schedule) -> Result<Due, String> {
    let recent = most_recent(cron_job, now, schedule, true)?;
    let too_many_missed = recent.time.is_some() && recent.missed > MANY_MISSED;
    Ok(Due { time: recent.time, too_many_missed })
}

/// When to look again.
pub fn next(cron_job: &CronJob, now: Time, schedule: &Schedule) -> Time {
    let from = match most_recent(cron_job, now, schedule, false) {
        Ok(Recent { time: Some(time), .. }) => time,
        Ok(Recent { earliest, missed: 0, .. }) => earliest,
        Ok(_) | Err(_) => now,
    };
    schedule.next(from)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn time(text: &str) -> Time {
        Time::parse(text).expect(text)
    }

    #[test]
    fn the_last_missed_time_is_due() {
        // schedule, created, last scheduled, deadline, now; due, next, many
        for (schedule, created, last, deadline, now, due_at, next_at, many) in [
            ("0 * * * *", "10:00:30", "", 0, "10:59:59", "", "11:00:00", false),
            ("0 * * * *", "10:00:30", "", 0, "11:00:00", "11:00:00", "12:00:00", false),
            ("0 * * * *", "10:00:30", "11:00:00", 0, "11:10:00", "", "12:00:00", false),
            ("0 * * * *", "08:30:00", "", 0, "12:10:00", "12:00:00", "13:00:00", false),
            ("0 * * * *", "08:30:00", "", 300, "12:10:00", "", "13:00:00", false),
            ("* * * * *", "08:30:00", "", 0, "12:10:05", "12:10:00", "12:11:00", true),
            ("* * * * *", "08:30:00", "", 200, "12:10:05", "12:10:00", "12:11:00", false),
            // Upstream steps over the last time of an uneven schedule, too.
            ("0 9-10 * * *", "08:30:00", "", 0, "12:10:00", "", "", false),
        ] {
            let at = |text: &str| time(&format!("2026-11-20T{text}Z"));
            let mut cron_job = CronJob::default();
            cron_job.metadata.creation_timestamp = Some(at(created));
            cron_job.status.last_schedule_time = (!last.is_empty()).then(|| at(last));
            cron_job.spec.starting_deadline_seconds = (deadline > 0).then_some(deadline);
            let parsed = Schedule::parse(schedule).expect(schedule);
            let found = due(&cron_job, at(now), &parsed).expect(schedule);
            assert_eq!(found.time, (!due_at.is_empty()).then(|| at(due_at)), "{schedule} {now}");
            assert_eq!(found.too_many_missed, many);
            if !schedule.contains('-') {
                assert_eq!(next(&cron_job, at(now), &parsed), at(next_at), "{schedule} {now}");
            }
        }
    }

    #[test]
    fn an_impossible_day_is_an_error() {
        let mut cron_job = CronJob::default();
        cron_job.metadata.creation_timestamp = Some(time("2026-11-20T10:00:00Z"));
        let schedule = Schedule::parse("0 0 31 2 *").expect("parses");
        assert!(due(&cron_job, time("2026-11-20T11:00:00Z"), &schedule).is_err());
    }
}
