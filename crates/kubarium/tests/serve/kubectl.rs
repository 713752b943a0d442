//! The server driven by the real kubectl, where there is one: `KUBECTL`, or on the PATH.

use std::path::PathBuf;
use std::process::Command;

use crate::server::{self, Server};

fn kubectl() -> Option<PathBuf> {
    if let Some(path) = std::env::var_os("KUBECTL") {
        return Some(PathBuf::from(path));
    }
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path).map(|folder| folder.join("kubectl")).find(|file| file.is_file())
}

#[test]
fn a_session_reads_like_one_with_a_real_cluster() {
    let Some(kubectl) = kubectl() else {
        println!("skipped: no kubectl on the PATH and no KUBECTL");
        return;
    };
    let server = Server::start(&server::folder("kubectl"), &["--port", "0"]);
    let run = |line: &str| {
        let said = Command::new(&kubectl)
            .args(line.split(' '))
            .env("KUBECONFIG", server.kubeconfig())
            .env("HOME", &server.folder)
            .output()
            .expect("kubectl");
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        (text(&said.stdout) + &text(&said.stderr), said.status.code().unwrap_or(-1))
    };
    for (line, wanted, code) in [
        ("create deployment web --image=nginx --replicas=2", "deployment.apps/web created", 0),
        ("rollout status deployment/web --timeout=60s", "successfully rolled out", 0),
        ("expose deployment web --port=80", "service/web exposed", 0),
        ("scale deployment/web --replicas=3", "deployment.apps/web scaled", 0),
        ("wait --for=jsonpath={.status.readyReplicas}=3 deploy/web --timeout=60s", "met", 0),
        ("get deployment web", "3/3", 0),
        ("get endpointslices -l kubernetes.io/service-name=web", "IPv4", 0),
        ("describe deployment web", "3 desired | 3 updated | 3 total", 0),
        ("exec deploy/web -- hostname", "web-", 0),
        ("logs deploy/web --tail=1", "worker process", 0),
        ("label deployment web tier=front", "labeled", 0),
        ("get pods --field-selector=status.phase=Pending", "No resources found", 0),
        ("explain pod.spec.containers", "FIELDS:", 0),
        ("api-resources --api-group=apps", "statefulsets", 0),
        ("get pod nosuch", "Error from server (NotFound): pods \"nosuch\" not found", 1),
        ("drain node-1 --force --ignore-daemonsets --timeout=60s", "node/node-1 drained", 0),
        ("delete deployment,service web", "deployment.apps \"web\" deleted", 0),
    ] {
        let (said, exit) = run(line);
        assert!(said.contains(wanted) && exit == code, "kubectl {line}: {exit}\n{said}");
    }
}
