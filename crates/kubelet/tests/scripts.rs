//! Scripts in containers: what they print, and that none of them can do harm.
#![allow(clippy::unwrap_used)]

mod world;

use clock::Rng;
use serde_json::json;
use world::World;

fn run(script: &str) -> Vec<String> {
    let mut world = World::with_knobs(|knobs| knobs.as_recorded = false);
    world.fabric.registry.preloaded = true;
    let uid = world.pod(
        "s",
        json!({"restartPolicy": "Never", "containers": [{"name": "c", "image": "busybox",
            "env": [{"name": "GREETING", "value": "hi there"},
                    {"name": "ME", "valueFrom": {"fieldRef": {"fieldPath": "metadata.name"}}}],
            "command": ["sh", "-c", script]}]}),
    );
    world.secs(30);
    let log = world.log(uid, "c");
    let code = world.fabric.process(uid, 0).unwrap().ended.map(|_| world.word("s"));
    log.into_iter().chain(code).collect()
}

#[test]
fn scripts_do_what_shells_do() {
    for (script, want) in [
        ("echo a; echo 'b  c'", &["a", "b  c", "Completed"][..]),
        ("echo $GREETING; echo \"$GREETING $ME\"", &["hi there", "hi there s", "Completed"]),
        ("for i in 1 2 3; do echo n$i; done", &["n1", "n2", "n3", "Completed"]),
        ("i=0; while [ $i -lt 3 ]; do i=$((i+1)); echo $i; done", &["1", "2", "3", "Completed"]),
        ("if [ -f /x ]; then echo yes; else echo no; fi", &["no", "Completed"]),
        ("echo t > /x; cat /x && echo ok || echo bad", &["t", "ok", "Completed"]),
        ("false || echo rescued; exit 3", &["rescued", "Error"]),
        ("nosuch -x", &["sh: nosuch: not found", "Error"]),
        ("echo $(hostname)-$(date +%Y)", &["s-2027", "Completed"]),
        ("echo a | cat", &["sh: pipes are not simulated", "Error"]),
        ("echo one\necho two # three", &["one", "two", "Completed"]),
        ("while true; do echo", &["sh: syntax error: expecting \"done\"", "Error"]),
        ("until [ -f /go ]; do sleep 2; touch /go; done; echo went", &["went", "Completed"]),
        ("echo out >/dev/null; ls /nope 2>/dev/null; echo $?", &["1", "Completed"]),
        ("wget -qO- http://nosuch", &["wget: bad address 'nosuch'", "Error"]),
        ("sleep 3600; echo never", &[]),
        ("exec sleep infinity", &[]),
    ] {
        assert_eq!(run(script), want, "{script}");
    }
}

#[test]
fn no_script_does_harm() {
    let alphabet: Vec<&str> = vec![
        "a=$a$a$a", ";", "while", "do", "done", "$(", ")", "((", "`", "'", "\"", "echo", "for",
        "in", "if", "then", "fi", "else", "&&", "||", ">", ">>", "|", "&", "$", "{", "}", "\\",
        "é", "true", "sleep", "0", "[", "]", "exit", "!", "\n", "#", "$((1/0))",
    ];
    let mut rng = Rng::new(11);
    for _ in 0..150 {
        let words = rng.between(1, 40);
        let text: Vec<&str> =
            (0..words).map(|_| alphabet[rng.below(alphabet.len() as u64) as usize]).collect();
        run(&text.join(if rng.below(2) == 0 { " " } else { "" }));
    }
    run(&"if true; then ".repeat(10_000));
    run(&"$(".repeat(10_000));
    let grown = run("a=x; while true; do a=$a$a; echo $a; done");
    assert!(grown.iter().all(|line| line.len() <= 16 * 1024));
}
