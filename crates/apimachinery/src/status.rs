//! The API server's errors as values: `Status` with upstream's reasons, codes and words.
//! Models apimachinery/pkg/api/errors/errors.go and util/validation/field/errors.go.

use std::fmt;

use serde_json::{Value, json};
use smol_str::SmolStr;

use crate::gvk::GroupResource;

/// Why a request failed, as machines read it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reason {
    AlreadyExists,
    BadRequest,
    Conflict,
    Expired,
    Forbidden,
    InternalError,
    Invalid,
    MethodNotAllowed,
    NotAcceptable,
    NotFound,
    RequestEntityTooLarge,
    ServiceUnavailable,
    Timeout,
    TooManyRequests,
    Unauthorized,
    /// No answer came: a client's own finding, never a server's.
    Unreachable,
    /// A failure that upstream gives no reason.
    Unknown,
    UnsupportedMediaType,
}

impl Reason {
    pub const fn as_str(self) -> &'static str {
        match self {
            Reason::AlreadyExists => "AlreadyExists",
            Reason::BadRequest => "BadRequest",
            Reason::Conflict => "Conflict",
            Reason::Expired => "Expired",
            Reason::Forbidden => "Forbidden",
            Reason::InternalError => "InternalError",
            Reason::Invalid => "Invalid",
            Reason::MethodNotAllowed => "MethodNotAllowed",
            Reason::NotAcceptable => "NotAcceptable",
            Reason::NotFound => "NotFound",
            Reason::RequestEntityTooLarge => "RequestEntityTooLarge",
            Reason::ServiceUnavailable => "ServiceUnavailable",
            Reason::Timeout => "Timeout",
            Reason::TooManyRequests => "TooManyRequests",
            Reason::Unauthorized => "Unauthorized",
            Reason::Unknown | Reason::Unreachable => "",
            Reason::UnsupportedMediaType => "UnsupportedMediaType",
        }
    }

    pub const fn code(self) -> u16 {
        match self {
            Reason::BadRequest => 400,
            Reason::Unauthorized => 401,
            Reason::Forbidden => 403,
            Reason::NotFound => 404,
            Reason::MethodNotAllowed => 405,
            Reason::NotAcceptable => 406,
            Reason::AlreadyExists | Reason::Conflict => 409,
            Reason::Expired => 410,
            Reason::RequestEntityTooLarge => 413,
            Reason::UnsupportedMediaType => 415,
            Reason::Invalid => 422,
            Reason::TooManyRequests => 429,
            Reason::InternalError | Reason::Unknown => 500,
            Reason::ServiceUnavailable | Reason::Unreachable => 503,
            Reason::Timeout => 504,
        }
    }
}

/// What kind of mistake a field has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum FieldErrorKind {
    NotFound,
    Required,
    Duplicate,
    Invalid,
    NotSupported,
    Forbidden,
    TooLong,
    TooMany,
    Internal,
    TypeInvalid,
}

impl FieldErrorKind {
    /// The words of the message.
    pub const fn words(self) -> &'static str {
        match self {
            FieldErrorKind::NotFound => "Not found",
            FieldErrorKind::Required => "Required value",
            FieldErrorKind::Duplicate => "Duplicate value",
            FieldErrorKind::Invalid | FieldErrorKind::TypeInvalid => "Invalid value",
            FieldErrorKind::NotSupported => "Unsupported value",
            FieldErrorKind::Forbidden => "Forbidden",
            FieldErrorKind::TooLong => "Too long",
            FieldErrorKind::TooMany => "Too many",
            FieldErrorKind::Internal => "Internal error",
        }
    }

    /// The machine-readable cause.
    pub const fn cause(self) -> &'static str {
        match self {
            FieldErrorKind::NotFound => "FieldValueNotFound",
            FieldErrorKind::Required => "FieldValueRequired",
            FieldErrorKind::Duplicate => "FieldValueDuplicate",
            FieldErrorKind::Invalid => "FieldValueInvalid",
            FieldErrorKind::NotSupported => "FieldValueNotSupported",
            FieldErrorKind::Forbidden => "FieldValueForbidden",
            FieldErrorKind::TooLong => "FieldValueTooLong",
            FieldErrorKind::TooMany => "FieldValueTooMany",
            FieldErrorKind::Internal => "InternalError",
            FieldErrorKind::TypeInvalid => "FieldValueTypeInvalid",
        }
    }
}

/// One mistake in one field of an object.
#[derive(Clone, Debug, PartialEq)]
pub struct FieldError {
    pub kind: FieldErrorKind,
    pub field: String,
    /// The offending value as the message prints it; empty where the message shows none.
    pub value: String,
    pub detail: String,
}

pub type FieldErrors = Vec<FieldError>;

impl FieldError {
    pub fn required(field: impl fmt::Display, detail: &str) -> Self {
        Self::bare(FieldErrorKind::Required, field, detail)
    }

    pub fn forbidden(field: impl fmt::Display, detail: &str) -> Self {
        Self::bare(FieldErrorKind::Forbidden, field, detail)
    }

    /// `value` is printed as Go prints it in such messages: strings quoted, the rest as JSON.
    pub fn invalid(field: impl fmt::Display, value: impl Into<Value>, detail: &str) -> Self {
        Self::valued(FieldErrorKind::Invalid, field, value, detail)
    }

    pub fn duplicate(field: impl fmt::Display, value: impl Into<Value>) -> Self {
        Self::valued(FieldErrorKind::Duplicate, field, value, "")
    }

    pub fn not_found(field: impl fmt::Display, value: impl Into<Value>) -> Self {
        Self::valued(FieldErrorKind::NotFound, field, value, "")
    }

    pub fn not_supported(field: impl fmt::Display, value: &str, supported: &[&str]) -> Self {
        let quoted: Vec<String> = supported.iter().map(|s| format!("{s:?}")).collect();
        let detail = format!("supported values: {}", quoted.join(", "));
        Self::valued(FieldErrorKind::NotSupported, field, value, &detail)
    }

    /// An error of a kind that shows no value.
    pub fn bare(kind: FieldErrorKind, field: impl fmt::Display, detail: &str) -> Self {
        FieldError {
            kind,
            field: field.to_string(),
            value: String::new(),
            detail: detail.to_owned(),
        }
    }

    /// An error of a kind that shows the value.
    pub fn valued(
        kind: FieldErrorKind,
        field: impl fmt::Display,
        value: impl Into<Value>,
        detail: &str,
    ) -> Self {
        let value: Value = value.into();
        FieldError {
            kind,
            field: field.to_string(),
            value: value.to_string(),
            detail: detail.to_owned(),
        }
    }

    /// The message without the field: `Invalid value: -1: must be ...`.
    pub fn body(&self) -> String {
        let mut text = self.kind.words().to_owned();
        if !self.value.is_empty() {
            text.push_str(": ");
            text.push_str(&self.value);
        }
        if !self.detail.is_empty() {
            text.push_str(": ");
            text.push_str(&self.detail);
        }
        text
    }
}

impl fmt::Display for FieldError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.field, self.body())
    }
}

/// One cause of a failed request.
#[derive(Clone, Debug, PartialEq)]
pub struct Cause {
    pub reason: SmolStr,
    pub message: String,
    pub field: String,
}

/// A failed request.
#[derive(Clone, Debug, PartialEq)]
pub struct Status {
    pub reason: Reason,
    pub message: String,
    pub group: SmolStr,
    /// The resource or, for `Invalid`, the kind.
    pub kind: SmolStr,
    pub name: SmolStr,
    pub causes: Vec<Cause>,
    pub retry_after_seconds: i32,
}

impl Status {
    pub fn new(reason: Reason, message: impl Into<String>) -> Box<Self> {
        Box::new(Status {
            reason,
            message: message.into(),
            group: SmolStr::default(),
            kind: SmolStr::default(),
            name: SmolStr::default(),
            causes: Vec::new(),
            retry_after_seconds: 0,
        })
    }

    fn about(mut self: Box<Self>, resource: &GroupResource, name: &str) -> Box<Self> {
        self.group = resource.group.clone();
        self.kind = resource.resource.clone();
        self.name = name.into();
        self
    }

    pub fn not_found(resource: &GroupResource, name: &str) -> Box<Self> {
        Self::new(Reason::NotFound, format!("{resource} {name:?} not found")).about(resource, name)
    }

    pub fn already_exists(resource: &GroupResource, name: &str) -> Box<Self> {
        Self::new(Reason::AlreadyExists, format!("{resource} {name:?} already exists"))
            .about(resource, name)
    }

    pub fn conflict(resource: &GroupResource, name: &str, why: &str) -> Box<Self> {
        let message = format!("Operation cannot be fulfilled on {resource} {name:?}: {why}");
        Self::new(Reason::Conflict, message).about(resource, name)
    }

    /// The conflict of an update against an older revision.
    pub fn modified(resource: &GroupResource, name: &str) -> Box<Self> {
        let why = "the object has been modified; please apply your changes to the latest version \
                   and try again";
        Self::conflict(resource, name, why)
    }

    pub fn forbidden(resource: &GroupResource, name: &str, why: &str) -> Box<Self> {
        let message = if name.is_empty() {
            format!("{resource} is forbidden: {why}")
        } else {
            format!("{resource} {name:?} is forbidden: {why}")
        };
        Self::new(Reason::Forbidden, message).about(resource, name)
    }

    pub fn bad_request(message: impl Into<String>) -> Box<Self> {
        Self::new(Reason::BadRequest, message)
    }

    pub fn method_not_supported(resource: &GroupResource, action: &str) -> Box<Self> {
        let message =
            format!("{action} is not supported on resources of kind {:?}", resource.to_string());
        Self::new(Reason::MethodNotAllowed, message).about(resource, "")
    }

    /// An object that validation refused. `kind` is the kind's name, `group` its group.
    pub fn invalid(group: &str, kind: &str, name: &str, errors: &[FieldError]) -> Box<Self> {
        let joined = aggregate(errors);
        let qualified = if group.is_empty() { kind.to_owned() } else { format!("{kind}.{group}") };
        let message = if errors.is_empty() {
            format!("{qualified} {name:?} is invalid")
        } else {
            format!("{qualified} {name:?} is invalid: {joined}")
        };
        let mut status = Self::new(Reason::Invalid, message);
        status.group = group.into();
        status.kind = kind.into();
        status.name = name.into();
        status.causes = errors
            .iter()
            .map(|error| Cause {
                reason: error.kind.cause().into(),
                message: error.body(),
                field: error.field.clone(),
            })
            .collect();
        status
    }

    pub fn code(&self) -> u16 {
        self.reason.code()
    }

    pub fn is_not_found(&self) -> bool {
        self.reason == Reason::NotFound
    }

    pub fn is_conflict(&self) -> bool {
        self.reason == Reason::Conflict
    }

    pub fn is_already_exists(&self) -> bool {
        self.reason == Reason::AlreadyExists
    }

    /// The `Status` object as the API gives it.
    pub fn to_value(&self) -> Value {
        let mut details = serde_json::Map::new();
        for (name, text) in [("name", &self.name), ("group", &self.group), ("kind", &self.kind)] {
            if !text.is_empty() {
                details.insert(name.into(), text.as_str().into());
            }
        }
        if !self.causes.is_empty() {
            let cause = |c: &Cause| {
                let mut map = serde_json::Map::new();
                for (name, text) in
                    [("reason", c.reason.as_str()), ("message", &c.message), ("field", &c.field)]
                {
                    if !text.is_empty() {
                        map.insert(name.into(), text.into());
                    }
                }
                Value::Object(map)
            };
            details.insert("causes".into(), self.causes.iter().map(cause).collect());
        }
        if self.retry_after_seconds != 0 {
            details.insert("retryAfterSeconds".into(), self.retry_after_seconds.into());
        }
        let mut status = json!({
            "kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure",
            "message": self.message, "reason": self.reason.as_str(), "code": self.code(),
        });
        if let (false, Some(map)) = (details.is_empty(), status.as_object_mut()) {
            map.insert("details".into(), details.into());
        }
        status
    }
}

/// Joins several errors as upstream's aggregate does: one alone, more in brackets, repeats once.
pub fn aggregate(errors: &[FieldError]) -> String {
    let mut texts: Vec<String> = Vec::new();
    for error in errors {
        let text = error.to_string();
        if !texts.contains(&text) {
            texts.push(text);
        }
    }
    match texts.as_slice() {
        [one] => one.clone(),
        _ => format!("[{}]", texts.join(", ")),
    }
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Status {}
