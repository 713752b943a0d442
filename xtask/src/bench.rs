//! `bench`: the measures of the project in one table, and as JSON.
//!
//! A bench is a program that prints a JSON array of rows `{"name", "value", "unit", "aim"}`; its
//! other output goes to standard error. `aim` is text such as ">= 10000" or "<= 16.7", or absent.

use crate::{Result, need, shell, site, size};
use lexopt::prelude::*;
use serde_json::{Value, json};
use std::path::PathBuf;
use std::process::ExitCode;

type Bench = fn() -> Result<Value>;

/// One line for a bench. What takes no measure of its own only prepares, runs and reads.
const BENCHES: [(&str, Bench); 3] = [("native", native), ("browser", browser), ("size", sizes)];

pub fn command(mut parser: lexopt::Parser) -> Result<ExitCode> {
    let (mut names, mut file) = (Vec::new(), None);
    while let Some(arg) = parser.next().map_err(|e| e.to_string())? {
        match arg {
            Long("json") => file = Some(PathBuf::from(parser.value().map_err(|e| e.to_string())?)),
            Value(name) => names.push(name.to_string_lossy().into_owned()),
            other => return Err(other.unexpected().to_string()),
        }
    }
    if let Some(name) = names.iter().find(|n| BENCHES.iter().all(|(bench, _)| n != bench)) {
        return Err(format!("unknown bench {name:?}: there are native, browser and size"));
    }
    let (mut rows, mut complete) = (Vec::new(), true);
    for (name, bench) in BENCHES {
        if !names.is_empty() && names.iter().all(|n| n != name) {
            continue;
        }
        match bench() {
            Ok(found) => rows.extend(found.as_array().into_iter().flatten().map(|row| {
                let met = row["aim"].as_str().and_then(|aim| meets(row["value"].as_f64()?, aim));
                json!({"bench": name, "name": row["name"], "value": row["value"],
                       "unit": row["unit"], "aim": row["aim"], "met": met})
            })),
            Err(message) => {
                complete = false;
                eprintln!("error: {name}: {message}");
            }
        }
    }
    print_table(&rows);
    if let Some(file) = file {
        let text = serde_json::to_string_pretty(&rows).map_err(|e| e.to_string())?;
        std::fs::write(&file, text + "\n").map_err(|e| format!("{}: {e}", file.display()))?;
    }
    Ok(if complete { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn native() -> Result<Value> {
    let mut cargo = shell::cargo();
    cargo.args(["run", "--release", "--package", "kubarium", "--", "bench", "--json"]);
    parse(&shell::output(&mut cargo)?)
}

/// What the page measures of itself, in headless Chromium, from the released build.
fn browser() -> Result<Value> {
    let browser = need::browser()?;
    let dist = released()?;
    let mut node = shell::cmd("node");
    node.arg("tests/e2e/bench.mjs").env("KUBARIUM_DIST", dist).env("KUBARIUM_BROWSER", browser);
    parse(&shell::output(&mut node)?)
}

fn sizes() -> Result<Value> {
    let sizes = size::measure(&released()?)?;
    let wasm = sizes.iter().find(|s| s.file.ends_with("_bg.wasm")).ok_or("no wasm in dist/")?;
    let all: u64 = sizes.iter().map(|s| s.brotli).sum();
    Ok(json!([
        {"name": "wasm, raw", "value": wasm.raw, "unit": "B"},
        {"name": "wasm, brotli", "value": wasm.brotli, "unit": "B", "aim": "<= 600000"},
        {"name": "whole site, brotli", "value": all, "unit": "B"},
    ]))
}

fn released() -> Result<PathBuf> {
    let dist = shell::root().join("dist");
    site::build(site::Profile::Release, &dist)?;
    Ok(dist)
}

fn parse(text: &str) -> Result<Value> {
    let rows: Value = serde_json::from_str(text).map_err(|e| format!("its output: {e}"))?;
    let sound = rows.as_array().is_some_and(|rows| {
        !rows.is_empty() && rows.iter().all(|r| r["name"].is_string() && r["value"].is_number())
    });
    if sound { Ok(rows) } else { Err("its output is no array of rows with name and value".into()) }
}

fn meets(value: f64, aim: &str) -> Option<bool> {
    let (sign, bound) = aim.split_once(' ')?;
    let bound: f64 = bound.parse().ok()?;
    match sign {
        ">=" => Some(value >= bound),
        "<=" => Some(value <= bound),
        _ => None,
    }
}

fn print_table(rows: &[Value]) {
    println!("{:<9}{:<44}{:>12} {:<8}{:<12}", "where", "measure", "value", "unit", "aim");
    for row in rows {
        let text = |key: &str| row[key].as_str().unwrap_or_default().to_owned();
        let met = match row["met"].as_bool() {
            Some(true) => "met",
            Some(false) => "MISSED",
            None => "",
        };
        let value = row["value"].as_f64().unwrap_or(f64::NAN);
        let value = if value >= 1000.0 { format!("{value:.0}") } else { format!("{value:.2}") };
        let (bench, name, unit, aim) = (text("bench"), text("name"), text("unit"), text("aim"));
        println!("{bench:<9}{name:<44}{value:>12} {unit:<8}{aim:<12}{met}");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_aim_is_a_bound() {
        assert_eq!(meets(12_000.0, ">= 10000"), Some(true));
        assert_eq!(meets(17.0, "<= 16.7"), Some(false));
        assert_eq!(meets(1.0, "fast"), None);
    }

    #[test]
    fn rows_without_a_value_are_refused() {
        assert!(parse(r#"[{"name": "a", "value": 1, "unit": "s"}]"#).is_ok());
        assert!(parse(r#"[{"name": "a"}]"#).is_err());
        assert!(parse("[]").is_err());
    }
}
