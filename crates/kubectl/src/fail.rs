//! Why a command failed, and the line kubectl prints for it.
// Models kubectl/pkg/cmd/util/helpers.go.

use apimachinery::status::{Reason, Status};

#[derive(Clone, Debug)]
pub enum Fail {
    /// `error: …`
    Error(String),
    /// The server refused. `source` is put in front of its message.
    Status(Box<Status>),
    /// Printed as it is.
    Raw(String),
    /// The failure, after something that still goes to standard output.
    After(String, Box<Fail>),
    /// Several, each on its own line.
    Many(Vec<Fail>),
}

pub type Outcome<T = ()> = Result<T, Fail>;

impl From<Box<Status>> for Fail {
    fn from(status: Box<Status>) -> Self {
        Fail::Status(status)
    }
}

pub fn error<T>(text: impl Into<String>) -> Outcome<T> {
    Err(Fail::Error(text.into()))
}

impl Fail {
    pub fn is_not_found(&self) -> bool {
        matches!(self, Fail::Status(status) if status.is_not_found())
    }

    /// Puts `error when VERB "SOURCE": ` in front, as commands that read files do.
    pub fn at_source(self, verb: &str, source: &str) -> Fail {
        let prefix = format!("error when {verb} {source:?}: ");
        self.prefixed(&prefix)
    }

    pub fn prefixed(self, prefix: &str) -> Fail {
        match self {
            Fail::Status(mut status) => {
                status.message = format!("{prefix}{}", status.message);
                Fail::Status(status)
            }
            Fail::Error(text) => Fail::Error(format!("{prefix}{text}")),
            other => other,
        }
    }

    /// The message without `error: ` or `Error from server`.
    pub fn message(&self) -> String {
        match self {
            Fail::Error(text) | Fail::Raw(text) => text.clone(),
            Fail::Status(status) => status.message.clone(),
            Fail::After(_, fail) => fail.message(),
            Fail::Many(fails) => {
                let all: Vec<String> = fails.iter().map(Fail::message).collect();
                all.join(", ")
            }
        }
    }

    /// What stands on stderr, with a line break at the end.
    pub fn text(&self) -> String {
        let mut text = match self {
            Fail::Error(text) if text.starts_with("error: ") => text.clone(),
            Fail::Error(text) => format!("error: {text}"),
            Fail::Raw(text) => text.clone(),
            Fail::Status(status) => status_text(status),
            Fail::After(_, fail) => return fail.text(),
            Fail::Many(fails) => match fails.as_slice() {
                [one] => return one.text(),
                many => many.iter().map(line_of_many).collect(),
            },
        };
        if !text.is_empty() && !text.ends_with('\n') {
            text.push('\n');
        }
        text
    }
}

fn line_of_many(fail: &Fail) -> String {
    match fail {
        Fail::Error(text) => format!("{text}\n"),
        Fail::Status(status) => {
            format!("Error from server ({}): {}\n", status.reason.as_str(), status.message)
        }
        other => other.text(),
    }
}

/// One failure or several as one; nothing if there is none.
pub fn all(mut fails: Vec<Fail>) -> Outcome {
    match fails.len() {
        0 => Ok(()),
        1 => fails.pop().map_or(Ok(()), Err),
        _ => Err(Fail::Many(fails)),
    }
}

pub fn status_text(status: &Status) -> String {
    if status.reason == Reason::Invalid {
        return invalid_text(status);
    }
    if status.reason == Reason::Unreachable {
        return unreachable_text(&status.message);
    }
    if status.reason == Reason::Unknown {
        return format!("Error from server: {}", status.message);
    }
    if status.reason == Reason::Unauthorized {
        return format!("error: You must be logged in to the server ({})", status.message);
    }
    format!("Error from server ({}): {}", status.reason.as_str(), status.message)
}

/// Models kubectl/pkg/cmd/util/helpers.go `checkErr`: one line for a connection that is refused.
fn unreachable_text(message: &str) -> String {
    let rest = message.rsplit_once("dial tcp ").map(|(_, rest)| rest);
    match rest.and_then(|rest| rest.strip_suffix(": connect: connection refused")) {
        Some(host) => format!(
            "The connection to the server {host} was refused - did you specify the right host or \
             port?"
        ),
        None => format!("Unable to connect to the server: {message}"),
    }
}

fn invalid_text(status: &Status) -> String {
    let is_nameless = status.kind.is_empty() && status.name.is_empty();
    // Causes that name no field only say why the server said it.
    if is_nameless && status.causes.iter().all(|cause| cause.field.is_empty()) {
        return format!("The request is invalid: {}", status.message);
    }
    let start = match is_nameless {
        true => "The request is invalid".to_owned(),
        false => format!("The {} {:?} is invalid", status.kind, status.name.as_str()),
    };
    let mut causes: Vec<String> = Vec::new();
    for cause in &status.causes {
        let text = match cause.field.as_str() {
            "" => cause.message.clone(),
            field => format!("{field}: {}", cause.message),
        };
        if !causes.contains(&text) {
            causes.push(text);
        }
    }
    match causes.as_slice() {
        [] => start,
        [one] => format!("{start}: {one}"),
        many => format!("{start}: \n* {}", many.join("\n* ")),
    }
}
