//! The state on disk: configuration and log, one line of JSON each. A command is written before it
//! is answered, so that nothing that was told to anybody is lost, however the program ends.

use std::fs::{File, OpenOptions};
use std::io::{BufRead, BufReader, Write};
use std::path::Path;

use clock::SimTime;
use cluster::{Cluster, Config, Logged};
use serde_json::{Value, json};

use super::identity::Identity;

/// Virtual time that passes between two marks of the time.
const MARK_PERIOD: clock::Duration = clock::Duration::from_secs(10);
const FORM: u64 = 1;

/// The file, open at its end.
pub struct Journal {
    file: File,
    marked: SimTime,
    failed: bool,
}

/// What a file holds.
pub struct Saved {
    pub config: Config,
    pub identity: Option<Identity>,
    pub log: Vec<Logged>,
    pub until: SimTime,
}

impl Saved {
    /// The cluster as it was.
    pub fn cluster(self) -> Cluster {
        let mut cluster = Cluster::replay(self.config, &self.log, self.until);
        cluster.take_log();
        cluster
    }
}

impl Journal {
    /// Begins a new file.
    pub fn create(path: &Path, config: &Config, identity: &Identity) -> Result<Self, String> {
        let mut file = private(path).map_err(|e| format!("{}: {e}", path.display()))?;
        let head = json!({
            "kubarium": FORM, "version": env!("CARGO_PKG_VERSION"), "config": config.to_saved(),
            "identity": identity.to_saved(),
        });
        writeln!(file, "{head}").map_err(|e| format!("{}: {e}", path.display()))?;
        Ok(Journal { file, marked: SimTime::ZERO, failed: false })
    }

    /// Goes on with a file that was read.
    pub fn reopen(path: &Path, saved: &Saved) -> Result<Self, String> {
        let file = OpenOptions::new().append(true).open(path);
        let file = file.map_err(|e| format!("{}: {e}", path.display()))?;
        Ok(Journal { file, marked: saved.until, failed: false })
    }

    fn write(&mut self, text: &str) {
        if self.failed {
            return;
        }
        let written = self.file.write_all(text.as_bytes()).and_then(|()| self.file.flush());
        if let Err(error) = written {
            eprintln!("kubarium: the state is not saved any more: {error}");
            self.failed = true;
        }
    }

    pub fn append(&mut self, log: &[Logged], now: SimTime) {
        if !log.is_empty() {
            let lines: String =
                log.iter().map(|logged| format!("{}\n", logged.to_saved())).collect();
            self.write(&lines);
        }
        if now > self.marked + MARK_PERIOD {
            self.mark(now);
        }
    }

    /// Notes how far virtual time has come.
    pub fn mark(&mut self, now: SimTime) {
        self.marked = now;
        self.write(&format!("[{}]\n", now.nanos()));
    }
}

#[cfg(unix)]
fn private(path: &Path) -> std::io::Result<File> {
    use std::os::unix::fs::OpenOptionsExt;
    OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(path)
}

#[cfg(not(unix))]
fn private(path: &Path) -> std::io::Result<File> {
    File::create(path)
}

/// Reads a file. A last line that was cut off is as if it had not been begun.
pub fn read(path: &Path) -> Result<Saved, String> {
    let bad = |why: &str| format!("{}: {why}", path.display());
    let file = File::open(path).map_err(|e| bad(&e.to_string()))?;
    let mut lines = BufReader::new(file).split(b'\n').map_while(std::result::Result::ok);
    let parse = |line: &[u8]| serde_json::from_slice::<Value>(line).ok();
    let head =
        lines.next().and_then(|line| parse(&line)).ok_or_else(|| bad("is no saved state"))?;
    if head["kubarium"] != FORM {
        return Err(bad("was saved in a form that this program does not know"));
    }
    let config = Config::from_saved(&head["config"]).ok_or_else(|| bad("has no configuration"))?;
    let identity = Identity::from_saved(&head["identity"]);
    let mut saved = Saved { config, identity, log: Vec::new(), until: SimTime::ZERO };
    for value in lines.map_while(|line| parse(&line)) {
        let at = value[0].as_u64().map(SimTime::from_nanos).ok_or_else(|| bad("has a bad line"))?;
        saved.until = saved.until.max(at);
        if value.get(1).is_some() {
            saved.log.push(Logged::from_saved(&value).ok_or_else(|| bad("has a bad line"))?);
        }
    }
    Ok(saved)
}
