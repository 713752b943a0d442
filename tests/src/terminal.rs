//! A person at a terminal of a real cluster in virtual time.

use std::time::Duration;

use cluster::{Chunk, Cluster, Command, Config, ProcessState};

/// How long a command may take before the person gives up.
const PATIENCE: Duration = Duration::from_secs(900);

/// What a command said and how it ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// Both streams, in the order in which they came.
    pub text: String,
    pub code: i32,
}

pub struct Terminal {
    pub cluster: Cluster,
}

impl Terminal {
    /// A cluster whose nodes are Ready and whose own pods run.
    pub fn new(config: Config) -> Self {
        let mut terminal = Terminal { cluster: Cluster::new(config) };
        terminal.pass(20);
        terminal
    }

    /// Lets virtual seconds pass.
    pub fn pass(&mut self, seconds: u64) {
        let until = self.cluster.now() + Duration::from_secs(seconds);
        self.cluster.run_until(until);
    }

    pub fn file(&mut self, name: &str, text: &str) {
        self.cluster.execute(Command::WriteFile { name: name.into(), text: text.to_owned() });
    }

    /// Runs a line to its end. One that never ends is interrupted and gives 124.
    pub fn run(&mut self, line: &str) -> Answer {
        self.cluster.take_output(0);
        let command = Command::Line { terminal: 0, line: line.to_owned() };
        let Some(id) = self.cluster.execute(command) else {
            return Answer { text: String::new(), code: 127 };
        };
        let deadline = self.cluster.now() + PATIENCE;
        let code = match self.cluster.run_process(id, deadline) {
            ProcessState::Exited(code) => code,
            ProcessState::Running => {
                self.cluster.execute(Command::Interrupt { terminal: 0 });
                124
            }
        };
        let text = self.cluster.take_output(0).iter().map(Chunk::text).collect();
        Answer { text, code }
    }

    /// Runs a line that must succeed and gives what it printed.
    #[track_caller]
    pub fn ok(&mut self, line: &str) -> String {
        let answer = self.run(line);
        assert_eq!(answer.code, 0, "$ {line}\n{}", answer.text);
        answer.text
    }
}
