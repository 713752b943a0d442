//! What a fresh machine lacks: installed when that is possible, else named with the command that
//! would install it.

use crate::{Result, shell};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

const TARGET: &str = "wasm32-unknown-unknown";
const BROWSERS: [&str; 5] =
    ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome"];
const NODE_MAJOR_MIN: u32 = 20;

/// A system's package manager and how it calls Chromium and its driver.
struct Manager {
    program: &'static str,
    refresh: &'static [&'static str],
    install: &'static [&'static str],
    packages: &'static [&'static str],
}

const MANAGERS: [Manager; 5] = [
    Manager {
        program: "apt-get",
        refresh: &["update", "-q"],
        install: &["install", "-y", "-q", "--no-install-recommends"],
        packages: &["chromium", "chromium-driver"],
    },
    Manager {
        program: "dnf",
        refresh: &[],
        install: &["install", "-y"],
        packages: &["chromium", "chromedriver"],
    },
    Manager {
        program: "apk",
        refresh: &[],
        install: &["add"],
        packages: &["chromium", "chromium-chromedriver"],
    },
    Manager {
        program: "pacman",
        refresh: &[],
        install: &["-S", "--noconfirm"],
        packages: &["chromium"],
    },
    Manager {
        program: "brew",
        refresh: &[],
        install: &["install", "--cask"],
        packages: &["chromium", "chromedriver"],
    },
];

pub fn everything() -> Result<()> {
    wasm_target()?;
    npm_packages()?;
    browser().map(|_| ())
}

/// The standard library for wasm32, through rustup.
pub fn wasm_target() -> Result<()> {
    let sysroot = shell::output(shell::cmd("rustc").args(["--print", "sysroot"]))?;
    if Path::new(sysroot.trim()).join("lib/rustlib").join(TARGET).join("lib").is_dir() {
        return Ok(());
    }
    let hint = format!("the target {TARGET} is missing; run: rustup target add {TARGET}");
    if shell::which("rustup").is_none() {
        return Err(hint);
    }
    eprintln!("Installing the target {TARGET}");
    shell::run(shell::cmd("rustup").args(["target", "add", TARGET])).map_err(|_| hint)
}

/// What package-lock.json names, in node_modules.
pub fn npm_packages() -> Result<()> {
    node()?;
    let root = shell::root();
    let wanted = modified(&root.join("package-lock.json"));
    let installed = modified(&root.join("node_modules/.package-lock.json"));
    if installed.is_some() && installed >= wanted {
        return Ok(());
    }
    eprintln!("Installing npm packages");
    let mut npm = shell::cmd("npm");
    npm.args(["ci", "--no-audit", "--no-fund"]).stdout(Stdio::null());
    shell::run(&mut npm).map_err(|e| format!("{e}; to see why, run: npm ci"))
}

/// Chromium, with chromedriver beside it on the PATH.
pub fn browser() -> Result<PathBuf> {
    if let Some(found) = find_browser() {
        return Ok(found);
    }
    let Some(manager) = MANAGERS.iter().find(|m| shell::which(m.program).is_some()) else {
        return Err(
            "chromium or chromedriver is missing; install both and put them on the PATH".to_owned()
        );
    };
    let packages = manager.packages.join(" ");
    let by_hand = format!("{} {} {packages}", manager.program, manager.install.join(" "));
    let as_root = manager.program != "brew";
    let hint = format!(
        "chromium or chromedriver is missing; run: {}{by_hand}",
        if as_root { "sudo " } else { "" }
    );
    let Some(prefix) = privilege(as_root) else { return Err(hint) };
    eprintln!("Installing {packages} with {}", manager.program);
    if !manager.refresh.is_empty() {
        // A stale package list may still do: only the installation decides.
        let _ = shell::run(&mut elevated(prefix, manager.program, manager.refresh));
    }
    let mut install = elevated(prefix, manager.program, manager.install);
    install.args(manager.packages).stdout(Stdio::null()).env("DEBIAN_FRONTEND", "noninteractive");
    shell::run(&mut install).map_err(|_| hint.clone())?;
    find_browser().ok_or(hint)
}

fn find_browser() -> Option<PathBuf> {
    shell::which("chromedriver")?;
    BROWSERS.iter().find_map(|name| shell::which(name))
}

fn node() -> Result<()> {
    let hint = format!(
        "Node.js {NODE_MAJOR_MIN} or newer with npm is missing (needed to build, not to run); \
         install it from your system's packages, for example: apt-get install nodejs npm"
    );
    if shell::which("npm").is_none() {
        return Err(hint);
    }
    let version = shell::output(shell::cmd("node").arg("--version")).map_err(|_| hint.clone())?;
    let major = version.trim_start_matches('v').split('.').next().and_then(|n| n.parse().ok());
    if major.unwrap_or(0) < NODE_MAJOR_MIN { Err(hint) } else { Ok(()) }
}

/// What to put before a command that needs the rights of root; `None` when they cannot be had
/// without asking for a password.
fn privilege(as_root: bool) -> Option<&'static [&'static str]> {
    let quiet =
        |command: &mut Command| command.stdin(Stdio::null()).stderr(Stdio::null()).output().ok();
    if !as_root {
        return Some(&[]);
    }
    let id = quiet(shell::cmd("id").arg("-u"))?;
    if id.stdout.trim_ascii() == b"0" {
        return Some(&[]);
    }
    let sudo = quiet(shell::cmd("sudo").args(["-n", "true"]))?;
    sudo.status.success().then_some(&["sudo", "-n"] as &[_])
}

fn elevated(prefix: &[&str], program: &str, args: &[&str]) -> Command {
    let mut words = prefix.iter().copied().chain([program]).chain(args.iter().copied());
    let mut command = shell::cmd(words.next().unwrap_or(program));
    command.args(words);
    command
}

fn modified(path: &Path) -> Option<std::time::SystemTime> {
    path.metadata().and_then(|m| m.modified()).ok()
}
