//! A number or a text, as in `maxSurge: 25%` and `targetPort: http`.
// Models apimachinery/pkg/util/intstr/intstr.go.

use std::fmt;

use serde_json::Value;
use smol_str::SmolStr;

use crate::strconv;
use crate::wire::{Wire, WireError};

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum IntOrString {
    Int(i32),
    String(SmolStr),
}

/// Which way a percentage's fraction goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Round {
    Up,
    Down,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IntOrStringError(String);

impl fmt::Display for IntOrStringError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for IntOrStringError {}

impl IntOrString {
    /// A number if the text is one.
    pub fn parse(text: &str) -> Self {
        text.parse().map_or_else(|_| IntOrString::String(text.into()), IntOrString::Int)
    }

    /// The number; a text that is none counts as zero.
    pub fn int_value(&self) -> i64 {
        match self {
            IntOrString::Int(number) => i64::from(*number),
            IntOrString::String(text) => strconv::parse_int64(text).unwrap_or(0),
        }
    }

    /// The number, or the percentage of `total`.
    pub fn scaled_value(&self, total: i64, round: Round) -> Result<i64, IntOrStringError> {
        let text = match self {
            IntOrString::Int(number) => return Ok(i64::from(*number)),
            IntOrString::String(text) => text,
        };
        let error = |why: String| IntOrStringError(format!("invalid value for IntOrString: {why}"));
        let Some(number) = text.strip_suffix('%') else {
            return Err(error("invalid type: string is not a percentage".to_owned()));
        };
        let Some(percent) = strconv::parse_int64(number) else {
            let why = strconv::int_error("Atoi", number);
            return Err(error(format!("invalid value {}: {why}", strconv::quote(text))));
        };
        let product = i128::from(percent) * i128::from(total);
        let scaled = match round {
            Round::Up => -(-product).div_euclid(100),
            Round::Down => product.div_euclid(100),
        };
        Ok(i64::try_from(scaled).unwrap_or(if scaled > 0 { i64::MAX } else { i64::MIN }))
    }
}

impl Default for IntOrString {
    fn default() -> Self {
        IntOrString::Int(0)
    }
}

impl fmt::Display for IntOrString {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            IntOrString::Int(number) => f.pad(&number.to_string()),
            IntOrString::String(text) => f.pad(text),
        }
    }
}

impl Wire for IntOrString {
    fn from_value(value: Value) -> Result<Self, WireError> {
        match value {
            Value::String(text) => Ok(IntOrString::String(text.into())),
            other => i32::from_value(other).map(IntOrString::Int),
        }
    }
    fn to_value(&self) -> Value {
        match self {
            IntOrString::Int(number) => Value::from(*number),
            IntOrString::String(text) => Value::from(text.as_str()),
        }
    }
}
