//! The catalogue of simulated images: one file a family, listed here.

mod busybox;
mod database;
mod generic;
mod hello;
mod httpd;
mod kubarium;
mod nginx;
mod pause;
mod php_apache;
mod redis;
mod runtime;

use std::sync::Arc;

use api::core::container::Container;
use apimachinery::time::Time;
use client::Fabric;
use client::fabric::{Image, Next, Output, Port, Profile, Program, Stop, World};
use clock::Duration;
use smol_str::SmolStr;

use crate::script::Script;

/// Every family of the catalogue.
pub fn all() -> Vec<Arc<dyn Image>> {
    let mut all: Vec<Arc<dyn Image>> = Vec::new();
    all.extend(busybox::images());
    all.extend(database::images());
    all.extend(generic::images());
    all.extend(hello::images());
    all.extend(httpd::images());
    all.extend(kubarium::images());
    all.extend(nginx::images());
    all.extend(pause::images());
    all.extend(php_apache::images());
    all.extend(redis::images());
    all.extend(runtime::images());
    all
}

/// Fills the registry.
pub fn install(fabric: &mut Fabric) {
    for image in all() {
        fabric.register_image(image);
    }
}

/// An image by its parts: `make` gives what it runs when the container names no command.
#[derive(Debug)]
pub struct Catalogued {
    pub repository: &'static str,
    pub size_bytes: u64,
    /// Whether `make` looks at the tag only.
    pub uniform: bool,
    /// Commands that are the image's own program and not a script.
    pub binaries: &'static [&'static str],
    pub make: fn(tag: &str, container: &Container) -> Arc<dyn Program>,
}

impl Image for Catalogued {
    fn repository(&self) -> &str {
        self.repository
    }

    fn size_bytes(&self) -> u64 {
        self.size_bytes
    }

    fn is_uniform(&self) -> bool {
        self.uniform
    }

    fn program(&self, tag: &str, container: &Container) -> Arc<dyn Program> {
        let first = container.command.first().or(container.args.first());
        let binary = first.map(|word| word.rsplit('/').next().unwrap_or(word));
        match binary {
            None => (self.make)(tag, container),
            Some(name) if self.binaries.contains(&name) => (self.make)(tag, container),
            // Flags alone go to the image's own program.
            Some(name) if container.command.is_empty() && name.starts_with('-') => {
                (self.make)(tag, container)
            }
            Some(_) => Arc::new(Scripted::new(container)),
        }
    }
}

fn one(image: Catalogued) -> Arc<dyn Image> {
    Arc::new(image)
}

/// A container that runs a command of its own instead of the image's.
#[derive(Debug)]
pub struct Scripted {
    script: Script,
    ports: Vec<Port>,
}

impl Scripted {
    pub fn new(container: &Container) -> Self {
        let argv: Vec<SmolStr> = container.command.iter().chain(&container.args).cloned().collect();
        let words: Vec<&str> = argv.iter().map(SmolStr::as_str).collect();
        let shell = words.first().and_then(|word| word.rsplit('/').next());
        let script = match (shell, words.as_slice()) {
            (
                Some("sh" | "bash" | "ash"),
                [_, "-c" | "-ec" | "-xc" | "-lc" | "-exc" | "-euc", text, ..],
            ) => Script::parse(text),
            // A shell without a terminal reads its end and leaves.
            (Some("sh" | "bash" | "ash"), [_]) => Script::parse("exit 0"),
            _ => Script::of_argv(&argv),
        };
        Scripted { script, ports: Vec::new() }
    }
}

impl Program for Scripted {
    fn ports(&self) -> &[Port] {
        &self.ports
    }

    fn step(&self, world: &mut World<'_>) -> Next {
        self.script.resume(world, &mut |world: &mut World<'_>, output: Output| {
            for line in output.stdout.lines().chain(output.stderr.lines()) {
                world.log(line);
            }
        })
    }

    fn stop(&self) -> Stop {
        Stop::After(Duration::from_millis(500), 143)
    }

    fn profile(&self) -> Profile {
        Profile { idle_cpu_milli: 1, memory_bytes: 1 << 20, cpu_micros_per_request: 100 }
    }
}

/// `20/Nov/2026:12:34:56 +0000`, as web servers log.
fn clf_time(time: Time) -> String {
    let c = time.civil();
    format!(
        "{:02}/{}/{:04}:{:02}:{:02}:{:02} +0000",
        c.day,
        c.month_name(),
        c.year,
        c.hour,
        c.minute,
        c.second
    )
}

/// The time a little after another: log lines of a start.
fn after(started: Time, span: Duration) -> Time {
    Time(started.0.saturating_add(i64::try_from(span.as_secs()).unwrap_or(0)))
}

/// `Fri, 20 Nov 2026 12:34:56 GMT`, as HTTP's Date header.
fn http_date(time: Time) -> String {
    time.rfc1123z().replace("+0000", "GMT")
}
