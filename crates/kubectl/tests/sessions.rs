//! Short sessions: each line with what it says.

mod support;

use support::Terminal;

/// A session in the form of a transcript: `$ line`, output, `--stderr--`, `--exit N--`.
fn check(session: &str) {
    let mut terminal = Terminal::default();
    let mut actual = String::new();
    for step in session.trim_start().split("\n$ ") {
        let step = step.trim_start_matches("$ ");
        let end = step.find("\n---\n").unwrap_or(step.len());
        let line = step.get(..end).unwrap_or(step);
        let (out, err, code) = terminal.run(line);
        actual.push_str(&format!("$ {line}\n---\n{out}"));
        if !err.is_empty() {
            actual.push_str(&format!("--stderr--\n{err}"));
        }
        match code {
            Some(code) => actual.push_str(&format!("--exit {code}--\n")),
            None => actual.push_str("--waits--\n"),
        }
    }
    assert_eq!(actual.trim(), session.trim());
}

#[test]
fn objects_come_change_and_go() {
    check(
        r#"
$ kubectl create deployment web --image=nginx
---
deployment.apps/web created
--exit 0--
$ kubectl get deploy -o name; k get deploy,cm -o name | wc -l
---
deployment.apps/web
1
--exit 0--
$ kubectl set image deploy/web nginx=nginx:2 && kubectl set image deploy/web nosuch=x
---
deployment.apps/web image updated
--stderr--
error: unable to find container named "nosuch"
--exit 1--
$ kubectl get deploy web -o jsonpath={.spec.template.spec.containers[0].image}
---
nginx:2--exit 0--
$ kubectl label deploy web a=b; kubectl label deploy web a=c; kubectl label deploy web a-
---
deployment.apps/web labeled
deployment.apps/web unlabeled
--stderr--
error: 'a' already has a value (b), and --overwrite is false
--exit 0--
$ kubectl delete deploy web
---
deployment.apps "web" deleted from default namespace
--exit 0--
$ kubectl get deploy web
---
--stderr--
Error from server (NotFound): deployments.apps "web" not found
--exit 1--
"#,
    );
}

#[test]
fn manifests_are_applied() {
    check(
        r#"
$ kubectl apply -f - <<EOF
apiVersion: v1
kind: ConfigMap
metadata: {name: c}
data: {a: b}
EOF
---
configmap/c created
--exit 0--
$ echo '{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"c"},"data":{"a":"b"}}' > c.json
---
--exit 0--
$ kubectl apply -f c.json
---
configmap/c unchanged
--exit 0--
$ sed 's/"b"/"z"/' c.json | kubectl apply -f -; kubectl get cm c -o jsonpath='{.data.a}{"\n"}'
---
configmap/c configured
z
--exit 0--
$ kubectl apply -f nosuch.yaml
---
--stderr--
error: the path "nosuch.yaml" does not exist
--exit 1--
"#,
    );
}

#[test]
fn what_was_read_is_changed_and_written_back() {
    check(
        r#"
$ printf '\377x' > b; printf 'a=%s\n' 1 2 > e; kubectl create cm c --from-file=b; kubectl get cm c -o jsonpath='{.binaryData.b}{"\n"}'; cat e
---
configmap/c created
/3g=
a=1
a=2
--exit 0--
$ kubectl create cm d --from-literal=a=1; kubectl get cm d -o yaml > d.yaml; sed -i 's/"1"/"2"/' d.yaml
---
configmap/d created
--exit 0--
$ kubectl replace --force -f d.yaml; kubectl get cm d -o jsonpath='{.data.a}{"\n"}'
---
configmap "d" deleted from default namespace
configmap/d replaced
2
--exit 0--
$ KUBE_EDITOR="sed -i 's/\"2\"/\"3\"/'" kubectl edit cm d; kubectl get cm d -o jsonpath='{.data.a}{"\n"}'
---
configmap/d edited
3
--exit 0--
$ KUBE_EDITOR=true kubectl edit cm d
---
--stderr--
Edit cancelled, no changes made.
--exit 0--
$ kubectl get cm d -w > w.txt & echo $! > pid; kill $(cat pid); cat w.txt | head -1; kill 99
---
NAME   DATA   AGE
--stderr--
bash: kill: (99) - No such process
--exit 1--
$ kubectl attach nosuch
---
--stderr--
Error from server (NotFound): pods "nosuch" not found
--exit 1--
"#,
    );
}

#[test]
fn mistakes_are_told_in_kubectl_s_words() {
    check(
        r#"
$ kubectl frobnicate
---
--stderr--
error: unknown command "frobnicate" for "kubectl"
--exit 1--
$ kubectl get pods --nosuchflag
---
--stderr--
error: unknown flag: --nosuchflag
See 'kubectl get --help' for usage.
--exit 1--
$ kubectl get pods -o jsonpath={.items[
---
--stderr--
error: error parsing jsonpath {.items[, unterminated array
--exit 1--
$ kubectl create deployment x
---
--stderr--
error: required flag(s) "image" not set
--exit 1--
$ kubectl get widgets
---
--stderr--
error: the server doesn't have a resource type "widgets"
--exit 1--
$ kubectl get pods -n other
---
--stderr--
No resources found in other namespace.
--exit 0--
$ echo "unbalanced
---
--stderr--
bash: -c: line 1: unexpected EOF while looking for matching `"'
--exit 2--
$ foo
---
--stderr--
bash: foo: command not found
--exit 127--
"#,
    );
}

#[test]
fn a_wait_ends_at_its_deadline() {
    check(
        r#"
$ kubectl create configmap c && kubectl wait --for=condition=Ready cm/c --timeout=2s
---
configmap/c created
--stderr--
error: timed out waiting for the condition on configmaps/c
--exit 1--
$ kubectl get cm c -w
---
NAME   DATA   AGE
c      0      <unknown>
--waits--
"#,
    );
}
