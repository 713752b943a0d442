//! `parity`: every recording by both roads, the project's own kubectl and the real one over HTTP,
//! and the recorded vectors and scheduler decisions, as one table.

use crate::{Result, count, shell};
use lexopt::prelude::*;
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};
use testkit::{Comparison, compare};

#[derive(Default)]
struct Options {
    scenarios: Option<PathBuf>,
    vectors: Option<PathBuf>,
    scheduler: Option<PathBuf>,
    keep: Option<PathBuf>,
    names: Vec<String>,
}

/// Steps matched of steps recorded.
#[derive(Clone, Copy, Default)]
struct Sum {
    matched: usize,
    total: usize,
}

impl Sum {
    fn add(&mut self, result: &Comparison) {
        self.matched += result.matched;
        self.total += result.total;
    }
}

impl std::fmt::Display for Sum {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let percent = 100.0 * self.matched as f64 / self.total.max(1) as f64;
        write!(f, "{}/{} = {percent:.1} %", self.matched, self.total)
    }
}

pub fn command(mut parser: lexopt::Parser) -> Result<ExitCode> {
    let mut options = Options::default();
    while let Some(arg) = parser.next().map_err(|e| e.to_string())? {
        let slot = match arg {
            Long("scenarios") => &mut options.scenarios,
            Long("vectors") => &mut options.vectors,
            Long("scheduler") => &mut options.scheduler,
            Long("keep") => &mut options.keep,
            Value(name) => {
                options.names.push(name.to_string_lossy().into_owned());
                continue;
            }
            other => return Err(other.unexpected().to_string()),
        };
        let given = PathBuf::from(parser.value().map_err(|e| e.to_string())?);
        *slot = Some(std::path::absolute(given).map_err(|e| e.to_string())?);
    }
    let mut fine = scenarios(&options)?;
    fine &= tests("vectors", "KUBARIUM_VECTORS", options.vectors.as_deref(), VECTORS)?;
    fine &= tests("scheduler", "KUBARIUM_SCHEDULER", options.scheduler.as_deref(), SCHEDULER)?;
    Ok(if fine { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// The tests that read vectors: packages and what selects the tests in them.
const VECTORS: &[&[&str]] = &[
    &["-p", "apimachinery", "--test", "vectors"],
    &["-p", "schema", "--test", "patch"],
    &["-p", "controller", "--lib", "deployment::fenceposts"],
];
const SCHEDULER: &[&[&str]] =
    &[&["-p", "scheduler", "--test", "recordings"], &["-p", "scheduler", "--test", "preemption"]];

/// Runs tests with recordings of the same form instead of those that they hold.
fn tests(name: &str, variable: &str, given: Option<&Path>, runs: &[&[&str]]) -> Result<bool> {
    let mut sum = count::Count::default();
    for run in runs {
        let mut cargo = shell::cargo();
        cargo.args(["test", "--quiet", "--no-fail-fast"]).args(*run).args(["--", "--nocapture"]);
        if let Some(path) = given {
            cargo.env(variable, path);
        }
        let text = cargo.output().map_err(|e| format!("cargo test: {e}"))?;
        let said = String::from_utf8_lossy(&text.stdout).into_owned();
        let counted = said.lines().map(count::line);
        counted.for_each(|count| sum += count);
        figures(&said).iter().for_each(|line| println!("  {line}"));
        if !text.status.success() {
            eprintln!("{said}{}", String::from_utf8_lossy(&text.stderr));
            sum.failed = sum.failed.max(1);
        }
    }
    println!("{name}: {sum}");
    Ok(sum.failed == 0)
}

/// The lines in which a test says how much of something came out the same.
fn figures(said: &str) -> BTreeSet<&str> {
    let is_figure = |line: &&str| {
        let figure = line.rsplit_once(": ").and_then(|(_, figure)| figure.split_once(" of "));
        figure.is_some_and(|(a, b)| a.parse::<u32>().is_ok() && b.parse::<u32>().is_ok())
    };
    said.lines().filter(is_figure).collect()
}

/// Folders that hold a recording, by name.
fn folders(options: &Options) -> Result<Vec<PathBuf>> {
    let all = options.scenarios.clone().unwrap_or_else(|| shell::root().join("tests/parity"));
    let entries = fs::read_dir(&all).map_err(|e| format!("{}: {e}", all.display()))?;
    let mut folders: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
    folders.retain(|path| {
        let is_wanted =
            options.names.is_empty() || options.names.iter().any(|name| path.ends_with(name));
        is_wanted && path.join("steps.txt").exists() && path.join("transcript.txt").exists()
    });
    folders.sort();
    if folders.is_empty() {
        return Err(format!("{}: no recordings", all.display()));
    }
    Ok(folders)
}

/// The real kubectl: `KUBECTL`, or the one on the PATH.
fn kubectl() -> Option<PathBuf> {
    std::env::var_os("KUBECTL").map(PathBuf::from).or_else(|| shell::which("kubectl"))
}

fn version(kubectl: &Path) -> String {
    let said = Command::new(kubectl).args(["version", "--client"]).output();
    let text = said.map(|said| String::from_utf8_lossy(&said.stdout).into_owned());
    text.unwrap_or_default().lines().next().unwrap_or("no version").to_owned()
}

/// One recording by one road.
fn road(
    program: &Path,
    folder: &Path,
    kubectl: Option<&Path>,
    keep: Option<&Path>,
) -> Result<Comparison> {
    let mut command = shell::cmd(program);
    command.args(["run", "--as-recorded"]).arg(folder);
    if let Some(kubectl) = kubectl {
        command.arg("--kubectl").arg(kubectl);
    }
    let said = command.output().map_err(|e| format!("{}: {e}", program.display()))?;
    if !said.status.success() {
        eprintln!("{}: {}", folder.display(), String::from_utf8_lossy(&said.stderr).trim());
    }
    let said = String::from_utf8_lossy(&said.stdout).into_owned();
    let name = folder.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let way = if kubectl.is_some() { "http" } else { "own" };
    if let Some(keep) = keep {
        let file = keep.join(format!("{name}.{way}.txt"));
        fs::write(&file, &said).map_err(|e| format!("{}: {e}", file.display()))?;
    }
    let file = folder.join("transcript.txt");
    let expected = fs::read_to_string(&file).map_err(|e| format!("{}: {e}", file.display()))?;
    let result = compare(&expected, &said);
    if let Some(keep) = keep {
        let file = keep.join(format!("{name}.{way}.differs.txt"));
        fs::write(&file, differences(&result)).map_err(|e| format!("{}: {e}", file.display()))?;
    }
    Ok(result)
}

fn differences(result: &Comparison) -> String {
    let mut text = String::new();
    for one in &result.differences {
        let first = one.command.lines().next().unwrap_or_default();
        let (want, got) = &one.exits;
        text.push_str(&format!("step {}: {first} (exit {want} / {got})\n", one.number));
        one.missing.iter().for_each(|line| text.push_str(&format!("  - {line}\n")));
        one.surplus.iter().for_each(|line| text.push_str(&format!("  + {line}\n")));
    }
    text
}

fn scenarios(options: &Options) -> Result<bool> {
    let folders = folders(options)?;
    if let Some(keep) = &options.keep {
        fs::create_dir_all(keep).map_err(|e| format!("{}: {e}", keep.display()))?;
    }
    shell::run(shell::cargo().args(["build", "--quiet", "-p", "kubarium"]))?;
    let program = shell::target_dir()?.join("debug/kubarium");
    let kubectl = kubectl();
    match &kubectl {
        Some(path) => println!("kubectl over HTTP: {} ({})", path.display(), version(path)),
        None => println!("no kubectl on the PATH and no KUBECTL: its road counts as skipped"),
    }
    println!("{:<34} {:>10} {:>10}", "recording", "own", "http");
    let (mut own_sum, mut http_sum) = (Sum::default(), Sum::default());
    let keep = options.keep.as_deref();
    for folder in &folders {
        let own = road(&program, folder, None, keep)?;
        own_sum.add(&own);
        let mut cell = "skipped".to_owned();
        if let Some(kubectl) = &kubectl {
            let http = road(&program, folder, Some(kubectl), keep)?;
            http_sum.add(&http);
            cell = format!("{}/{}", http.matched, http.total);
        }
        let name = folder.file_name().unwrap_or_default().to_string_lossy();
        let own = format!("{}/{}", own.matched, own.total);
        println!("{name:<34} {own:>10} {cell:>10}");
    }
    println!("own kubectl: {own_sum}");
    match kubectl {
        Some(_) => println!("real kubectl over HTTP: {http_sum}"),
        None => println!("real kubectl over HTTP: {} recordings skipped", folders.len()),
    }
    Ok(true)
}
