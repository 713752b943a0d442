//! Broken manifests get go-yaml's words, and its idea of the line.

use yaml::{Limits, parse};

#[test]
fn broken_text_is_answered_in_the_words_of_go_yaml() {
    let mut text = String::new();
    let mut wrong = Vec::new();
    let mut cases = 0;
    for line in include_str!("data/errors.txt").lines() {
        if line.starts_with('#') {
            continue;
        }
        let Some(want) = line.strip_prefix(">>> ") else {
            text.push_str(&line.replace("\\t", "\t"));
            match text.strip_suffix('\\') {
                Some(unended) => text = unended.to_string(),
                None => text.push('\n'),
            }
            continue;
        };
        let parsed = parse(&text, &Limits::default());
        let got: Vec<&str> = parsed.diagnostics.iter().map(|d| d.message.as_str()).collect();
        if got != [want] {
            wrong.push(format!("{text}want {want}\ngot  {got:?}\n"));
        }
        text.clear();
        cases += 1;
    }
    assert!(cases > 30, "{cases}");
    assert!(wrong.is_empty(), "{} of {cases}:\n{}", wrong.len(), wrong.join("\n"));
}
