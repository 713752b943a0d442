//! JSONPath as kubectl runs it over API objects: whole numbers are integers, missing keys are
//! passed over. One template and its output a line.

use apimachinery::jsonpath::JsonPath;
use serde_json::{Value, json};

fn document() -> Value {
    json!({
        "kind": "List",
        "none": null,
        "items": [
            {"name": "a", "n": 1, "on": true, "tags": ["x", "y"], "ports": [{"p": 80}, {"p": 443}]},
            {"name": "b", "n": 2, "on": false, "tags": ["z"], "ports": []},
            {"name": "c<d", "n": 10, "f": 2.0, "tags": [], "ports": [{"p": 8080}]},
        ],
    })
}

fn run(template: &str) -> String {
    let path = JsonPath::parse(template).map(|path| path.allow_missing_keys(true));
    path.and_then(|path| path.execute(&document())).unwrap_or_else(|err| format!("error: {err}"))
}

#[test]
fn templates() {
    for (template, want) in [
        ("{.items[?(@.n==2)].name}", "b"),
        ("{.items[?(@.n>1)].name}", "b c<d"),
        ("{.items[?(@.n>=1)].n}", "1 2 10"),
        ("{.items[?(@.on==true)].name}", "a"),
        (r#"{.items[?(@.name!="a")].name}"#, "b c<d"),
        (r#"{.items[?(@.name=='b')].n}"#, "2"),
        ("{.items[?(@.f)].name}", "c<d"),
        ("{.items[?(@.f==2.0)].name}", "c<d"),
        ("{.items[?(@.f==2)].name}", "error: incompatible types for comparison"),
        (r#"{range .items[*]}{.name}{"\t"}{.n}{"\n"}{end}"#, "a\t1\nb\t2\nc<d\t10\n"),
        (
            r#"{range .items[*]}{.name}:{range .ports[*]}{.p},{end};{end}"#,
            "a:80,443,;b:;c<d:8080,;",
        ),
        (
            r#"{range .items[*]}{range .ports[*]}{.p} {end}{range .tags[*]}{@} {end}|{end}{.kind}"#,
            "80 443 x y |z |8080 |List",
        ),
        ("{range .missing[*]}{.name}{end}.", "."),
        ("{.items[*]['name','n']}", "a b c<d 1 2 10"),
        ("{.items[0,2].name}", "a c<d"),
        ("{.items[0:3:2].name}", "a c<d"),
        ("{.items[-2:].name}", "b c<d"),
        ("{.items[:1].tags}", r#"["x","y"]"#),
        ("{..p}", "80 443 8080"),
        ("{.items[2]['name']}", "c<d"),
        ("{.items[1]}", r#"{"n":2,"name":"b","on":false,"ports":[],"tags":["z"]}"#),
        ("{.none}", "null"),
        ("{.missing}", ""),
        ("{.items[2].f}", "2"),
        ("{.items[3]}", "error: array index out of bounds: index 3, length 3"),
        ("{.kind[0]}", "error: string is not array or slice"),
        ("{.kind", "error: unclosed action"),
        ("{end}", "error: not in range, nothing to end"),
        ("{foo}", "error: unrecognized identifier foo"),
        ("{.items[a]}", "error: invalid array index a"),
        ("{.items[?(@.n]}", "error: unterminated filter"),
        ("{'x}", "error: unterminated quoted string"),
        ("{.a#b}", ""),
        ("{#}", "error: unrecognized character in action: U+0023 '#'"),
        ("{....name}", "error: invalid multiple recursive descent"),
    ] {
        assert_eq!(run(template), want, "{template}");
    }
}

#[test]
fn as_json() {
    let path = JsonPath::parse("{.items[:2].n}").unwrap();
    assert_eq!(path.execute_as_json(&document()).unwrap(), "[\n    1,\n    2\n]\n");
}
