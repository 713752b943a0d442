//! What a manifest becomes: values, places, warnings, limits.

use serde_json::{Value, json};
use yaml::{Code, Limits, Parsed, Severity, Span, parse, to_yaml};

fn read(text: &str) -> Parsed {
    parse(text, &Limits::default())
}

fn values(text: &str) -> Vec<Value> {
    let parsed = read(text);
    assert_eq!(parsed.diagnostics, [], "{text}");
    parsed.documents.into_iter().map(|document| document.value).collect()
}

fn cut(text: &str, span: Option<Span>) -> &str {
    let span = span.expect("a span");
    text.get(span.start.offset as usize..span.end.offset as usize).expect("a span in the text")
}

#[test]
fn values_are_those_of_yaml_1_1() {
    let table = [
        ("a: yes\nb: off\nc: y", json!({"a": true, "b": false, "c": true})),
        ("mode: 0777\nx: 0x1F\no: 0o14", json!({"mode": 511, "x": 31, "o": 12})),
        ("a: 1_000\nb: 1e3\nc: 1.0\nd: 0.5", json!({"a": 1000, "b": 1000, "c": 1, "d": 0.5})),
        ("a:\nb: ~\nc: ''\nd: null", json!({"a": null, "b": null, "c": "", "d": null})),
        ("t: 2026-11-20T12:34:28Z\nu: 12:30", json!({"t": "2026-11-20T12:34:28Z", "u": "12:30"})),
        ("1: a\ntrue: b\n1.5: c", json!({"1": "a", "true": "b", "1.5": "c"})),
        ("a: !!str 5\nb: !!int '5'\nc: !x 5", json!({"a": "5", "b": 5, "c": "5"})),
        ("a: |\n  x\n  y\nb: >-\n  x\n  y\n", json!({"a": "x\ny\n", "b": "x y"})),
        ("{\"a\": [1, {\"b\": null}]}", json!({"a": [1, {"b": null}]})),
        ("{\n\t\"a\": 1\n}", json!({"a": 1})),
        ("a: [\n\"x\",\n'y z'\n]\nb: \"p\nq\"\n", json!({"a": ["x", "y z"], "b": "p q"})),
        ("a:\tb\r\nc: d\r\n", json!({"a": "b", "c": "d"})),
        ("\u{feff}a: b", json!({"a": "b"})),
        ("a: &x [1]\nb: *x", json!({"a": [1], "b": [1]})),
    ];
    for (text, want) in table {
        assert_eq!(values(text), [want], "{text}");
    }
}

#[test]
fn merges_follow_the_order_of_the_text() {
    let base = "base: &b {p: 1, q: 2}\nmore: &m {q: 8, r: 9}\n";
    let table = [
        ("x:\n  <<: *b\n  q: 3", json!({"p": 1, "q": 3})),
        ("x:\n  q: 3\n  <<: *b", json!({"p": 1, "q": 2})),
        ("x:\n  <<: [*b, *m]", json!({"p": 1, "q": 2, "r": 9})),
        ("x:\n  '<<': 1", json!({"<<": 1})),
    ];
    for (text, want) in table {
        assert_eq!(values(&format!("{base}{text}"))[0]["x"], want, "{text}");
    }
}

#[test]
fn documents_are_cut_where_kubectl_cuts_them() {
    assert_eq!(values("# head\n---\na: 1\n--- # next\n\n---\n---\nb: 2\n").len(), 2);
    assert_eq!(values(""), [] as [Value; 0]);
    assert_eq!(values("a: 1\n...\nb: [\n"), [json!({"a": 1})]);
    assert_eq!(values("a: |\n  ---\n  x\n"), [json!({"a": "---\nx\n"})]);
    let separator = read("a: 1\n--- b\n");
    assert_eq!(separator.diagnostics[0].message, "invalid Yaml document separator: b");
}

#[test]
fn a_broken_document_hides_no_other() {
    let text = "a: 1\n---\nb: c: d\n---\ne: 2\n---\nf: [\n";
    let parsed = read(text);
    let values: Vec<_> = parsed.documents.iter().map(|document| &document.value).collect();
    assert_eq!(values, [&json!({"a": 1}), &json!({"e": 2})]);
    let found: Vec<_> =
        parsed.diagnostics.iter().map(|d| (d.span.start.line, d.message.as_str())).collect();
    // kubectl counts lines from the document's start, and leaves out the first.
    let first = (3, "yaml: mapping values are not allowed in this context");
    assert_eq!(found, [first, (8, "yaml: line 1: did not find expected node content")]);
}

#[test]
fn repeated_keys_are_told_and_the_last_one_counts() {
    let parsed = read("---\nmetadata:\n  labels:\n    app: a\n    app: b\n");
    assert_eq!(parsed.documents[0].value, json!({"metadata": {"labels": {"app": "b"}}}));
    let [warning] = &parsed.diagnostics[..] else { panic!("{:?}", parsed.diagnostics) };
    assert_eq!((warning.severity, warning.code), (Severity::Warning, Code::DuplicateKey));
    assert_eq!((warning.span.start.line, warning.span.start.col), (5, 5));
    let want = "yaml: unmarshal errors:\n  line 5: key \"app\" already set in map";
    assert_eq!(warning.message, want);
}

#[test]
fn field_paths_lead_to_the_text() {
    let text = "apiVersion: v1\n---\nkind: Pod\nmetadata:\n  labels:\n    app: é web\n    \
                example.com/x.y: z\nspec:\n  containers:\n  - name: a\n    image: nginx # tag\n  \
                - {name: b, ports: [{containerPort: 80}]}\n  nodeName:\n";
    let parsed = read(text);
    let document = &parsed.documents[1];
    let value = |path| cut(text, document.locate(path));
    let key = |path| cut(text, document.locate_key(path));
    assert_eq!(value("spec.containers[0].image"), "nginx");
    assert_eq!(key("spec.containers[0].image"), "image");
    assert_eq!(value("spec.containers[1].ports[0].containerPort"), "80");
    assert_eq!(value("spec.containers[1].ports"), "[{containerPort: 80}]");
    assert_eq!(value("metadata.labels[app]"), "é web");
    assert_eq!(value("metadata.labels[example.com/x.y]"), "z");
    assert_eq!(key("metadata.labels.example.com/x.y"), "example.com/x.y");
    assert_eq!(value("spec.nodeName"), "");
    assert_eq!(key("spec.nodeName"), "nodeName");
    assert_eq!(value("spec.containers[0].resources.limits"), "name: a\n    image: nginx");
    assert_eq!(key("spec.containers[0].resources"), "name: a\n    image: nginx");
    assert_eq!(document.locate("spec.containers[0].image").map(|s| s.start.line), Some(11));
    assert!(document.index.contains("spec.containers[1].name"));
    assert!(!document.index.contains("spec.containers[2].name"));
    assert!(document.locate("nothing").is_some_and(|span| span == document.span));
}

#[test]
fn limits_answer_at_once() {
    let large = "a".repeat(5 * 1024 * 1024);
    let refused = &read(&large).diagnostics[0];
    assert_eq!(refused.message, "Request entity too large: limit is 3145728");
    for open in ["[", "{a: ", "- "] {
        let deep = read(&open.repeat(200_000));
        assert_eq!(deep.diagnostics[0].code, Code::Limit, "{open}");
        assert_eq!(deep.diagnostics[0].message, "yaml: exceeded max depth of 100");
    }
    let mut chain = String::from("a0: &a0 [1]\n");
    (1..200).for_each(|n| chain += &format!("a{n}: &a{n} [*a{}]\n", n - 1));
    assert_eq!(read(&chain).diagnostics[0].message, "yaml: exceeded max depth of 100");
    let tight = Limits { alias_nodes_max: 10, ..Limits::default() };
    let aliased = parse("a: &a [1, 2, 3, 4]\nb: [*a, *a]\nc: [*a]\n", &tight);
    assert_eq!(aliased.diagnostics[0].message, "yaml: document contains excessive aliasing");
}

#[test]
fn printing_follows_go_yaml_where_no_recording_shows_it() {
    let long_key = "k".repeat(129);
    let words = "abcdefghijklmnopqrstuvwxyz ABCDEFGHIJKLMNOPQRSTUVWXYZ 1234567890 ";
    let wrapped = words.repeat(2);
    let table = [
        (json!({}), "{}\n".to_string()),
        (
            json!([[], {}, [[1]], {"a": [null]}]),
            "- []\n- {}\n- - - 1\n- a:\n  - null\n".to_string(),
        ),
        (json!({"a": ["true", "1", "", "~", "y"]}), {
            "a:\n- \"true\"\n- \"1\"\n- \"\"\n- \"~\"\n- \"y\"\n".to_string()
        }),
        (json!({"a": "12:30", "b": "<<", "c": "- x", "d": "a: b"}), {
            "a: \"12:30\"\nb: \"<<\"\nc: '- x'\nd: 'a: b'\n".to_string()
        }),
        (json!({"a10": 1, "a2": 2, "A": 3, "": 4}), "\"\": 4\nA: 3\na2: 2\na10: 1\n".to_string()),
        (json!({"a": "x\ny", "b": "x\n", "c": "x\n\n", "d": " x\ny"}), {
            "a: |-\n  x\n  y\nb: |\n  x\nc: |+\n  x\n\nd: |2-\n   x\n  y\n".to_string()
        }),
        (json!({"a": "x \ny", "b": "t\tab", "c": "😀"}), {
            "a: \"x \\ny\"\nb: \"t\\tab\"\nc: \"\\U0001F600\"\n".to_string()
        }),
        (json!([1.5, 1234567.5, 1e21, 1e-7, 100.0, u64::MAX]), {
            "- 1.5\n- 1.2345675e+06\n- 1e+21\n- 1e-07\n- 100\n- 18446744073709551615\n".to_string()
        }),
        (json!({ long_key.as_str(): ["x"] }), format!("? {long_key}\n: - x\n")),
        (json!({ "a": wrapped }), {
            let line = "abcdefghijklmnopqrstuvwxyz ABCDEFGHIJKLMNOPQRSTUVWXYZ 1234567890";
            let rest = "ABCDEFGHIJKLMNOPQRSTUVWXYZ 1234567890 ";
            format!("a: '{line} abcdefghijklmnopqrstuvwxyz\n  {rest}'\n")
        }),
        (json!("text"), "text\n".to_string()),
    ];
    for (value, want) in table {
        assert_eq!(to_yaml(&value), want);
    }
}
