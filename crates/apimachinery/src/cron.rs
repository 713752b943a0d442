//! Schedules of five fields, `@daily` and `@every 1h`, and when they are due next.
// Models robfig/cron v3: parser.go (ParseStandard), spec.go and constantdelay.go.

use crate::duration::Duration;
use crate::strconv;
use crate::time::{Civil, Time};
use crate::time_zone::TimeZone;

/// Set where a field was `*` or `?`.
const STAR: u64 = 1 << 63;
/// Go's zero time, which stands for "never".
pub const NEVER: Time = Time(-62_135_596_800);
const YEARS_AHEAD: i64 = 5;

struct Bounds {
    min: u32,
    max: u32,
    names: &'static [&'static str],
}

const MINUTES: Bounds = Bounds { min: 0, max: 59, names: &[] };
const HOURS: Bounds = Bounds { min: 0, max: 23, names: &[] };
const DAYS: Bounds = Bounds { min: 1, max: 31, names: &[] };
const MONTHS: Bounds = Bounds {
    min: 1,
    max: 12,
    names: &["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"],
};
const WEEKDAYS: Bounds =
    Bounds { min: 0, max: 6, names: &["sun", "mon", "tue", "wed", "thu", "fri", "sat"] };

/// The bits of what each field allows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Fields {
    minute: u64,
    hour: u64,
    day: u64,
    month: u64,
    weekday: u64,
}

/// When something is due.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Schedule(Kind);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Fields(Fields, TimeZone),
    /// Every so many seconds.
    Every(i64),
}

impl Schedule {
    pub fn parse(text: &str) -> Result<Self, String> {
        if text.is_empty() {
            return Err("empty spec string".to_owned());
        }
        let (mut text, mut zone) = (text, TimeZone::UTC);
        if text.starts_with("TZ=") || text.starts_with("CRON_TZ=") {
            let (_, named) = text.split_once('=').unwrap_or_default();
            let Some((name, rest)) = named.split_once(' ') else {
                let panic = "runtime error: slice bounds out of range [:-1]";
                return Err(format!("invalid schedule format: {panic}"));
            };
            zone = TimeZone::load(name)
                .map_err(|error| format!("provided bad location {name}: {error}"))?;
            text = rest.trim();
        }
        if text.starts_with('@') {
            return descriptor(text, zone);
        }
        let parts: Vec<&str> = text.split_whitespace().collect();
        let [minute, hour, day, month, weekday] = parts[..] else {
            let (count, list) = (parts.len(), parts.join(" "));
            return Err(format!("expected exactly 5 fields, found {count}: [{list}]"));
        };
        let fields = Fields {
            minute: field(minute, &MINUTES)?,
            hour: field(hour, &HOURS)?,
            day: field(day, &DAYS)?,
            month: field(month, &MONTHS)?,
            weekday: field(weekday, &WEEKDAYS)?,
        };
        Ok(Schedule(Kind::Fields(fields, zone)))
    }

    /// The first moment after this one, or `NEVER` if there is none within five years.
    pub fn next(&self, after: Time) -> Time {
        match &self.0 {
            Kind::Every(seconds) => Time(after.0.saturating_add(*seconds)),
            Kind::Fields(fields, zone) => fields.next(zone, after),
        }
    }
}

fn descriptor(text: &str, zone: TimeZone) -> Result<Schedule, String> {
    let standard = match text {
        "@yearly" | "@annually" => "0 0 1 1 *",
        "@monthly" => "0 0 1 * *",
        "@weekly" => "0 0 * * 0",
        "@daily" | "@midnight" => "0 0 * * *",
        "@hourly" => "0 * * * *",
        _ => {
            let Some(every) = text.strip_prefix("@every ") else {
                return Err(format!("unrecognized descriptor: {text}"));
            };
            let every = Duration::parse(every)
                .map_err(|error| format!("failed to parse duration {text}: {error}"))?;
            return Ok(Schedule(Kind::Every(every.as_secs().max(1))));
        }
    };
    match Schedule::parse(standard)?.0 {
        Kind::Fields(fields, _) => Ok(Schedule(Kind::Fields(fields, zone))),
        every => Ok(Schedule(every)),
    }
}

fn field(text: &str, bounds: &Bounds) -> Result<u64, String> {
    let ranges = text.split(',').filter(|range| !range.is_empty());
    ranges.map(|range| bits(range, bounds)).try_fold(0, |all, bits| Ok(all | bits?))
}

fn bits(text: &str, bounds: &Bounds) -> Result<u64, String> {
    let parts: Vec<&str> = text.split('/').collect();
    let limits: Vec<&str> = parts.first().copied().unwrap_or_default().split('-').collect();
    let (start, mut end, mut star) = match limits[..] {
        ["*" | "?", ..] => (bounds.min, bounds.max, STAR),
        [only] => {
            let start = number_or_name(only, bounds)?;
            (start, start, 0)
        }
        [low, high] => (number_or_name(low, bounds)?, number_or_name(high, bounds)?, 0),
        _ => return Err(format!("too many hyphens: {text}")),
    };
    let step = match parts[..] {
        [_] => 1,
        [_, step] => {
            let step = number(step)?;
            if limits.len() == 1 {
                end = bounds.max;
            }
            if step > 1 {
                star = 0;
            }
            step
        }
        _ => return Err(format!("too many slashes: {text}")),
    };
    let Bounds { min, max, .. } = bounds;
    if start < *min {
        return Err(format!("beginning of range ({start}) below minimum ({min}): {text}"));
    }
    if end > *max {
        return Err(format!("end of range ({end}) above maximum ({max}): {text}"));
    }
    if start > end {
        return Err(format!("beginning of range ({start}) beyond end of range ({end}): {text}"));
    }
    let Ok(step @ 1..) = usize::try_from(step) else {
        return Err(format!("step of range should be a positive number: {text}"));
    };
    Ok((start..=end).step_by(step).fold(star, |bits, bit| bits | 1 << bit))
}

fn number_or_name(text: &str, bounds: &Bounds) -> Result<u32, String> {
    let lower = text.to_lowercase();
    match (bounds.min..).zip(bounds.names).find(|(_, name)| **name == lower) {
        Some((number, _)) => Ok(number),
        None => number(text),
    }
}

fn number(text: &str) -> Result<u32, String> {
    let Some(number) = strconv::parse_int64(text) else {
        let error = strconv::int_error("Atoi", text);
        return Err(format!("failed to parse int from {text}: {error}"));
    };
    if number < 0 {
        return Err(format!("negative number ({number}) not allowed: {text}"));
    }
    Ok(u32::try_from(number).unwrap_or(u32::MAX))
}

fn has(bits: u64, bit: u8) -> bool {
    bits & (1 << bit) != 0
}

impl Fields {
    fn day_matches(&self, local: &Civil) -> bool {
        let (day, weekday) = (has(self.day, local.day), has(self.weekday, local.weekday));
        if (self.day | self.weekday) & STAR != 0 { day && weekday } else { day || weekday }
    }

    fn next(&self, zone: &TimeZone, after: Time) -> Time {
        if self.minute == 0 || self.hour == 0 || self.month == 0 {
            return NEVER;
        }
        // All schedules are due at the beginning of a minute.
        let mut time = Time(after.0.saturating_add(1));
        let past = zone.civil(time).second;
        if past != 0 {
            time.0 = time.0.saturating_add(60 - i64::from(past));
        }
        let last_year = zone.civil(after).year + YEARS_AHEAD;
        loop {
            let local = zone.civil(time);
            if local.year > last_year {
                return NEVER;
            }
            if !has(self.month, local.month) {
                time = zone.time(&next_month(&local));
            } else if !self.day_matches(&local) {
                time = midnight_after(zone, &local);
            } else if !has(self.hour, local.hour) {
                let into_hour = i64::from(local.minute) * 60 + i64::from(local.second);
                time.0 = time.0.saturating_add(3600 - into_hour);
            } else if !has(self.minute, local.minute) {
                time.0 = time.0.saturating_add(60);
            } else {
                return time;
            }
        }
    }
}

fn next_month(local: &Civil) -> Civil {
    match local.month {
        12 => Civil::from_date(local.year.saturating_add(1), 1, 1),
        month => Civil::from_date(local.year, month + 1, 1),
    }
}

/// The next day's first moment, which is not midnight where clocks skip midnight.
fn midnight_after(zone: &TimeZone, local: &Civil) -> Time {
    let next = Civil::from_date(local.year, local.month, local.day.saturating_add(1));
    let time = zone.time(&next);
    match zone.civil(time).hour {
        0 => time,
        hour @ 13.. => Time(time.0 + (24 - i64::from(hour)) * 3600),
        hour => Time(time.0 - i64::from(hour) * 3600),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn next(schedule: &str, after: &str) -> String {
        let after = Time::parse(after).expect(after);
        Schedule::parse(schedule).map_or_else(|error| error, |s| s.next(after).to_string())
    }

    #[test]
    fn clocks_that_jump_are_followed() {
        for (schedule, after, due) in [
            ("TZ=Europe/Berlin 30 2 * * *", "2026-03-28T12:00:00Z", "2026-03-30T00:30:00Z"),
            ("TZ=Europe/Berlin 30 2 * * *", "2026-10-24T12:00:00Z", "2026-10-25T00:30:00Z"),
            ("TZ=Africa/Cairo 0 0 * * *", "2026-04-23T12:00:00Z", "2026-04-24T21:00:00Z"),
            ("CRON_TZ=Asia/Kolkata 0 9 1 * *", "2026-01-15T00:00:00Z", "2026-02-01T03:30:00Z"),
            ("0 0 31 2 *", "2026-01-15T00:00:00Z", "0001-01-01T00:00:00Z"),
            (", * * * *", "2026-01-15T00:00:00Z", "0001-01-01T00:00:00Z"),
            ("*/20 9-17/4 * jan-mar MON-fri", "2026-03-31T17:41:00Z", "2027-01-01T09:00:00Z"),
        ] {
            assert_eq!(next(schedule, after), due, "{schedule}");
        }
    }

    #[test]
    fn what_is_wrong_is_said() {
        for (schedule, error) in [
            ("", "empty spec string"),
            ("@often", "unrecognized descriptor: @often"),
            ("TZ=Nowhere * * * * *", "provided bad location Nowhere: unknown time zone Nowhere"),
            ("TZ=0", "invalid schedule format: runtime error: slice bounds out of range [:-1]"),
            ("1-2-3 * * * *", "too many hyphens: 1-2-3"),
            ("1/2/3 * * * *", "too many slashes: 1/2/3"),
            ("5-1 * * * *", "beginning of range (5) beyond end of range (1): 5-1"),
            ("@every x", "failed to parse duration @every x: time: invalid duration \"x\""),
        ] {
            assert_eq!(next(schedule, "2026-01-01T00:00:00Z"), error);
        }
    }
}
