//! The last session as seed and commands: enough to play it again.

use clock::SimTime;
use cluster::{Command, Logged};
use serde_json::Value;

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
    storage::save(KEY, &log.iter().map(Logged::to_saved).collect::<Vec<Value>>());
}

/// The commands of the last session; empty if there is none worth playing.
pub fn last() -> Vec<Logged> {
    let kept: Vec<Value> = storage::load(KEY).unwrap_or_default();
    let log: Option<Vec<Logged>> = kept.iter().take(COMMANDS_MAX).map(Logged::from_saved).collect();
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
