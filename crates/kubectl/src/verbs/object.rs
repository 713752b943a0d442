//! What the writing verbs share: the dry run, and what they print of the object they wrote.

use serde_json::Value;

use crate::discovery::{self, Kind};
use crate::fail::{Outcome, error};
use crate::flags::Args;
use crate::printers::{Format, object};
use crate::server::{self, Write};
use crate::session::Cx;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DryRun {
    None,
    Client,
    Server,
}

impl DryRun {
    pub fn of(cx: &mut Cx<'_>, args: &Args) -> Outcome<DryRun> {
        Ok(match args.text("dry-run") {
            "none" | "false" | "" => DryRun::None,
            "server" => DryRun::Server,
            "client" => DryRun::Client,
            "unchanged" | "true" => {
                cx.complain(
                    "W: --dry-run is deprecated and can be replaced with --dry-run=client.",
                );
                DryRun::Client
            }
            other => {
                return error(format!(
                    "Invalid dry-run value ({other}). Must be \"none\", \"server\", or \"client\"."
                ));
            }
        })
    }

    pub fn suffix(self) -> &'static str {
        match self {
            DryRun::None => "",
            DryRun::Client => " (dry run)",
            DryRun::Server => " (server dry run)",
        }
    }
}

/// How a writing verb goes about it.
#[derive(Clone, Debug)]
pub struct Writer<'a> {
    pub args: &'a Args,
    pub dry_run: DryRun,
    pub format: Format,
}

impl<'a> Writer<'a> {
    pub fn of(cx: &mut Cx<'_>, args: &'a Args) -> Outcome<Writer<'a>> {
        let format = Format::of(args, &cx.session.files, false)?;
        object::check(&format)?;
        let validate = args.text("validate");
        if !["", "strict", "true", "warn", "ignore", "false"].contains(&validate) {
            return error(format!(
                "invalid - validate option {validate:?}; must be one of: strict (or true), warn, \
                 ignore (or false)"
            ));
        }
        Ok(Writer { args, dry_run: DryRun::of(cx, args)?, format })
    }

    pub fn write(&self, default_manager: &str) -> Write {
        let manager = self.args.text("field-manager");
        Write {
            dry_run: self.dry_run == DryRun::Server,
            validation: match self.args.text("validate") {
                "" => "strict".to_owned(),
                "true" => "strict".to_owned(),
                "false" => "ignore".to_owned(),
                other => other.to_owned(),
            },
            manager: match self.args.changed("field-manager") {
                true => manager.to_owned(),
                false => default_manager.to_owned(),
            },
            ..Write::default()
        }
    }

    /// `deployment.apps/web created`, or the object in the format asked for.
    pub fn print(&self, cx: &mut Cx<'_>, kind: Kind, value: &Value, done: &str) -> Outcome {
        if self.format.is_human() {
            let name = value["metadata"]["name"].as_str().unwrap_or("");
            let full = discovery::kind_group(kind);
            cx.say(&format!("{full}/{name} {done}{}", self.dry_run.suffix()));
            return Ok(());
        }
        let text = object::print(&self.format, value, self.args)?;
        cx.out.stdout(&text);
        Ok(())
    }

    /// Creates an object of the verb's own making and prints it.
    pub fn create(&self, cx: &mut Cx<'_>, kind: Kind, value: Value) -> Outcome {
        self.create_as(cx, kind, value, "kubectl-create")
    }

    pub fn create_as(&self, cx: &mut Cx<'_>, kind: Kind, value: Value, manager: &str) -> Outcome {
        self.create_done(cx, kind, value, manager, "created")
    }

    /// The same where the verb has another word for it.
    pub fn create_done(
        &self,
        cx: &mut Cx<'_>,
        kind: Kind,
        mut value: Value,
        manager: &str,
        done: &str,
    ) -> Outcome {
        if self.args.bool("save-config") {
            let saved = last_applied(&value);
            annotate(&mut value, LAST_APPLIED, &saved);
        }
        let namespace = self.args.namespace.clone();
        if kind.namespaced && (self.args.changed("namespace") || self.dry_run != DryRun::Client) {
            set_namespace(&mut value, &namespace);
        }
        if self.dry_run != DryRun::Client {
            value = server::create(cx, kind, &namespace, value, &self.write(manager))?;
        }
        self.print(cx, kind, &value, done)
    }
}

/// What `--record` writes, and `rollout history` shows.
pub const CHANGE_CAUSE: &str = "kubernetes.io/change-cause";
pub const LAST_APPLIED: &str = "kubectl.kubernetes.io/last-applied-configuration";

pub fn set_namespace(value: &mut Value, namespace: &str) {
    if let Some(metadata) = crate::path::object_mut(value, &["metadata"]) {
        metadata.insert("namespace".to_owned(), namespace.into());
    }
}

pub fn annotate(value: &mut Value, key: &str, text: &str) {
    if let Some(annotations) = crate::path::object_mut(value, &["metadata", "annotations"]) {
        annotations.insert(key.to_owned(), text.into());
    }
}

/// The text of the annotation that `apply` compares with the next time.
// Models kubectl/pkg/util/apply.go GetModifiedConfiguration.
pub fn last_applied(value: &Value) -> String {
    let mut value = value.clone();
    if let Some(annotations) = crate::path::object_mut(&mut value, &["metadata", "annotations"]) {
        annotations.remove(LAST_APPLIED);
    }
    object::go_json(&value.to_string()) + "\n"
}
