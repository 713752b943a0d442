//! pause: holds a pod open and does nothing.

use std::sync::Arc;

use client::fabric::{Image, Next, Profile, Program, World};
use clock::Duration;

use super::{Catalogued, one};

#[derive(Debug)]
struct Pause;

impl Program for Pause {
    fn step(&self, _: &mut World<'_>) -> Next {
        Next::Serve(Duration::ZERO)
    }

    fn has_shell(&self) -> bool {
        false
    }

    fn profile(&self) -> Profile {
        Profile { idle_cpu_milli: 0, memory_bytes: 512 << 10, cpu_micros_per_request: 0 }
    }
}

pub fn images() -> Vec<Arc<dyn Image>> {
    let make = |repository| {
        one(Catalogued {
            repository,
            size_bytes: 320_000,
            uniform: true,
            binaries: &["pause"],
            make: |_, _| Arc::new(Pause),
        })
    };
    vec![
        make("gcr.io/google_containers/pause"),
        make("k8s.gcr.io/pause"),
        make("registry.k8s.io/pause"),
    ]
}
