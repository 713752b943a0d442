//! Images to learn from: one crashes, one is slow, one is stubborn, one fails now and then.

use std::sync::Arc;

use client::fabric::{HttpRequest, HttpResponse, Image, Next, Port, Profile, Program, Stop, World};
use clock::Duration;

use super::{Catalogued, one};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Temper {
    Crash,
    SlowStart,
    Stubborn,
    Flaky,
}

#[derive(Debug)]
struct Taught(Temper);

type Make = fn(&str, &api::core::container::Container) -> Arc<dyn Program>;

pub fn images() -> Vec<Arc<dyn Image>> {
    let list: [(&'static str, Make); 4] = [
        ("kubarium/crash", |_, _| Arc::new(Taught(Temper::Crash))),
        ("kubarium/flaky", |_, _| Arc::new(Taught(Temper::Flaky))),
        ("kubarium/slow-start", |_, _| Arc::new(Taught(Temper::SlowStart))),
        ("kubarium/stubborn", |_, _| Arc::new(Taught(Temper::Stubborn))),
    ];
    list.into_iter()
        .map(|(repository, make)| {
            one(Catalogued {
                repository,
                size_bytes: 6_000_000,
                uniform: true,
                binaries: &[],
                make,
            })
        })
        .collect()
}

const SLOW_SECS: u64 = 30;

impl Program for Taught {
    fn ports(&self) -> &[Port] {
        if self.0 == Temper::Crash { &[] } else { &[Port::Http(8080), Port::Http(80)] }
    }

    fn step(&self, world: &mut World<'_>) -> Next {
        let now = world.now;
        let Some(process) = world.process() else { return Next::Exit(137) };
        let ran = now.since(process.started);
        match self.0 {
            Temper::Crash if ran < Duration::from_secs(1) => {
                world.log("starting up");
                Next::Wait(Duration::from_secs(1))
            }
            Temper::Crash => {
                world.log("fatal: cannot read /etc/app/config.yaml: no such file or directory");
                Next::Exit(1)
            }
            Temper::SlowStart if ran < Duration::from_secs(SLOW_SECS) => {
                let left = SLOW_SECS.saturating_sub(ran.as_secs());
                world.log(format!("loading data, {left}s left"));
                if left > 10 {
                    return Next::Wait(Duration::from_secs(10));
                }
                Next::Wait(Duration::from_secs(SLOW_SECS).saturating_sub(ran))
            }
            _ => {
                world.log("listening on port 8080");
                Next::Serve(Duration::from_millis(10))
            }
        }
    }

    fn http(&self, world: &mut World<'_>, request: &HttpRequest<'_>) -> HttpResponse {
        let host = world.place().map_or(String::new(), |place| place.hostname().to_owned());
        let took = Duration::from_micros(world.rng.between(200, 800));
        if self.0 == Temper::Flaky && world.rng.below(4) == 0 {
            world.log(format!("error: GET {}: upstream lost", request.path));
            return HttpResponse::new(503, "upstream lost\n", took * 20);
        }
        HttpResponse::new(200, format!("Hello from {host}\n"), took)
    }

    fn stop(&self) -> Stop {
        match self.0 {
            Temper::Stubborn => Stop::Ignored,
            _ => Stop::After(Duration::from_millis(200), 0),
        }
    }

    fn profile(&self) -> Profile {
        Profile { idle_cpu_milli: 3, memory_bytes: 16 << 20, cpu_micros_per_request: 120 }
    }
}
