//! Faults: what kubectl shows while something is broken and when it is whole again, with the times.
//! The stories lie in `tests/faults`.

#![cfg(not(target_arch = "wasm32"))]
#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::path::Path;

use cluster::{Cluster, Command, Config};
use tests::story;
use tests::terminal::Terminal;

#[test]
fn each_fault_is_told_and_undone_as_its_story_says() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("faults");
    let mut files: Vec<_> =
        std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    assert!(!files.is_empty());
    let only = std::env::var("STORY").unwrap_or_default();
    for file in files.iter().filter(|file| file.to_string_lossy().contains(&only)) {
        eprintln!("{}", file.display());
        let text = std::fs::read_to_string(file).unwrap();
        let mut terminal = Terminal::new(Config::default());
        story::play(&mut terminal, &text, &|name| panic!("no file {name}"));
        replays(&terminal.cluster);
    }
}

/// The log alone makes the same cluster.
#[track_caller]
fn replays(cluster: &Cluster) {
    let again = Cluster::replay(cluster.config().clone(), cluster.log(), cluster.now());
    assert_eq!(again.hash(), cluster.hash());
    assert!(cluster.log().iter().any(|logged| matches!(logged.command, Command::Line { .. })));
}
