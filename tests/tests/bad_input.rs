//! Bad input gives a clear message, changes nothing, and the cluster goes on.

#![cfg(not(target_arch = "wasm32"))]
#![allow(clippy::unwrap_used, clippy::expect_used)]

use cluster::Config;
use tests::story::fits;
use tests::terminal::Terminal;

const GOOD: &str = "\
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  replicas: 2
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      containers:
      - {name: web, image: nginx}
";

/// Applies a manifest that must be refused: said so, and not one object was written.
#[track_caller]
fn refused(terminal: &mut Terminal, manifest: &str, expected: &str) {
    terminal.file("m.yaml", manifest);
    for verb in ["apply", "create", "replace"] {
        if verb == "replace" && expected.contains("creating") {
            continue;
        }
        let revision = terminal.cluster.server().revision();
        let answer = terminal.run(&format!("kubectl {verb} -f m.yaml"));
        assert_eq!(answer.code, 1, "{verb}: {}", answer.text);
        assert!(fits(expected, answer.text.trim_end()), "{verb}: {}", answer.text);
        assert_eq!(terminal.cluster.server().revision(), revision, "{verb} changed something");
    }
}

/// Two lines each: one that begins with `mark`, and what is expected.
fn pairs<'a>(text: &'a str, mark: &str) -> Vec<(&'a str, &'a str)> {
    let lines: Vec<&str> = text.lines().filter(|line| !line.starts_with("##")).collect();
    let pair = |two: &[&'a str]| match two {
        [first, expected] => (first.strip_prefix(mark).expect("the mark"), *expected),
        _ => panic!("{two:?} are not two lines"),
    };
    lines.chunks(2).map(pair).collect()
}

/// The cluster still does what it is there for.
#[track_caller]
fn goes_on(terminal: &mut Terminal) {
    terminal.file("good.yaml", GOOD);
    terminal.ok("kubectl apply -f good.yaml");
    let text = terminal.ok("kubectl rollout status deployment/web --timeout=60s");
    assert!(text.contains("successfully rolled out"), "{text}");
    terminal.ok("kubectl delete -f good.yaml");
}

#[test]
fn broken_yaml_is_refused_at_its_line() {
    let mut terminal = Terminal::new(Config::default());
    for (text, expected) in [
        (
            "kind: Pod\nspec:\n  - a\n b: 1\n",
            "error: error parsing m.yaml: …line 3: did not find …",
        ),
        ("kind: Pod\nmetadata:\n  name: \"x\n", "error: error parsing m.yaml: …line 4: found …"),
        ("kind: Pod\n\tspec: 1\n", "error: error parsing m.yaml: …line 2: found a tab character…"),
        ("a: *nothing\n", "error: error parsing m.yaml: …unknown anchor 'nothing' referenced"),
        ("kind: [a, b\n", "error: error parsing m.yaml: …line …: did not find expected ',' or ']'"),
        ("\u{0}\u{1}", "error: error parsing m.yaml: …"),
        ("just words", "error: …m.yaml…"),
        ("- a\n- b\n", "error: …m.yaml…"),
    ] {
        refused(&mut terminal, text, expected);
    }
    goes_on(&mut terminal);
}

#[test]
fn sizes_and_depths_have_an_end() {
    let mut terminal = Terminal::new(Config::default());
    let head = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: big}\n";
    let big = format!("{head}data:\n  text: {}\n", "x".repeat(5 << 20));
    refused(&mut terminal, &big, "…Request entity too large: limit is 3145728");
    let many = format!("{head}data:\n{}", "  k: v\n".repeat(5 << 17));
    refused(&mut terminal, &many, "…Request entity too large: limit is 3145728");
    for (open, close) in [("[", "]"), ("{a: ", "}"), ("- ", "")] {
        let deep = format!("{head}data: {}1{}\n", open.repeat(50_000), close.repeat(50_000));
        refused(&mut terminal, &deep, "error: error parsing m.yaml: …");
    }
    let blocks: String = (0..2_000).map(|depth| format!("{}a:\n", " ".repeat(depth))).collect();
    refused(&mut terminal, &format!("{head}data:\n{blocks}"), "error: error parsing m.yaml: …");
    let mut bomb = "a0: &a0 [x,x,x,x,x,x,x,x,x,x]\n".to_owned();
    for level in 1..12 {
        let inner = format!("*a{},", level - 1).repeat(10);
        bomb.push_str(&format!("a{level}: &a{level} [{inner}]\n"));
    }
    refused(&mut terminal, &format!("{head}{bomb}"), "…document contains excessive aliasing");
    refused(
        &mut terminal,
        &format!("{head}data: &a {{b: *a}}\n"),
        "error: error parsing m.yaml: …",
    );
    goes_on(&mut terminal);
}

#[test]
fn objects_that_cannot_be_are_refused_by_name() {
    let mut terminal = Terminal::new(Config::default());
    for (change, expected) in pairs(include_str!("../data/bad-objects.txt"), "@ ") {
        let (from, to) = change.split_once(" => ").expect("what becomes what");
        let (from, to) = (from.replace("\\n", "\n"), to.replace("\\n", "\n"));
        let text = GOOD.replace(&from, &to);
        assert_ne!(text, GOOD, "{from}");
        terminal.file("m.yaml", &text);
        let revision = terminal.cluster.server().revision();
        for flags in ["", " --dry-run=server"] {
            let answer = terminal.run(&format!("kubectl apply -f m.yaml{flags}"));
            assert_eq!(answer.code, 1, "{from} -> {to}: {}", answer.text);
            assert!(fits(expected, answer.text.trim_end()), "{from} -> {to}: {}", answer.text);
        }
        assert_eq!(terminal.cluster.server().revision(), revision, "{from} -> {to}");
    }
    goes_on(&mut terminal);
}

#[test]
fn lines_that_make_no_sense_are_answered() {
    let mut terminal = Terminal::new(Config::default());
    for (line, expected) in pairs(include_str!("../data/bad-lines.txt"), "$ ") {
        let revision = terminal.cluster.server().revision();
        let answer = terminal.run(line);
        assert_ne!(answer.code, 0, "$ {line}\n{}", answer.text);
        let text = answer.text.replace('\n', " ");
        assert!(fits(expected, text.trim_end()), "$ {line}\n{}\nand not {expected}", answer.text);
        assert_eq!(terminal.cluster.server().revision(), revision, "$ {line}");
    }
    goes_on(&mut terminal);
}
