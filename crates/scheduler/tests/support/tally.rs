//! Recordings of the real scheduler, and how much of them came out the same.

use std::collections::BTreeMap;

use serde_json::Value;

/// A folder with recordings to use instead of those that are kept here.
const ELSEWHERE: &str = "KUBARIUM_SCHEDULER";

/// Matched and all, by what was compared.
#[derive(Default)]
pub struct Tally(BTreeMap<String, (u32, u32)>);

impl Tally {
    pub fn count(&mut self, what: &str, same: bool, tell: impl FnOnce() -> String) {
        let (matched, all) = self.0.entry(what.to_owned()).or_default();
        *all += 1;
        *matched += u32::from(same);
        if !same {
            eprintln!("{what}: {}", tell());
        }
    }

    /// Prints the figures; all must be whole.
    pub fn finish(self) {
        for (what, (matched, all)) in &self.0 {
            println!("{what}: {matched} of {all}");
        }
        assert!(self.0.values().all(|(matched, all)| matched == all), "see above");
    }
}

/// The recordings of one kind. Their nodes tell it: listed one by one, or summed up in words where
/// the recording is about preemption.
pub fn recordings(kept: &[(&str, &str)], nodes: fn(&Value) -> bool) -> Vec<(String, Value)> {
    let parse = |text: &str| serde_json::from_str::<Value>(text).expect("JSON");
    let mut all: Vec<(String, Value)> = match std::env::var_os(ELSEWHERE) {
        None => kept.iter().map(|(name, text)| ((*name).to_owned(), parse(text))).collect(),
        Some(folder) => std::fs::read_dir(folder)
            .expect("a folder of recordings")
            .map(|entry| entry.expect("an entry").path())
            .filter(|path| path.extension().is_some_and(|end| end == "json"))
            .map(|path| {
                let text = std::fs::read_to_string(&path).expect("a readable recording");
                let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
                (name, parse(&text))
            })
            .collect(),
    };
    assert!(!all.is_empty(), "the folder holds no recordings");
    all.retain(|(_, data)| nodes(&data["nodes"]));
    all.sort_by(|(a, _), (b, _)| a.cmp(b));
    all
}
