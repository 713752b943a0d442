//! Tab completion, from the tables of verbs, flags and resources and from what the cluster holds.

use client::Api;
use serde_json::Value;

use crate::discovery::{self, Kind};
use crate::flags::{Flag, find_long};
use crate::kubeconfig::CONTEXTS;
use crate::session::Session;
use crate::shell::programs_names;
use crate::verbs::{self, ROOT, Verb, Words};

/// What may stand at the cursor.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Completions {
    /// Where in the line, in bytes, the word begins that the candidates replace.
    pub start: usize,
    /// Sorted; a candidate that ends with `/` or `=` goes on, others take a space.
    pub candidates: Vec<String>,
}

struct Looking<'a> {
    session: &'a Session,
    api: &'a mut dyn Api,
    namespace: String,
}

/// Candidates for the word that ends at `cursor` (in bytes).
pub fn complete(line: &str, cursor: usize, session: &Session, api: &mut dyn Api) -> Completions {
    let head = line.get(..cursor).unwrap_or(line);
    // Only the command the cursor stands in counts.
    let begin = head.rfind(['|', ';', '&', '\n']).map_or(0, |at| at + 1);
    let command = head.get(begin..).unwrap_or("");
    let start = head.rfind([' ', '\t', '|', ';', '&', '\n']).map_or(0, |at| at + 1);
    let current = head.get(start..).unwrap_or("");
    let mut words: Vec<&str> = command.split_whitespace().collect();
    if !current.is_empty() {
        words.pop();
    }
    let mut looking = Looking { session, api, namespace: namespace_of(&words, session) };
    let (found, shift) = looking.candidates(&words, current);
    let typed = current.get(shift..).unwrap_or("");
    let mut candidates: Vec<String> =
        found.into_iter().filter(|candidate| candidate.starts_with(typed)).collect();
    candidates.sort();
    candidates.dedup();
    Completions { start: start + shift, candidates }
}

fn namespace_of(words: &[&str], session: &Session) -> String {
    let mut words = words.iter();
    while let Some(word) = words.next() {
        match *word {
            "-n" | "--namespace" => {
                if let Some(name) = words.next() {
                    return (*name).to_owned();
                }
            }
            word => {
                if let Some(name) = word.strip_prefix("--namespace=").or(word.strip_prefix("-n=")) {
                    return name.to_owned();
                }
            }
        }
    }
    session.namespace().to_owned()
}

/// The verb that words name, and the words behind it that are no flags.
fn verb_of<'a>(words: &[&'a str]) -> (&'static Verb, Vec<&'a str>) {
    let (mut verb, mut level, mut rest) = (&ROOT, verbs::ALL, Vec::new());
    let mut words = words.iter();
    while let Some(word) = words.next() {
        if word.starts_with('-') {
            if flag_of(verb, word).is_some_and(|flag| flag.bare.is_none()) && !word.contains('=') {
                words.next();
            }
            continue;
        }
        match verbs::find(level, word).filter(|_| rest.is_empty()) {
            Some(found) => (verb, level) = (found, found.children),
            None => rest.push(*word),
        }
    }
    (verb, rest)
}

fn flag_of(verb: &Verb, word: &str) -> Option<&'static Flag> {
    let word = word.split('=').next().unwrap_or(word);
    match word.strip_prefix("--") {
        Some(long) => find_long(verb, long),
        None => {
            let short = word.strip_prefix('-')?.chars().next()?;
            verb.all_flags().find(|flag| flag.short == Some(short))
        }
    }
}

impl Looking<'_> {
    /// The candidates, and how many bytes of the current word they leave standing.
    fn candidates(&mut self, words: &[&str], current: &str) -> (Vec<String>, usize) {
        let Some((program, words)) = words.split_first() else {
            return (programs_names(), 0);
        };
        if !matches!(*program, "kubectl" | "k") {
            return (self.files(), 0);
        }
        let (verb, rest) = verb_of(words);
        if let Some((name, value)) = current.split_once('=').filter(|_| current.starts_with('-')) {
            let _ = value;
            let flag = flag_of(verb, name);
            return (
                flag.map_or(Vec::new(), |flag| self.values(verb, flag, &rest)),
                name.len() + 1,
            );
        }
        if current.starts_with('-') {
            return (flags(verb), 0);
        }
        let before = words.last().filter(|word| word.starts_with('-') && !word.contains('='));
        if let Some(flag) = before.and_then(|word| flag_of(verb, word))
            && flag.bare.is_none()
        {
            return (self.values(verb, flag, &rest), 0);
        }
        let level = if verb.name.is_empty() { verbs::ALL } else { verb.children };
        if !level.is_empty() && rest.is_empty() {
            return (level.iter().map(|verb| verb.name.to_owned()).collect(), 0);
        }
        self.words(verb, &rest, current)
    }

    fn words(&mut self, verb: &Verb, rest: &[&str], current: &str) -> (Vec<String>, usize) {
        match (verb.words, rest) {
            (Words::None, _) => (Vec::new(), 0),
            (Words::Types, []) => (types(), 0),
            (Words::Types, _) => (Vec::new(), 0),
            (Words::Names(kind), _) => (self.names(kind), 0),
            (Words::Pods, []) => (self.names("pods"), 0),
            (Words::Pods, _) => (Vec::new(), 0),
            (Words::Resources, rest) => {
                if let Some((kind, _)) = current.split_once('/') {
                    return (self.names(kind), kind.len() + 1);
                }
                match rest.first() {
                    None => (types(), 0),
                    Some(first) if first.contains('/') => {
                        (types().into_iter().map(|name| name + "/").collect(), 0)
                    }
                    Some(first) => (self.names(first), 0),
                }
            }
        }
    }

    fn list(&mut self, kind: Kind) -> Vec<Value> {
        let mut request = crate::server::request(client::Verb::List, kind, &self.namespace, "");
        request.list.limit = 500;
        match self.api.call(request).map(|reply| reply.body) {
            Ok(client::ReplyBody::List(list)) => {
                list.items.iter().map(|object| object.to_wire()).collect()
            }
            _ => Vec::new(),
        }
    }

    fn names(&mut self, argument: &str) -> Vec<String> {
        let Ok(kinds) = discovery::resolve_list(argument) else { return Vec::new() };
        let objects: Vec<Value> = kinds.into_iter().flat_map(|kind| self.list(kind)).collect();
        objects.iter().map(|object| crate::path::name(object).to_owned()).collect()
    }

    /// The containers of the pod that the words name.
    fn containers(&mut self, rest: &[&str]) -> Vec<String> {
        let Ok(kind) = discovery::resolve("pods") else { return Vec::new() };
        let wanted = rest.last().map_or("", |word| word.rsplit('/').next().unwrap_or(word));
        let pods = self.list(kind);
        let pod = pods.iter().find(|pod| crate::path::name(pod) == wanted);
        let containers = pod.and_then(|pod| pod["spec"]["containers"].as_array());
        let names = containers.into_iter().flatten().filter_map(|c| c["name"].as_str());
        names.map(str::to_owned).collect()
    }

    fn files(&self) -> Vec<String> {
        let mut names: Vec<String> = self.session.files.names().map(str::to_owned).collect();
        names.extend(self.session.files.list("").into_iter().filter(|name| name.ends_with('/')));
        names
    }

    fn values(&mut self, verb: &Verb, flag: &Flag, rest: &[&str]) -> Vec<String> {
        match flag.long {
            "namespace" => self.names("namespaces"),
            "filename" | "from-file" | "from-env-file" => self.files(),
            "container" => self.containers(rest),
            "context" => {
                let names = self.session.kubeconfig.names(CONTEXTS);
                names.into_iter().map(str::to_owned).collect()
            }
            "output" if verb.name == "get" => {
                let more =
                    ["wide", "custom-columns="].into_iter().chain(flag.values.iter().copied());
                more.map(str::to_owned).collect()
            }
            _ => flag.values.iter().map(|value| (*value).to_owned()).collect(),
        }
    }
}

fn flags(verb: &Verb) -> Vec<String> {
    verb.all_flags()
        .map(|flag| match flag.bare {
            Some(_) => format!("--{}", flag.long),
            None => format!("--{}=", flag.long),
        })
        .collect()
}

fn types() -> Vec<String> {
    let mut names: Vec<String> =
        discovery::served().iter().map(|kind| kind.plural.to_owned()).collect();
    names.push("all".to_owned());
    names
}
