//! Whatever is typed, nothing panics; whatever is printed can be read back.

use proptest::prelude::*;
use serde_json::{Map, Value, json};
use yaml::{Limits, parse, to_yaml};

/// Text made of what means something in YAML, which plain noise rarely hits.
fn yaml_like() -> impl Strategy<Value = String> {
    let pieces = prop::sample::select(vec![
        "a", "b", ":", ": ", "- ", "-", "\n", "\n  ", "\n    ", "\t", " ", "[", "]", "{", "}", ",",
        "\"", "'", "|", ">", "|-", "&x ", "*x", "<<: ", "!!str ", "!", "---\n", "...", "#", " # ",
        "? ", "%", "@", "\\", "1", "0x", "~", "é", "\u{feff}", "\r\n", "\r", "\u{2028}", "\0",
        "😀",
    ]);
    prop::collection::vec(pieces, 0..40).prop_map(|pieces| pieces.concat())
}

fn text() -> impl Strategy<Value = String> {
    let odd = prop::sample::select(vec![
        "",
        "true",
        "y",
        "null",
        "~",
        "1",
        "0x1F",
        "1e3",
        "12:30",
        "2026-11-20",
        "- a",
        "a: b",
        "a #b",
        "#",
        "*",
        "&",
        "---",
        "...",
        " a",
        "a ",
        "a\n",
        "a\n\n",
        "\na",
        " a\nb",
        "a\n b\n",
        "a \nb",
        "\n",
        " ",
        "\t",
        "a\tb",
        "it's",
        "'",
        "\"",
        "\\",
        "0/3 nodes",
        "@x",
        "<<",
        ".",
        "key with\nbreak",
        "\u{7f}",
        "\u{85}",
        "\u{feff}",
        "é😀",
    ]);
    let words = prop::collection::vec("[ -~]{1,30}", 0..12).prop_map(|words| words.join(" "));
    let lines = prop::collection::vec("[ -~é]{0,12}", 0..5).prop_map(|lines| lines.join("\n"));
    // Line breaks of YAML 1.1 that later versions take for letters.
    let any = any::<String>().prop_map(|text| text.replace(['\u{2028}', '\u{2029}'], ""));
    prop_oneof![odd.prop_map(str::to_string), words, lines, any]
}

fn value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        (-1000i32..1000).prop_map(|n| Value::from(f64::from(n) + 0.5)),
        text().prop_map(Value::from),
    ];
    leaf.prop_recursive(5, 40, 6, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
            prop::collection::btree_map(text(), inner, 0..5)
                .prop_map(|fields| Value::Object(fields.into_iter().collect::<Map<_, _>>())),
        ]
    })
}

fn config() -> ProptestConfig {
    ProptestConfig { cases: 2000, failure_persistence: None, ..ProptestConfig::default() }
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn any_text_is_answered(text in any::<String>()) {
        let parsed = parse(&text, &Limits::default());
        parsed.documents.iter().for_each(|document| { to_yaml(&document.value); });
    }

    #[test]
    fn anything_like_yaml_is_answered_inside_the_text(text in yaml_like()) {
        let parsed = parse(&text, &Limits::default());
        for diagnostic in &parsed.diagnostics {
            prop_assert!(diagnostic.span.start.offset as usize <= text.len());
            prop_assert!(text.is_char_boundary(diagnostic.span.start.offset as usize));
            prop_assert!(text.is_char_boundary(diagnostic.span.end.offset as usize));
        }
        for document in &parsed.documents {
            prop_assert!(text.is_char_boundary(document.span.start.offset as usize));
            prop_assert!(document.span.start <= document.span.end);
        }
    }

    #[test]
    fn what_is_printed_can_be_read(value in value()) {
        let printed = to_yaml(&json!({ "value": value }));
        let parsed = parse(&printed, &Limits::default());
        prop_assert_eq!(&parsed.diagnostics, &[], "{}", printed);
        prop_assert_eq!(&parsed.documents[0].value["value"], &value, "{}", printed);
    }
}
