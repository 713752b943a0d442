//! `kubectl get -w`: the table, and then a line for every change.
// Models the watch of kubectl/pkg/cmd/get/get.go.

use std::collections::BTreeMap;

use apimachinery::duration::Duration;
use client::Table;
use clock::SimTime;
use serde_json::Value;

use crate::command;
use crate::fail::{Outcome, error};
use crate::flags::Args;
use crate::printers::table::{self, Style};
use crate::printers::{Format, TabWriter, object};
use crate::server;
use crate::session::{Cx, Process, Progress};
use crate::target::{self, Ask};
use crate::verbs::Flow;

struct Watch {
    args: Args,
    format: Format,
    ask: Ask,
    style: Style,
    pen: TabWriter,
    /// Revision and last line of each object that was there.
    known: BTreeMap<(String, String), (u64, String)>,
    began: bool,
    /// When a request with a time limit ends.
    until: Option<SimTime>,
}

pub fn start(args: &Args, format: Format, mut asks: Vec<Ask>) -> Outcome<Flow> {
    let Some(ask) = asks.pop().filter(|_| asks.is_empty()) else {
        return error("you may only specify a single resource type");
    };
    let style = super::style(args, &format, &ask, false);
    Ok(Flow::Wait(Box::new(Watch {
        args: args.clone(),
        format,
        ask,
        style,
        pen: TabWriter::table(),
        known: BTreeMap::new(),
        began: false,
        until: None,
    })))
}

impl Watch {
    /// A line with what happened in front, if that is asked for.
    fn told(&self, event: &str, line: &str) -> String {
        match self.format.is_human() && self.args.bool("output-watch-events") {
            true => format!("{event}\t{line}"),
            false => line.to_owned(),
        }
    }

    fn line(&self, table: &Table, at: usize) -> Outcome<String> {
        let Some(row) = table.rows.get(at) else { return Ok(String::new()) };
        if self.format.is_human() {
            return Ok(table::row(table, row, &self.style));
        }
        let value: Value = row.object.to_wire();
        let text = object::print(&self.format, &value, &self.args)?;
        let is_document = self.format == Format::Yaml && !self.known.is_empty();
        Ok(if is_document { format!("---\n{text}") } else { text })
    }

    fn look(&mut self, cx: &mut Cx<'_>) -> Outcome<String> {
        let filter = target::filter(&self.args);
        let table = match super::ask_table(cx, &self.ask, &filter) {
            Ok(table) => table,
            Err(fail) if self.began && fail.is_not_found() => Table::default(),
            Err(fail) => return Err(fail),
        };
        let quiet = !self.began && self.args.bool("watch-only");
        let mut lines = String::new();
        let mut seen = BTreeMap::new();
        for (at, row) in table.rows.iter().enumerate() {
            let meta = row.object.meta();
            let key = (meta.namespace.to_string(), meta.name.to_string());
            let line = self.line(&table, at)?;
            let before = self.known.remove(&key).map(|(revision, _)| revision);
            if before != Some(meta.resource_version) && !quiet {
                let event = if before.is_some() { "MODIFIED" } else { "ADDED" };
                lines.push_str(&self.told(event, &line));
            }
            seen.insert(key, (meta.resource_version, line));
        }
        // What is left is gone: its last state is shown once more.
        for (_, line) in self.known.values() {
            lines.push_str(&self.told("DELETED", line));
        }
        self.known = seen;
        if self.format.is_human() && !lines.is_empty() {
            if !self.began && !self.style.no_headers {
                lines.insert_str(0, &self.told("EVENT", &table::header(&table, &self.style)));
            }
            lines = self.pen.format(&lines);
        }
        self.began = self.began || !lines.is_empty() || quiet;
        Ok(lines)
    }
}

impl Process for Watch {
    fn poll(&mut self, cx: &mut Cx<'_>) -> Progress {
        match self.look(cx) {
            Ok(text) => cx.out.stdout(&text),
            Err(fail) => return Progress::Done(command::print(cx, &fail)),
        }
        let (namespace, name) = match &self.ask {
            Ask::Name { namespace, name, .. } => (namespace.as_str(), name.as_str()),
            Ask::List { namespace, .. } => (namespace.as_str(), ""),
        };
        // A request that may take so long only ends the watch quietly.
        let timeout = Duration::parse(self.args.text("request-timeout")).map_or(0, |d| d.0);
        let until = u64::try_from(timeout)
            .ok()
            .filter(|nanos| *nanos > 0)
            .map(|nanos| *self.until.get_or_insert(cx.now + clock::Duration::from_nanos(nanos)));
        if until.is_some_and(|until| cx.now >= until) {
            return Progress::Done(0);
        }
        let watch = vec![server::watch(self.ask.kind(), namespace, name)];
        Progress::Wait { watch, until }
    }
}
