// A session that touches every room, for the test that one seed and one list of commands give the
// same run on every target. Included by `build.rs`, which runs it natively, and by the tests.

use cluster::{Cluster, Command, Config};

const LINES: &[(u64, &str)] = &[
    (3, "kubectl create deployment web --image=nginx --replicas=4"),
    (9, "kubectl expose deployment web --port=80"),
    (1, "kubectl scale deployment/web --replicas=6"),
    (5, "kubectl set image deployment/web nginx=nginx:1.29"),
    (2, "kubectl rollout status deployment/web"),
    (9, "kubectl create deployment broken --image=nginx:nonexistent"),
    (15, "kubectl create deployment crash --image=kubarium/crash"),
    (40, "kubectl rollout undo deployment/web"),
    (10, "kubectl delete deployment crash"),
    (30, "kubectl get pods -o wide"),
];

/// Runs the session and gives the cluster's hash together with what the terminal printed.
pub fn run() -> (u64, String) {
    let mut cluster = Cluster::new(Config { seed: 7, ..Config::default() });
    let mut printed = String::new();
    for (wait_s, line) in LINES {
        let until = cluster.now() + std::time::Duration::from_secs(*wait_s);
        cluster.run_until(until);
        cluster.execute(Command::Line { terminal: 0, line: (*line).to_owned() });
        if line.contains("expose") {
            let (client, target) = ("browser".into(), "http://web.default.svc".to_owned());
            cluster.execute(Command::Traffic { client, target, per_second: 5 });
        }
    }
    cluster.execute(Command::StopKubelet { node: "node-2".into() });
    let end = cluster.now() + std::time::Duration::from_secs(400);
    cluster.run_until(end);
    for chunk in cluster.take_output(0) {
        printed.push_str(chunk.text());
    }
    (cluster.hash(), printed)
}
