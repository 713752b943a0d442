//! How long things take: probes, back-offs, dead nodes, terminations. Virtual time makes them exact
//! to watch; the bounds are those of Kubernetes' own timers plus what messages need.

#![cfg(not(target_arch = "wasm32"))]
#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::time::Duration;

use api::core::pod_status::ContainerState;
use api::{Node, Pod};
use cluster::{Cluster, Config};
use tests::terminal::Terminal;

fn terminal() -> Terminal {
    Terminal::new(Config::default())
}

/// Seconds until `holds`, looked at every 100 ms; panics after `limit`.
#[track_caller]
fn seconds_until(terminal: &mut Terminal, limit: u64, holds: impl Fn(&Cluster) -> bool) -> f64 {
    let begun = terminal.cluster.now();
    while !holds(&terminal.cluster) {
        let now = terminal.cluster.now();
        assert!(now.since(begun).as_secs() < limit, "not within {limit} s");
        terminal.cluster.run_until(now + Duration::from_millis(100));
    }
    terminal.cluster.now().since(begun).as_secs_f64()
}

#[track_caller]
fn between(seconds: f64, least: f64, most: f64) {
    assert!((least..=most).contains(&seconds), "{seconds} s and not {least}..{most} s");
}

fn pods(cluster: &Cluster, namespace: &str) -> Vec<Pod> {
    let mut pods = Vec::new();
    cluster.server().for_each_object(&mut |object| {
        if let Some(pod) = api::as_kind::<Pod>(object.as_ref())
            && pod.metadata.namespace == namespace
        {
            pods.push(pod.clone());
        }
    });
    pods
}

fn all_ready(count: usize) -> impl Fn(&Cluster) -> bool {
    move |cluster| {
        let live: Vec<Pod> = pods(cluster, "default")
            .into_iter()
            .filter(|pod| !pod.metadata.is_deleting())
            .collect();
        live.len() == count && live.iter().all(|pod| pod.status.is_ready())
    }
}

fn restarts(cluster: &Cluster) -> i32 {
    pods(cluster, "default")
        .iter()
        .flat_map(|pod| &pod.status.container_statuses)
        .map(|status| status.restart_count)
        .sum()
}

fn is_running(state: &ContainerState) -> bool {
    matches!(state, ContainerState::Running(_))
}

fn is_not_ready(node: &'static str) -> impl Fn(&Cluster) -> bool {
    move |cluster| {
        let mut unknown = false;
        cluster.server().for_each_object(&mut |object| {
            if let Some(found) = api::as_kind::<Node>(object.as_ref())
                && found.metadata.name == node
            {
                let ready =
                    |condition: &&api::core::node::NodeCondition| condition.type_ == "Ready";
                let condition = found.status.conditions.iter().find(ready);
                unknown = condition.is_some_and(|condition| {
                    condition.status == api::core::pod_status::ConditionStatus::Unknown
                });
            }
        });
        unknown
    }
}

fn pod(name: &str, image: &str, more: &str) -> String {
    format!(
        "apiVersion: v1\nkind: Pod\nmetadata: {{name: {name}}}\nspec:\n  containers:\n  \
         - name: {name}\n    image: {image}\n{more}"
    )
}

#[test]
fn readiness_waits_for_its_first_success() {
    let mut terminal = terminal();
    let probe = "    readinessProbe:\n      httpGet: {path: /, port: 8080}\n      \
                 periodSeconds: 5\n      failureThreshold: 3\n";
    terminal.file("p.yaml", &pod("slow", "kubarium/slow-start", probe));
    terminal.ok("kubectl apply -f p.yaml");
    let running = |cluster: &Cluster| {
        pods(cluster, "default")
            .iter()
            .any(|pod| pod.status.container_statuses.iter().any(|status| is_running(&status.state)))
    };
    between(seconds_until(&mut terminal, 60, running), 0.5, 5.0);
    terminal.pass(10);
    let text = terminal.ok("kubectl get pod slow --no-headers");
    assert!(text.contains("0/1") && text.contains("Running"), "{text}");
    // It listens 30 s after its start; the next probe is at most one period away.
    between(10.0 + seconds_until(&mut terminal, 60, all_ready(1)), 30.0, 36.5);
    let events = terminal.ok("kubectl describe pod slow");
    assert!(events.contains("Unhealthy"), "{events}");
    assert!(events.contains("Readiness probe failed: Get \"http://10."), "{events}");
    assert!(events.contains("connect: connection refused"), "{events}");
    assert_eq!(restarts(&terminal.cluster), 0);
}

#[test]
fn liveness_restarts_after_its_threshold() {
    let mut terminal = terminal();
    let probe = "    livenessProbe:\n      httpGet: {path: /nope, port: 80}\n      \
                 initialDelaySeconds: 10\n      periodSeconds: 5\n      failureThreshold: 3\n";
    terminal.file("p.yaml", &pod("sick", "nginx", probe));
    terminal.ok("kubectl apply -f p.yaml");
    seconds_until(&mut terminal, 60, all_ready(1));
    // Ten seconds of patience, then three failures five seconds apart, then a fast end.
    let restarted = seconds_until(&mut terminal, 120, |cluster| restarts(cluster) == 1);
    between(restarted, 20.0, 27.0);
    let text = terminal.ok("kubectl describe pod sick");
    for words in [
        "Liveness probe failed: HTTP probe failed with statuscode: 404",
        "Container sick failed liveness probe, will be restarted",
        "Last State:",
    ] {
        assert!(text.contains(words), "{words} in {text}");
    }
}

/// When each container instance began and ended, in Unix seconds.
fn pauses(terminal: &mut Terminal, count: i32) -> Vec<i64> {
    let mut pauses = Vec::new();
    for number in 1..=count {
        let again = |cluster: &Cluster| {
            let ran = |pod: &Pod| {
                pod.status
                    .container_statuses
                    .iter()
                    .any(|status| status.restart_count >= number && is_running(&status.state))
            };
            pods(cluster, "default").iter().any(ran)
        };
        seconds_until(terminal, 400, again);
        let pod = pods(&terminal.cluster, "default").remove(0);
        let status = pod.status.container_statuses.first().expect("a status");
        let (ContainerState::Running(began), ContainerState::Terminated(end)) =
            (&status.state, &status.last_state)
        else {
            panic!("{status:?}")
        };
        pauses.push(began.0 - end.finished_at.expect("an end").0);
    }
    pauses
}

#[test]
fn crash_loops_back_off_and_cap_at_five_minutes() {
    let mut terminal = terminal();
    terminal.ok("kubectl run crash --image=kubarium/crash");
    let found = pauses(&mut terminal, 8);
    for (pause, expected) in found.iter().zip([0, 10, 20, 40, 80, 160, 300, 300]) {
        assert!((expected..=expected + 3).contains(pause), "{found:?}");
    }
    terminal.pass(5);
    let text = terminal.ok("kubectl get pod crash --no-headers");
    assert!(text.contains("0/1 ") && text.contains("CrashLoopBackOff"), "{text}");
    let text = terminal.ok("kubectl describe pod crash");
    assert!(
        text.contains("Back-off restarting failed container crash in pod crash_default("),
        "{text}"
    );
    let text = terminal.ok("kubectl get pod crash -o yaml");
    assert!(text.contains("back-off 5m0s restarting failed container=crash"), "{text}");
    assert!(text.contains("exitCode: 1"), "{text}");
    let logs = terminal.ok("kubectl logs crash --previous");
    assert!(logs.contains("fatal: cannot read"), "{logs}");
}

#[test]
fn an_image_that_is_not_there_backs_off() {
    let mut terminal = terminal();
    terminal.ok("kubectl run lost --image=nginx:nonexistent");
    terminal.pass(3);
    let text = terminal.ok("kubectl get pod lost --no-headers");
    assert!(text.contains("ErrImagePull"), "{text}");
    terminal.pass(97);
    let text = terminal.ok("kubectl get pod lost --no-headers");
    assert!(text.contains("ImagePullBackOff") || text.contains("ErrImagePull"), "{text}");
    let text = terminal.ok("kubectl describe pod lost");
    // Attempts at 0, 10, 30 and 70 s.
    assert!(text.contains("(x4 over 1") || text.contains("(x4 over 9"), "{text}");
    for words in [
        "Pulling image \"nginx:nonexistent\"",
        "Failed to pull image \"nginx:nonexistent\": ",
        "Error: ErrImagePull",
        "Error: ImagePullBackOff",
        "Back-off pulling image \"nginx:nonexistent\"",
    ] {
        assert!(text.contains(words), "{words} in {text}");
    }
    // Another image has a back-off of its own.
    terminal.ok("kubectl set image pod/lost lost=nginx:1.29");
    between(seconds_until(&mut terminal, 60, all_ready(1)), 0.5, 5.0);
}

#[test]
fn a_running_container_restarts_with_its_new_image() {
    let mut terminal = terminal();
    terminal.ok("kubectl run it --image=nginx:1.28");
    seconds_until(&mut terminal, 60, all_ready(1));
    terminal.ok("kubectl set image pod/it it=nginx:1.29");
    terminal.pass(20);
    let text = terminal.ok("kubectl describe pod it");
    assert!(text.contains("Container it definition changed, will be restarted"), "{text}");
    assert!(text.contains("Image:          nginx:1.29"), "{text}");
    let text = terminal.ok("kubectl get pod it --no-headers");
    assert!(text.contains("1/1") && text.contains("1 ("), "{text}");
    let text = terminal.ok("kubectl logs it");
    assert!(text.contains("nginx/1.29"), "{text}");
}

#[test]
fn a_stubborn_process_is_killed_after_its_grace_period() {
    let delete = |flags: &str, image: &str| {
        let mut terminal = terminal();
        terminal.ok(&format!("kubectl run it --image={image}"));
        seconds_until(&mut terminal, 60, all_ready(1));
        let begun = terminal.cluster.now();
        let text = terminal.ok(&format!("kubectl delete pod it {flags}"));
        assert!(text.contains("pod \"it\" "), "{text}");
        let took = terminal.cluster.now().since(begun).as_secs_f64();
        seconds_until(&mut terminal, 60, |cluster| pods(cluster, "default").is_empty());
        took
    };
    between(delete("", "kubarium/stubborn"), 30.0, 32.0);
    between(delete("--grace-period=5", "kubarium/stubborn"), 5.0, 7.0);
    between(delete("--grace-period=0 --force", "kubarium/stubborn"), 0.0, 0.5);
    between(delete("", "nginx"), 0.0, 3.0);
}

#[test]
fn a_terminating_pod_says_so_and_leaves_its_service_at_once() {
    let mut terminal = terminal();
    terminal.ok("kubectl create deployment web --image=kubarium/stubborn --replicas=2");
    terminal.ok("kubectl expose deployment web --port=80");
    seconds_until(&mut terminal, 60, all_ready(2));
    terminal.ok("kubectl scale deployment web --replicas=1");
    terminal.pass(2);
    let text = terminal.ok("kubectl get pods --no-headers");
    assert_eq!(text.matches("Terminating").count(), 1, "{text}");
    assert_eq!(text.matches("1/1").count(), 2, "it runs on until it is killed: {text}");
    let endpoints = terminal.ok("kubectl get endpointslices -l kubernetes.io/service-name=web -o \
                                 jsonpath='{.items[0].endpoints[*].conditions.ready}'");
    let mut words: Vec<&str> = endpoints.split_whitespace().collect();
    words.sort_unstable();
    assert_eq!(words, ["false", "true"]);
    terminal.pass(31);
    assert_eq!(terminal.ok("kubectl get pods --no-headers").lines().count(), 1);
}

#[test]
fn a_dead_node_loses_its_pods_after_they_have_tolerated_it() {
    let mut terminal = terminal();
    terminal.ok("kubectl create deployment web --image=nginx --replicas=6");
    seconds_until(&mut terminal, 60, all_ready(6));
    let lost = |cluster: &Cluster| {
        let found = pods(cluster, "default");
        found.into_iter().filter(|pod| pod.spec.node_name == "node-2").collect::<Vec<Pod>>()
    };
    assert_eq!(lost(&terminal.cluster).len(), 2);
    terminal.cluster.execute(cluster::Command::StopKubelet { node: "node-2".into() });
    between(seconds_until(&mut terminal, 120, is_not_ready("node-2")), 40.0, 56.0);
    terminal.pass(1);
    let text = terminal.ok("kubectl get nodes --no-headers");
    assert_eq!(text.matches("NotReady").count(), 1, "{text}");
    let text = terminal.ok("kubectl describe node node-2");
    for words in [
        "node.kubernetes.io/unreachable:NoExecute",
        "node.kubernetes.io/unreachable:NoSchedule",
        "NodeStatusUnknown",
        "Kubelet stopped posting node status.",
    ] {
        assert!(text.contains(words), "{words} in {text}");
    }
    let text = terminal.ok("kubectl get deployment web --no-headers");
    assert!(text.contains("4/6"), "{text}");
    assert!(lost(&terminal.cluster).iter().all(|pod| !pod.status.is_ready()));

    let evicted = seconds_until(&mut terminal, 400, |cluster| {
        lost(cluster).iter().all(|pod| pod.metadata.is_deleting())
    });
    between(evicted, 295.0, 306.0);
    between(seconds_until(&mut terminal, 60, all_ready(6)), 0.1, 10.0);
    let text = terminal.ok("kubectl get pods -o wide --no-headers");
    assert_eq!(text.matches("Terminating").count(), 2, "nobody confirms their end: {text}");
    assert_eq!(text.lines().filter(|l| l.contains("Running") && l.contains("node-2")).count(), 0);

    terminal.cluster.execute(cluster::Command::StartKubelet { node: "node-2".into() });
    let came_back = seconds_until(&mut terminal, 60, |cluster| !is_not_ready("node-2")(cluster));
    between(came_back, 0.0, 15.0);
    terminal.pass(40);
    let text = terminal.ok("kubectl get pods --no-headers");
    assert_eq!(text.lines().count(), 6, "{text}");
    let text = terminal.ok("kubectl describe node node-2");
    assert!(text.contains("Taints:             <none>"), "{text}");
}

#[test]
fn a_node_that_comes_back_in_time_keeps_its_pods() {
    let mut terminal = terminal();
    terminal.ok("kubectl create deployment web --image=nginx --replicas=6");
    seconds_until(&mut terminal, 60, all_ready(6));
    let before = terminal.ok("kubectl get pods -o name");
    terminal.cluster.execute(cluster::Command::StopKubelet { node: "node-2".into() });
    terminal.pass(120);
    terminal.cluster.execute(cluster::Command::StartKubelet { node: "node-2".into() });
    between(seconds_until(&mut terminal, 60, all_ready(6)), 0.0, 20.0);
    terminal.pass(400);
    assert_eq!(terminal.ok("kubectl get pods -o name"), before, "nobody was evicted");
}
