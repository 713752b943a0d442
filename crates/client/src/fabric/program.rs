//! What runs in a container: a program is told when to act, answers requests and writes logs.

use std::fmt;

use apimachinery::meta::Uid;
use apimachinery::time::Time;
use clock::{Duration, Rng, SimTime};

use super::Fabric;
use super::sandbox::{Place, Process, Sandbox};

/// A port that a program listens on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Port {
    Http(u16),
    /// Speaks something else; connections succeed.
    Tcp(u16),
}

impl Port {
    pub const fn number(self) -> u16 {
        match self {
            Port::Http(port) | Port::Tcp(port) => port,
        }
    }
}

/// What a program does next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Next {
    /// Nothing until then; `step` is called again.
    Wait(Duration),
    /// Listens on its ports after this long and runs until it is stopped.
    Serve(Duration),
    Exit(i32),
}

/// How a program takes SIGTERM.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stop {
    After(Duration, i32),
    Ignored,
}

/// What a program takes of its machine.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Profile {
    pub idle_cpu_milli: u32,
    pub memory_bytes: u64,
    pub cpu_micros_per_request: u32,
}

#[derive(Clone, Debug, Default)]
pub struct HttpRequest<'a> {
    pub method: &'a str,
    pub host: &'a str,
    pub path: &'a str,
    pub user_agent: &'a str,
    /// The address the program sees.
    pub client: &'a str,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HttpResponse {
    pub status: u16,
    pub headers: Vec<(&'static str, String)>,
    pub body: String,
    /// How long the program took.
    pub took: Duration,
}

impl HttpResponse {
    pub fn new(status: u16, body: impl Into<String>, took: Duration) -> Self {
        HttpResponse { status, headers: Vec::new(), body: body.into(), took }
    }
}

/// What a command printed and how it ended.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Output {
    pub stdout: String,
    pub stderr: String,
    pub code: i32,
    /// How long it ran.
    pub took: Duration,
}

impl Output {
    pub fn ok(stdout: impl Into<String>) -> Self {
        Output { stdout: stdout.into(), ..Output::default() }
    }

    pub fn fail(code: i32, stderr: impl Into<String>) -> Self {
        Output { stderr: stderr.into(), code, ..Output::default() }
    }
}

/// A program in its container, able to act on the world around it.
pub struct World<'a> {
    pub fabric: &'a mut Fabric,
    pub uid: Uid,
    /// Index into the sandbox's processes.
    pub container: usize,
    pub now: SimTime,
    pub epoch: i64,
    pub rng: &'a mut Rng,
}

impl World<'_> {
    pub fn sandbox(&self) -> Option<&Sandbox> {
        self.fabric.sandboxes.get(&self.uid)
    }

    pub fn place(&self) -> Option<&Place> {
        self.sandbox().map(|sandbox| &sandbox.place)
    }

    pub fn process(&mut self) -> Option<&mut Process> {
        self.fabric.process_mut(self.uid, self.container)
    }

    pub fn time(&self) -> Time {
        Time(self.epoch.saturating_add((self.now.nanos() / 1_000_000_000) as i64))
    }

    /// Writes one line to the container's log.
    pub fn log(&mut self, line: impl Into<String>) {
        let now = self.now;
        if let Some(process) = self.process() {
            process.write(now, line.into());
        }
    }
}

/// The behaviour of an image. Shared by all containers of it: what changes lies in `Process`.
pub trait Program: fmt::Debug + Send + Sync {
    fn ports(&self) -> &[Port] {
        &[]
    }

    /// Called when the container starts and whenever a wait ends.
    fn step(&self, world: &mut World<'_>) -> Next;

    /// What it writes while it starts: offsets from the start. Made when somebody reads.
    fn boot_log(
        &self,
        _place: &Place,
        _process: &Process,
        _started: Time,
    ) -> Vec<(Duration, String)> {
        Vec::new()
    }

    fn http(&self, _world: &mut World<'_>, _request: &HttpRequest<'_>) -> HttpResponse {
        HttpResponse::new(404, "", Duration::from_micros(200))
    }

    /// A command that only this image has; `None` leaves it to the common ones.
    fn exec(&self, _world: &mut World<'_>, _argv: &[&str]) -> Option<Output> {
        None
    }

    /// Commands besides the common ones that exist in this image. Images without a shell have no
    /// commands at all.
    fn has_shell(&self) -> bool {
        true
    }

    fn stop(&self) -> Stop {
        Stop::After(Duration::from_millis(100), 0)
    }

    fn profile(&self) -> Profile {
        Profile::default()
    }
}
