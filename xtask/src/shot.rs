//! `shot`: a picture of the page as it is in the working tree.

use crate::{Result, need, shell, site};
use std::process::ExitCode;

/// With `--built` the picture is of dist/ as it stands; else the page is built first.
pub fn command(mut parser: lexopt::Parser) -> Result<ExitCode> {
    let mut args: Vec<_> = parser.raw_args().map_err(|e| e.to_string())?.collect();
    let browser = need::browser()?;
    let dist = match args.iter().position(|arg| arg == "--built") {
        Some(at) => {
            args.remove(at);
            shell::root().join("dist")
        }
        None => {
            let dist = site::quick_dist()?;
            site::build(site::Profile::Quick, &dist)?;
            dist
        }
    };
    let mut node = shell::cmd("node");
    node.arg("tests/e2e/shot.mjs").args(args);
    node.env("KUBARIUM_DIST", dist).env("KUBARIUM_BROWSER", browser);
    shell::run(&mut node)?;
    Ok(ExitCode::SUCCESS)
}
