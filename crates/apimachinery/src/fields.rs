//! Field selectors: `--field-selector status.phase=Running,spec.nodeName!=node-1`.
// Models apimachinery/pkg/fields/selector.go.

use std::fmt;
use std::str::FromStr;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Requirement {
    pub field: String,
    /// Whether the field must differ from the value.
    pub negated: bool,
    pub value: String,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FieldSelectorError {
    InvalidEscape(String),
    UnescapedCharacter(char),
    NoOperator { selector: String, term: String },
}

impl fmt::Display for FieldSelectorError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            FieldSelectorError::InvalidEscape(sequence) => {
                write!(f, "invalid field selector: invalid escape sequence: {sequence}")
            }
            FieldSelectorError::UnescapedCharacter(c) => {
                let code = u32::from(*c);
                write!(f, "invalid field selector: unescaped character in value: {code}")
            }
            FieldSelectorError::NoOperator { selector, term } => {
                write!(f, "invalid selector: '{selector}'; can't understand '{term}'")
            }
        }
    }
}

impl std::error::Error for FieldSelectorError {}

/// All of its requirements must hold; without any it selects everything.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FieldSelector {
    pub requirements: Vec<Requirement>,
}

impl FieldSelector {
    pub fn equals(field: &str, value: &str) -> Self {
        let (field, value) = (field.to_owned(), value.to_owned());
        FieldSelector { requirements: vec![Requirement { field, negated: false, value }] }
    }

    pub fn parse(text: &str) -> Result<Self, FieldSelectorError> {
        let mut terms = split_terms(text);
        terms.sort_unstable();
        let mut requirements = Vec::new();
        for term in terms.into_iter().filter(|term| !term.is_empty()) {
            let Some((field, operator, value)) = split_term(term) else {
                let (selector, term) = (text.to_owned(), term.to_owned());
                return Err(FieldSelectorError::NoOperator { selector, term });
            };
            let (value, negated) = (unescape(value)?, operator == "!=");
            // A term of neither field nor value says nothing.
            if !(field.is_empty() && value.is_empty()) {
                requirements.push(Requirement { field: field.to_owned(), negated, value });
            }
        }
        Ok(FieldSelector { requirements })
    }

    /// `get` gives a field's value, empty where there is none.
    pub fn matches<'a>(&self, mut get: impl FnMut(&str) -> &'a str) -> bool {
        self.requirements.iter().all(|r| (get(&r.field) == r.value) != r.negated)
    }

    pub fn is_everything(&self) -> bool {
        self.requirements.is_empty()
    }

    /// The one value that a field must have, if the selector says so.
    pub fn requires_exact_match(&self, field: &str) -> Option<&str> {
        let requirement = self.requirements.iter().find(|r| !r.negated && r.field == field)?;
        Some(&requirement.value)
    }
}

impl fmt::Display for FieldSelector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, r) in self.requirements.iter().enumerate() {
            let comma = if i > 0 { "," } else { "" };
            let operator = if r.negated { "!=" } else { "=" };
            write!(f, "{comma}{}{operator}{}", r.field, escape(&r.value))?;
        }
        Ok(())
    }
}

impl FromStr for FieldSelector {
    type Err = FieldSelectorError;

    fn from_str(text: &str) -> Result<Self, FieldSelectorError> {
        FieldSelector::parse(text)
    }
}

pub fn escape(value: &str) -> String {
    value.replace('\\', "\\\\").replace(',', "\\,").replace('=', "\\=")
}

fn unescape(value: &str) -> Result<String, FieldSelectorError> {
    let mut out = String::with_capacity(value.len());
    let mut chars = value.chars();
    while let Some(c) = chars.next() {
        match c {
            '\\' => match chars.next() {
                Some(escaped @ ('\\' | ',' | '=')) => out.push(escaped),
                Some(other) => return Err(FieldSelectorError::InvalidEscape(format!("\\{other}"))),
                None => return Err(FieldSelectorError::InvalidEscape("\\".to_owned())),
            },
            ',' | '=' => return Err(FieldSelectorError::UnescapedCharacter(c)),
            c => out.push(c),
        }
    }
    Ok(out)
}

/// The parts between commas that no backslash escapes.
fn split_terms(text: &str) -> Vec<&str> {
    let mut escaped = false;
    text.split(|c| {
        let splits = c == ',' && !escaped;
        escaped = c == '\\' && !escaped;
        splits
    })
    .collect()
}

fn split_term(term: &str) -> Option<(&str, &'static str, &str)> {
    term.char_indices().find_map(|(at, _)| {
        let (field, rest) = term.split_at_checked(at)?;
        let operator = ["!=", "==", "="].into_iter().find(|op| rest.starts_with(op))?;
        Some((field, operator, rest.strip_prefix(operator)?))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn matches_and_escapes() {
        let selector = FieldSelector::parse(r"a=x\,y,b!=1").unwrap();
        assert_eq!(selector.to_string(), r"a=x\,y,b!=1");
        assert!(selector.matches(|field| if field == "a" { "x,y" } else { "" }));
        assert!(!selector.matches(|field| if field == "a" { "x,y" } else { "1" }));
        assert_eq!(selector.requires_exact_match("a"), Some("x,y"));
        assert_eq!(selector.requires_exact_match("b"), None);
        let wrong = FieldSelector::parse(r"a=\n").unwrap_err().to_string();
        assert_eq!(wrong, r"invalid field selector: invalid escape sequence: \n");
    }
}
