//! Manifests in, objects out: YAML as kubectl and the API server read and print it.
//!
//! `parse` turns manifest text into JSON values with a span for every field; `to_yaml` prints a
//! value as `kubectl get -o yaml` does. Models sigs.k8s.io/yaml over go.yaml.in/yaml/v2, so the
//! scalars are those of YAML 1.1 and the error texts those of that library.

mod analyze;
mod compose;
mod diagnostic;
mod emit;
mod flow;
mod key_order;
mod limits;
mod parse;
mod resolve;
mod scalar;
mod span;
mod timestamp;
mod writer;

pub use diagnostic::{Code, Diagnostic, Severity};
pub use emit::to_yaml;
pub use limits::Limits;
pub use parse::{Document, Parsed, parse};
pub use span::{Position, Span, SpanIndex};
