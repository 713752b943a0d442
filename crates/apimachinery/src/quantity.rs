//! Resource quantities (`100m`, `1Gi`, `12e6`): 16 bytes for all that fit 64 bits, a boxed exact
//! decimal for the rest, with Kubernetes' canonical text and its rounding.
// Models apimachinery/pkg/api/resource/{quantity,amount,math}.go.

mod decimal;
mod parse;

use std::cmp::Ordering;
use std::fmt;
use std::str::FromStr;

use decimal::Decimal;
use serde_json::Value;

use crate::wire::{Wire, WireError};

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Format {
    /// `12e6`
    DecimalExponent,
    /// `12Mi`
    BinarySI,
    /// `12M`
    #[default]
    DecimalSI,
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Format::DecimalExponent => "DecimalExponent",
            Format::BinarySI => "BinarySI",
            Format::DecimalSI => "DecimalSI",
        })
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum QuantityError {
    Format,
    Numeric,
    Suffix,
}

impl fmt::Display for QuantityError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            QuantityError::Format => {
                "quantities must match the regular expression \
                 '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'"
            }
            QuantityError::Numeric => "unable to parse numeric part of quantity",
            QuantityError::Suffix => "unable to parse quantity's suffix",
        })
    }
}

impl std::error::Error for QuantityError {}

/// Equality and order are those of the amount: `1` equals `1000m`.
#[derive(Clone, Debug)]
pub struct Quantity(Repr);

#[derive(Clone, Debug)]
enum Repr {
    Small { value: i64, scale: i32, format: Format },
    Exact(Box<Exact>),
}

#[derive(Clone, Debug)]
struct Exact {
    amount: Amount,
    format: Format,
    /// What the user wrote, where Kubernetes gives that back instead of the canonical form.
    text: Option<Box<str>>,
}

/// A number `value * 10^scale`, or one that has left 64 bits at some point.
#[derive(Clone, Debug)]
enum Amount {
    Small(i64, i32),
    Decimal(Decimal),
}

impl Amount {
    fn to_decimal(&self) -> Decimal {
        match self {
            Amount::Small(value, scale) => Decimal::from_i64(*value, scale.saturating_neg()),
            Amount::Decimal(decimal) => decimal.clone(),
        }
    }

    fn signum(&self) -> i32 {
        match self {
            Amount::Small(value, _) => value.signum() as i32,
            Amount::Decimal(decimal) => decimal.signum(),
        }
    }

    fn compare(&self, other: &Amount) -> Ordering {
        if let (Amount::Small(a, a_scale), Amount::Small(b, b_scale)) = (self, other) {
            let low = *a_scale.min(b_scale);
            let at_low = |n: i64, scale: i32| scale_up(n, scale.saturating_sub(low));
            if let (Some(a), Some(b)) = (at_low(*a, *a_scale), at_low(*b, *b_scale)) {
                return a.cmp(&b);
            }
        }
        self.to_decimal().compare(&other.to_decimal())
    }

    fn add(&self, other: &Amount) -> Amount {
        if let (Amount::Small(a, a_scale), Amount::Small(b, b_scale)) = (self, other)
            && let Some((value, scale)) = add_small(*a, *a_scale, *b, *b_scale)
        {
            return Amount::Small(value, scale);
        }
        Amount::Decimal(self.to_decimal().add(&other.to_decimal()))
    }

    fn negated(&self) -> Amount {
        match self {
            Amount::Small(value, scale) if *value != i64::MIN => Amount::Small(-value, *scale),
            _ => Amount::Decimal(self.to_decimal().negated()),
        }
    }

    /// The amount in units of `10^scale`, rounded up.
    fn scaled_value(&self, scale: i32) -> i64 {
        match self {
            Amount::Small(value, own) if *own < scale => {
                scale_down(*value, i64::from(scale) - i64::from(*own)).0
            }
            Amount::Small(value, own) => {
                scale_up(*value, own.saturating_sub(scale)).unwrap_or_default()
            }
            Amount::Decimal(decimal) => decimal.scaled_value(scale.saturating_neg()),
        }
    }

    fn is_whole(&self) -> bool {
        match self {
            Amount::Small(_, scale) if *scale >= 0 => true,
            Amount::Small(value, scale) => scale_down(*value, -i64::from(*scale)).1,
            Amount::Decimal(decimal) => decimal.rounded_up(0).compare(decimal).is_eq(),
        }
    }

    fn canonical(&self) -> (String, i32) {
        let Amount::Small(value, scale) = self else { return self.to_decimal().canonical() };
        let (mut mantissa, mut exponent) = (i128::from(*value), *scale);
        while mantissa != 0 && mantissa % 10 == 0 {
            mantissa /= 10;
            exponent = exponent.saturating_add(1);
        }
        while exponent % 3 != 0 {
            mantissa *= 10;
            exponent -= 1;
        }
        (mantissa.to_string(), exponent)
    }

    fn canonical_base_1024(&self) -> (String, i32) {
        let small = match self {
            Amount::Small(value, 0) => Some(*value),
            Amount::Small(value, scale) if *scale > 0 => scale_up(*value, *scale),
            Amount::Small(value, scale) => Some(scale_down(*value, -i64::from(*scale)).0),
            Amount::Decimal(_) => None,
        };
        let Some(mut mantissa) = small else { return self.to_decimal().canonical_base_1024() };
        let mut exponent = 0;
        while mantissa != 0 && mantissa % 1024 == 0 {
            mantissa /= 1024;
            exponent += 1;
        }
        (mantissa.to_string(), exponent)
    }
}

/// `value * 10^digits`, unless it leaves 64 bits.
fn scale_up(value: i64, digits: i32) -> Option<i64> {
    if value == 0 {
        return Some(0);
    }
    value.checked_mul(10i64.checked_pow(u32::try_from(digits).ok()?)?)
}

/// `value / 10^digits` away from zero, and whether nothing was lost.
fn scale_down(value: i64, digits: i64) -> (i64, bool) {
    match u32::try_from(digits).ok().and_then(|n| 10i64.checked_pow(n)) {
        Some(divisor) if value % divisor == 0 => (value / divisor, true),
        Some(divisor) => (value / divisor + value.signum(), false),
        None => (value.signum(), value == 0),
    }
}

fn add_small(a: i64, a_scale: i32, b: i64, b_scale: i32) -> Option<(i64, i32)> {
    if b == 0 {
        return Some((a, a_scale));
    }
    if a == 0 {
        return Some((b, b_scale));
    }
    let scale = a_scale.min(b_scale);
    let a = scale_up(a, a_scale.checked_sub(scale)?)?;
    let b = scale_up(b, b_scale.checked_sub(scale)?)?;
    Some((a.checked_add(b)?, scale))
}

impl Quantity {
    pub const MILLI: i32 = -3;

    const fn small(value: i64, scale: i32, format: Format) -> Self {
        Quantity(Repr::Small { value, scale, format })
    }

    fn exact(amount: Amount, format: Format) -> Self {
        match amount {
            Amount::Small(value, scale) => Quantity::small(value, scale, format),
            amount => Quantity(Repr::Exact(Box::new(Exact { amount, format, text: None }))),
        }
    }

    /// Keeps what the user wrote, if it is not the canonical text anyway.
    fn with_text(self, text: &str) -> Self {
        if self.canonical() == text {
            return self;
        }
        let (amount, format) = (self.amount(), self.format());
        Quantity(Repr::Exact(Box::new(Exact { amount, format, text: Some(text.into()) })))
    }

    pub const fn zero() -> Self {
        Quantity::small(0, 0, Format::DecimalSI)
    }

    pub const fn from_i64(value: i64, format: Format) -> Self {
        Quantity::small(value, 0, format)
    }

    /// `milli` thousandths.
    pub const fn from_milli(milli: i64, format: Format) -> Self {
        Quantity::small(milli, Self::MILLI, format)
    }

    pub fn parse(text: &str) -> Result<Self, QuantityError> {
        parse::parse(text)
    }

    /// Reads the JSON form: a string or a number; `null` is zero.
    pub fn from_json(value: &Value) -> Result<Self, QuantityError> {
        match value {
            Value::Null => Ok(Quantity::zero()),
            Value::String(text) => Quantity::parse(text.trim()),
            Value::Number(number) => match number.as_f64() {
                Some(float) if !(number.is_i64() || number.is_u64()) => {
                    Quantity::parse(&float.to_string())
                }
                _ => Quantity::parse(&number.to_string()),
            },
            _ => Err(QuantityError::Format),
        }
    }

    /// The fields of Go's `resource.Quantity` after reading `text`, as spew dumps them.
    pub(crate) fn go_dump(text: &str) -> Option<String> {
        let (amount, format, verbatim) = parse::parse_amount(text).ok()?;
        let (value, scale, dec) = match amount {
            Amount::Small(value, scale) => (value, scale, "<nil>".to_owned()),
            Amount::Decimal(decimal) => (0, 0, decimal.go_dump()),
        };
        let text = if verbatim { text } else { "" };
        Some(format!(
            "{{i:(resource.int64Amount){{value:(int64){value} scale:(resource.Scale){scale}}} \
             d:(resource.infDecAmount){{Dec:(*inf.Dec){dec}}} s:(string){text} \
             Format:(resource.Format){format}}}"
        ))
    }

    pub fn format(&self) -> Format {
        match &self.0 {
            Repr::Small { format, .. } => *format,
            Repr::Exact(exact) => exact.format,
        }
    }

    fn amount(&self) -> Amount {
        match &self.0 {
            Repr::Small { value, scale, .. } => Amount::Small(*value, *scale),
            Repr::Exact(exact) => exact.amount.clone(),
        }
    }

    /// Whole units, rounded up.
    pub fn value(&self) -> i64 {
        self.scaled_value(0)
    }

    /// Thousandths, rounded up.
    pub fn milli_value(&self) -> i64 {
        self.scaled_value(Self::MILLI)
    }

    /// Units of `10^scale`, rounded up; zero or wrapped where 64 bits do not hold it.
    pub fn scaled_value(&self, scale: i32) -> i64 {
        match &self.0 {
            Repr::Small { value, scale: own, .. } => {
                Amount::Small(*value, *own).scaled_value(scale)
            }
            Repr::Exact(exact) => exact.amount.scaled_value(scale),
        }
    }

    pub fn signum(&self) -> i32 {
        self.amount().signum()
    }

    pub fn is_zero(&self) -> bool {
        self.signum() == 0
    }

    /// Adds in place; a zero takes over the format of `other`.
    pub fn add(&mut self, other: &Quantity) {
        let format = if self.is_zero() { other.format() } else { self.format() };
        *self = Quantity::exact(self.amount().add(&other.amount()), format);
    }

    /// Subtracts in place; a zero takes over the format of `other`.
    pub fn sub(&mut self, other: &Quantity) {
        let format = if self.is_zero() { other.format() } else { self.format() };
        *self = Quantity::exact(self.amount().add(&other.amount().negated()), format);
    }

    pub fn neg(&mut self) {
        *self = Quantity::exact(self.amount().negated(), self.format());
    }

    /// The canonical text, whatever the user wrote.
    pub fn canonical(&self) -> String {
        let amount = self.amount();
        if amount.signum() == 0 {
            return "0".to_owned();
        }
        let mut format = self.format();
        if format == Format::BinarySI {
            let below_1024 = amount.compare(&Amount::Small(-1024, 0)).is_gt()
                && amount.compare(&Amount::Small(1024, 0)).is_lt();
            if below_1024 || !amount.is_whole() {
                format = Format::DecimalSI;
            }
        }
        if format == Format::BinarySI {
            let (mantissa, exponent) = amount.canonical_base_1024();
            return mantissa + suffix(exponent, ["", "Ki", "Mi", "Gi", "Ti", "Pi", "Ei"]);
        }
        let (mantissa, exponent) = amount.canonical();
        if format == Format::DecimalExponent {
            return if exponent == 0 { mantissa } else { format!("{mantissa}e{exponent}") };
        }
        const SI: [&str; 10] = ["n", "u", "m", "", "k", "M", "G", "T", "P", "E"];
        mantissa + suffix(exponent / 3 + 3, SI)
    }
}

/// Exponents without a suffix print none, as Kubernetes does.
fn suffix<const N: usize>(index: i32, names: [&'static str; N]) -> &'static str {
    usize::try_from(index).ok().and_then(|i| names.get(i).copied()).unwrap_or("")
}

impl Default for Quantity {
    fn default() -> Self {
        Quantity::zero()
    }
}

impl fmt::Display for Quantity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Repr::Exact(exact) if exact.text.is_some() => {
                f.pad(exact.text.as_deref().unwrap_or_default())
            }
            _ => f.pad(&self.canonical()),
        }
    }
}

impl Wire for Quantity {
    fn from_value(value: Value) -> Result<Self, WireError> {
        Quantity::from_json(&value).map_err(|err| WireError::new(err.to_string()))
    }
    fn to_value(&self) -> Value {
        Value::String(self.to_string())
    }
}

impl FromStr for Quantity {
    type Err = QuantityError;

    fn from_str(text: &str) -> Result<Self, QuantityError> {
        Quantity::parse(text)
    }
}

impl Ord for Quantity {
    fn cmp(&self, other: &Self) -> Ordering {
        self.amount().compare(&other.amount())
    }
}

impl PartialOrd for Quantity {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Quantity {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Quantity {}
