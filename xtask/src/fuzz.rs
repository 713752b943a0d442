//! `fuzz`: runs the fuzz test of the `tests` package for some minutes, in a debug build, where
//! arithmetic that overflows panics.

use crate::{Result, shell};
use lexopt::prelude::*;
use std::process::ExitCode;
use std::time::{SystemTime, UNIX_EPOCH};

/// The value of an option.
fn number<N: std::str::FromStr>(parser: &mut lexopt::Parser, name: &str) -> Result<N> {
    let text = parser.value().map_err(|e| e.to_string())?.to_string_lossy().into_owned();
    text.parse().map_err(|_| format!("{name}: {text:?} is no number"))
}

pub fn command(mut parser: lexopt::Parser) -> Result<ExitCode> {
    let (mut minutes, mut seed, mut names) = (10.0_f64, None, Vec::new());
    while let Some(arg) = parser.next().map_err(|e| e.to_string())? {
        match arg {
            Long("minutes") => minutes = number(&mut parser, "--minutes")?,
            Long("seed") => seed = Some(number(&mut parser, "--seed")?),
            Value(name) => names.push(name.to_string_lossy().into_owned()),
            other => return Err(other.unexpected().to_string()),
        }
    }
    // Another day tries other inputs; a failure names its own seed.
    let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |time| time.as_secs());
    let seed: u64 = seed.unwrap_or(now);
    println!("seed {seed}");
    let mut cargo = shell::cargo();
    cargo.args(["test", "--quiet", "-p", "tests", "--test", "fuzz", "--", "--nocapture"]);
    cargo.env("KUBARIUM_FUZZ_MINUTES", minutes.to_string());
    cargo.env("KUBARIUM_FUZZ_SEED", seed.to_string());
    cargo.env("KUBARIUM_FUZZ_NAMES", names.join(" "));
    if cargo.status().map_err(|e| format!("cargo test: {e}"))?.success() {
        return Ok(ExitCode::SUCCESS);
    }
    let current = shell::target_dir()?.join("tmp/fuzz-current.txt");
    println!("the last input that was tried is in {}", current.display());
    Ok(ExitCode::FAILURE)
}
