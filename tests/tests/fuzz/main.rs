//! Mutated inputs into everything that reads text. Two runs of one input must not panic and must
//! not differ; what fails is told with its seed and a shrunk input. The test tries few seeds;
//! `cargo xtask fuzz` sets KUBARIUM_FUZZ_* and goes on for minutes.

#![cfg(not(target_arch = "wasm32"))]
#![allow(clippy::unwrap_used, clippy::expect_used)]
#![allow(clippy::disallowed_methods, clippy::disallowed_types)]

mod corpus;
mod targets;

use std::env;
use std::fs;
use std::panic::{self, AssertUnwindSafe};
use std::path::Path;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use targets::{TARGETS, Target};
use testkit::{Mutator, shrink};

/// Where the last panic was and what it said.
static LAST_PANIC: Mutex<String> = Mutex::new(String::new());
const SEED: u64 = 20_261_121;
/// In a debug build on a slow machine an input takes a second; this one hangs.
const HANGS: Duration = Duration::from_secs(120);

/// Why an input fails: it panics, or the second run says something else.
fn failure(target: &Target, input: &str) -> Option<String> {
    let once = || panic::catch_unwind(AssertUnwindSafe(|| (target.run)(input)));
    let begun = Instant::now();
    match (once(), once()) {
        (Ok(first), Ok(second)) if first == second && begun.elapsed() < HANGS => None,
        (Ok(first), Ok(second)) if first == second => Some("it takes too long".to_owned()),
        (Ok(first), Ok(second)) => {
            let differs = first.lines().zip(second.lines()).find(|(a, b)| a != b);
            Some(format!("two runs differ: {differs:?}"))
        }
        _ => Some(LAST_PANIC.lock().unwrap().clone()),
    }
}

/// The place of a panic: a shrunk input must fail at the same one.
fn kind_of(why: &str) -> &str {
    why.lines().next().unwrap_or_default()
}

/// Tries one seed. What is tried stays in a file: no test outlives an overflown stack.
fn attempt(target: &Target, mutator: &Mutator, seed: u64) -> Result<(), String> {
    let input = mutator.input(seed);
    let again = format!("cargo xtask fuzz {} --seed {seed} --minutes 0", target.name);
    let current = Path::new(env!("CARGO_TARGET_TMPDIR")).join("fuzz-current.txt");
    fs::write(current, format!("{again}\n{input}")).expect("the target folder");
    let Some(why) = failure(target, &input) else { return Ok(()) };
    let same = |text: &str| failure(target, text).is_some_and(|w| kind_of(&w) == kind_of(&why));
    let short = shrink(&input, target.tries, &mut { same });
    Err(format!("{}: {why}\n  again: {again}\n  shrunk: {short:?}", target.name))
}

/// What `cargo xtask fuzz` asks for.
struct Asked {
    names: Vec<String>,
    seed: u64,
    time: Option<Duration>,
}

fn asked() -> Asked {
    let text = |name: &str| env::var(format!("KUBARIUM_FUZZ_{name}")).unwrap_or_default();
    let minutes: Option<f64> = text("MINUTES").parse().ok();
    Asked {
        names: text("NAMES").split_whitespace().map(str::to_owned).collect(),
        seed: text("SEED").parse().unwrap_or(SEED),
        time: minutes.map(|minutes| Duration::from_secs_f64(minutes * 60.0)),
    }
}

/// Some seeds of one target: as many as the test wants, or those of its share of the time.
fn fuzz(target: &Target, seed: u64, share: Option<Duration>) -> (u64, Vec<String>) {
    let (mutator, begun) = (Mutator::new((target.corpus)()), Instant::now());
    let (mut tried, mut failures) = (0, Vec::<String>::new());
    loop {
        if let Err(why) = attempt(target, &mutator, seed.wrapping_add(tried)) {
            eprintln!("{why}");
            if !failures.iter().any(|known| kind_of(known) == kind_of(&why)) {
                failures.push(why);
            }
        }
        tried += 1;
        let is_over = match share {
            Some(share) => begun.elapsed() >= share,
            None => tried >= target.cases,
        };
        if is_over {
            return (tried, failures);
        }
    }
}

#[test]
fn no_mutated_input_panics_and_two_runs_are_the_same() {
    let asked = asked();
    panic::set_hook(Box::new(|info| {
        let place = info.location().map(ToString::to_string).unwrap_or_default();
        let said = info.payload_as_str().unwrap_or("no text");
        *LAST_PANIC.lock().unwrap() = format!("panic at {place}\n  {said}");
    }));
    let wanted = |t: &&Target| asked.names.is_empty() || asked.names.iter().any(|n| n == t.name);
    let chosen: Vec<&Target> = TARGETS.iter().filter(wanted).collect();
    let known: Vec<&str> = TARGETS.iter().map(|target| target.name).collect();
    assert!(asked.names.iter().all(|n| known.contains(&n.as_str())), "there are {known:?}");
    let share = asked.time.map(|time| time / u32::try_from(chosen.len()).unwrap().max(1));
    let mut failures = Vec::new();
    for target in chosen {
        let (tried, found) = fuzz(target, asked.seed, share);
        eprintln!("fuzz {:<12}{tried:>9} inputs, {} failures", target.name, found.len());
        failures.extend(found);
    }
    let _ = panic::take_hook();
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}
