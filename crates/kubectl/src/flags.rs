//! Flags as data, and the reading of a command's arguments by them.
// Models github.com/spf13/pflag as kubectl uses it.

use std::collections::BTreeMap;

use apimachinery::duration::Duration;
use apimachinery::strconv;

use crate::fail::{Fail, Outcome, error};
use crate::verbs::Verb;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FlagKind {
    Bool,
    Text,
    Int,
    Duration,
    /// Comma lists; may stand several times.
    List,
    /// May stand several times, commas are text.
    Array,
}

#[derive(Clone, Copy, Debug)]
pub struct Flag {
    pub long: &'static str,
    pub short: Option<char>,
    pub kind: FlagKind,
    pub default: &'static str,
    /// The value of the flag when it stands without one.
    pub bare: Option<&'static str>,
    /// What values completion offers.
    pub values: &'static [&'static str],
}

impl Flag {
    const fn new(long: &'static str, kind: FlagKind, default: &'static str) -> Self {
        Flag { long, short: None, kind, default, bare: None, values: &[] }
    }
    pub const fn bool(long: &'static str) -> Self {
        Flag { bare: Some("true"), ..Flag::new(long, FlagKind::Bool, "false") }
    }
    /// A switch that is on unless it is turned off.
    pub const fn on(long: &'static str) -> Self {
        Flag { bare: Some("true"), ..Flag::new(long, FlagKind::Bool, "true") }
    }
    pub const fn text(long: &'static str) -> Self {
        Flag::new(long, FlagKind::Text, "")
    }
    pub const fn int(long: &'static str, default: &'static str) -> Self {
        Flag::new(long, FlagKind::Int, default)
    }
    pub const fn duration(long: &'static str, default: &'static str) -> Self {
        Flag::new(long, FlagKind::Duration, default)
    }
    pub const fn list(long: &'static str) -> Self {
        Flag::new(long, FlagKind::List, "")
    }
    pub const fn array(long: &'static str) -> Self {
        Flag::new(long, FlagKind::Array, "")
    }
    pub const fn short(mut self, short: char) -> Self {
        self.short = Some(short);
        self
    }
    pub const fn default(mut self, default: &'static str) -> Self {
        self.default = default;
        self
    }
    pub const fn bare(mut self, bare: &'static str) -> Self {
        self.bare = Some(bare);
        self
    }
    pub const fn values(mut self, values: &'static [&'static str]) -> Self {
        self.values = values;
        self
    }

    fn shown(&self) -> String {
        match self.short {
            Some(short) => format!("-{short}, --{}", self.long),
            None => format!("--{}", self.long),
        }
    }

    fn check(&self, value: &str) -> Outcome {
        let why = match self.kind {
            FlagKind::Bool if parse_bool(value).is_none() => {
                format!("strconv.ParseBool: parsing {}: invalid syntax", strconv::quote(value))
            }
            FlagKind::Int if strconv::parse_int64(value).is_none() => {
                strconv::int_error("ParseInt", value)
            }
            FlagKind::Duration => match Duration::parse(value) {
                Ok(_) => return Ok(()),
                Err(why) => why.to_string(),
            },
            _ => return Ok(()),
        };
        error(format!(
            "invalid argument {} for {:?} flag: {why}",
            strconv::quote(value),
            self.shown()
        ))
    }
}

fn parse_bool(text: &str) -> Option<bool> {
    match text {
        "1" | "t" | "T" | "TRUE" | "true" | "True" => Some(true),
        "0" | "f" | "F" | "FALSE" | "false" | "False" => Some(false),
        _ => None,
    }
}

/// Flags every command takes.
pub static GLOBAL: &[Flag] = &[
    Flag::text("namespace").short('n'),
    Flag::text("context"),
    Flag::text("cluster"),
    Flag::text("user"),
    Flag::text("kubeconfig"),
    Flag::text("server").short('s'),
    Flag::text("as"),
    Flag::array("as-group"),
    Flag::text("as-uid"),
    Flag::array("as-user-extra"),
    Flag::text("token"),
    Flag::text("request-timeout").default("0"),
    Flag::bool("insecure-skip-tls-verify"),
    Flag::bool("match-server-version"),
    Flag::bool("warnings-as-errors"),
    Flag::int("v", "0").short('v'),
    Flag::bool("help").short('h'),
];

pub static PRINT: &[Flag] = &[
    Flag::text("output").short('o').values(&["json", "yaml", "name", "jsonpath=", "go-template="]),
    Flag::text("template"),
    Flag::bool("show-managed-fields"),
    Flag::on("allow-missing-template-keys"),
];

pub static FILENAME: &[Flag] = &[
    Flag::list("filename").short('f'),
    Flag::text("kustomize").short('k'),
    Flag::bool("recursive").short('R'),
];

pub static SELECTOR: &[Flag] = &[Flag::text("selector").short('l')];

pub static ALL_NAMESPACES: &[Flag] = &[Flag::bool("all-namespaces").short('A')];

pub static FIELD_SELECTOR: &[Flag] = &[Flag::text("field-selector")];

pub static ALL: &[Flag] = &[Flag::bool("all")];

pub static LOCAL: &[Flag] = &[Flag::bool("local")];

pub static WRITE: &[Flag] = &[
    Flag::text("dry-run").default("none").bare("unchanged").values(&["none", "server", "client"]),
    Flag::text("field-manager"),
];

pub static VALIDATE: &[Flag] = &[Flag::text("validate")
    .default("strict")
    .bare("strict")
    .values(&["strict", "warn", "ignore"])];

pub static SERVER_SIDE: &[Flag] = &[Flag::bool("server-side"), Flag::bool("force-conflicts")];

/// Deprecated, and still there.
pub static RECORD: &[Flag] = &[Flag::bool("record")];

pub static SAVE_CONFIG: &[Flag] = &[Flag::bool("save-config")];

/// A command's arguments, read.
#[derive(Clone, Debug)]
pub struct Args {
    pub verb: &'static Verb,
    /// `rollout status`
    pub path: String,
    pub words: Vec<String>,
    /// How many words stood before `--`, if there was one.
    pub before_dash: Option<usize>,
    pub stdin: String,
    pub namespace: String,
    given: BTreeMap<&'static str, Vec<String>>,
}

/// Where a flag stands among the verb's own and the global ones.
pub fn find_long(verb: &Verb, long: &str) -> Option<&'static Flag> {
    verb.all_flags().find(|flag| flag.long == long)
}

fn find_short(verb: &Verb, short: char) -> Option<&'static Flag> {
    verb.all_flags().find(|flag| flag.short == Some(short))
}

struct Reader<'a> {
    verb: &'static Verb,
    rest: std::slice::Iter<'a, String>,
    given: BTreeMap<&'static str, Vec<String>>,
}

impl Reader<'_> {
    fn set(&mut self, flag: &'static Flag, value: &str) -> Outcome {
        flag.check(value)?;
        let values = self.given.entry(flag.long).or_default();
        match flag.kind {
            FlagKind::List => values.extend(split_list(value)),
            FlagKind::Array => values.push(value.to_owned()),
            _ => *values = vec![value.to_owned()],
        }
        Ok(())
    }

    fn long(&mut self, body: &str) -> Outcome {
        let (name, value) = match body.split_once('=') {
            Some((name, value)) => (name, Some(value)),
            None => (body, None),
        };
        if name.is_empty() || name.starts_with('-') {
            return error(format!("bad flag syntax: --{body}"));
        }
        let Some(flag) = find_long(self.verb, name) else {
            return error(format!("unknown flag: --{name}"));
        };
        match (value, flag.bare) {
            (Some(value), _) => self.set(flag, value),
            (None, Some(bare)) => self.set(flag, bare),
            (None, None) => match self.rest.next() {
                Some(value) => self.set(flag, value),
                None => error(format!("flag needs an argument: --{name}")),
            },
        }
    }

    fn shorts(&mut self, body: &str) -> Outcome {
        let mut left = body;
        while let Some(short) = left.chars().next() {
            let after = left.get(short.len_utf8()..).unwrap_or("");
            let Some(flag) = find_short(self.verb, short) else {
                return error(format!("unknown shorthand flag: '{short}' in -{left}"));
            };
            if let Some(value) = after.strip_prefix('=').filter(|value| !value.is_empty()) {
                return self.set(flag, value);
            }
            if let Some(bare) = flag.bare {
                self.set(flag, bare)?;
                left = after;
                continue;
            }
            if !after.is_empty() {
                return self.set(flag, after);
            }
            return match self.rest.next() {
                Some(value) => self.set(flag, value),
                None => error(format!("flag needs an argument: '{short}' in -{left}")),
            };
        }
        Ok(())
    }
}

/// Reads the arguments behind the verb. Flags and words may be mixed until `--`.
pub fn parse(verb: &'static Verb, path: &str, argv: &[String], stdin: String) -> Outcome<Args> {
    let mut reader = Reader { verb, rest: argv.iter(), given: BTreeMap::new() };
    let mut words = Vec::new();
    let mut before_dash = None;
    while let Some(argument) = reader.rest.next() {
        if argument == "--" {
            before_dash = Some(words.len());
            words.extend(reader.rest.by_ref().cloned());
        } else if let Some(body) = argument.strip_prefix("--") {
            reader.long(body).map_err(|fail| with_usage(fail, path))?;
        } else if let Some(body) = argument.strip_prefix('-').filter(|body| !body.is_empty()) {
            reader.shorts(body).map_err(|fail| with_usage(fail, path))?;
        } else {
            words.push(argument.clone());
        }
    }
    let given = reader.given;
    Ok(Args {
        verb,
        path: path.to_owned(),
        words,
        before_dash,
        stdin,
        namespace: String::new(),
        given,
    })
}

fn with_usage(fail: Fail, path: &str) -> Fail {
    let spaced = if path.is_empty() { String::new() } else { format!(" {path}") };
    Fail::Error(format!("{}\nSee 'kubectl{spaced} --help' for usage.", fail.message()))
}

/// Cuts a comma list; a quoted part may hold commas.
fn split_list(text: &str) -> Vec<String> {
    let mut parts = vec![String::new()];
    let mut quoted = false;
    for c in text.chars() {
        match c {
            '"' => quoted = !quoted,
            ',' if !quoted => parts.push(String::new()),
            c => {
                if let Some(last) = parts.last_mut() {
                    last.push(c);
                }
            }
        }
    }
    if text.is_empty() { Vec::new() } else { parts }
}

impl Args {
    /// The command and its flags, as `--record` writes them down.
    pub fn command_line(&self) -> String {
        let mut line = format!("kubectl {}", self.path);
        self.words.iter().for_each(|word| line.push_str(&format!(" {word}")));
        for (flag, values) in &self.given {
            values.iter().for_each(|value| line.push_str(&format!(" --{flag}={value}")));
        }
        line
    }

    pub fn changed(&self, long: &str) -> bool {
        self.given.contains_key(long)
    }

    pub fn text(&self, long: &str) -> &str {
        match self.given.get(long).and_then(|values| values.last()) {
            Some(value) => value,
            None => find_long(self.verb, long).map_or("", |flag| flag.default),
        }
    }

    /// The value of a flag that every command takes, unless the verb has one of that name itself.
    pub fn global(&self, long: &str) -> &str {
        let own = self.verb.flags.iter().flat_map(|group| group.iter());
        if own.into_iter().any(|flag| flag.long == long) { "" } else { self.text(long) }
    }

    pub fn bool(&self, long: &str) -> bool {
        parse_bool(self.text(long)).unwrap_or(false)
    }

    pub fn int(&self, long: &str) -> i64 {
        strconv::parse_int64(self.text(long)).unwrap_or(0)
    }

    /// Nanoseconds.
    pub fn duration(&self, long: &str) -> i64 {
        Duration::parse(self.text(long)).map_or(0, |duration| duration.0)
    }

    pub fn list(&self, long: &str) -> &[String] {
        self.given.get(long).map_or(&[], Vec::as_slice)
    }

    pub fn word(&self, at: usize) -> &str {
        self.words.get(at).map_or("", String::as_str)
    }

    pub fn set(&mut self, long: &'static str, value: &str) {
        self.given.insert(long, vec![value.to_owned()]);
    }

    /// Complains about flags that must be given.
    pub fn require(&self, names: &[&str]) -> Outcome {
        let missing: Vec<String> = names
            .iter()
            .filter(|name| !self.changed(name))
            .map(|name| format!("{name:?}"))
            .collect();
        if missing.is_empty() {
            return Ok(());
        }
        error(format!("required flag(s) {} not set", missing.join(", ")))
    }

    /// A mistake in the arguments, with the pointer to the help.
    pub fn usage<T>(&self, text: &str) -> Outcome<T> {
        error(format!("{text}\nSee 'kubectl {} -h' for help and examples", self.path))
    }
}
