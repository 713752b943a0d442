//! Strict decoding: holds a value against a type and reports, in the API server's own words, what
//! Go's decoder would refuse. Also the source of the editor's marks and "did you mean".

mod base64;
mod convert;
pub(crate) mod go;
mod quantity;
mod suggest;
mod time;

pub use convert::check_patched;
pub use suggest::nearest;

use crate::types::{Field, FieldKind, Type, TypeId};
use crate::{MAX_DEPTH, Schema};
use serde_json::{Map, Value};
use std::fmt::Write;

/// The decoder keeps at most this many unknown fields.
const STRICT_ERRORS_MAX: usize = 100;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DecodeError {
    /// With list indexes: `spec.template.spec.containers[0].image`.
    pub path: String,
    /// Kubernetes' text for this one error.
    pub message: String,
    /// The object cannot be decoded at all; otherwise only strict decoding refuses it.
    pub fatal: bool,
    /// The known field that was probably meant.
    pub suggestion: Option<&'static str>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DecodeReport {
    /// In document order.
    pub errors: Vec<DecodeError>,
    /// The fatal error that Go's decoder reports: the first, unless a value's own decoder
    /// (quantity, time) failed later, which ends decoding at once.
    decisive: Option<usize>,
}

impl DecodeReport {
    pub fn is_ok(&self) -> bool {
        self.errors.is_empty()
    }

    pub fn fatal(&self) -> Option<&DecodeError> {
        self.decisive.and_then(|at| self.errors.get(at))
    }

    /// Texts of the errors that only strict decoding reports (warnings with validation `Warn`).
    pub fn strict(&self) -> impl Iterator<Item = &str> {
        self.errors.iter().filter(|e| !e.fatal).map(|e| e.message.as_str())
    }

    /// What the server says of the object, without the `… cannot be handled as a …` before it.
    /// `duplicates` are the texts of errors found before decoding, such as
    /// `duplicate field "spec.replicas"`; they stand after the unknown fields.
    pub fn message(&self, duplicates: &[String]) -> Option<String> {
        if let Some(error) = self.fatal() {
            return Some(error.message.clone());
        }
        let all: Vec<&str> = self.strict().chain(duplicates.iter().map(String::as_str)).collect();
        (!all.is_empty()).then(|| format!("strict decoding error: {}", all.join(", ")))
    }

    /// The whole text of the BadRequest answer, if the object is refused.
    pub fn bad_request(&self, version: &str, kind: &str, duplicates: &[String]) -> Option<String> {
        let message = self.message(duplicates)?;
        Some(format!("{kind} in version {version:?} cannot be handled as a {kind}: {message}"))
    }
}

/// Checks a whole object, or with the type of a part, that part.
// Models sigs.k8s.io/json UnmarshalStrict: objects in the order of their sorted keys, as kubectl
// sends them.
pub fn check(value: &Value, ty: TypeId) -> DecodeReport {
    let schema = Schema::get();
    let mut walk = Walk {
        schema,
        report: DecodeReport::default(),
        aborted: false,
        path: String::new(),
        structure: None,
        fields: Vec::new(),
        strict: 0,
    };
    if let Some(ty) = schema.ty(ty) {
        match value {
            Value::Object(map) => walk.object(map, ty, 0),
            other => walk.wrong_type(go::kind_of(other), ty.go_name()),
        }
    }
    walk.report
}

struct Walk<'a> {
    schema: &'static Schema,
    report: DecodeReport,
    aborted: bool,
    path: String,
    /// The innermost Go struct, as errors name it.
    structure: Option<&'static str>,
    /// Field names down to here, without map keys and list indexes, as errors name the field.
    fields: Vec<&'a str>,
    strict: usize,
}

impl<'a> Walk<'a> {
    fn object(&mut self, map: &'a Map<String, Value>, ty: &'static Type, depth: usize) {
        for (key, value) in map {
            let end = self.path.len();
            self.push_key(key);
            if let Some(field) = ty.field(key) {
                let outer = self.structure.replace(ty.short_name());
                self.fields.push(field.name);
                self.value(value, field, &field.kind, 0, depth + 1);
                self.fields.pop();
                self.structure = outer;
            } else {
                self.unknown_field(key, ty);
            }
            self.path.truncate(end);
        }
    }

    /// `level` counts the lists and maps between the field and this value.
    fn value(
        &mut self,
        value: &'a Value,
        field: &'static Field,
        kind: &'static FieldKind,
        level: usize,
        depth: usize,
    ) {
        if depth > MAX_DEPTH {
            return self.abort("exceeded max depth".to_owned());
        }
        match (kind, value) {
            (_, Value::Null) | (FieldKind::Any(_), _) => {}
            (FieldKind::Object(id), Value::Object(map)) => {
                if let Some(ty) = self.schema.ty(*id) {
                    self.object(map, ty, depth);
                }
            }
            (FieldKind::Map(inner), Value::Object(map)) => {
                for (key, value) in map {
                    let end = self.path.len();
                    self.push_key(key);
                    self.value(value, field, inner, level + 1, depth + 1);
                    self.path.truncate(end);
                }
            }
            (FieldKind::Array(inner), Value::Array(list)) => {
                for (at, value) in list.iter().enumerate() {
                    let end = self.path.len();
                    let _ = write!(self.path, "[{at}]");
                    self.value(value, field, inner, level + 1, depth + 1);
                    self.path.truncate(end);
                }
            }
            _ => self.scalar(value, field, kind, level),
        }
    }

    fn scalar(&mut self, value: &Value, field: &Field, kind: &FieldKind, level: usize) {
        let wrong = |walk: &mut Self| {
            walk.wrong_type(go::kind_of(value), &go::type_of(field, kind, level));
        };
        match (kind, value) {
            (FieldKind::String, Value::String(_))
            | (FieldKind::Boolean, Value::Bool(_))
            | (FieldKind::Number, Value::Number(_))
            | (FieldKind::IntOrString, Value::String(_)) => {}
            (FieldKind::Int32 | FieldKind::Int64, Value::Number(number)) => {
                if !go::fits(number, kind) {
                    let text = format!("number {}", go::number_text(number));
                    self.wrong_type(&text, &go::type_of(field, kind, level));
                }
            }
            (FieldKind::Bytes, Value::String(text)) => {
                if let Some(at) = base64::first_bad_byte(text) {
                    self.fatal(format!("illegal base64 data at input byte {at}"));
                }
            }
            (FieldKind::Quantity, _) => {
                let text = match value {
                    Value::String(text) => text.clone(),
                    Value::Number(number) => go::number_text(number),
                    other => other.to_string(),
                };
                if let Err(message) = quantity::check(text.trim()) {
                    self.abort(message.to_owned());
                }
            }
            (FieldKind::IntOrString, Value::Number(number)) => {
                if !go::fits(number, &FieldKind::Int32) {
                    let text = format!("number {}", go::number_text(number));
                    self.abort_wrong_type(&text, "int32");
                }
            }
            (FieldKind::IntOrString, _) => self.abort_wrong_type(go::kind_of(value), "int32"),
            (FieldKind::Time | FieldKind::MicroTime, Value::String(text)) => {
                if let Err(message) = time::check(text, *kind == FieldKind::MicroTime) {
                    self.abort(message);
                }
            }
            (FieldKind::Time | FieldKind::MicroTime, _) => {
                self.abort_wrong_type(go::kind_of(value), "string");
            }
            _ => wrong(self),
        }
    }

    fn push_key(&mut self, key: &str) {
        if !self.path.is_empty() {
            self.path.push('.');
        }
        self.path.push_str(key);
    }

    fn unknown_field(&mut self, key: &str, ty: &'static Type) {
        if self.strict >= STRICT_ERRORS_MAX {
            return;
        }
        self.strict += 1;
        let path = self.path.clone();
        self.report.errors.push(DecodeError {
            message: format!("unknown field \"{path}\""),
            path,
            fatal: false,
            suggestion: nearest(key, ty.fields.iter().map(|field| field.name)),
        });
    }

    fn wrong_type(&mut self, found: &str, expected: &str) {
        let message = self.type_message(found, expected);
        self.fatal(message);
    }

    fn abort_wrong_type(&mut self, found: &str, expected: &str) {
        let message = self.type_message(found, expected);
        self.abort(message);
    }

    fn type_message(&self, found: &str, expected: &str) -> String {
        let Some(structure) = self.structure else {
            return format!("json: cannot unmarshal {found} into Go value of type {expected}");
        };
        let field = self.fields.join(".");
        format!(
            "json: cannot unmarshal {found} into Go struct field {structure}.{field} of type \
             {expected}"
        )
    }

    fn fatal(&mut self, message: String) {
        if self.report.decisive.is_none() {
            self.report.decisive = Some(self.report.errors.len());
        }
        let path = self.path.clone();
        self.report.errors.push(DecodeError { path, message, fatal: true, suggestion: None });
    }

    fn abort(&mut self, message: String) {
        if !self.aborted {
            self.aborted = true;
            self.report.decisive = Some(self.report.errors.len());
        }
        self.fatal(message);
    }
}
