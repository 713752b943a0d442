//! Faults: what can be broken in a cluster, and how each is undone, as data and as words.

use std::fmt;

use apimachinery::meta::Key;
use client::fabric::{Pressure, PullFault};
use smol_str::SmolStr;

use crate::config::Config;

/// The programs of the control plane that can be taken down by themselves.
pub(crate) const API_SERVER: &str = "kube-apiserver";
pub(crate) const LEADERS: [&str; 2] = ["kube-controller-manager", "kube-scheduler"];

const USAGE: &str = "usage: fault list
       fault heal                            everything that is broken
       fault kill-container POD [CONTAINER]  POD may be NAMESPACE/NAME
       fault kill-sandbox POD
       fault kubelet-off | kubelet-on NODE
       fault node-off | node-on NODE
       fault zone-off | zone-on ZONE
       fault partition | rejoin NODE...      from the control plane
       fault down | up kube-apiserver | kube-scheduler | kube-controller-manager
       fault read-only | writable            etcd
       fault pull-fails | pull-slow | pull-ok [IMAGE]
       fault memory-pressure | disk-pressure | pid-pressure NODE
       fault no-memory-pressure | no-disk-pressure | no-pid-pressure NODE";

/// Something that breaks, or is made whole again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// A container's process gets SIGKILL. Empty: the first container.
    KillContainer {
        pod: Key,
        container: SmolStr,
    },
    KillSandbox {
        pod: Key,
    },
    Kubelet {
        node: SmolStr,
        broken: bool,
    },
    /// The machine's power.
    Node {
        node: SmolStr,
        broken: bool,
    },
    Zone {
        zone: SmolStr,
        broken: bool,
    },
    /// Nodes and control plane do not hear each other.
    Partition {
        nodes: Vec<SmolStr>,
        broken: bool,
    },
    Program {
        name: SmolStr,
        broken: bool,
    },
    ReadOnly {
        broken: bool,
    },
    /// Pulls of one image, or of all where none is named. `None`: normal again.
    Pulls {
        image: SmolStr,
        fault: Option<PullFault>,
    },
    Pressure {
        node: SmolStr,
        kind: Pressure,
        broken: bool,
    },
    /// Undoes everything that stands.
    Heal,
}

fn pod_of(word: &str) -> Key {
    let (namespace, name) = word.split_once('/').unwrap_or(("default", word));
    Key::new(SmolStr::from(namespace), SmolStr::from(name))
}

fn pressure_of(word: &str) -> Option<(Pressure, bool)> {
    let (kind, broken) = match word.strip_prefix("no-") {
        Some(rest) => (rest, false),
        None => (word, true),
    };
    let kind = Pressure::ALL.into_iter().find(|one| one.word() == kind)?;
    Some((kind, broken))
}

impl Fault {
    /// Reads what `Display` writes; the error says how faults are written.
    pub fn parse(line: &str) -> Result<Fault, String> {
        let words: Vec<&str> = line.split_whitespace().collect();
        Fault::of_words(&words).ok_or_else(|| USAGE.to_owned())
    }

    fn of_words(words: &[&str]) -> Option<Fault> {
        let (verb, rest) = words.split_first()?;
        let one = || (rest.len() == 1).then(|| rest.first().map(|word| SmolStr::from(*word)));
        let node = || one().flatten();
        let image = rest.first().map(|word| SmolStr::from(*word)).unwrap_or_default();
        Some(match *verb {
            "kill-container" => {
                let container = rest.get(1).map(|word| SmolStr::from(*word)).unwrap_or_default();
                Fault::KillContainer { pod: pod_of(rest.first()?), container }
            }
            "kill-sandbox" => Fault::KillSandbox { pod: pod_of(&node()?) },
            "kubelet-off" | "kubelet-on" => {
                Fault::Kubelet { node: node()?, broken: *verb == "kubelet-off" }
            }
            "node-off" | "node-on" => Fault::Node { node: node()?, broken: *verb == "node-off" },
            "zone-off" | "zone-on" => Fault::Zone { zone: node()?, broken: *verb == "zone-off" },
            "partition" | "rejoin" if !rest.is_empty() => {
                let nodes = rest.iter().map(|word| SmolStr::from(*word)).collect();
                Fault::Partition { nodes, broken: *verb == "partition" }
            }
            "down" | "up" => Fault::Program { name: node()?, broken: *verb == "down" },
            "read-only" if rest.is_empty() => Fault::ReadOnly { broken: true },
            "writable" if rest.is_empty() => Fault::ReadOnly { broken: false },
            "pull-fails" => Fault::Pulls { image, fault: Some(PullFault::Fails) },
            "pull-slow" => Fault::Pulls { image, fault: Some(PullFault::Slow) },
            "pull-ok" => Fault::Pulls { image, fault: None },
            "heal" if rest.is_empty() => Fault::Heal,
            verb => {
                let (kind, broken) = pressure_of(verb)?;
                Fault::Pressure { node: node()?, kind, broken }
            }
        })
    }

    /// What undoes it; nothing where nothing stays broken.
    pub fn undo(&self) -> Option<Fault> {
        let mut undo = self.clone();
        match &mut undo {
            Fault::Kubelet { broken, .. }
            | Fault::Node { broken, .. }
            | Fault::Zone { broken, .. }
            | Fault::Partition { broken, .. }
            | Fault::Program { broken, .. }
            | Fault::ReadOnly { broken }
            | Fault::Pressure { broken, .. } => {
                if !std::mem::take(broken) {
                    return None;
                }
            }
            Fault::Pulls { fault, .. } => {
                fault.take()?;
            }
            Fault::KillContainer { .. } | Fault::KillSandbox { .. } | Fault::Heal => return None,
        }
        Some(undo)
    }

    /// One fault a machine.
    pub(crate) fn parts(&self, config: &Config) -> Vec<Fault> {
        match self {
            Fault::Zone { zone, broken } => {
                let there = config.nodes.iter().filter(|node| node.zone == *zone);
                let part = |name: &SmolStr| Fault::Node { node: name.clone(), broken: *broken };
                there.map(|node| part(&node.name)).collect()
            }
            Fault::Partition { nodes, broken } => nodes
                .iter()
                .map(|node| Fault::Partition { nodes: vec![node.clone()], broken: *broken })
                .collect(),
            other => vec![other.clone()],
        }
    }

    /// Why it cannot be done in a cluster of these machines.
    fn refuse(&self, config: &Config) -> Option<String> {
        let missing = |node: &SmolStr| {
            let known = config.nodes.iter().any(|one| one.name == *node);
            (!known).then(|| format!("error: no such node: {node}"))
        };
        match self {
            Fault::Kubelet { node, .. }
            | Fault::Node { node, .. }
            | Fault::Pressure { node, .. } => missing(node),
            Fault::Partition { nodes, .. } => nodes.iter().find_map(missing),
            Fault::Zone { zone, .. } => {
                let known = config.nodes.iter().any(|one| one.zone == *zone);
                (!known).then(|| format!("error: no such zone: {zone}"))
            }
            Fault::Program { name, .. } => {
                let known = name == API_SERVER || LEADERS.contains(&name.as_str());
                (!known).then(|| format!("error: no such program of the control plane: {name}"))
            }
            _ => None,
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let way = |broken: &bool, off: &'static str, on: &'static str| match broken {
            true => off,
            false => on,
        };
        match self {
            Fault::KillContainer { pod, container } if container.is_empty() => {
                write!(f, "kill-container {pod}")
            }
            Fault::KillContainer { pod, container } => {
                write!(f, "kill-container {pod} {container}")
            }
            Fault::KillSandbox { pod } => write!(f, "kill-sandbox {pod}"),
            Fault::Kubelet { node, broken } => {
                write!(f, "{} {node}", way(broken, "kubelet-off", "kubelet-on"))
            }
            Fault::Node { node, broken } => {
                write!(f, "{} {node}", way(broken, "node-off", "node-on"))
            }
            Fault::Zone { zone, broken } => {
                write!(f, "{} {zone}", way(broken, "zone-off", "zone-on"))
            }
            Fault::Partition { nodes, broken } => {
                write!(f, "{} {}", way(broken, "partition", "rejoin"), nodes.join(" "))
            }
            Fault::Program { name, broken } => write!(f, "{} {name}", way(broken, "down", "up")),
            Fault::ReadOnly { broken } => f.write_str(way(broken, "read-only", "writable")),
            Fault::Pulls { image, fault } => {
                let verb = match fault {
                    Some(PullFault::Fails) => "pull-fails",
                    Some(PullFault::Slow) => "pull-slow",
                    None => "pull-ok",
                };
                write!(f, "{}", [verb, image].join(" ").trim_end())
            }
            Fault::Pressure { node, kind, broken } => {
                write!(f, "{}{} {node}", way(broken, "", "no-"), kind.word())
            }
            Fault::Heal => f.write_str("heal"),
        }
    }
}

/// How a client fares with the API server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Gate {
    Open,
    /// Nobody listens there.
    Refused,
    /// The wire is cut.
    Silent,
    /// What would write is refused.
    ReadOnly,
}

/// What is broken now, one fault a machine, and what a terminal asked for.
#[derive(Debug, Default)]
pub(crate) struct Faults {
    standing: Vec<Fault>,
    asked: Vec<Fault>,
}

impl Faults {
    pub fn standing(&self) -> &[Fault] {
        &self.standing
    }

    pub fn take_asked(&mut self) -> Vec<Fault> {
        std::mem::take(&mut self.asked)
    }

    /// Remembers a part; false if it changes nothing.
    pub fn note(&mut self, part: &Fault) -> bool {
        if let Fault::Pulls { image, fault: None } = part {
            let before = self.standing.len();
            self.standing
                .retain(|one| !matches!(one, Fault::Pulls { image: other, .. } if other == image));
            return self.standing.len() != before;
        }
        match part.undo() {
            Some(_) if self.standing.contains(part) => false,
            Some(_) => {
                self.standing.push(part.clone());
                true
            }
            None => match self.standing.iter().position(|one| one.undo().as_ref() == Some(part)) {
                Some(at) => {
                    self.standing.remove(at);
                    true
                }
                None => matches!(part, Fault::KillContainer { .. } | Fault::KillSandbox { .. }),
            },
        }
    }

    pub fn is_down(&self, program: &str) -> bool {
        self.standing
            .iter()
            .any(|one| matches!(one, Fault::Program { name, .. } if name == program))
    }

    /// How the client of that name fares: `kubelet/node-1`, `kubectl`, …
    pub fn gate(&self, client: &str) -> Gate {
        if self.standing.is_empty() {
            return Gate::Open;
        }
        let is_cut = |fault: &Fault| match (fault, client.strip_prefix("kubelet/")) {
            (Fault::Partition { nodes, .. }, Some(node)) => nodes.iter().any(|one| one == node),
            _ => false,
        };
        if self.standing.iter().any(is_cut) {
            Gate::Silent
        } else if self.is_down(API_SERVER) {
            Gate::Refused
        } else if self.standing.contains(&Fault::ReadOnly { broken: true }) {
            Gate::ReadOnly
        } else {
            Gate::Open
        }
    }

    /// Answers a line of a terminal; what it asks for is done when the line has been read.
    pub fn ask(&mut self, line: &str, config: &Config) -> Result<String, String> {
        if line.trim() == "list" {
            let lines = self.standing.iter().map(|fault| format!("{fault}\n"));
            return Ok(lines.collect());
        }
        let fault = Fault::parse(line)?;
        match fault.refuse(config) {
            Some(why) => Err(why),
            None => {
                self.asked.push(fault);
                Ok(String::new())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Fault;

    #[test]
    fn faults_are_read_as_they_are_written() {
        for line in [
            "kill-container default/web",
            "kill-container a/web nginx",
            "kill-sandbox default/web",
            "kubelet-off node-1",
            "node-on node-1",
            "zone-off zone-1",
            "partition node-1 node-3",
            "rejoin node-1",
            "down kube-scheduler",
            "up kube-apiserver",
            "read-only",
            "writable",
            "pull-fails nginx:1.29",
            "pull-slow",
            "pull-ok",
            "memory-pressure node-1",
            "no-disk-pressure node-1",
            "heal",
        ] {
            let fault = Fault::parse(line).unwrap();
            assert_eq!(fault.to_string(), line);
            if let Some(undo) = fault.undo() {
                assert_eq!(Fault::parse(&undo.to_string()).unwrap(), undo);
                assert_eq!(undo.undo(), None);
            }
        }
        for line in ["", "node-off", "node-off a b", "partition", "heal node-1", "jump node-1"] {
            assert!(Fault::parse(line).unwrap_err().starts_with("usage: fault list"), "{line}");
        }
    }
}
