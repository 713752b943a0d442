//! Timestamps: whole seconds (`Time`) or microseconds (`MicroTime`) since the Unix epoch, their
//! texts, and the calendar behind them. UTC throughout; offsets are accepted when read.
// Models apimachinery/pkg/apis/meta/v1/{time,micro_time}.go and the errors of Go's package time.

use std::fmt;
use std::str::FromStr;

use serde_json::Value;

use crate::strconv;
use crate::wire::{Wire, WireError};

const SECONDS_PER_DAY: i64 = 86_400;
const MICROS_PER_SECOND: i64 = 1_000_000;
const LAYOUT: &str = "2006-01-02T15:04:05Z07:00";
const MICRO_LAYOUT: &str = "2006-01-02T15:04:05.000000Z07:00";
const WEEKDAYS: [&str; 7] = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"];
const MONTHS: [&str; 12] =
    ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/// Whole seconds since 1970-01-01T00:00:00Z.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Time(pub i64);

/// Microseconds since 1970-01-01T00:00:00Z.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct MicroTime(pub i64);

/// A moment's calendar fields in UTC.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Civil {
    pub year: i64,
    /// 1 to 12
    pub month: u8,
    /// 1 to 31
    pub day: u8,
    pub hour: u8,
    pub minute: u8,
    pub second: u8,
    /// 0 is Sunday.
    pub weekday: u8,
}

impl Civil {
    /// Midnight of a day; a day past the month's end runs on into the next.
    pub fn from_date(year: i64, month: u8, day: u8) -> Self {
        Time(days_from_civil(year, month, day).saturating_mul(SECONDS_PER_DAY)).civil()
    }

    pub fn time(&self) -> Time {
        let of_day =
            i64::from(self.hour) * 3600 + i64::from(self.minute) * 60 + i64::from(self.second);
        let days = days_from_civil(self.year, self.month, self.day);
        Time(days.saturating_mul(SECONDS_PER_DAY).saturating_add(of_day))
    }

    /// Three letters, as `Fri`.
    pub fn weekday_name(&self) -> &'static str {
        WEEKDAYS.get(usize::from(self.weekday)).copied().unwrap_or("")
    }

    /// Three letters, as `Nov`.
    pub fn month_name(&self) -> &'static str {
        MONTHS.get(usize::from(self.month).wrapping_sub(1)).copied().unwrap_or("")
    }
}

pub fn days_in_month(year: i64, month: u8) -> u8 {
    match month {
        2 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// Days since the epoch. The year is counted from March, so that the leap day comes last.
fn days_from_civil(year: i64, month: u8, day: u8) -> i64 {
    let month = i64::from(month);
    let year = year.clamp(-1_000_000_000, 1_000_000_000) - i64::from(month <= 2);
    let era = year.div_euclid(400);
    let year_of_era = year.rem_euclid(400);
    let day_of_year = (153 * (month + if month > 2 { -3 } else { 9 }) + 2) / 5 + i64::from(day) - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    era * 146_097 + day_of_era - 719_468
}

impl Time {
    pub fn civil(self) -> Civil {
        let days = self.0.div_euclid(SECONDS_PER_DAY);
        let of_day = self.0.rem_euclid(SECONDS_PER_DAY);
        let shifted = days + 719_468;
        let era = shifted.div_euclid(146_097);
        let day_of_era = shifted.rem_euclid(146_097);
        let year_of_era =
            (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
        let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
        let shifted_month = (5 * day_of_year + 2) / 153;
        let month = if shifted_month < 10 { shifted_month + 3 } else { shifted_month - 9 };
        Civil {
            year: year_of_era + era * 400 + i64::from(month <= 2),
            month: month as u8,
            day: (day_of_year - (153 * shifted_month + 2) / 5 + 1) as u8,
            hour: (of_day / 3600) as u8,
            minute: (of_day / 60 % 60) as u8,
            second: (of_day % 60) as u8,
            weekday: (days + 4).rem_euclid(7) as u8,
        }
    }

    /// Reads RFC 3339; fractions of a second are dropped.
    pub fn parse(text: &str) -> Result<Self, TimeError> {
        parse_rfc3339(text, LAYOUT).map(|(seconds, _)| Time(seconds))
    }

    /// `Fri, 20 Nov 2026 12:34:28 +0000`, as `kubectl describe` prints.
    pub fn rfc1123z(self) -> String {
        let civil = self.civil();
        format!(
            "{}, {:02} {} {:04} {:02}:{:02}:{:02} +0000",
            civil.weekday_name(),
            civil.day,
            civil.month_name(),
            civil.year,
            civil.hour,
            civil.minute,
            civil.second
        )
    }
}

impl MicroTime {
    /// Reads RFC 3339 with exactly six digits after the second.
    pub fn parse(text: &str) -> Result<Self, TimeError> {
        let (seconds, nanos) = parse_rfc3339(text, MICRO_LAYOUT)?;
        Ok(MicroTime(seconds.saturating_mul(MICROS_PER_SECOND).saturating_add(nanos / 1000)))
    }

    pub fn time(self) -> Time {
        Time(self.0.div_euclid(MICROS_PER_SECOND))
    }
}

impl From<Time> for MicroTime {
    fn from(time: Time) -> Self {
        MicroTime(time.0.saturating_mul(MICROS_PER_SECOND))
    }
}

fn write_seconds(f: &mut fmt::Formatter<'_>, time: Time) -> fmt::Result {
    let c = time.civil();
    write!(
        f,
        "{:04}-{:02}-{:02}T{:02}:{:02}:{:02}",
        c.year, c.month, c.day, c.hour, c.minute, c.second
    )
}

impl fmt::Display for Time {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_seconds(f, *self)?;
        f.write_str("Z")
    }
}

impl fmt::Display for MicroTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_seconds(f, self.time())?;
        write!(f, ".{:06}Z", self.0.rem_euclid(MICROS_PER_SECOND))
    }
}

impl FromStr for Time {
    type Err = TimeError;

    fn from_str(text: &str) -> Result<Self, TimeError> {
        Time::parse(text)
    }
}

impl FromStr for MicroTime {
    type Err = TimeError;

    fn from_str(text: &str) -> Result<Self, TimeError> {
        MicroTime::parse(text)
    }
}

impl Wire for Time {
    fn from_value(value: Value) -> Result<Self, WireError> {
        Time::parse(&String::from_value(value)?).map_err(|err| WireError::new(err.to_string()))
    }
    fn to_value(&self) -> Value {
        Value::String(self.to_string())
    }
}

impl Wire for MicroTime {
    fn from_value(value: Value) -> Result<Self, WireError> {
        MicroTime::parse(&String::from_value(value)?).map_err(|err| WireError::new(err.to_string()))
    }
    fn to_value(&self) -> Value {
        Value::String(self.to_string())
    }
}

/// Why a text is no RFC 3339 time, in Go's words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TimeError {
    /// The layout's element that the rest of the text does not fit.
    Layout { value: String, layout: &'static str, element: &'static str, rest: String },
    /// A field has the right form but no such day, hour, minute or second exists.
    OutOfRange { value: String, field: &'static str },
    /// Something follows the zone.
    ExtraText { value: String, rest: String },
}

impl fmt::Display for TimeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            TimeError::Layout { value, layout, element, rest } => write!(
                f,
                "parsing time {} as \"{layout}\": cannot parse {} as \"{element}\"",
                strconv::quote(value),
                strconv::quote(rest)
            ),
            TimeError::OutOfRange { value, field } => {
                write!(f, "parsing time {}: {field} out of range", strconv::quote(value))
            }
            TimeError::ExtraText { value, rest } => write!(
                f,
                "parsing time {}: extra text: {}",
                strconv::quote(value),
                strconv::quote(rest)
            ),
        }
    }
}

impl std::error::Error for TimeError {}

/// Walks the text element by element, so that an error can name the first that does not fit.
struct Reader<'a> {
    value: &'a str,
    layout: &'static str,
    rest: &'a str,
}

impl<'a> Reader<'a> {
    fn mismatch(&self, element: &'static str) -> TimeError {
        let (value, rest) = (self.value.to_owned(), self.rest.to_owned());
        TimeError::Layout { value, layout: self.layout, element, rest }
    }

    fn range(&self, field: &'static str) -> TimeError {
        TimeError::OutOfRange { value: self.value.to_owned(), field }
    }

    fn literal(&mut self, element: &'static str) -> Result<(), TimeError> {
        self.rest = self.rest.strip_prefix(element).ok_or_else(|| self.mismatch(element))?;
        Ok(())
    }

    fn number(&mut self, width: usize, element: &'static str) -> Result<i64, TimeError> {
        let digits = self.rest.get(..width).filter(|d| d.bytes().all(|b| b.is_ascii_digit()));
        let digits = digits.ok_or_else(|| self.mismatch(element))?;
        self.rest = self.rest.get(width..).unwrap_or("");
        digits.parse().map_err(|_| self.mismatch(element))
    }

    /// Nanoseconds of `.123` or `,123`; nothing if no fraction follows.
    fn fraction(&mut self) -> i64 {
        let Some(after) = self.rest.strip_prefix(['.', ',']) else { return 0 };
        let end = after.bytes().position(|b| !b.is_ascii_digit()).unwrap_or(after.len());
        if end == 0 {
            return 0;
        }
        let (digits, rest) = after.split_at_checked(end).unwrap_or((after, ""));
        self.rest = rest;
        let first_nine = digits.bytes().chain(std::iter::repeat(b'0')).take(9);
        first_nine.fold(0, |n, b| n * 10 + i64::from(b - b'0'))
    }

    /// Nanoseconds of exactly six digits after the point.
    fn micros(&mut self) -> Result<i64, TimeError> {
        const ELEMENT: &str = ".000000";
        let legal = |text: &&str| {
            text.starts_with(['.', ',']) && text.bytes().skip(1).all(|b| b.is_ascii_digit())
        };
        let fraction = self.rest.get(..7).filter(legal).ok_or_else(|| self.mismatch(ELEMENT))?;
        self.rest = self.rest.get(7..).unwrap_or("");
        Ok(fraction.bytes().skip(1).fold(0, |n, b| n * 10 + i64::from(b - b'0')) * 1000)
    }

    /// The zone's offset from UTC in seconds.
    fn zone(&mut self) -> Result<i64, TimeError> {
        const ELEMENT: &str = "Z07:00";
        if let Some(rest) = self.rest.strip_prefix('Z') {
            self.rest = rest;
            return Ok(0);
        }
        let zone = self.rest.as_bytes();
        let sign = match zone {
            [b'+', _, _, b':', _, _, ..] => 1,
            [b'-', _, _, b':', _, _, ..] => -1,
            _ => return Err(self.mismatch(ELEMENT)),
        };
        let two = |range: std::ops::Range<usize>| -> Option<i64> {
            self.rest.get(range).filter(|d| d.bytes().all(|b| b.is_ascii_digit()))?.parse().ok()
        };
        let (Some(hours), Some(minutes)) = (two(1..3), two(4..6)) else {
            return Err(self.mismatch(ELEMENT));
        };
        if hours > 24 {
            return Err(self.range("time zone offset hour"));
        }
        if minutes > 60 {
            return Err(self.range("time zone offset minute"));
        }
        self.rest = self.rest.get(6..).unwrap_or("");
        Ok(sign * (hours * 3600 + minutes * 60))
    }
}

/// Seconds since the epoch, and nanoseconds past them.
fn parse_rfc3339(value: &str, layout: &'static str) -> Result<(i64, i64), TimeError> {
    let mut reader = Reader { value, layout, rest: value };
    let year = reader.number(4, "2006")?;
    reader.literal("-")?;
    let month = reader.number(2, "01")?;
    if !(1..=12).contains(&month) {
        return Err(reader.range("month"));
    }
    reader.literal("-")?;
    let day = reader.number(2, "02")?;
    reader.literal("T")?;
    let hour = reader.number(2, "15")?;
    if hour > 23 {
        return Err(reader.range("hour"));
    }
    reader.literal(":")?;
    let minute = reader.number(2, "04")?;
    if minute > 59 {
        return Err(reader.range("minute"));
    }
    reader.literal(":")?;
    let second = reader.number(2, "05")?;
    if second > 59 {
        return Err(reader.range("second"));
    }
    let nanos = if layout == LAYOUT { reader.fraction() } else { reader.micros()? };
    let offset = reader.zone()?;
    if !reader.rest.is_empty() {
        let rest = reader.rest.to_owned();
        return Err(TimeError::ExtraText { value: value.to_owned(), rest });
    }
    let month = month as u8;
    if day < 1 || day > i64::from(days_in_month(year, month)) {
        return Err(reader.range("day"));
    }
    let days = days_from_civil(year, month, day as u8);
    let seconds = days * SECONDS_PER_DAY + hour * 3600 + minute * 60 + second - offset;
    Ok((seconds, nanos))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error(text: &str) -> String {
        Time::parse(text).unwrap_err().to_string()
    }

    #[test]
    fn prints_and_reads_back() {
        for text in [
            "2026-11-20T12:34:28Z",
            "1970-01-01T00:00:00Z",
            "2024-02-29T23:59:59Z",
            "1969-12-31T23:59:59Z",
            "2000-03-01T00:00:00Z",
        ] {
            let time = Time::parse(text).unwrap();
            assert_eq!(time.to_string(), text);
            assert_eq!(time.civil().time(), time);
        }
        assert_eq!(Time::parse("2026-11-20T12:34:28Z").unwrap(), Time(1_795_178_068));
        assert_eq!(Time(1_795_178_068).rfc1123z(), "Fri, 20 Nov 2026 12:34:28 +0000");
    }

    #[test]
    fn reads_offsets_and_fractions() {
        let want = Time::parse("2026-11-20T12:34:28Z").unwrap();
        assert_eq!(Time::parse("2026-11-20T14:04:28.9+01:30").unwrap(), want);
        let micro = MicroTime::parse("2026-11-20T12:34:28.000123Z").unwrap();
        assert_eq!(micro.to_string(), "2026-11-20T12:34:28.000123Z");
        assert_eq!(MicroTime::from(want).to_string(), "2026-11-20T12:34:28.000000Z");
    }

    #[test]
    fn errors_are_go_s() {
        assert_eq!(
            MicroTime::parse("2026-11-20T12:34:28Z").unwrap_err().to_string(),
            "parsing time \"2026-11-20T12:34:28Z\" as \"2006-01-02T15:04:05.000000Z07:00\": \
             cannot parse \"Z\" as \".000000\""
        );
        assert_eq!(
            error("yesterday"),
            "parsing time \"yesterday\" as \"2006-01-02T15:04:05Z07:00\": \
             cannot parse \"yesterday\" as \"2006\""
        );
        assert_eq!(
            error("2026-11-20"),
            "parsing time \"2026-11-20\" as \"2006-01-02T15:04:05Z07:00\": \
             cannot parse \"\" as \"T\""
        );
        assert_eq!(
            error("2026-02-30T00:00:00Z"),
            "parsing time \"2026-02-30T00:00:00Z\": day out of range"
        );
        assert_eq!(
            error("2026-02-20T00:00:00Zx"),
            "parsing time \"2026-02-20T00:00:00Zx\": extra text: \"x\""
        );
    }
}
