//! The invariants of the house: who may depend on whom.

#![cfg(not(target_arch = "wasm32"))]
#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

/// What each room may use of the others, transitively closed by Cargo anyway.
const MAY_USE: &[(&str, &[&str])] = &[
    ("api", &["apimachinery"]),
    ("apimachinery", &[]),
    ("apiserver", &["api", "apimachinery", "client", "clock", "etcd", "schema"]),
    ("client", &["api", "apimachinery", "clock", "schema"]),
    ("clock", &[]),
    (
        "cluster",
        &[
            "api",
            "apimachinery",
            "apiserver",
            "client",
            "clock",
            "controller",
            "kubectl",
            "kubelet",
            "network",
            "scheduler",
            "schema",
            "volume",
        ],
    ),
    ("controller", &["api", "apimachinery", "client", "clock"]),
    ("etcd", &[]),
    (
        "kubarium",
        &["api", "apimachinery", "client", "clock", "cluster", "rest", "scene", "schema", "yaml"],
    ),
    ("kubectl", &["api", "apimachinery", "client", "clock", "schema", "yaml"]),
    ("kubelet", &["api", "apimachinery", "client", "clock"]),
    ("network", &["api", "apimachinery", "client", "clock"]),
    ("rest", &["api", "apimachinery", "client", "schema", "yaml"]),
    ("scene", &["api", "apimachinery", "client", "clock"]),
    ("scheduler", &["api", "apimachinery", "client", "clock"]),
    ("schema", &["apimachinery"]),
    ("testkit", &[]),
    ("volume", &["api", "apimachinery", "client", "clock"]),
    ("yaml", &[]),
];

fn uses(manifest: &str, rooms: &[&str]) -> Vec<String> {
    let section = manifest.split("[dependencies]").nth(1).unwrap_or_default();
    let section = section.split("\n[").next().unwrap_or_default();
    section
        .lines()
        .filter_map(|line| line.split(['.', ' ', '=']).next())
        .filter(|name| rooms.contains(name))
        .map(str::to_owned)
        .collect()
}

#[test]
fn dependencies_point_one_way() {
    let crates = Path::new(env!("CARGO_MANIFEST_DIR")).join("../crates");
    let allowed: BTreeMap<&str, &[&str]> = MAY_USE.iter().copied().collect();
    let rooms: Vec<&str> = allowed.keys().copied().collect();
    let mut seen = 0;
    for entry in fs::read_dir(&crates).expect("crates").flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        let manifest = fs::read_to_string(entry.path().join("Cargo.toml")).expect("a manifest");
        let may = allowed.get(name.as_str()).unwrap_or_else(|| panic!("{name} is not in the plan"));
        for used in uses(&manifest, &rooms) {
            assert!(may.contains(&used.as_str()), "{name} must not depend on {used}");
        }
        seen += 1;
    }
    assert_eq!(seen, MAY_USE.len(), "every planned room exists");
}

#[test]
fn the_engine_knows_no_browser() {
    let crates = Path::new(env!("CARGO_MANIFEST_DIR")).join("../crates");
    for entry in fs::read_dir(crates).expect("crates").flatten() {
        let manifest = fs::read_to_string(entry.path().join("Cargo.toml")).expect("a manifest");
        let normal = manifest.split("[dev-dependencies]").next().unwrap_or_default();
        for banned in ["web-sys", "js-sys", "wasm-bindgen", "yew", "gloo"] {
            assert!(!normal.contains(banned), "{:?} uses {banned}", entry.file_name());
        }
    }
}

/// Names between backticks in ARCHITECTURE.md's list of invariants.
fn named() -> Vec<String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let text = fs::read_to_string(root.join("ARCHITECTURE.md")).expect("ARCHITECTURE.md");
    let list = text.split("## Invariants").nth(1).expect("the list of invariants");
    list.split('`').skip(1).step_by(2).map(str::to_owned).collect()
}

#[test]
fn every_invariant_names_a_test_that_exists() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let named = named();
    assert!(named.len() > 20);
    for name in &named {
        let (file, test) = name.split_once("::").unwrap_or((name, ""));
        let path = match file.contains('/') {
            true => root.join(file),
            false => root.join(format!("tests/tests/{file}.rs")),
        };
        if test.is_empty() {
            assert!(path.exists(), "{name}");
            continue;
        }
        let text = fs::read_to_string(&path).unwrap_or_else(|why| panic!("{name}: {why}"));
        assert!(text.contains(&format!("fn {test}()")), "{name}");
    }
    let invariants = fs::read_to_string(root.join("tests/tests/invariants.rs")).expect("the file");
    for after in invariants.split("#[test]\nfn ").skip(1) {
        let test = after.split('(').next().unwrap_or_default();
        assert!(named.contains(&format!("invariants::{test}")), "{test} is not in the list");
    }
}
