//! Pods through their lives on one node.
#![allow(clippy::unwrap_used)]

mod world;

use api::core::pod_status::{ContainerState, PodPhase};
use api::{Lease, Node};
use clock::Duration;
use serde_json::json;
use world::World;

#[test]
fn a_node_registers_and_beats() {
    let mut world = World::new();
    let node = world.find::<Node>("", "node-1").unwrap();
    assert_eq!(node.metadata.label("topology.kubernetes.io/zone"), Some("zone-1"));
    assert_eq!(node.status.condition("Ready").unwrap().message, "kubelet is posting ready status");
    let lease = |world: &World| {
        world.find::<Lease>("kube-node-lease", "node-1").unwrap().spec.renew_time.unwrap()
    };
    let first = lease(&world);
    world.secs(25);
    assert!(lease(&world).0 >= first.0 + 20_000_000, "renewed every 10 s");
    let before = world.api.requests.iter().filter(|r| *r == "update nodes/status").count();
    world.secs(400);
    let after = world.api.requests.iter().filter(|r| *r == "update nodes/status").count();
    assert_eq!(after - before, 1, "an unchanged status is told every five minutes");
}

#[test]
fn a_plain_pod_becomes_ready() {
    let mut world = World::new();
    world.fabric.registry.preloaded = true;
    world.pod("web", json!({"containers": [{"name": "nginx", "image": "nginx"}]}));
    let pod = world.get("web").unwrap();
    assert_eq!(pod.status.phase, PodPhase::Pending);
    assert_eq!(world.word("web"), "ContainerCreating");
    world.millis(700);
    let pod = world.get("web").unwrap();
    assert_eq!(world.word("web"), "Ready");
    assert_eq!(pod.status.phase, PodPhase::Running);
    assert_eq!(pod.status.pod_ip, "10.64.1.3");
    assert_eq!(pod.status.host_ip, "10.0.0.2");
    let types: Vec<&str> = pod.status.conditions.iter().map(|c| c.type_.as_str()).collect();
    let want =
        ["PodScheduled", "PodReadyToStartContainers", "Initialized", "Ready", "ContainersReady"];
    assert_eq!(types, want);
    let one = &pod.status.container_statuses[0];
    assert_eq!(one.container_id.len(), "containerd://".len() + 64);
    assert!(one.image_id.starts_with("docker.io/library/nginx@sha256:"), "{}", one.image_id);
    assert_eq!(
        world.events("web"),
        [
            "Pulled Container image \"nginx\" already present on machine and can be accessed by \
             the pod x1",
            "Created Container created x1",
            "Started Container started x1",
        ]
    );
    let writes = world.api.requests.iter().filter(|r| *r == "update pods/status").count();
    assert_eq!(writes, 2);
}

#[test]
fn a_conflict_is_met_by_reading_again() {
    let mut world = World::new();
    world.fabric.registry.preloaded = true;
    world.api.conflict_once = true;
    world.pod("web", json!({"containers": [{"name": "nginx", "image": "nginx"}]}));
    assert_eq!(world.word("web"), "ContainerCreating");
    world.secs(1);
    assert_eq!(world.word("web"), "Ready");
}

#[test]
fn a_pull_takes_its_time() {
    let mut world = World::new();
    world.pod("web", json!({"containers": [{"name": "nginx", "image": "nginx"}]}));
    world.secs(1);
    assert_eq!(world.word("web"), "ContainerCreating");
    world.secs(2);
    assert_eq!(world.word("web"), "Ready");
    let events = world.events("web");
    assert_eq!(events[0], "Pulling Pulling image \"nginx\" x1");
    assert!(
        events[1].starts_with(
            "Pulled Successfully pulled image \"nginx\" in 1.7s (1.7s including \
                               waiting). Image size: 72000000 bytes."
        ),
        "{}",
        events[1]
    );
    world.pod("again", json!({"containers": [{"name": "nginx", "image": "nginx"}]}));
    world.millis(700);
    assert!(world.events("again")[0].contains("already present"));
}

#[test]
fn crashes_back_off_10_20_40() {
    let mut world = World::new();
    world.fabric.registry.preloaded = true;
    world.pod(
        "crash",
        json!({"containers": [{"name": "c", "image": "busybox",
            "command": ["sh", "-c", "sleep 1; exit 1"]}]}),
    );
    let mut seen = Vec::new();
    for tick in 0..1_000u32 {
        world.millis(100);
        let now = (world.restarts("crash"), world.word("crash"));
        if seen.last().map(|(_, last)| last) != Some(&now) {
            seen.push((tick, now));
        }
    }
    let starts: Vec<u32> =
        seen.iter().filter(|(_, (_, word))| word == "Ready").map(|(tick, _)| *tick / 10).collect();
    // Up at 0.6 s; dead at 1.6; again at 2.6; dead at 3.6; then 10 s, 1 s up, 20 s, 1 s up, 40 s.
    assert_eq!(starts, [0, 2, 13, 34, 75]);
    let pod = world.get("crash").unwrap();
    let last = &pod.status.container_statuses[0];
    let ContainerState::Waiting(waiting) = &last.state else { panic!("{:?}", last.state) };
    assert_eq!(
        waiting.message,
        format!(
            "back-off 1m20s restarting failed container=c pod=crash_default({})",
            pod.metadata.uid
        )
    );
    let said = format!(
        "BackOff Back-off restarting failed container c in pod crash_default({}) x4",
        pod.metadata.uid
    );
    assert!(world.events("crash").contains(&said), "{:?}", world.events("crash"));
    let ContainerState::Terminated(end) = &last.last_state else { panic!() };
    assert_eq!((end.exit_code, end.reason.as_str()), (1, "Error"));
}

#[test]
fn a_bad_image_backs_off() {
    let mut world = World::new();
    world.pod("web", json!({"containers": [{"name": "nginx", "image": "nginx:nonexistent"}]}));
    world.secs(1);
    assert_eq!(world.word("web"), "ErrImagePull");
    world.secs(4);
    assert_eq!(world.word("web"), "ImagePullBackOff");
    let why = "failed to pull and unpack image \"nginx:nonexistent\": failed to resolve reference \
               \"nginx:nonexistent\": nginx:nonexistent: not found";
    assert_eq!(
        world.events("web"),
        [
            "Pulling Pulling image \"nginx:nonexistent\" x1".to_owned(),
            format!("Failed Failed to pull image \"nginx:nonexistent\": {why} x1"),
            "Failed Error: ErrImagePull x1".to_owned(),
            "BackOff Back-off pulling image \"nginx:nonexistent\" x1".to_owned(),
            "Failed Error: ImagePullBackOff x1".to_owned(),
        ]
    );
    let pod = world.get("web").unwrap();
    let ContainerState::Waiting(waiting) = &pod.status.container_statuses[0].state else {
        panic!()
    };
    assert_eq!(
        waiting.message,
        format!("Back-off pulling image \"nginx:nonexistent\": ErrImagePull: {why}")
    );
    world.delete("web", None);
    world.secs(1);
    assert!(world.get("web").is_none());
    world.pod("odd", json!({"containers": [{"name": "c", "image": "Not An Image"}]}));
    world.secs(1);
    assert_eq!(world.word("odd"), "InvalidImageName");
    world.pod(
        "never",
        json!({"containers": [{"name": "c", "image": "httpd",
        "imagePullPolicy": "Never"}]}),
    );
    world.secs(1);
    assert_eq!(world.word("never"), "ErrImageNeverPull");
}

#[test]
fn a_deleted_pod_stops_gracefully() {
    let mut world = World::new();
    world.fabric.registry.preloaded = true;
    let spec = |image: &str| {
        json!({"containers": [{"name": "c", "image": image}],
        "terminationGracePeriodSeconds": 5})
    };
    let uid = world.pod("web", spec("nginx"));
    world.pod("stubborn", spec("kubarium/stubborn"));
    world.secs(1);
    let address: std::net::Ipv4Addr = world.get("web").unwrap().status.pod_ip.parse().unwrap();
    assert_eq!(world.fabric.addresses.get(&address), Some(&uid));
    world.delete("web", None);
    world.delete("stubborn", None);
    world.millis(500);
    assert!(world.get("web").is_some(), "still stopping");
    world.millis(500);
    assert!(world.get("web").is_none());
    assert!(world.events("web").contains(&"Killing Stopping container c x1".to_owned()));
    assert!(world.fabric.addresses.get(&address).is_none());
    assert!(!world.fabric.sandboxes.contains_key(&uid));
    assert!(world.get("stubborn").is_some(), "takes its whole grace period");
    world.secs(5);
    assert!(world.get("stubborn").is_none());
    assert_eq!(world.kubelet.pod_count(), 0);
}

#[test]
fn containers_share_an_empty_dir() {
    let mut world = World::new();
    world.fabric.registry.preloaded = true;
    let mount = json!([{"name": "shared-storage", "mountPath": "/data/shared"}]);
    let uid = world.pod(
        "shared-volumes",
        json!({"containers": [
            {"name": "redis", "image": "redis", "volumeMounts": mount},
            {"name": "nginx", "image": "nginx", "volumeMounts": mount}],
            "volumes": [{"name": "shared-storage", "emptyDir": {}}]}),
    );
    world.secs(1);
    assert_eq!(world.word("shared-volumes"), "Ready");
    let wrote = world.exec(uid, 0, &["sh", "-c", "echo hello > /data/shared/a.txt"]);
    assert_eq!((wrote.code, wrote.stdout.as_str()), (0, ""));
    assert_eq!(world.exec(uid, 1, &["cat", "/data/shared/a.txt"]).stdout, "hello\n");
    assert_eq!(world.exec(uid, 1, &["ls", "/data/shared"]).stdout, "a.txt\n");
    assert_eq!(world.exec(uid, 0, &["redis-cli", "ping"]).stdout, "PONG\n");
    assert_eq!(world.exec(uid, 0, &["redis-cli", "set", "k", "v"]).stdout, "OK\n");
    assert_eq!(world.exec(uid, 0, &["redis-cli", "get", "k"]).stdout, "v\n");
    assert_eq!(world.exec(uid, 1, &["nosuch"]).code, 127);
    assert!(world.log(uid, "redis").iter().any(|l| l.ends_with("Ready to accept connections tcp")));
}

#[test]
fn scripts_write_and_serve() {
    let mut world = World::new();
    world.fabric.registry.preloaded = true;
    let mount = |path: &str| json!([{"name": "html", "mountPath": path}]);
    let uid = world.pod(
        "two",
        json!({"containers": [
            {"name": "web", "image": "nginx", "volumeMounts": mount("/usr/share/nginx/html")},
            {"name": "writer", "image": "debian", "volumeMounts": mount("/html"),
             "command": ["/bin/sh", "-c"],
             "args": ["i=0; while true; do i=$((i+1)); echo \"<h1>$i</h1>\" > /html/index.html; \
                       echo wrote $i; sleep 1; done"]}],
            "volumes": [{"name": "html", "emptyDir": {}}]}),
    );
    world.secs(5);
    let page = world.exec(uid, 1, &["wget", "-qO-", "http://localhost"]);
    assert_eq!(page.stdout, "<h1>5</h1>\n");
    assert_eq!(world.log(uid, "writer"), ["wrote 1", "wrote 2", "wrote 3", "wrote 4", "wrote 5"]);
    world.millis(10);
    let access = world.log(uid, "web").pop().unwrap();
    assert!(access.contains("\"GET / HTTP/1.1\" 200 11 \"-\" \"Wget\" \"-\""), "{access}");
}

#[test]
fn init_containers_go_first() {
    let mut world = World::new();
    world.fabric.registry.preloaded = true;
    world.pod(
        "initp",
        json!({"initContainers": [
            {"name": "i1", "image": "busybox", "command": ["sh", "-c", "sleep 3"]},
            {"name": "s", "image": "nginx", "restartPolicy": "Always"}],
            "containers": [{"name": "c", "image": "nginx"}]}),
    );
    world.secs(2);
    let pod = world.get("initp").unwrap();
    assert_eq!(pod.status.phase, PodPhase::Pending);
    assert_eq!(world.word("initp"), "PodInitializing");
    world.secs(3);
    assert_eq!(world.word("initp"), "Ready");
    let pod = world.get("initp").unwrap();
    assert!(pod.status.init_container_statuses.iter().all(|one| one.ready));
    world.pod(
        "initfail",
        json!({"restartPolicy": "Never", "initContainers": [
            {"name": "i1", "image": "busybox", "command": ["sh", "-c", "sleep 1; exit 2"]}],
            "containers": [{"name": "c", "image": "nginx"}]}),
    );
    world.secs(3);
    assert_eq!(world.get("initfail").unwrap().status.phase, PodPhase::Failed);
}

#[test]
fn work_that_is_done_stays_done() {
    let mut world = World::new();
    world.fabric.registry.preloaded = true;
    for (name, code, phase) in [("done", 0, PodPhase::Succeeded), ("failn", 7, PodPhase::Failed)] {
        let uid = world.pod(
            name,
            json!({"restartPolicy": "Never", "containers": [{"name": "c", "image": "busybox",
                "command": ["sh", "-c", format!("echo hi; sleep 1; exit {code}")]}]}),
        );
        world.secs(3);
        let pod = world.get(name).unwrap();
        assert_eq!(pod.status.phase, phase, "{name}");
        assert!(!pod.status.is_ready());
        assert_eq!(world.log(uid, "c"), ["hi"], "the log outlives the container");
    }
}

#[test]
fn probes_decide() {
    let mut world = World::new();
    world.fabric.registry.preloaded = true;
    let probe = json!({"httpGet": {"path": "/nope", "port": 80}, "periodSeconds": 2,
        "failureThreshold": 2, "successThreshold": 1, "timeoutSeconds": 1});
    world.pod(
        "unready",
        json!({"containers": [{"name": "c", "image": "nginx", "readinessProbe": probe}]}),
    );
    world.pod(
        "sick",
        json!({"containers": [{"name": "nginx", "image": "nginx", "livenessProbe": probe}]}),
    );
    world.pod(
        "slow",
        json!({"containers": [{"name": "c", "image": "kubarium/slow-start",
            "startupProbe": {"tcpSocket": {"port": 8080}, "periodSeconds": 5,
                "failureThreshold": 10, "successThreshold": 1, "timeoutSeconds": 1},
            "livenessProbe": {"httpGet": {"path": "/", "port": 8080}, "periodSeconds": 1,
                "failureThreshold": 1, "successThreshold": 1, "timeoutSeconds": 1}}]}),
    );
    world.secs(6);
    assert_eq!(world.word("unready"), "Running");
    let unhealthy = "Readiness probe failed: HTTP probe failed with statuscode: 404";
    let events = world.events("unready");
    assert!(events.iter().any(|event| event.contains(unhealthy)), "{events:?}");
    assert!(world.restarts("sick") >= 1);
    let killing = "Killing Container nginx failed liveness probe, will be restarted";
    assert!(world.events("sick").iter().any(|event| event.starts_with(killing)));
    world.secs(5);
    let refused = "Unhealthy Startup probe failed: dial tcp 10.64.1.5:8080: connect: connection \
                   refused x2";
    assert!(world.events("slow").contains(&refused.to_owned()), "{:?}", world.events("slow"));
    world.secs(35);
    assert_eq!((world.word("slow").as_str(), world.restarts("slow")), ("Ready", 0));
}

#[test]
fn what_does_not_fit_is_rejected() {
    let mut world = World::new();
    world.pod(
        "big",
        json!({"containers": [{"name": "c", "image": "nginx",
            "resources": {"requests": {"cpu": "5"}}}]}),
    );
    let pod = world.get("big").unwrap();
    assert_eq!((pod.status.phase, pod.status.reason.as_str()), (PodPhase::Failed, "OutOfcpu"));
    assert_eq!(
        pod.status.message,
        "Pod was rejected: Node didn't have enough resource: cpu, requested: 5000, used: 0, \
         capacity: 4000"
    );
}

#[test]
fn containers_outlive_a_kubelet() {
    let mut world = World::new();
    world.fabric.registry.preloaded = true;
    let uid = world.pod("web", json!({"containers": [{"name": "c", "image": "nginx"}]}));
    world.secs(1);
    world.kubelet.set_stopped(true);
    let lease = world.find::<Lease>("kube-node-lease", "node-1").unwrap();
    world.secs(60);
    world.pod("late", json!({"containers": [{"name": "c", "image": "nginx"}]}));
    world.delete("web", None);
    world.secs(60);
    assert_eq!(world.find::<Lease>("kube-node-lease", "node-1").unwrap().spec, lease.spec);
    assert!(world.fabric.process(uid, 0).unwrap().is_running());
    assert_eq!(world.word("late"), "Pending");
    world.kubelet.set_stopped(false);
    world.with(|kubelet, ctx| client::Component::on_timer(kubelet, ctx, kubelet::WAKE));
    world.run(Duration::from_secs(3));
    assert_eq!(world.word("late"), "Ready");
    assert!(world.get("web").is_none());
}

#[test]
fn a_machine_that_reboots_starts_its_pods_again() {
    let mut world = World::new();
    world.fabric.registry.preloaded = true;
    world.pod("web", json!({"containers": [{"name": "c", "image": "nginx"}]}));
    world.secs(1);
    world.kubelet.set_stopped(true);
    world.secs(20);
    world.kubelet.set_stopped(false);
    world.with(|kubelet, ctx| kubelet.reboot(ctx));
    assert_eq!(world.word("web"), "Unknown");
    world.secs(3);
    assert_eq!((world.word("web").as_str(), world.restarts("web")), ("Ready", 1));
}

#[test]
fn a_deadline_ends_a_pod() {
    let mut world = World::new();
    world.fabric.registry.preloaded = true;
    world.pod(
        "late",
        json!({"activeDeadlineSeconds": 5, "containers": [{"name": "c", "image": "nginx"}]}),
    );
    world.secs(4);
    assert_eq!(world.word("late"), "Ready");
    world.secs(3);
    let pod = world.get("late").unwrap();
    assert_eq!(
        (pod.status.phase, pod.status.reason.as_str()),
        (PodPhase::Failed, "DeadlineExceeded")
    );
}

#[test]
fn settings_come_from_config_maps() {
    use api::ConfigMap;
    use apimachinery::wire::Wire;
    let mut world = World::new();
    world.fabric.registry.preloaded = true;
    let uid = world.pod(
        "vol",
        json!({"containers": [{"name": "c", "image": "nginx",
            "volumeMounts": [{"name": "v", "mountPath": "/usr/share/nginx/html"}]}],
            "volumes": [{"name": "v", "configMap": {"name": "ghost"}}]}),
    );
    let env = world.pod(
        "env",
        json!({"containers": [{"name": "c", "image": "nginx",
            "envFrom": [{"configMapRef": {"name": "ghost"}, "prefix": "P_"}],
            "env": [{"name": "A", "valueFrom": {"configMapKeyRef":
                {"name": "ghost", "key": "index.html"}}}]}]}),
    );
    world.secs(2);
    assert_eq!(world.word("vol"), "ContainerCreating");
    assert_eq!(world.word("env"), "CreateContainerConfigError");
    let said = "FailedMount MountVolume.SetUp failed for volume \"v\" : configmap \"ghost\" not \
                found x1";
    assert_eq!(world.events("vol"), [said]);
    assert!(world.events("env").contains(&"Failed Error: configmap \"ghost\" not found x1".into()));
    let map = ConfigMap::from_value(json!({"metadata": {"name": "ghost", "namespace": "default"},
        "data": {"index.html": "boo"}}))
    .unwrap();
    world.api.create_object(std::sync::Arc::new(map)).unwrap();
    world.secs(6);
    assert_eq!((world.word("vol").as_str(), world.word("env").as_str()), ("Ready", "Ready"));
    assert_eq!(world.exec(uid, 0, &["curl", "-s", "localhost"]).stdout, "boo");
    let vars = world.exec(env, 0, &["env"]).stdout;
    assert!(vars.contains("A=boo\n") && vars.contains("P_index.html=boo\n"), "{vars}");
}

#[test]
fn a_ready_pod_gives_no_reason_unless_recordings_are_aimed_at() {
    for as_recorded in [true, false] {
        let mut world = World::with_knobs(|knobs| knobs.as_recorded = as_recorded);
        world.fabric.registry.preloaded = true;
        world.pod("web", json!({"containers": [{"name": "c", "image": "nginx"}]}));
        world.secs(1);
        let pod = world.get("web").unwrap();
        let ready = pod.status.condition(&api::core::pod_status::PodConditionType::Ready).unwrap();
        let want = if as_recorded { "ContainersNotReady" } else { "" };
        assert_eq!(ready.reason(), want);
    }
}
