//! No line panics, whatever it holds, nor does completion at any place of it.

mod support;

use proptest::prelude::*;
use support::Terminal;

/// Words of which most lines are made.
const WORDS: &str = "kubectl k get apply create delete describe rollout status undo history \
    restart set image env resources selector scale expose run label annotate patch logs exec wait \
    events explain api-resources config drain cordon taint top replace deployment deploy/web pods \
    pod/web svc node cm all web a=b a- *=x nginx=nginx:2 k=v:NoSchedule -o yaml json wide name \
    -o=custom-columns=A:.metadata.name -o=jsonpath={.items[*]} -o=go-template={{.kind}} \
    --sort-by=.metadata.name -w -A -n --all -l app=web --image=nginx --replicas=2 --port=80 \
    --for=delete --for=jsonpath={.a}=b --for=condition=x --timeout=1s --to-revision=2 \
    --dry-run=client -p {\"a\":1} --type=merge -f - x.yaml -- --limits=cpu=1 \
    --from-literal=a=b --show-labels -L --tail=3 --help grep -v awk {print$1} wc head -5 sort sed \
    s/a/b/g watch sh -c sleep 1 é 한";

const SIGNS: [&str; 20] = [
    " ", "|", ";", "&&", "||", ">", ">>", "<", "<<X", "\nX\n", "'", "\"", "$", "$(", ")", "`",
    "\\", "2>&1", "#", "\n",
];

fn piece() -> impl Strategy<Value = String> {
    let words: Vec<&str> = WORDS.split_whitespace().collect();
    prop_oneof![
        4 => prop::sample::select(words).prop_map(str::to_owned),
        1 => prop::sample::select(SIGNS.to_vec()).prop_map(str::to_owned),
        1 => ".{0,12}",
    ]
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 300,
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn no_line_panics(pieces in prop::collection::vec(piece(), 0..12), spaced in any::<bool>()) {
        let line = pieces.join(if spaced { " " } else { "" });
        let mut terminal = Terminal::default();
        terminal.session.files.write("x.yaml", "kind: Pod\nmetadata: {name: web}\n");
        terminal.run("kubectl create deployment web --image=nginx");
        terminal.run("kubectl run web --image=nginx --labels=app=web");
        terminal.run(&line);
        terminal.run(&format!("kubectl {line}"));
        for cursor in [0, line.len() / 2, line.len()] {
            kubectl::complete(&line, cursor, &terminal.session, &mut terminal.store);
        }
    }

    #[test]
    fn no_text_panics(line in "\\PC*") {
        Terminal::default().run(&line);
    }

    #[test]
    fn no_manifest_panics(text in prop::collection::vec(piece(), 0..20)) {
        let mut terminal = Terminal::default();
        terminal.session.files.write("m.yaml", text.join("\n"));
        terminal.run("kubectl apply -f m.yaml; kubectl create -f m.yaml; kubectl delete -f m.yaml");
    }
}
