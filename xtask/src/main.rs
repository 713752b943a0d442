//! `cargo xtask`: builds, serves, tests and measures Kubarium.
//!
//! A tool of the developer's machine: the rules that keep the engine deterministic end here.
#![allow(clippy::disallowed_types, clippy::disallowed_methods)]

mod bench;
mod count;
mod fuzz;
mod need;
mod parity;
mod server;
mod shell;
mod shot;
mod site;
mod size;
mod test;
mod trunk;
mod watch;

use lexopt::prelude::*;
use std::ffi::OsString;
use std::process::ExitCode;

pub type Result<T> = std::result::Result<T, String>;

const USAGE: &str = "\
cargo xtask COMMAND

  serve [--port 8080] [--dev] [--open]  build the page and serve it on 127.0.0.1
  build [--quick | --dev]               a static site in dist/ (--quick: without link-time optimisation)
  test [NAME...]                        every test; or only: native, wasm, e2e
  bench [--json FILE] [NAME...]         the measures, native and in the browser
  parity [--scenarios DIR] [--vectors FILE] [--scheduler DIR] [--keep DIR] [NAME...]
                                        recordings of a real control plane, by both roads: the
                                        project's kubectl, and the real one (KUBECTL, or on the
                                        PATH) over HTTP; --keep writes the transcripts
  fuzz [--minutes 10] [--seed N] [NAME...]
                                        mutated inputs to all that reads text; a failure is told
                                        with its seed and a shrunk input
  size                                  the files of dist/, raw and compressed
  shot [--size 1440x900] [--dark] [--ko] [--built] OUT.png [JS]
                                        a picture of the page, after running JS in it
  ci                                    formatting, lints, documentation and every test
  setup                                 only install what the others need
";

fn main() -> ExitCode {
    match run(std::env::args_os().skip(1).collect()) {
        Ok(code) => code,
        Err(message) => {
            eprintln!("error: {message}");
            ExitCode::FAILURE
        }
    }
}

fn run(args: Vec<OsString>) -> Result<ExitCode> {
    let mut parser = lexopt::Parser::from_args(args);
    let command = match parser.next().map_err(|e| e.to_string())? {
        Some(Value(word)) => word.to_string_lossy().into_owned(),
        Some(Short('h') | Long("help")) | None => {
            print!("{USAGE}");
            return Ok(ExitCode::SUCCESS);
        }
        Some(other) => return Err(format!("{}\n\n{USAGE}", other.unexpected())),
    };
    match command.as_str() {
        "serve" => server::command(parser),
        "build" => site::command(parser),
        "test" => test::command(parser),
        "test-runner" => test::wasm_runner(parser),
        "bench" => bench::command(parser),
        "parity" => parity::command(parser),
        "fuzz" => fuzz::command(parser),
        "size" => size::command(parser),
        "shot" => shot::command(parser),
        "ci" => shell::run(shell::cmd("bash").arg(".ci/run")).map(|()| ExitCode::SUCCESS),
        "setup" => need::everything().map(|()| ExitCode::SUCCESS),
        other => Err(format!("unknown command {other:?}\n\n{USAGE}")),
    }
}
