//! Label selectors: the text form (`-l a=b,c in (d)`), the API form (`LabelSelector`), and the
//! match against an object's labels.
// Models apimachinery/pkg/labels and pkg/apis/meta/v1/helpers.go.

mod parser;

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use smol_str::SmolStr;

use crate::field_path::FieldPath;
use crate::wire::StringMap;
use crate::{names, strconv};

pub type Labels = BTreeMap<SmolStr, SmolStr>;

/// `a=b,c=d`, or `<none>`.
pub fn format_labels(labels: &Labels) -> String {
    if labels.is_empty() {
        return "<none>".to_owned();
    }
    let mut pairs: Vec<String> = labels.iter().map(|(k, v)| format!("{k}={v}")).collect();
    pairs.sort();
    pairs.join(",")
}

/// Why a selector is refused, in Kubernetes' words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SelectorError(pub String);

impl fmt::Display for SelectorError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for SelectorError {}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operator {
    DoesNotExist,
    Equals,
    DoubleEquals,
    In,
    NotEquals,
    NotIn,
    Exists,
    GreaterThan,
    LessThan,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Requirement {
    key: SmolStr,
    operator: Operator,
    values: Vec<SmolStr>,
}

fn invalid_text(path: &FieldPath, value: &str, detail: &str) -> SelectorError {
    SelectorError(format!("{path}: Invalid value: {}: {detail}", strconv::quote(value)))
}

fn invalid_list(path: &FieldPath, values: &[SmolStr], detail: &str) -> SelectorError {
    let list = if values.is_empty() { "null".to_owned() } else { strconv::json_strings(values) };
    SelectorError(format!("{path}: Invalid value: {list}: {detail}"))
}

/// One error is itself; several stand in brackets.
fn aggregate(mut errors: Vec<SelectorError>) -> Result<(), SelectorError> {
    let mut seen: Vec<String> = Vec::new();
    for error in &errors {
        if !seen.contains(&error.0) {
            seen.push(error.0.clone());
        }
    }
    match (errors.pop(), seen.len()) {
        (None, _) => Ok(()),
        (Some(only), 1) => Err(only),
        _ => Err(SelectorError(format!("[{}]", seen.join(", ")))),
    }
}

impl Requirement {
    pub fn new(
        key: SmolStr,
        operator: Operator,
        values: Vec<SmolStr>,
    ) -> Result<Self, SelectorError> {
        let mut errors = Vec::new();
        let wrong = names::is_qualified_name(&key);
        if !wrong.is_empty() {
            errors.push(invalid_text(&FieldPath::new("key"), &key, &wrong.join("; ")));
        }
        let path = FieldPath::new("values");
        let count = match operator {
            Operator::In | Operator::NotIn if values.is_empty() => {
                Some("for 'in', 'notin' operators, values set can't be empty")
            }
            Operator::Equals | Operator::DoubleEquals | Operator::NotEquals
                if values.len() != 1 =>
            {
                Some("exact-match compatibility requires one single value")
            }
            Operator::Exists | Operator::DoesNotExist if !values.is_empty() => {
                Some("values set must be empty for exists and does not exist")
            }
            Operator::GreaterThan | Operator::LessThan if values.len() != 1 => {
                Some("for 'Gt', 'Lt' operators, exactly one value is required")
            }
            _ => None,
        };
        errors.extend(count.map(|detail| invalid_list(&path, &values, detail)));
        if matches!(operator, Operator::GreaterThan | Operator::LessThan) {
            let detail = "for 'Gt', 'Lt' operators, the value must be an integer";
            for (i, value) in values.iter().enumerate() {
                if strconv::parse_int64(value).is_none() {
                    errors.push(invalid_text(&path.index(i), value, detail));
                }
            }
        }
        for (i, value) in values.iter().enumerate() {
            let wrong = names::is_valid_label_value(value);
            if !wrong.is_empty() {
                let path = path.index(i).key(&key);
                errors.push(invalid_text(&path, value, &wrong.join("; ")));
            }
        }
        aggregate(errors)?;
        Ok(Requirement { key, operator, values })
    }

    pub fn key(&self) -> &str {
        &self.key
    }

    pub fn operator(&self) -> Operator {
        self.operator
    }

    pub fn values(&self) -> &[SmolStr] {
        &self.values
    }

    pub fn matches(&self, labels: &Labels) -> bool {
        let label = labels.get(&self.key);
        match self.operator {
            Operator::In | Operator::Equals | Operator::DoubleEquals => {
                label.is_some_and(|value| self.values.contains(value))
            }
            Operator::NotIn | Operator::NotEquals => {
                label.is_none_or(|value| !self.values.contains(value))
            }
            Operator::Exists => label.is_some(),
            Operator::DoesNotExist => label.is_none(),
            Operator::GreaterThan | Operator::LessThan => {
                let bound = self.values.first().and_then(|value| strconv::parse_int64(value));
                let value = label.and_then(|value| strconv::parse_int64(value));
                let (Some(value), Some(bound)) = (value, bound) else { return false };
                if self.operator == Operator::GreaterThan { value > bound } else { value < bound }
            }
        }
    }
}

impl fmt::Display for Requirement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let key = &self.key;
        let mut values: Vec<&str> = self.values.iter().map(SmolStr::as_str).collect();
        values.sort_unstable();
        let values = values.join(",");
        match self.operator {
            Operator::DoesNotExist => write!(f, "!{key}"),
            Operator::Exists => write!(f, "{key}"),
            Operator::Equals => write!(f, "{key}={values}"),
            Operator::DoubleEquals => write!(f, "{key}=={values}"),
            Operator::NotEquals => write!(f, "{key}!={values}"),
            Operator::In => write!(f, "{key} in ({values})"),
            Operator::NotIn => write!(f, "{key} notin ({values})"),
            Operator::GreaterThan => write!(f, "{key}>{values}"),
            Operator::LessThan => write!(f, "{key}<{values}"),
        }
    }
}

/// All of its requirements must hold, or it matches nothing at all.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Selector(Option<Vec<Requirement>>);

impl Selector {
    pub const fn everything() -> Self {
        Selector(Some(Vec::new()))
    }

    pub const fn nothing() -> Self {
        Selector(None)
    }

    /// Ordered by key; equal keys keep their order.
    pub fn from_requirements(mut requirements: Vec<Requirement>) -> Self {
        requirements.sort_by(|a, b| a.key.cmp(&b.key));
        Selector(Some(requirements))
    }

    /// Exactly these labels; they are taken to be valid. No labels select everything.
    pub fn from_labels(labels: &Labels) -> Self {
        let equals = |(key, value): (&SmolStr, &SmolStr)| Requirement {
            key: key.clone(),
            operator: Operator::Equals,
            values: vec![value.clone()],
        };
        Selector(Some(labels.iter().map(equals).collect()))
    }

    pub fn parse(text: &str) -> Result<Self, SelectorError> {
        parser::parse(text)
    }

    pub fn matches(&self, labels: &Labels) -> bool {
        self.0.as_ref().is_some_and(|all| all.iter().all(|r| r.matches(labels)))
    }

    /// Whether it selects everything.
    pub fn is_everything(&self) -> bool {
        self.0.as_ref().is_some_and(Vec::is_empty)
    }

    pub fn is_nothing(&self) -> bool {
        self.0.is_none()
    }

    pub fn requirements(&self) -> &[Requirement] {
        self.0.as_deref().unwrap_or_default()
    }

    /// The one value that a label must have, if the selector says so.
    pub fn requires_exact_match(&self, key: &str) -> Option<&str> {
        let requirement = self.requirements().iter().find(|r| r.key == key)?;
        match (requirement.operator, requirement.values.as_slice()) {
            (Operator::Equals | Operator::DoubleEquals | Operator::In, [value]) => Some(value),
            _ => None,
        }
    }
}

impl fmt::Display for Selector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let texts: Vec<String> = self.requirements().iter().map(ToString::to_string).collect();
        f.pad(&texts.join(","))
    }
}

impl FromStr for Selector {
    type Err = SelectorError;

    fn from_str(text: &str) -> Result<Self, SelectorError> {
        Selector::parse(text)
    }
}

crate::wire_struct! {
    pub struct LabelSelectorRequirement {
        pub key: SmolStr => "key" keep,
        /// `In`, `NotIn`, `Exists` or `DoesNotExist`.
        pub operator: SmolStr => "operator" keep,
        pub values: Vec<SmolStr> => "values",
    }
}

crate::wire_struct! {
    /// The API form of a selector; an empty one selects everything.
    pub struct LabelSelector {
        pub match_expressions: Vec<LabelSelectorRequirement> => "matchExpressions",
        pub match_labels: StringMap => "matchLabels",
    }
}

impl LabelSelector {
    pub fn from_labels(labels: StringMap) -> Self {
        LabelSelector { match_labels: labels, ..LabelSelector::default() }
    }

    pub fn to_selector(&self) -> Result<Selector, SelectorError> {
        let mut requirements = Vec::new();
        for (key, value) in self.match_labels.iter() {
            requirements.push(Requirement::new(
                key.clone(),
                Operator::Equals,
                vec![value.clone()],
            )?);
        }
        for expression in &self.match_expressions {
            let operator = match expression.operator.as_str() {
                "In" => Operator::In,
                "NotIn" => Operator::NotIn,
                "Exists" => Operator::Exists,
                "DoesNotExist" => Operator::DoesNotExist,
                other => {
                    let quoted = strconv::quote(other);
                    return Err(SelectorError(format!(
                        "{quoted} is not a valid label selector operator"
                    )));
                }
            };
            let (key, values) = (expression.key.clone(), expression.values.clone());
            requirements.push(Requirement::new(key, operator, values)?);
        }
        Ok(Selector::from_requirements(requirements))
    }

    /// As kubectl prints it in a table: `<none>` if it selects everything, `<error>` if it is
    /// not valid.
    pub fn format(&self) -> String {
        match self.to_selector().map(|selector| selector.to_string()) {
            Ok(text) if text.is_empty() => "<none>".to_owned(),
            Ok(text) => text,
            Err(_) => "<error>".to_owned(),
        }
    }
}

/// A selector that is not there selects nothing.
pub fn to_selector(selector: Option<&LabelSelector>) -> Result<Selector, SelectorError> {
    selector.map_or_else(|| Ok(Selector::nothing()), LabelSelector::to_selector)
}
