//! Every `-o yaml` output recorded from a real kubectl, read and printed again: same bytes.

use std::fs;
use std::path::Path;
use yaml::{Limits, parse, to_yaml};

#[test]
fn recorded_output_survives_the_round_trip() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/transcripts");
    let mut files: Vec<_> =
        fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    assert!(files.len() > 60, "only {} recordings", files.len());
    let mut failed = Vec::new();
    for path in &files {
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        let text = fs::read_to_string(path).unwrap();
        let parsed = parse(&text, &Limits::default());
        assert_eq!(parsed.diagnostics, [], "{name}");
        let printed: Vec<String> =
            parsed.documents.iter().map(|document| to_yaml(&document.value)).collect();
        let printed = printed.join("---\n");
        let difference = text.lines().zip(printed.lines()).find(|(want, got)| want != got);
        if text != printed {
            failed.push(format!("{name}: {difference:?}"));
        }
    }
    assert!(failed.is_empty(), "{} of {}:\n{}", failed.len(), files.len(), failed.join("\n"));
}
