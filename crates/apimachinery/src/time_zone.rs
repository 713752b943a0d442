//! Time zones by their IANA names, each with the rule that holds today, written as POSIX writes it
//! (`CET-1CEST,M3.5.0,M10.5.0/3`). What a zone did in former years is not known.

use crate::time::{Civil, Time, days_in_month};

/// A line a rule: the rule, a tab, and the names of the zones that follow it.
const ZONES: &str = include_str!("../data/time_zones.txt");
const HOUR: i64 = 3600;

/// A day of the year on which clocks change: the `week`th `weekday` of a month (5: the last), so
/// many seconds after its midnight.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Change {
    month: u8,
    week: u8,
    weekday: u8,
    seconds: i64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Summer {
    offset: i64,
    begins: Change,
    ends: Change,
}

/// Offsets are seconds east of Greenwich.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TimeZone {
    offset: i64,
    summer: Option<Summer>,
}

impl TimeZone {
    pub const UTC: TimeZone = TimeZone { offset: 0, summer: None };

    /// The zone of a name; the empty name is UTC. Models Go's time.LoadLocation and its error.
    pub fn load(name: &str) -> Result<Self, String> {
        if name.is_empty() || name == "UTC" || name == "Local" {
            return Ok(TimeZone::UTC);
        }
        if name.contains("..") || name.starts_with(['/', '\\']) {
            return Err("time: invalid location name".to_owned());
        }
        let line = ZONES.lines().filter_map(|line| line.split_once('\t'));
        let mut found = line.filter(|(_, names)| names.split(' ').any(|known| known == name));
        let rule = found.next().and_then(|(rule, _)| parse(rule));
        rule.ok_or_else(|| format!("unknown time zone {name}"))
    }

    /// Seconds east of Greenwich at a moment.
    pub fn offset_at(&self, time: Time) -> i64 {
        let Some(summer) = &self.summer else { return self.offset };
        let year = Time(time.0.saturating_add(self.offset)).civil().year;
        let begins = summer.begins.in_year(year).saturating_sub(self.offset);
        let ends = summer.ends.in_year(year).saturating_sub(summer.offset);
        let inside = match begins < ends {
            true => (begins..ends).contains(&time.0),
            false => !(ends..begins).contains(&time.0),
        };
        if inside { summer.offset } else { self.offset }
    }

    /// What clocks there show.
    pub fn civil(&self, time: Time) -> Civil {
        Time(time.0.saturating_add(self.offset_at(time))).civil()
    }

    /// The moment at which clocks there show this. Models Go's time.Date where a time of day comes
    /// twice or never.
    pub fn time(&self, local: &Civil) -> Time {
        let local = local.time().0;
        let offset = self.offset_at(Time(local));
        let guess = Time(local.saturating_sub(offset));
        Time(local.saturating_sub(self.offset_at(guess)))
    }

    /// RFC 3339 with the zone's offset: `2026-11-20T13:16:00+01:00`.
    pub fn format(&self, time: Time) -> String {
        let offset = self.offset_at(time);
        let local = Time(time.0.saturating_add(offset)).to_string();
        if offset == 0 {
            return local;
        }
        let (sign, minutes) = (if offset < 0 { '-' } else { '+' }, offset.abs() / 60);
        let local = local.trim_end_matches('Z');
        format!("{local}{sign}{:02}:{:02}", minutes / 60, minutes % 60)
    }
}

impl Change {
    /// The change's local time in a year, as seconds since the epoch.
    fn in_year(&self, year: i64) -> i64 {
        let first = Civil::from_date(year, self.month, 1);
        let ahead = (self.weekday + 7).saturating_sub(first.weekday) % 7;
        let last = days_in_month(year, self.month);
        let mut day = 1 + ahead + 7 * self.week.saturating_sub(1);
        while day > last {
            day = day.saturating_sub(7);
        }
        Civil::from_date(year, self.month, day).time().0.saturating_add(self.seconds)
    }
}

fn parse(rule: &str) -> Option<TimeZone> {
    let mut parts = rule.split(',');
    let (offset, rest) = offset(abbreviation(parts.next()?))?;
    let offset = -offset;
    if rest.is_empty() {
        return Some(TimeZone { offset, summer: None });
    }
    let summer_offset = match abbreviation(rest) {
        "" => offset + HOUR,
        text => -self::offset(text)?.0,
    };
    let (begins, ends) = (change(parts.next()?)?, change(parts.next()?)?);
    Some(TimeZone { offset, summer: Some(Summer { offset: summer_offset, begins, ends }) })
}

/// What follows the name of a zone, `CET` or `<+0330>`.
fn abbreviation(text: &str) -> &str {
    match text.strip_prefix('<') {
        Some(quoted) => quoted.split_once('>').map_or("", |(_, rest)| rest),
        None => text.trim_start_matches(|c: char| c.is_ascii_alphabetic()),
    }
}

/// `-3:30` in seconds, and what follows.
fn offset(text: &str) -> Option<(i64, &str)> {
    let end = text.find(|c: char| !c.is_ascii_digit() && !"+-:".contains(c));
    let (number, rest) = text.split_at_checked(end.unwrap_or(text.len()))?;
    let (negative, digits) = match number.strip_prefix('-') {
        Some(digits) => (true, digits),
        None => (false, number),
    };
    let mut seconds = 0;
    for (part, unit) in digits.split(':').zip([HOUR, 60, 1]) {
        seconds += part.parse::<i64>().ok()? * unit;
    }
    Some((if negative { -seconds } else { seconds }, rest))
}

/// `M3.5.0/1`.
fn change(text: &str) -> Option<Change> {
    let (day, time) = text.strip_prefix('M')?.split_once('/').unwrap_or((text.get(1..)?, "2"));
    let mut numbers = day.split('.').map(|part| part.parse::<u8>().ok());
    let (month, week, weekday) = (numbers.next()??, numbers.next()??, numbers.next()??);
    Some(Change { month, week, weekday, seconds: offset(time)?.0 })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_zone_of_the_table_is_understood() {
        for line in ZONES.lines() {
            let (rule, names) = line.split_once('\t').expect(line);
            assert!(parse(rule).is_some() && !names.is_empty(), "{line}");
        }
    }

    #[test]
    fn clocks_change_where_they_do() {
        for (zone, utc, local) in [
            ("UTC", "2026-07-01T12:00:00Z", "2026-07-01T12:00:00Z"),
            ("Europe/Berlin", "2026-03-29T00:59:59Z", "2026-03-29T01:59:59+01:00"),
            ("Europe/Berlin", "2026-03-29T01:00:00Z", "2026-03-29T03:00:00+02:00"),
            ("America/New_York", "2026-11-01T05:59:59Z", "2026-11-01T01:59:59-04:00"),
            ("America/New_York", "2026-11-01T06:00:00Z", "2026-11-01T01:00:00-05:00"),
            ("Australia/Sydney", "2026-01-01T00:00:00Z", "2026-01-01T11:00:00+11:00"),
            ("Asia/Kolkata", "2026-01-01T00:00:00Z", "2026-01-01T05:30:00+05:30"),
            ("Asia/Jerusalem", "2026-03-27T00:00:00Z", "2026-03-27T03:00:00+03:00"),
        ] {
            let time = Time::parse(utc).expect(utc);
            let zone = TimeZone::load(zone).expect(zone);
            assert_eq!(zone.format(time), local);
            assert_eq!(zone.civil(time).time(), Time(time.0 + zone.offset_at(time)));
        }
        assert_eq!(TimeZone::load("Mars/Base"), Err("unknown time zone Mars/Base".to_owned()));
    }
}
