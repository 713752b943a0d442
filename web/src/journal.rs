//! The last session as seed and commands: enough to play it again.

use clock::SimTime;
use cluster::{Command, Logged};
use serde_json::{Value, json};

use crate::storage;

const KEY: &str = "kubarium.journal";
const COMMANDS_MAX: usize = 1_000;
const BYTES_MAX: usize = 1_000_000;
/// Playing again takes wall time: a longer session is not offered.
const VIRTUAL_SECS_MAX: u64 = 2 * 3_600;

/// Keeps the log, if it is short enough to be played again.
pub fn keep(log: &[Logged]) {
    if log.len() > COMMANDS_MAX || log.iter().map(size).sum::<usize>() > BYTES_MAX {
        storage::forget(KEY);
        return;
    }
    storage::save(KEY, &log.iter().map(write).collect::<Vec<Value>>());
}

/// The commands of the last session; empty if there is none worth playing.
pub fn last() -> Vec<Logged> {
    let kept: Vec<Value> = storage::load(KEY).unwrap_or_default();
    let log: Option<Vec<Logged>> = kept.iter().take(COMMANDS_MAX).map(read).collect();
    let mut log = log.unwrap_or_default();
    log.retain(|logged| logged.at <= SimTime::from_secs(VIRTUAL_SECS_MAX));
    log.sort_by_key(|logged| logged.at);
    log
}

fn size(logged: &Logged) -> usize {
    match &logged.command {
        Command::Line { line, .. } => line.len(),
        Command::WriteFile { text, .. } => text.len(),
        _ => 0,
    }
}

fn write(logged: &Logged) -> Value {
    let command = match &logged.command {
        Command::Line { terminal, line } => json!({"line": line, "terminal": terminal}),
        Command::Interrupt { terminal } => json!({"interrupt": terminal}),
        Command::WriteFile { name, text } => json!({"write": name.as_str(), "text": text}),
        Command::RemoveFile { name } => json!({"remove": name.as_str()}),
        Command::Traffic { client, target, per_second } => {
            json!({"traffic": client.as_str(), "target": target, "rate": per_second})
        }
        Command::Send { target } => json!({"send": target}),
        Command::StopKubelet { node } => json!({"stop": node.as_str()}),
        Command::StartKubelet { node } => json!({"start": node.as_str()}),
    };
    json!([logged.at.nanos(), command])
}

fn read(value: &Value) -> Option<Logged> {
    let at = SimTime::from_nanos(value.get(0)?.as_u64()?);
    let fields = value.get(1)?;
    let text = |key: &str| fields[key].as_str();
    let number = |key: &str| fields[key].as_u64().and_then(|number| u32::try_from(number).ok());
    let command = if let Some(line) = text("line") {
        Command::Line { terminal: number("terminal")?, line: line.to_owned() }
    } else if let Some(terminal) = number("interrupt") {
        Command::Interrupt { terminal }
    } else if let Some(name) = text("write") {
        Command::WriteFile { name: name.into(), text: text("text")?.to_owned() }
    } else if let Some(name) = text("remove") {
        Command::RemoveFile { name: name.into() }
    } else if let Some(client) = text("traffic") {
        let target = text("target")?.to_owned();
        Command::Traffic { client: client.into(), target, per_second: number("rate")? }
    } else if let Some(target) = text("send") {
        Command::Send { target: target.to_owned() }
    } else if let Some(node) = text("stop") {
        Command::StopKubelet { node: node.into() }
    } else {
        Command::StartKubelet { node: text("start")?.into() }
    };
    Some(Logged { at, command })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_command_comes_back_the_same() {
        let commands = [
            Command::Line { terminal: 0, line: "kubectl get pods".into() },
            Command::Interrupt { terminal: 0 },
            Command::WriteFile { name: "a.yaml".into(), text: "kind: Pod".into() },
            Command::RemoveFile { name: "a.yaml".into() },
            Command::Traffic { client: "b".into(), target: "http://w/".into(), per_second: 5 },
            Command::Send { target: "http://w/".into() },
            Command::StopKubelet { node: "node-1".into() },
            Command::StartKubelet { node: "node-1".into() },
        ];
        for command in commands {
            let logged = Logged { at: SimTime::from_millis(1_500), command };
            assert_eq!(read(&write(&logged)), Some(logged));
        }
        assert_eq!(read(&json!(["x", {}])), None);
    }
}
