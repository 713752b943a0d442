//! Which objects a command is about: `pod web`, `deploy/web svc/web`, `-l app=web`, `--all`, `-f`.
// Models cli-runtime/pkg/resource/builder.go.

use serde_json::Value;

use crate::discovery::{self, Kind};
use crate::fail::{Fail, Outcome, error};
use crate::flags::Args;
use crate::manifest;
use crate::path;
use crate::server::{self, Filter};
use crate::session::Cx;

/// One thing asked for.
#[derive(Clone, Debug)]
pub enum Ask {
    /// One object by name.
    Name { kind: Kind, namespace: String, name: String },
    /// Those a filter lets through.
    List { kind: Kind, namespace: String },
}

impl Ask {
    pub fn kind(&self) -> Kind {
        match self {
            Ask::Name { kind, .. } | Ask::List { kind, .. } => kind,
        }
    }
}

/// An object that was found. Objects from files stand as they are in the file.
#[derive(Clone, Debug)]
pub struct Found {
    pub kind: Kind,
    pub namespace: String,
    pub name: String,
    pub object: Value,
    /// File or `STDIN`, for objects from files.
    pub source: String,
}

impl Found {
    pub fn of(kind: Kind, object: Value) -> Self {
        Found {
            kind,
            namespace: object["metadata"]["namespace"].as_str().unwrap_or("").to_owned(),
            name: path::name(&object).to_owned(),
            object,
            source: String::new(),
        }
    }

    /// `deployment.apps/web`
    pub fn full_name(&self) -> String {
        format!("{}/{}", discovery::kind_group(self.kind), self.name)
    }

    /// `deployments/web`, as some messages name it.
    pub fn plural_name(&self) -> String {
        format!("{}/{}", self.kind.plural, self.name)
    }

    pub fn refresh(&mut self, cx: &mut Cx<'_>) -> Outcome {
        self.object = server::get(cx, self.kind, &self.namespace, &self.name)?;
        Ok(())
    }
}

/// How strict the reading of the words is.
#[derive(Clone, Copy, Debug, Default)]
pub struct Rules {
    /// A type without a name means all of its objects.
    pub all_by_default: bool,
    /// The kind of words that stand without a type (`logs web` is about a pod).
    pub default_kind: Option<&'static str>,
}

pub fn filter(args: &Args) -> Filter {
    Filter {
        labels: args.text("selector").to_owned(),
        fields: args.text("field-selector").to_owned(),
    }
}

/// What the words ask for, without asking the server.
pub fn asks(args: &Args, words: &[String], rules: Rules) -> Outcome<Vec<Ask>> {
    let everywhere = args.bool("all-namespaces");
    let namespace = if everywhere { String::new() } else { args.namespace.clone() };
    let selects = args.bool("all")
        || !args.text("selector").is_empty()
        || !args.text("field-selector").is_empty();
    if words.iter().any(|word| word.contains('/')) {
        if everywhere {
            return error("a resource cannot be retrieved by name across all namespaces");
        }
        return slash_asks(words, &namespace, selects);
    }
    let Some((types, names)) = words.split_first() else {
        return error(
            "You must provide one or more resources by argument or filename.\nExample resource \
             specifications include:\n   '-f rsrc.yaml'\n   '--filename=rsrc.json'\n   \
             '<resource> <name>'\n   '<resource>'",
        );
    };
    let (kinds, names) = match rules.default_kind {
        Some(kind) if names.is_empty() => (vec![discovery::resolve(kind)?], words),
        _ => (discovery::resolve_list(types)?, names),
    };
    if names.is_empty() {
        if !selects && !rules.all_by_default {
            return error("resource(s) were provided, but no name was specified");
        }
        let list = |kind| Ask::List { kind, namespace: namespace.clone() };
        return Ok(kinds.into_iter().map(list).collect());
    }
    if everywhere {
        return error("a resource cannot be retrieved by name across all namespaces");
    }
    if selects {
        return error("name cannot be provided when a selector is specified");
    }
    let pairs = names.iter().flat_map(|name| kinds.iter().map(move |kind| (*kind, name)));
    Ok(pairs
        .map(|(kind, name)| Ask::Name { kind, namespace: namespace.clone(), name: name.clone() })
        .collect())
}

fn slash_asks(words: &[String], namespace: &str, selects: bool) -> Outcome<Vec<Ask>> {
    if selects {
        return error("name cannot be provided when a selector is specified");
    }
    let mut found = Vec::new();
    for word in words {
        let Some((kind, name)) = word.split_once('/') else {
            return error(
                "there is no need to specify a resource type as a separate argument when passing \
                 arguments in resource/name form (e.g. 'kubectl get resource/<resource_name>' \
                 instead of 'kubectl get resource resource/<resource_name>'",
            );
        };
        if kind.is_empty() || name.is_empty() || name.contains('/') {
            return error("arguments in resource/name form must have a single resource and name");
        }
        let kind = discovery::resolve(kind)?;
        found.push(Ask::Name { kind, namespace: namespace.to_owned(), name: name.to_owned() });
    }
    Ok(found)
}

/// The objects the words, the selector or the files ask for, as the server has them. What could
/// not be had comes second.
pub fn find(
    cx: &mut Cx<'_>,
    args: &Args,
    words: &[String],
    rules: Rules,
) -> Outcome<(Vec<Found>, Vec<Fail>)> {
    if args.changed("filename") {
        let (mut found, mut fails) = manifest::objects(cx, args)?;
        found.retain_mut(|found| match found.refresh(cx) {
            Ok(()) => true,
            Err(fail) => {
                fails.push(fail);
                false
            }
        });
        return Ok((found, fails));
    }
    let filter = filter(args);
    let (mut found, mut fails) = (Vec::new(), Vec::new());
    for ask in asks(args, words, rules)? {
        match fetch(cx, &ask, &filter) {
            Ok(objects) => found.extend(objects),
            Err(fail) => fails.push(fail),
        }
    }
    Ok((found, fails))
}

pub fn fetch(cx: &mut Cx<'_>, ask: &Ask, filter: &Filter) -> Outcome<Vec<Found>> {
    match ask {
        Ask::Name { kind, namespace, name } => {
            let object = server::get(cx, kind, namespace, name)?;
            Ok(vec![Found::of(kind, object)])
        }
        Ask::List { kind, namespace } => {
            let objects = server::list(cx, kind, namespace, filter)?;
            Ok(objects.into_iter().map(|object| Found::of(kind, object)).collect())
        }
    }
}

/// Does something with each object; objects that fail do not keep the others from their turn.
pub fn each(
    cx: &mut Cx<'_>,
    found: Vec<Found>,
    fails: Vec<Fail>,
    mut act: impl FnMut(&mut Cx<'_>, Found) -> Outcome,
) -> Outcome {
    let mut all = fails;
    for one in found {
        if let Err(fail) = act(cx, one) {
            all.push(fail);
        }
    }
    crate::fail::all(all)
}
