//! Manifests to begin with.

pub struct Example {
    pub name: &'static str,
    pub text: &'static str,
}

pub const EXAMPLES: &[Example] = &[
    Example { name: "web.yaml", text: include_str!("examples/web.yaml") },
    Example { name: "shared-volumes.yaml", text: include_str!("examples/shared-volumes.yaml") },
    Example { name: "crash-loop.yaml", text: include_str!("examples/crash-loop.yaml") },
    Example { name: "readiness.yaml", text: include_str!("examples/readiness.yaml") },
];

/// The pod of two containers that share a volume.
pub const SHARED: &Example = &EXAMPLES[1];
