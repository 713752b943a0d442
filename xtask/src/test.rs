//! `test`: every test, native and in a real browser, and one sum at the end.

use crate::count::{self, Count};
use crate::{Result, need, shell, site};
use lexopt::prelude::*;
use std::ffi::OsString;
use std::process::{Command, ExitCode};
use std::time::Instant;

const TARGET: &str = "wasm32-unknown-unknown";

type Suite = fn() -> Result<Count>;

const SUITES: [(&str, Suite); 3] = [("native", native), ("wasm", wasm), ("e2e", e2e)];

pub fn command(mut parser: lexopt::Parser) -> Result<ExitCode> {
    let mut names = Vec::new();
    while let Some(arg) = parser.next().map_err(|e| e.to_string())? {
        match arg {
            Value(name) => names.push(name.to_string_lossy().into_owned()),
            other => return Err(other.unexpected().to_string()),
        }
    }
    if let Some(name) = names.iter().find(|n| SUITES.iter().all(|(suite, _)| n != suite)) {
        return Err(format!("unknown suite {name:?}: there are native, wasm and e2e"));
    }
    let mut sum = Count::default();
    for (name, suite) in SUITES {
        if !names.is_empty() && names.iter().all(|n| n != name) {
            continue;
        }
        let start = Instant::now();
        // A suite that could not run is a failure, and the others still run.
        let count = suite().unwrap_or_else(|message| {
            eprintln!("error: {message}");
            Count { passed: 0, failed: 1 }
        });
        println!("{name}: {count} in {:.0} s\n", start.elapsed().as_secs_f64());
        sum += count;
    }
    println!("{sum}");
    Ok(if sum.failed == 0 && sum.passed > 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Hands a test binary to wasm-bindgen's runner: cargo calls this, because `wasm` names our own
/// executable as the runner.
pub fn wasm_runner(mut parser: lexopt::Parser) -> Result<ExitCode> {
    let rest = parser.raw_args().map_err(|e| e.to_string())?;
    let args: Vec<OsString> =
        std::iter::once("wasm-bindgen-test-runner".into()).chain(rest).collect();
    wasm_bindgen_cli::wasm_bindgen_test_runner::run_cli_with_args(args)
        .map(|()| ExitCode::SUCCESS)
        .map_err(|e| format!("{e:#}"))
}

fn native() -> Result<Count> {
    let mut crates = shell::cargo();
    crates.args(["test", "--workspace", "--exclude", "web", "--exclude", "xtask"]);
    let mut sum = counted(crates.arg("--no-fail-fast"))?;
    // Apart, so that its dependencies keep the features they were just built with.
    sum += counted(shell::cargo().args(["test", "--package", "xtask"]))?;
    Ok(sum)
}

/// The tests in a browser of every package that depends on wasm-bindgen-test.
fn wasm() -> Result<Count> {
    need::wasm_target()?;
    need::browser()?;
    let runner = std::env::current_exe().map_err(|e| e.to_string())?;
    let runner = format!("{} test-runner", runner.display());
    let mut sum = Count::default();
    for package in packages_with_wasm_tests()? {
        let mut cargo = shell::cargo();
        cargo.args(["test", "--target", TARGET, "--tests", "--no-fail-fast"]);
        cargo.args(["--package", &package]);
        cargo.env("CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_RUNNER", &runner);
        let count = counted(&mut cargo)?;
        sum += count;
        // A file without `wasm_bindgen_test_configure!(run_in_browser)` is skipped in silence.
        if count.passed + count.failed == 0 {
            eprintln!("error: no test of {package} ran in the browser");
            sum.failed += 1;
        }
    }
    Ok(sum)
}

fn packages_with_wasm_tests() -> Result<Vec<String>> {
    let metadata = shell::metadata()?;
    let packages = metadata["packages"].as_array().map(Vec::as_slice).unwrap_or_default();
    let tests_wasm = |package: &&serde_json::Value| {
        let dependencies = package["dependencies"].as_array();
        dependencies.is_some_and(|d| d.iter().any(|d| d["name"] == "wasm-bindgen-test"))
    };
    let names = packages.iter().filter(tests_wasm).filter_map(|p| p["name"].as_str());
    Ok(names.map(str::to_owned).collect())
}

/// The built page, driven in Chromium.
fn e2e() -> Result<Count> {
    let browser = need::browser()?;
    let dist = site::quick_dist()?;
    site::build(site::Profile::Quick, &dist)?;
    let folder = shell::root().join("tests/e2e");
    let entries = std::fs::read_dir(&folder).map_err(|e| format!("{}: {e}", folder.display()))?;
    let mut files: Vec<_> = entries.flatten().map(|e| e.path()).collect();
    files.retain(|file| file.to_string_lossy().ends_with(".test.mjs"));
    files.sort();
    let mut node = shell::cmd("node");
    // One file at a time: frame times and timeouts are measured in these tests.
    node.args(["--test", "--test-reporter=spec", "--test-concurrency=1"]).args(files);
    node.env("KUBARIUM_DIST", dist).env("KUBARIUM_BROWSER", browser);
    counted(&mut node)
}

/// Runs a harness and sums what it prints; a failure without a failed test counts as one.
fn counted(command: &mut Command) -> Result<Count> {
    let mut sum = Count::default();
    let succeeded = shell::tee(command, |line| sum += count::line(line))?;
    if !succeeded && sum.failed == 0 {
        sum.failed = 1;
    }
    Ok(sum)
}
