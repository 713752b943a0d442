//! Which plain scalars go-yaml takes for a point in time. They stay strings, but must be quoted.
//!
//! Models parseTimestamp of go.yaml.in/yaml/v2 resolve.go and Go's layout parser.

/// Whether `text` reads as a date, or as a date and time.
pub(crate) fn is_timestamp(text: &str) -> bool {
    Cursor { rest: text.as_bytes() }.timestamp().is_some()
}

struct Cursor<'a> {
    rest: &'a [u8],
}

impl Cursor<'_> {
    fn timestamp(&mut self) -> Option<()> {
        let year = self.year()?;
        self.byte(b"-")?;
        let month = self.number(1, 12)?;
        self.byte(b"-")?;
        self.number(1, days_in(year, month))?;
        if self.rest.is_empty() {
            return Some(());
        }
        let zoned = self.byte(b"Tt ")? != b' ';
        self.number(0, 23)?;
        self.byte(b":")?;
        self.number(0, 59)?;
        self.byte(b":")?;
        self.number(0, 59)?;
        self.fraction();
        if zoned {
            self.zone()?;
        }
        self.rest.is_empty().then_some(())
    }

    fn year(&mut self) -> Option<u32> {
        let (digits, rest) = self.rest.split_at_checked(4)?;
        self.rest = rest;
        digits.iter().try_fold(0, |year, digit| {
            digit.is_ascii_digit().then(|| year * 10 + u32::from(digit - b'0'))
        })
    }

    fn byte(&mut self, any_of: &[u8]) -> Option<u8> {
        let (first, rest) = self.rest.split_first()?;
        self.rest = rest;
        any_of.contains(first).then_some(*first)
    }

    fn digit(&mut self) -> Option<u32> {
        let (first, rest) = self.rest.split_first()?;
        if !first.is_ascii_digit() {
            return None;
        }
        self.rest = rest;
        Some(u32::from(first - b'0'))
    }

    /// One or two digits.
    fn number(&mut self, min: u32, max: u32) -> Option<u32> {
        let tens = self.digit()?;
        let number = self.digit().map_or(tens, |ones| tens * 10 + ones);
        (min..=max).contains(&number).then_some(number)
    }

    fn fraction(&mut self) {
        if let [b'.' | b',', b'0'..=b'9', rest @ ..] = self.rest {
            self.rest = rest;
            while self.digit().is_some() {}
        }
    }

    fn zone(&mut self) -> Option<()> {
        if self.byte(b"Z+-")? == b'Z' {
            return Some(());
        }
        let hours = self.digit()? * 10 + self.digit()?;
        self.byte(b":")?;
        let minutes = self.digit()? * 10 + self.digit()?;
        (hours <= 24 && minutes < 60).then_some(())
    }
}

fn days_in(year: u32, month: u32) -> u32 {
    match month {
        2 if year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400)) => {
            29
        }
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

#[cfg(test)]
mod tests {
    use super::is_timestamp;

    #[test]
    fn dates_and_times() {
        for yes in [
            "2026-11-20T12:34:28Z",
            "2026-1-2",
            "2026-11-20 12:34:28.5",
            "2024-02-29",
            "2026-11-20t1:2:3+01:00",
        ] {
            assert!(is_timestamp(yes), "{yes}");
        }
        for no in ["2026-13-01", "2026-02-29", "2026-11-20T12:34:28", "026-1-1", "2026-11-20T"] {
            assert!(!is_timestamp(no), "{no}");
        }
    }
}
