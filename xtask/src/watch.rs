//! `serve --dev`: builds again when a source file changes.

use crate::{server::Version, shell, site};
use std::path::Path;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant, SystemTime};

const WATCHED: [&str; 6] =
    ["Cargo.toml", "Cargo.lock", "crates", "index.html", "package-lock.json", "web"];
const POLL: Duration = Duration::from_millis(300);

/// How many files there are and when the newest changed: differs after any edit, new or lost file.
type State = (u64, Option<SystemTime>);

/// Never returns: polls the sources and replaces the site in `dist` after each change.
pub fn rebuild(profile: site::Profile, dist: &Path, version: &Version) {
    let mut seen = sources();
    loop {
        std::thread::sleep(POLL);
        let now = sources();
        if now == seen {
            continue;
        }
        seen = now;
        let start = Instant::now();
        match site::build(profile, dist) {
            Ok(()) => {
                println!("Built in {:.1} s", start.elapsed().as_secs_f64());
                version.fetch_add(1, Ordering::Relaxed);
            }
            Err(message) => eprintln!("error: {message}"),
        }
    }
}

fn sources() -> State {
    let root = shell::root();
    WATCHED.iter().fold((0, None), |state, name| walk(&root.join(name), state))
}

fn walk(path: &Path, state: State) -> State {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    if name.starts_with('.') || matches!(&*name, "dist" | "node_modules" | "target") {
        return state;
    }
    match std::fs::read_dir(path) {
        Ok(entries) => entries.flatten().fold(state, |state, e| walk(&e.path(), state)),
        Err(_) => {
            let modified = path.metadata().and_then(|m| m.modified()).ok();
            (state.0 + u64::from(modified.is_some()), state.1.max(modified))
        }
    }
}
