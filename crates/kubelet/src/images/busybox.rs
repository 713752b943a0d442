//! busybox, alpine and plain Linux images: they run what they are told.

use std::sync::Arc;

use client::fabric::{Image, Next, Profile, Program, World};

use super::{Catalogued, one};

/// A shell without input: it leaves at once.
#[derive(Debug)]
struct Shell;

impl Program for Shell {
    fn step(&self, _: &mut World<'_>) -> Next {
        Next::Exit(0)
    }

    fn profile(&self) -> Profile {
        Profile { idle_cpu_milli: 0, memory_bytes: 1 << 20, cpu_micros_per_request: 0 }
    }
}

pub fn images() -> Vec<Arc<dyn Image>> {
    let make = |repository, size_bytes| {
        let make: fn(&str, &api::core::container::Container) -> Arc<dyn Program> =
            |_, _| Arc::new(Shell);
        one(Catalogued { repository, size_bytes, uniform: true, binaries: &[], make })
    };
    vec![
        make("alpine", 3_800_000),
        make("busybox", 2_200_000),
        make("curlimages/curl", 9_100_000),
        make("debian", 48_500_000),
        make("registry.k8s.io/e2e-test-images/busybox", 1_400_000),
        make("ubuntu", 29_700_000),
    ]
}
