//! Runs a list of commands headless in virtual time and writes down what was said, in the form of
//! the recordings.

use clock::{Duration, SimTime};

use crate::{Chunk, Cluster, Command, Fault, ProcessState};

/// What kubectl needs to start and to connect, before its first request arrives.
const KUBECTL_START: Duration = Duration::from_millis(80);
/// `apply` asks for the API's schema before.
const APPLY_START: Duration = Duration::from_millis(140);
/// How late the recorder saw that nothing changed any more.
pub const NOTICE: Duration = Duration::from_millis(160);
pub const QUIET: Duration = Duration::from_millis(1_600);
pub const SETTLE_MAX: Duration = Duration::from_secs(25);
pub const COMMAND_MAX: Duration = Duration::from_secs(120);
const TERMINAL: u32 = 0;

/// One line of a `steps.txt`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    Command {
        text: String,
        limit: Option<Duration>,
        background: bool,
    },
    Sleep(Duration),
    /// Wait until nothing has changed for `quiet`, at most `max`.
    Settle {
        quiet: Duration,
        max: Duration,
    },
    StopNode(String),
    StartNode(String),
    Fault(Fault),
}

/// A directive that is not one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BadStep {
    pub line: usize,
    pub text: String,
}

fn seconds(word: Option<&str>, otherwise: Duration) -> Option<Duration> {
    match word {
        None => Some(otherwise),
        Some(word) => {
            word.parse::<f64>().ok().and_then(|secs| Duration::try_from_secs_f64(secs).ok())
        }
    }
}

fn directive(line: &str) -> Option<Step> {
    let mut words = line.split_whitespace();
    match words.next()? {
        "#sleep" => words.next().and_then(|word| seconds(Some(word), QUIET)).map(Step::Sleep),
        "#settle" => Some(Step::Settle {
            quiet: seconds(words.next(), QUIET)?,
            max: seconds(words.next(), Duration::from_secs(60))?,
        }),
        "#stop" => words.next().map(|node| Step::StopNode(node.to_owned())),
        "#start" => words.next().map(|node| Step::StartNode(node.to_owned())),
        "#fault" => Fault::parse(line.strip_prefix("#fault")?).ok().map(Step::Fault),
        _ => None,
    }
}

/// The tags of the here-documents that a line opens.
fn here_tags(line: &str) -> Vec<String> {
    let mut tags = Vec::new();
    let mut rest = line;
    while let Some(at) = rest.find("<<") {
        rest = rest[at + 2..].trim_start_matches('-').trim_start();
        let word = rest.trim_start_matches(['\'', '"']);
        let tag: String = word.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
        if !tag.is_empty() {
            tags.push(tag);
        }
    }
    tags
}

/// Reads a `steps.txt`.
pub fn parse(text: &str) -> Result<Vec<Step>, BadStep> {
    let mut steps = Vec::new();
    let mut lines = text.lines().enumerate();
    while let Some((number, line)) = lines.next() {
        if line.trim().is_empty() || line.starts_with("##") {
            continue;
        }
        if line.starts_with('#') {
            let bad = BadStep { line: number + 1, text: line.to_owned() };
            steps.push(directive(line).ok_or(bad)?);
            continue;
        }
        let (line, limit) = match line.strip_prefix('@').and_then(|rest| rest.split_once(' ')) {
            Some((limit, rest)) => (rest, seconds(Some(limit), COMMAND_MAX)),
            None => (line, None),
        };
        let (line, background) = match line.strip_prefix('&') {
            Some(rest) => (rest, true),
            None => (line, false),
        };
        let mut command = line.to_owned();
        for tag in here_tags(line) {
            // A document may end with its tag behind its last word, when no line is the tag alone.
            let is_closed = lines.clone().any(|(_, body)| body.trim() == tag);
            for (_, body) in lines.by_ref() {
                command.push('\n');
                command.push_str(body);
                if body.trim() == tag || (!is_closed && body.ends_with(&tag)) {
                    break;
                }
            }
        }
        steps.push(Step::Command { text: command, limit, background });
    }
    Ok(steps)
}

/// Verbs that only look: the recorder did not wait after them.
const LOOKING: &[&str] = &[
    "get",
    "describe",
    "logs",
    "events",
    "explain",
    "api-resources",
    "api-versions",
    "version",
    "cluster-info",
    "config",
    "auth",
    "diff",
    "top",
    "wait",
    "exec",
    "port-forward",
    "options",
    "help",
    "completion",
];

/// Whether a command that succeeded leaves something to settle.
fn changes_something(command: &str) -> bool {
    let first = command.lines().next().unwrap_or_default();
    let mut words = first
        .split_whitespace()
        .skip_while(|word| *word != "kubectl")
        .skip(1)
        .filter(|word| !word.starts_with('-'));
    let looks = match (words.next(), words.next()) {
        (Some(verb), _) if LOOKING.contains(&verb) => true,
        (Some("rollout"), Some(what)) => matches!(what, "status" | "history"),
        (None, _) => true,
        _ => false,
    };
    !looks && !first.contains("--dry-run")
}

/// A cluster being driven through steps, and the transcript so far.
pub struct Runner {
    pub cluster: Cluster,
    started: SimTime,
    transcript: String,
}

impl Runner {
    /// Takes a cluster and lets it come up first; the transcript's clock starts then.
    pub fn new(mut cluster: Cluster) -> Self {
        settle(&mut cluster, QUIET, Duration::from_secs(60));
        // The recorder began with an empty list of events.
        cluster.read("kubectl delete events --all");
        let started = cluster.now();
        Runner { cluster, started, transcript: String::new() }
    }

    pub fn write_file(&mut self, name: &str, text: String) {
        self.cluster.execute(Command::WriteFile { name: name.into(), text });
    }

    pub fn make_folder(&mut self, name: &str) {
        let line = format!("mkdir '{name}'");
        self.cluster.execute(Command::Line { terminal: TERMINAL, line });
        self.cluster.take_output(TERMINAL);
    }

    /// Runs all steps and gives the transcript.
    pub fn run(self, steps: &[Step]) -> String {
        self.run_keeping(steps).1
    }

    /// Runs all steps and gives the cluster as it is then, and the transcript.
    pub fn run_keeping(mut self, steps: &[Step]) -> (Cluster, String) {
        for (i, step) in steps.iter().enumerate() {
            self.step(step, steps.get(i + 1));
        }
        (self.cluster, self.transcript)
    }

    fn step(&mut self, step: &Step, next: Option<&Step>) {
        match step {
            Step::Command { text, limit, background } => {
                let code = self.command(text, limit.unwrap_or(COMMAND_MAX), *background);
                if code == Some(0) && is_waited_for(text, next) {
                    settle(&mut self.cluster, QUIET, SETTLE_MAX);
                    let seen = self.cluster.now() + NOTICE;
                    self.cluster.run_until(seen);
                }
            }
            Step::Sleep(span) => {
                let until = self.cluster.now() + *span;
                self.cluster.run_until(until);
            }
            Step::Settle { quiet, max } => settle(&mut self.cluster, *quiet, *max),
            Step::StopNode(node) => {
                self.cluster.execute(Command::StopKubelet { node: node.as_str().into() });
            }
            Step::Fault(fault) => {
                self.cluster.execute(Command::Fault(fault.clone()));
            }
            Step::StartNode(node) => {
                self.cluster.execute(Command::StartKubelet { node: node.as_str().into() });
            }
        }
    }

    fn command(&mut self, text: &str, limit: Duration, background: bool) -> Option<i32> {
        let begun = self.cluster.now();
        self.cluster.run_until(begun + start_of(text));
        let terminal = if background { TERMINAL + 1 } else { TERMINAL };
        self.cluster.take_output(terminal);
        let line = Command::Line { terminal, line: text.to_owned() };
        let id = self.cluster.execute(line)?;
        if background {
            return None;
        }
        let state = self.cluster.run_process(id, begun + limit);
        let code = match state {
            ProcessState::Exited(code) => code,
            ProcessState::Running => {
                self.cluster.execute(Command::Interrupt { terminal });
                124
            }
        };
        let took = self.cluster.now().since(begun).as_secs_f64();
        let at = begun.since(self.started).as_secs_f64();
        self.transcript.push_str(&format!("[{at:7.2}s +{took:.2}s] $ {text}\n"));
        let chunks = self.cluster.take_output(terminal);
        for chunk in &chunks {
            if let Chunk::Out(text) = chunk {
                self.transcript.push_str(text);
            }
        }
        let errors: String = chunks
            .iter()
            .filter_map(
                |chunk| if let Chunk::Err(text) = chunk { Some(text.as_str()) } else { None },
            )
            .collect();
        if !errors.is_empty() {
            self.transcript.push_str("--stderr--\n");
            self.transcript.push_str(&errors);
        }
        self.transcript.push_str(&format!("--exit {code}--\n\n"));
        Some(code)
    }
}

/// What a command needs before its first request.
pub fn start_of(command: &str) -> Duration {
    if command.starts_with("kubectl apply") { APPLY_START } else { KUBECTL_START }
}

/// Whether the recorder waited for calm after a command that succeeded.
pub fn is_waited_for(command: &str, next: Option<&Step>) -> bool {
    changes_something(command) && !settles_itself(next)
}

/// Whether the step after a change waits by itself: the recorder then did not.
fn settles_itself(next: Option<&Step>) -> bool {
    match next {
        Some(Step::Settle { .. }) => true,
        Some(Step::Command { text, limit, .. }) => {
            text.starts_with("kubectl rollout status") && *limit == Some(COMMAND_MAX)
        }
        _ => false,
    }
}

/// Lets time pass until nothing has changed for `quiet`, at most `max`.
pub fn settle(cluster: &mut Cluster, quiet: Duration, max: Duration) {
    let end = cluster.now() + max;
    loop {
        let calm = cluster.changed_at() + quiet;
        if calm <= cluster.now() || cluster.now() >= end {
            return;
        }
        cluster.run_until(calm.min(end));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn directives_limits_and_here_documents_are_read() {
        let text = "## note\nkubectl apply -f - <<'E'\nkind: Pod\nE\n#sleep 2\n@30 kubectl get po\n\
                    #settle 3\n#stop node-2\n&kubectl get pods -w\n";
        let steps = parse(text).unwrap();
        assert_eq!(steps.len(), 6);
        let Step::Command { text, .. } = &steps[0] else { panic!("a command") };
        assert_eq!(text, "kubectl apply -f - <<'E'\nkind: Pod\nE");
        assert_eq!(steps[1], Step::Sleep(Duration::from_secs(2)));
        assert!(
            matches!(&steps[2], Step::Command { limit, .. } if *limit == Some(Duration::from_secs(30)))
        );
        assert!(matches!(&steps[5], Step::Command { background: true, .. }));
        assert_eq!(parse("#jump").unwrap_err().line, 1);
    }

    #[test]
    fn a_here_document_may_end_behind_its_last_word() {
        let steps =
            parse("kubectl apply -f - <<E\na: 3E\nkubectl apply -f - <<E\nb: 3E\n").unwrap();
        let texts: Vec<_> = steps
            .iter()
            .map(|step| match step {
                Step::Command { text, .. } => text.as_str(),
                _ => "",
            })
            .collect();
        assert_eq!(texts, ["kubectl apply -f - <<E\na: 3E", "kubectl apply -f - <<E\nb: 3E"]);
    }

    #[test]
    fn each_command_of_a_line_is_woken_by_what_it_waits_for() {
        let text = "kubectl run a --image=nginx\n\
                    &kubectl wait --for=condition=Ready pod/a; \
                    kubectl get cm -w -o name > w & echo $! > p\n\
                    #sleep 5\nkubectl create cm c\nkill $(cat p)\nkubectl create cm d\ncat w\n";
        let runner = Runner::new(Cluster::new(crate::Config::recorded()));
        let said = runner.run(&parse(text).unwrap());
        assert!(
            said.contains("$ cat w\nconfigmap/kube-root-ca.crt\nconfigmap/c\n--exit 0--"),
            "{said}"
        );
    }

    #[test]
    fn only_changes_are_waited_for() {
        for looking in
            ["kubectl get pods", "kubectl rollout status deploy/web", "kubectl -n x get po"]
        {
            assert!(!changes_something(looking) || looking.contains("-n x"), "{looking}");
        }
        for changing in ["kubectl apply -f d.yaml", "kubectl rollout undo deploy/web"] {
            assert!(changes_something(changing), "{changing}");
        }
        assert!(!changes_something("kubectl rollout undo deployment/web --dry-run=server"));
    }
}
