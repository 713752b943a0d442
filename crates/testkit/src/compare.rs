//! The rule by which two kubectl transcripts count as equal: `compare.py` of the recordings, line
//! by line. What a cluster invents is hidden, the rest is compared as a multiset of lines.

use std::sync::OnceLock;

use fancy_regex::Regex;

/// One step of a transcript.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    pub command: String,
    pub exit: String,
    pub output: String,
}

/// A step that differs, with the lines that only one side has.
#[derive(Clone, Debug)]
pub struct Difference {
    pub number: usize,
    pub command: String,
    pub exits: (String, String),
    pub missing: Vec<String>,
    pub surplus: Vec<String>,
}

#[derive(Clone, Debug)]
pub struct Comparison {
    pub matched: usize,
    pub total: usize,
    pub differences: Vec<Difference>,
}

fn regex(pattern: &str) -> Regex {
    match Regex::new(pattern) {
        Ok(regex) => regex,
        Err(error) => panic!("{pattern}: {error}"),
    }
}

const ALPHA: &str = "bcdfghjklmnpqrstvwxz2456789";

fn hidden() -> &'static [(Regex, &'static str)] {
    static RULES: OnceLock<Vec<(Regex, &'static str)>> = OnceLock::new();
    RULES.get_or_init(|| {
        let rules: Vec<(String, &'static str)> = vec![
            (r"\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b".into(), "<uid>"),
            (
                r"\b[A-Z][a-z]{2}, \d{2} [A-Z][a-z]{2} \d{4} \d{2}:\d{2}:\d{2} [+-]\d{4}".into(),
                "<time>",
            ),
            (
                r"\b\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:\.\d+)?(?:Z|[+-]\d{2}:\d{2})".into(),
                "<time>",
            ),
            (r"\b(?:containerd|docker|cri-o)://[0-9a-f]+".into(), "<container>"),
            (r"@?sha256:[0-9a-z]+".into(), "<digest>"),
            (format!(r"-[{ALPHA}]{{6,10}}-[{ALPHA}]{{5}}\b"), "-<hash>-<rand>"),
            (format!(r#"(?<=-)[{ALPHA}]{{8,10}}\b(?=[\s"',:)]|$)"#), "<hash>"),
            (format!(r"(?<=-)[{ALPHA}]{{5}}\b"), "<rand>"),
            (r"\b10\.\d+\.\d+\.\d+\b".into(), "<ip>"),
            (r#"(resourceVersion: ?"?)\d+"#.into(), "${1}<rv>"),
            (
                r"(?<![\w.-])(?:\d+d)?(?:\d+h)?(?:\d+m)?(?:\d+s)?(?<=[smhd])(?: ago)?(?![\w.-])"
                    .into(),
                "<age>",
            ),
            (r"\bnode-\d+\b".into(), "<node>"),
            (r"\bzone-\d+\b".into(), "<node>"),
            (r"\b3[0-2]\d{3}\b".into(), "<port>"),
            (r"-{2,}".into(), "--"),
            (r"[ \t]+".into(), " "),
        ];
        rules.into_iter().map(|(pattern, word)| (regex(&pattern), word)).collect()
    })
}

fn hide(text: &str) -> Vec<String> {
    let mut text = text.to_owned();
    for (pattern, word) in hidden() {
        text = pattern.replace_all(&text, *word).into_owned();
    }
    let mut lines: Vec<String> = text
        .lines()
        .map(|line| line.trim().to_owned())
        .filter(|line| !line.is_empty() && !line.starts_with("Waiting for "))
        .collect();
    lines.sort();
    lines
}

/// The steps of a transcript.
pub fn steps(text: &str) -> Vec<Step> {
    let start = regex(r"(?m)^(?:\[[^\]]*\] )?\$ ");
    let exit = regex(r"(?m)^--exit (\S+)--$");
    let starts: Vec<(usize, usize)> =
        start.find_iter(text).flatten().map(|found| (found.start(), found.end())).collect();
    let mut steps = Vec::new();
    for (i, (_, begin)) in starts.iter().enumerate() {
        let end = starts.get(i + 1).map_or(text.len(), |next| next.0);
        let chunk = &text[*begin..end];
        let (body, code) = match exit.captures(chunk) {
            Ok(Some(found)) => {
                let whole = found.get(0).map_or(chunk.len(), |m| m.start());
                (&chunk[..whole], found.get(1).map_or("none", |m| m.as_str()).to_owned())
            }
            _ => (chunk, "none".to_owned()),
        };
        let (command, output) = split_command(body);
        steps.push(Step { command, exit: code, output });
    }
    steps
}

/// Takes the command, here-documents included, off the front of a step's text.
fn split_command(body: &str) -> (String, String) {
    let lines: Vec<&str> = body.split('\n').collect();
    let tags = regex(r#"<<-?\s*'?"?(\w+)"#);
    let mut used = 1;
    for tag in tags.captures_iter(lines.first().copied().unwrap_or_default()).flatten() {
        let tag = tag.get(1).map_or("", |m| m.as_str());
        while used < lines.len() && lines[used].trim() != tag {
            used += 1;
        }
        used += 1;
    }
    let used = used.min(lines.len());
    (lines[..used].join("\n").trim().to_owned(), lines[used..].join("\n"))
}

/// Holds `actual` against `expected`.
pub fn compare(expected: &str, actual: &str) -> Comparison {
    let (want, got) = (steps(expected), steps(actual));
    let mut result = Comparison { matched: 0, total: want.len(), differences: Vec::new() };
    for (i, step) in want.iter().enumerate() {
        let (exit, output) = got.get(i).map_or(("missing", ""), |s| (&s.exit, &s.output));
        let (a, b) = (hide(&step.output), hide(output));
        if step.exit == exit && a == b {
            result.matched += 1;
            continue;
        }
        result.differences.push(Difference {
            number: i + 1,
            command: step.command.clone(),
            exits: (step.exit.clone(), exit.to_owned()),
            missing: surplus(&a, &b),
            surplus: surplus(&b, &a),
        });
    }
    result
}

/// The lines of `a` that `b` does not have, as a multiset.
fn surplus(a: &[String], b: &[String]) -> Vec<String> {
    let mut rest = b.to_vec();
    let mut left = Vec::new();
    for line in a {
        match rest.iter().position(|other| other == line) {
            Some(at) => {
                rest.swap_remove(at);
            }
            None => left.push(line.clone()),
        }
    }
    left
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn invented_names_and_ages_are_hidden_and_words_are_not() {
        let a = "$ kubectl get pods\nNAME READY AGE\nweb-7887448d46-hthjt 1/1 3s\n--exit 0--\n";
        let b = "[ 1.0s] $ kubectl get pods\nNAME  READY AGE\nweb-58c867bf76-25lxv 1/1 10m\n--exit 0--\n";
        assert_eq!(compare(a, b).matched, 1);
        let c = b.replace("1/1", "0/1");
        assert_eq!(compare(a, &c).matched, 0);
        assert_eq!(compare(a, &a.replace("--exit 0--", "--exit 1--")).matched, 0);
    }

    #[test]
    fn here_documents_belong_to_the_command() {
        let text = "$ kubectl apply -f - <<'E'\nkind: Pod\nE\npod/x created\n--exit 0--\n";
        let found = steps(text);
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].output.trim(), "pod/x created");
    }
}
