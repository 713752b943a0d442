//! `kubarium run --kubectl PATH`: the same steps by the real kubectl, which speaks HTTP with a
//! server of its own. Commands that wait take the time they take; waits between them are jumped
//! over.
#![allow(clippy::disallowed_types, clippy::disallowed_methods, reason = "it runs programs")]

use std::fs;
use std::io::Read;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use cluster::transcript::{COMMAND_MAX, NOTICE, QUIET, SETTLE_MAX, Step, is_waited_for, start_of};

use crate::Shape;
use crate::serve::{self, Access, Beginning, Goal, Host, Identity, Speed};

/// Where the recorded servers listened, as the steps name it.
const RECORDED_SERVER: &str = "https://127.0.0.1:6443";
/// The tokens of the recorded users.
const TOKENS: &str = "alicetok,alice,alice,\n";
const ADMINISTRATOR: &str = "TOKEN";
/// kubectl tells ages by the wall clock, from which virtual time runs away: what happens must lie
/// in the past. A day is more than any recording lasts.
const BORN_AGO: i64 = 24 * 3600;
/// At least so long ago is the birth of the recorded shape, where it can be.
const PAST_MIN: i64 = 4 * 3600;
const INTERRUPTED: i32 = 124;
const POLL: Duration = Duration::from_millis(5);
/// How long an interrupted command may take to end.
const FAREWELL: Duration = Duration::from_secs(3);

/// A server, a folder with the files beside the steps, and what was said so far.
struct Drive {
    host: Host,
    folder: PathBuf,
    kubectl: PathBuf,
    started: clock::SimTime,
    background: Vec<Child>,
    transcript: String,
}

/// Runs the steps of a file and gives the transcript.
pub fn transcript(
    file: &Path,
    steps: &[Step],
    kubectl: &Path,
    shape: &Shape,
) -> Result<String, String> {
    let folder = std::env::temp_dir().join(format!("kubarium-{}", unique(file)));
    let result = in_folder(file, steps, kubectl, shape, &folder);
    // What is left there is of no use to anybody.
    let _ = fs::remove_dir_all(&folder);
    result
}

fn unique(file: &Path) -> String {
    let name = file.parent().and_then(Path::file_name).unwrap_or_default().to_string_lossy();
    format!("{}-{name}", std::process::id())
}

fn in_folder(
    file: &Path,
    steps: &[Step],
    kubectl: &Path,
    shape: &Shape,
    folder: &Path,
) -> Result<String, String> {
    copy_beside(file, folder).map_err(|e| format!("{}: {e}", folder.display()))?;
    let here = IpAddr::V4(Ipv4Addr::LOCALHOST);
    let mut identity = Identity::new(here)?;
    identity.token = ADMINISTRATOR.to_owned();
    let file = folder.join("tokens.csv");
    fs::write(&file, TOKENS).map_err(|e| e.to_string())?;
    let mut config = shape.config();
    let now = serve::unix_now();
    if config.epoch > now - PAST_MIN {
        config.epoch = now - BORN_AGO;
    }
    config.tokens = serve::tokens(ADMINISTRATOR, Some(&file))?;
    let make = Box::new(|| serve::fresh(config));
    let begun = Beginning { identity, journal: None, make };
    let host = Host::start(begun, SocketAddr::new(here, 0), Speed::Patient, folder)?;
    write_access(&host, folder)?;
    let mut drive = Drive {
        host,
        folder: folder.to_owned(),
        kubectl: kubectl.to_owned(),
        started: clock::SimTime::ZERO,
        background: Vec::new(),
        transcript: String::new(),
    };
    // The recorder began with an empty list of events.
    drive.ask(|cluster| drop(cluster.read("kubectl delete events --all")))?;
    drive.started = drive.ask(|cluster| cluster.now())?;
    let result = steps
        .iter()
        .enumerate()
        .try_for_each(|(number, step)| drive.step(step, steps.get(number + 1)));
    for child in &mut drive.background {
        interrupt(child);
    }
    drive.host.stop()?;
    result.map(|()| drive.transcript)
}

/// Copies what lies beside the steps, but not what was recorded.
fn copy_beside(file: &Path, folder: &Path) -> std::io::Result<()> {
    fs::create_dir_all(folder.join("empty-folder"))?;
    let beside = file.parent().filter(|parent| !parent.as_os_str().is_empty());
    for entry in fs::read_dir(beside.unwrap_or(Path::new(".")))?.flatten() {
        let (path, name) = (entry.path(), entry.file_name());
        let is_manifest =
            path.extension().is_some_and(|ext| ext == "yaml" || ext == "yml" || ext == "json");
        if path.is_dir() {
            fs::create_dir_all(folder.join(name))?;
        } else if is_manifest && name != "final.json" {
            fs::copy(&path, folder.join(name))?;
        }
    }
    Ok(())
}

/// The kubeconfigs that the recorder used.
fn write_access(host: &Host, folder: &Path) -> Result<(), String> {
    let server = format!("https://{}", host.address);
    serve::write_private(&folder.join("pki/ca.crt"), &host.identity.certificate)?;
    for (user, token) in [("admin", ADMINISTRATOR), ("alice", "alicetok")] {
        let access = Access {
            server: &server,
            cluster: "cluster",
            user,
            authority: Some("pki/ca.crt"),
            namespace: Some("default"),
        };
        let text = host.identity.kubeconfig(&access, token);
        serve::write_private(&folder.join(format!("{user}.kubeconfig")), &text)?;
    }
    Ok(())
}

/// What a command printed, read while it runs so that it never waits for us.
fn reader(stream: Option<impl Read + Send + 'static>) -> JoinHandle<String> {
    std::thread::spawn(move || {
        let mut bytes = Vec::new();
        if let Some(mut stream) = stream {
            // A pipe that breaks has said what it had to say.
            let _ = stream.read_to_end(&mut bytes);
        }
        String::from_utf8_lossy(&bytes).into_owned()
    })
}

fn signal(child: &Child, name: &str) {
    let group = format!("-{}", child.id());
    let _ = Command::new("kill").args([name, "--", &group]).stderr(Stdio::null()).status();
}

/// Ctrl-C, and then worse.
fn interrupt(child: &mut Child) {
    signal(child, "-INT");
    if wait(child, FAREWELL).is_none() {
        signal(child, "-KILL");
        let _ = child.wait();
    }
}

fn wait(child: &mut Child, limit: Duration) -> Option<i32> {
    let end = Instant::now() + limit;
    while Instant::now() < end {
        match child.try_wait() {
            Ok(Some(status)) => return Some(status.code().unwrap_or(-1)),
            Ok(None) => std::thread::sleep(POLL),
            Err(_) => return Some(-1),
        }
    }
    None
}

impl Drive {
    fn ask<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut cluster::Cluster) -> T + Send + 'static,
    ) -> Result<T, String> {
        self.host.runtime.block_on(self.host.engine.ask(work)).map_err(|status| status.message)
    }

    fn jump(&self, goal: impl FnOnce(clock::SimTime) -> Goal) -> Result<(), String> {
        let now = self.ask(|cluster| cluster.now())?;
        let jumped = self.host.runtime.block_on(self.host.engine.jump(goal(now)));
        jumped.map_err(|status| status.message)
    }

    fn step(&mut self, step: &Step, next: Option<&Step>) -> Result<(), String> {
        match step {
            Step::Command { text, background: true, .. } => self.begin(text),
            Step::Command { text, limit, .. } => {
                let code = self.command(text, limit.unwrap_or(COMMAND_MAX))?;
                if code == 0 && is_waited_for(text, next) {
                    self.jump(|now| Goal::Calm { quiet: QUIET, end: now + SETTLE_MAX })?;
                    self.jump(|now| Goal::Until(now + NOTICE))?;
                }
                Ok(())
            }
            Step::Sleep(span) => self.jump(|now| Goal::Until(now + *span)),
            Step::Settle { quiet, max } => {
                self.jump(|now| Goal::Calm { quiet: *quiet, end: now + *max })
            }
            Step::Fault(fault) => self.execute(cluster::Command::Fault(fault.clone())),
            Step::StopNode(node) => {
                let node = node.as_str().into();
                self.execute(cluster::Command::StopKubelet { node })
            }
            Step::StartNode(node) => {
                let node = node.as_str().into();
                self.execute(cluster::Command::StartKubelet { node })
            }
        }
    }

    fn execute(&self, command: cluster::Command) -> Result<(), String> {
        self.ask(move |cluster| {
            cluster.execute(command);
        })
    }

    fn shell(&self, text: &str) -> Command {
        let text = text.replace(RECORDED_SERVER, &format!("https://{}", self.host.address));
        let folder = self.kubectl.parent().unwrap_or(Path::new("/")).to_owned();
        let path = std::env::var("PATH").unwrap_or_default();
        let mut command = Command::new("bash");
        command
            .args(["-c", &text])
            .current_dir(&self.folder)
            .env("PATH", format!("{}:{path}", folder.display()))
            .env("KUBECONFIG", "admin.kubeconfig")
            .env("HOME", "empty-folder")
            .stdin(Stdio::null());
        #[cfg(unix)]
        std::os::unix::process::CommandExt::process_group(&mut command, 0);
        command
    }

    fn begin(&mut self, text: &str) -> Result<(), String> {
        let mut command = self.shell(text);
        let child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn();
        self.background.push(child.map_err(|e| format!("bash: {e}"))?);
        Ok(())
    }

    fn command(&mut self, text: &str, limit: Duration) -> Result<i32, String> {
        let begun = self.ask(|cluster| cluster.now())?;
        self.jump(|now| Goal::Until(now + start_of(text)))?;
        let mut command = self.shell(text);
        let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn();
        let mut child = child.map_err(|e| format!("bash: {e}"))?;
        let (out, err) = (reader(child.stdout.take()), reader(child.stderr.take()));
        let code = wait(&mut child, limit).unwrap_or_else(|| {
            interrupt(&mut child);
            INTERRUPTED
        });
        let said = |thread: JoinHandle<String>| {
            let text = thread.join().unwrap_or_default();
            text.replace(&format!("https://{}", self.host.address), RECORDED_SERVER)
                .replace(&self.host.address.to_string(), "127.0.0.1:6443")
        };
        let (out, err) = (said(out), said(err));
        let took = self.ask(|cluster| cluster.now())?.since(begun).as_secs_f64();
        let at = begun.since(self.started).as_secs_f64();
        self.transcript.push_str(&format!("[{at:7.2}s +{took:.2}s] $ {text}\n{out}"));
        if !err.is_empty() {
            self.transcript.push_str(&format!("--stderr--\n{err}"));
        }
        self.transcript.push_str(&format!("--exit {code}--\n\n"));
        Ok(code)
    }
}
