//! Reads a quantity's text: sign, digits, point, and one of the three kinds of suffix.
// Models apimachinery/pkg/api/resource/quantity.go (ParseQuantity) and suffix.go.

use super::decimal::{Decimal, Natural};
use super::{Amount, Format, Quantity, QuantityError};

const INT64_DIGITS_MAX: i64 = 18;
const NANO: i32 = -9;
/// Exponents past this make numbers of more digits than anything here can mean.
const EXPONENT_MAX: i32 = 10_000;

struct Parts<'a> {
    negative: bool,
    /// Sign, digits and point as written.
    value: &'a str,
    whole: &'a str,
    fraction: &'a str,
    suffix: &'a str,
}

/// The text after its longest prefix of bytes that satisfy `accept`, and that prefix.
fn take_while(text: &str, accept: impl Fn(u8) -> bool) -> (&str, &str) {
    let end = text.bytes().position(|b| !accept(b)).unwrap_or(text.len());
    text.split_at_checked(end).unwrap_or((text, ""))
}

fn split(text: &str) -> Result<Parts<'_>, QuantityError> {
    let unsigned = text.strip_prefix(['-', '+']).unwrap_or(text);
    let (_, significant) = take_while(unsigned, |b| b == b'0');
    let negative = text.starts_with('-');
    if significant.is_empty() {
        return Ok(Parts { negative, value: "0", whole: "0", fraction: "", suffix: "" });
    }
    let (whole, rest) = take_while(significant, |b| b.is_ascii_digit());
    let whole = if whole.is_empty() { "0" } else { whole };
    let (fraction, suffix) = match rest.strip_prefix('.') {
        Some(rest) => take_while(rest, |b| b.is_ascii_digit()),
        None => ("", rest),
    };
    let value = text.strip_suffix(suffix).unwrap_or(text);
    let (_, tail) = take_while(suffix, |b| b"eEinumkKMGTP".contains(&b));
    let tail = tail.strip_prefix(['-', '+']).unwrap_or(tail);
    if !tail.bytes().all(|b| b.is_ascii_digit()) {
        return Err(QuantityError::Format);
    }
    Ok(Parts { negative, value, whole, fraction, suffix })
}

/// Decimal exponent, or the power of two for `BinarySI`.
fn interpret(suffix: &str) -> Result<(i32, Format), QuantityError> {
    let known = match suffix {
        "" => (0, Format::DecimalSI),
        "n" => (-9, Format::DecimalSI),
        "u" => (-6, Format::DecimalSI),
        "m" => (-3, Format::DecimalSI),
        "k" => (3, Format::DecimalSI),
        "M" => (6, Format::DecimalSI),
        "G" => (9, Format::DecimalSI),
        "T" => (12, Format::DecimalSI),
        "P" => (15, Format::DecimalSI),
        "E" => (18, Format::DecimalSI),
        "Ki" => (10, Format::BinarySI),
        "Mi" => (20, Format::BinarySI),
        "Gi" => (30, Format::BinarySI),
        "Ti" => (40, Format::BinarySI),
        "Pi" => (50, Format::BinarySI),
        "Ei" => (60, Format::BinarySI),
        _ => {
            let digits = suffix.strip_prefix(['e', 'E']).ok_or(QuantityError::Suffix)?;
            let exponent: i64 = digits.parse().map_err(|_| QuantityError::Suffix)?;
            (exponent as i32, Format::DecimalExponent)
        }
    };
    Ok(known)
}

pub(super) fn parse(text: &str) -> Result<Quantity, QuantityError> {
    let (amount, format, verbatim) = parse_amount(text)?;
    let quantity = Quantity::exact(amount, format);
    Ok(if verbatim { quantity.with_text(text) } else { quantity })
}

/// The amount, its format, and whether the text is kept as the user wrote it.
pub(super) fn parse_amount(text: &str) -> Result<(Amount, Format, bool), QuantityError> {
    if text.is_empty() {
        return Err(QuantityError::Format);
    }
    let parts = split(text)?;
    let (exponent, format) = interpret(parts.suffix)?;
    if let Some((value, scale, verbatim)) = parse_small(&parts, exponent, format) {
        return Ok((Amount::Small(value, scale), format, verbatim || text == "0"));
    }
    let (amount, format) = parse_exact(&parts, exponent, format)?;
    Ok((Amount::Decimal(amount), format, false))
}

/// The 64-bit road: value, scale, and whether the text is kept as the user wrote it.
fn parse_small(parts: &Parts<'_>, exponent: i32, format: Format) -> Option<(i64, i32, bool)> {
    let digits = (parts.whole.len() + parts.fraction.len()) as i64;
    let (precision, scale, factor) = match format {
        Format::BinarySI if parts.fraction.is_empty() => {
            let used = i64::from(exponent) * 3 / 10;
            (15 - digits - used - 1, 0, 1i64.checked_shl(exponent as u32)?)
        }
        Format::BinarySI => return None,
        _ => (INT64_DIGITS_MAX - digits, exponent, 1),
    };
    let scale = scale.checked_sub(i32::try_from(parts.fraction.len()).ok()?)?;
    if precision < 0 || scale < NANO {
        return None;
    }
    let shifted = format!("{}{}", parts.whole, parts.fraction);
    let written: i64 = shifted.parse().ok()?;
    let value = written.checked_mul(factor)?;
    let verbatim = match format {
        Format::BinarySI => written & 7 != 0,
        _ => scale % 3 == 0 && !shifted.ends_with("000") && !shifted.starts_with('0'),
    };
    Some((if parts.negative { -value } else { value }, scale, verbatim))
}

fn parse_exact(
    parts: &Parts<'_>,
    exponent: i32,
    mut format: Format,
) -> Result<(Decimal, Format), QuantityError> {
    if !parts.value.bytes().any(|b| b.is_ascii_digit()) || exponent > EXPONENT_MAX {
        return Err(QuantityError::Numeric);
    }
    let mut unscaled = Natural::from_digits(&format!("{}{}", parts.whole, parts.fraction));
    let mut scale = i32::try_from(parts.fraction.len()).map_err(|_| QuantityError::Numeric)?;
    if format == Format::BinarySI {
        for _ in 0..exponent / 10 {
            unscaled = unscaled.mul_small(1024);
        }
    } else {
        scale = scale.saturating_sub(exponent);
    }
    let mut amount = Decimal { negative: false, unscaled, scale };
    if !amount.unscaled.is_zero() {
        amount = amount.rounded_up(-NANO);
    }
    if format == Format::BinarySI {
        let max = Decimal::from_i64(i64::MAX, 0);
        if amount.compare(&max).is_gt() {
            amount = max;
        }
        if amount.signum() > 0 && amount.compare(&Decimal::from_i64(1, 0)).is_lt() {
            format = Format::DecimalSI;
        }
    }
    if parts.negative {
        amount = amount.negated();
    }
    Ok((amount, format))
}
