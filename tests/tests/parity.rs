//! Every recording below `parity/` is run headless and held against what the real control plane
//! said. Steps that cannot match are listed in the folder's `differs.txt` with their reason; a
//! step that differs and is not listed fails, and so does a listed one that matches.

#![cfg(not(target_arch = "wasm32"))]
#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use cluster::transcript::{Runner, parse};
use cluster::{Cluster, Config};
use testkit::{Comparison, compare};

fn parity_folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("parity")
}

/// Runs the steps of a recording on a cluster like the recorded one.
fn run(folder: &Path) -> String {
    let steps = fs::read_to_string(folder.join("steps.txt")).expect("steps.txt");
    let mut runner = Runner::new(Cluster::new(Config::recorded()));
    for entry in fs::read_dir(folder).expect("the folder").flatten() {
        let (name, path) = (entry.file_name().to_string_lossy().into_owned(), entry.path());
        if path.is_dir() {
            runner.make_folder(&name);
        } else if name.ends_with(".yaml") {
            runner.write_file(&name, fs::read_to_string(path).expect("a manifest"));
        }
    }
    runner.run(&parse(&steps).expect("every line is a step"))
}

/// Step numbers with the reason why they differ.
fn listed(folder: &Path) -> BTreeMap<usize, String> {
    let text = fs::read_to_string(folder.join("differs.txt")).unwrap_or_default();
    text.lines()
        .filter(|line| !line.trim().is_empty() && !line.starts_with('#'))
        .map(|line| {
            let (number, reason) = line.split_once(' ').expect("a number and a reason");
            (number.parse().expect("a step number"), reason.to_owned())
        })
        .collect()
}

fn describe(name: &str, result: &Comparison) -> String {
    let mut text = format!("{name}: {}/{}\n", result.matched, result.total);
    for d in &result.differences {
        text.push_str(&format!("  step {}: {} {:?}\n", d.number, first_line(&d.command), d.exits));
        for line in &d.missing {
            text.push_str(&format!("    - {line}\n"));
        }
        for line in &d.surplus {
            text.push_str(&format!("    + {line}\n"));
        }
    }
    text
}

fn first_line(text: &str) -> &str {
    text.lines().next().unwrap_or_default()
}

fn hold(name: &str) {
    let folder = parity_folder().join(name);
    let expected = fs::read_to_string(folder.join("transcript.txt")).expect("transcript.txt");
    let result = compare(&expected, &run(&folder));
    let known = listed(&folder);
    let found: Vec<usize> = result.differences.iter().map(|d| d.number).collect();
    let listed: Vec<usize> = known.keys().copied().collect();
    assert_eq!(found, listed, "{}", describe(name, &result));
}

macro_rules! scenarios {
    ($($test:ident $folder:literal),* $(,)?) => {
        $(#[test] fn $test() { hold($folder); })*

        #[test]
        fn every_folder_is_held() {
            let mut folders: Vec<String> = fs::read_dir(parity_folder())
                .expect("the folder")
                .flatten()
                .map(|entry| entry.file_name().to_string_lossy().into_owned())
                .collect();
            folders.sort();
            assert_eq!(folders, [$($folder),*]);
        }
    };
}

scenarios! {
    deployment_basics "01-deployment-basics",
    rolling_ten "02a-rolling-default-25pct-10",
    rolling_four "02a-rolling-default-25pct-4",
    rolling_without_surge "02b-rolling-surge0-unavail1-3",
    rolling_without_unavailable "02b-rolling-surge1-unavail0-3",
    rolling_all_at_once "02c-rolling-surge100-unavail0-4",
    recreate "02d-recreate",
    history_undo_pause "02e-history-undo-pause",
    progress_deadline "02f-progress-deadline",
    binpack "03a-binpack",
    node_selector_affinity "03b-nodeselector-affinity",
    taints "03c-taints",
    topology_spread "03e-topology-spread",
    priority_and_preemption "03f-priority-preemption",
    stateful_set "04a-statefulset",
    daemon_set "04c-daemonset",
    jobs "04d-jobs",
    cron_jobs "04e-cronjob",
    volumes_and_claims "05-pv-pvc",
    autoscaler "06a-hpa",
    quotas_and_limits "06c-quota-limitrange",
    namespaces_and_finalizers "06d-namespace-gc-finalizers",
    config "07-config",
    bad_input "08a-bad-input",
    conflict_and_rbac "08b-conflict-rbac",
    apply_and_patch "09a-apply-patch",
    kubectl_output "09b-kubectl-output",
    node_failure "10-node-failure",
    discovery "11-discovery",
    pod_lifecycle "14-pod-lifecycle",
    storage_dynamic "16-storage-dynamic",
    stateful_set_more "n02-statefulset-more",
    disruption_budgets "n03-pdb",
    server_side_apply "n04-ssa",
    custom_resources "n05-crd",
    jobs_more "n06-jobs-more",
    storage_more "n07-storage-more",
    kubectl_more "n09-kubectl-more",
    sets "n11-sets",
    batch_hard "n12-batch-hard",
    storage_bad_input "n13-storage-bad-input",
    pod_security "pod-security",
    rbac "rbac",
}
