//! `kubectl config`: kubeconfig files, read and written.
// Models kubectl/pkg/cmd/config.

use serde_json::{Value, json};

use crate::fail::{Fail, Outcome, all, error};
use crate::flags::{Args, Flag, PRINT};
use crate::kubeconfig::{self, CLUSTERS, CONTEXTS, Kubeconfig, USERS};
use crate::path::Look;
use crate::printers::{Format, TabWriter, object};
use crate::session::Cx;
use crate::verbs::{Flow, Verb};

/// A subcommand that touches nothing but a file.
const OFFLINE: Verb = Verb { is_offline: true, ..Verb::NONE };

static CURRENT_CONTEXT: Verb = Verb {
    name: "current-context",
    about: "Display the current-context",
    run: Some(|cx, args| {
        let config = kubeconfig::load(cx.session, args)?;
        if config.current().is_empty() {
            return error("current-context is not set");
        }
        cx.say(config.current());
        Ok(Flow::Done)
    }),
    ..OFFLINE
};

static DELETE_CLUSTER: Verb = Verb {
    name: "delete-cluster",
    about: "Delete the specified cluster from the kubeconfig",
    usage: "NAME",
    run: Some(|cx, args| delete(cx, args, CLUSTERS, "cluster")),
    ..OFFLINE
};

static DELETE_CONTEXT: Verb = Verb {
    name: "delete-context",
    about: "Delete the specified context from the kubeconfig",
    usage: "NAME",
    run: Some(|cx, args| delete(cx, args, CONTEXTS, "context")),
    ..OFFLINE
};

static DELETE_USER: Verb = Verb {
    name: "delete-user",
    about: "Delete the specified user from the kubeconfig",
    usage: "NAME",
    run: Some(|cx, args| delete(cx, args, USERS, "user")),
    ..OFFLINE
};

static GET_CLUSTERS: Verb = Verb {
    name: "get-clusters",
    about: "Display clusters defined in the kubeconfig",
    run: Some(|cx, args| names(cx, args, CLUSTERS)),
    ..OFFLINE
};

static GET_CONTEXTS: Verb = Verb {
    name: "get-contexts",
    about: "Describe one or many contexts",
    usage: "[(-o|--output=)name)]",
    flags: &[&[Flag::bool("no-headers"), Flag::text("output").short('o')]],
    run: Some(get_contexts),
    ..OFFLINE
};

static GET_USERS: Verb = Verb {
    name: "get-users",
    about: "Display users defined in the kubeconfig",
    run: Some(|cx, args| names(cx, args, USERS)),
    ..OFFLINE
};

static RENAME_CONTEXT: Verb = Verb {
    name: "rename-context",
    about: "Rename a context from the kubeconfig file",
    usage: "CONTEXT_NAME NEW_NAME",
    run: Some(rename_context),
    ..OFFLINE
};

static SET_CLUSTER: Verb = Verb {
    name: "set-cluster",
    about: "Set a cluster entry in kubeconfig",
    usage: "NAME [--server=server] [--certificate-authority=path/to/certificate/authority]",
    flags: &[&[
        Flag::text("certificate-authority"),
        Flag::bool("embed-certs"),
        Flag::text("tls-server-name"),
        Flag::text("proxy-url"),
    ]],
    run: Some(set_cluster),
    ..OFFLINE
};

static SET_CONTEXT: Verb = Verb {
    name: "set-context",
    about: "Set a context entry in kubeconfig",
    usage: "[NAME | --current] [--cluster=cluster_nickname] [--user=user_nickname] \
            [--namespace=namespace]",
    flags: &[&[Flag::bool("current")]],
    run: Some(set_context),
    ..OFFLINE
};

static SET_CREDENTIALS: Verb = Verb {
    name: "set-credentials",
    about: "Set a user entry in kubeconfig",
    usage: "NAME [--client-certificate=path/to/certfile] [--client-key=path/to/keyfile] \
            [--token=bearer_token]",
    flags: &[&[
        Flag::text("client-certificate"),
        Flag::text("client-key"),
        Flag::bool("embed-certs"),
        Flag::text("username"),
        Flag::text("password"),
    ]],
    run: Some(set_credentials),
    ..OFFLINE
};

static USE_CONTEXT: Verb = Verb {
    name: "use-context",
    aliases: &["use"],
    about: "Set the current-context in a kubeconfig file",
    usage: "CONTEXT_NAME",
    run: Some(use_context),
    ..OFFLINE
};

static VIEW: Verb = Verb {
    name: "view",
    about: "Display merged kubeconfig settings or a specified kubeconfig file",
    flags: &[
        &[Flag::bool("minify"), Flag::bool("flatten"), Flag::bool("raw"), Flag::on("merge")],
        PRINT,
    ],
    run: Some(view),
    ..OFFLINE
};

pub static VERB: Verb = Verb {
    name: "config",
    about: "Modify kubeconfig files",
    usage: "SUBCOMMAND",
    children: &[
        &CURRENT_CONTEXT,
        &DELETE_CLUSTER,
        &DELETE_CONTEXT,
        &DELETE_USER,
        &GET_CLUSTERS,
        &GET_CONTEXTS,
        &GET_USERS,
        &RENAME_CONTEXT,
        &SET_CLUSTER,
        &SET_CONTEXT,
        &SET_CREDENTIALS,
        &USE_CONTEXT,
        &VIEW,
    ],
    ..Verb::NONE
};

/// The name of the file, as messages have it.
fn file_name(cx: &Cx<'_>, args: &Args) -> String {
    kubeconfig::path(cx.session, args).unwrap_or(".kube/config").to_owned()
}

fn one_word<'a>(args: &'a Args, what: &str) -> Outcome<&'a str> {
    match args.words.as_slice() {
        [name] if !name.is_empty() => Ok(name),
        [] | [_] => error(format!("you must specify a non-empty {what} name")),
        words => error(format!("Unexpected args: [{}]", words.join(" "))),
    }
}

fn delete(cx: &mut Cx<'_>, args: &Args, list: (&str, &str), what: &str) -> Outcome<Flow> {
    let name = one_word(args, what)?;
    let mut config = kubeconfig::load(cx.session, args)?;
    let file = file_name(cx, args);
    let was_current = what == "context" && config.current() == name;
    if !config.remove(list, name) {
        return error(format!("cannot delete {what} {name}, not in {file}"));
    }
    if was_current {
        cx.out.stderr(
            "warning: this removed your active context, use \"kubectl config use-context\" to \
             select a different one\n",
        );
    }
    kubeconfig::save(cx.session, args, config);
    cx.say(&format!("deleted {what} {name} from {file}"));
    Ok(Flow::Done)
}

fn names(cx: &mut Cx<'_>, args: &Args, list: (&str, &str)) -> Outcome<Flow> {
    let config = kubeconfig::load(cx.session, args)?;
    cx.say("NAME");
    config.names(list).iter().for_each(|name| cx.say(name));
    Ok(Flow::Done)
}

fn get_contexts(cx: &mut Cx<'_>, args: &Args) -> Outcome<Flow> {
    let config = kubeconfig::load(cx.session, args)?;
    let name_only = match args.text("output") {
        "" => false,
        "name" => true,
        other => {
            return error(format!(
                "--output {other} is not available in kubectl config get-contexts; resetting to \
                 default output format"
            ));
        }
    };
    let mut wanted: Vec<&str> = args.words.iter().map(String::as_str).collect();
    if wanted.is_empty() {
        wanted = config.names(CONTEXTS);
    }
    wanted.sort_unstable();
    let mut text = String::new();
    if !args.bool("no-headers") && !name_only {
        text.push_str("CURRENT\tNAME\tCLUSTER\tAUTHINFO\tNAMESPACE\n");
    }
    let mut fails = Vec::new();
    for name in wanted {
        let Some(context) = config.entry(CONTEXTS, name) else {
            fails.push(Fail::Error(format!("context {name} not found")));
            continue;
        };
        if name_only {
            text.push_str(&format!("{name}\n"));
            continue;
        }
        let mark = if config.current() == name { "*" } else { " " };
        let [cluster, user, namespace] =
            ["cluster", "user", "namespace"].map(|part| context.text(part));
        text.push_str(&format!("{mark}\t{name}\t{cluster}\t{user}\t{namespace}\n"));
    }
    cx.out.stdout(&TabWriter::table().format(&text));
    all(fails)?;
    Ok(Flow::Done)
}

fn rename_context(cx: &mut Cx<'_>, args: &Args) -> Outcome<Flow> {
    let [old, new] = args.words.as_slice() else {
        return error(format!("Unexpected args: [{}]", args.words.join(" ")));
    };
    let mut config = kubeconfig::load(cx.session, args)?;
    let file = file_name(cx, args);
    let Some(context) = config.entry(CONTEXTS, old).cloned() else {
        return error(format!("cannot rename the context {old:?}, it's not in {file}"));
    };
    if config.entry(CONTEXTS, new).is_some() {
        return error(format!(
            "cannot rename the context {old:?}, the context {new:?} already exists in {file}"
        ));
    }
    config.remove(CONTEXTS, old);
    if let (Some((entry, _)), Some(context)) =
        (config.entry_mut(CONTEXTS, new), context.as_object())
    {
        *entry = context.clone();
    }
    if config.current() == old {
        config.set_current(new);
    }
    kubeconfig::save(cx.session, args, config);
    cx.say(&format!("Context {old:?} renamed to {new:?}."));
    Ok(Flow::Done)
}

/// Writes what was given by flags into an entry; whether it was there before.
fn set_entry(
    config: &mut Kubeconfig,
    list: (&str, &str),
    name: &str,
    fields: &[(&str, Option<Value>)],
) -> bool {
    let Some((entry, was_there)) = config.entry_mut(list, name) else { return false };
    for (field, value) in fields {
        match value {
            None => {}
            Some(Value::Null) => {
                entry.remove(*field);
            }
            Some(value) => {
                entry.insert((*field).to_owned(), value.clone());
            }
        }
    }
    was_there
}

/// The value of a flag that stands on the line; an empty one takes the field away.
fn given(args: &Args, flag: &str) -> Option<Value> {
    args.changed(flag).then(|| match args.text(flag) {
        "" => Value::Null,
        text => text.into(),
    })
}

/// A file named by a flag: its path, or what it holds as `NAME-data`.
fn file_fields(cx: &Cx<'_>, args: &Args, flag: &'static str) -> Outcome<[Option<Value>; 2]> {
    if !args.bool("embed-certs") {
        let path = given(args, flag);
        let data = path.as_ref().map(|_| Value::Null);
        return Ok([path, data]);
    }
    if !args.changed(flag) {
        return Ok([None, None]);
    }
    let path = args.text(flag);
    match cx.session.files.read(path) {
        Some(text) => Ok([Some(Value::Null), Some(kubeconfig::embedded(text).into())]),
        None => error(format!(
            "could not stat {flag} file {path}: stat {path}: no such file or directory"
        )),
    }
}

fn set_cluster(cx: &mut Cx<'_>, args: &Args) -> Outcome<Flow> {
    let name = one_word(args, "cluster")?;
    let mut config = kubeconfig::load(cx.session, args)?;
    let [file, data] = file_fields(cx, args, "certificate-authority")?;
    let insecure = args
        .changed("insecure-skip-tls-verify")
        .then(|| args.bool("insecure-skip-tls-verify").into());
    let fields = [
        ("server", given(args, "server")),
        ("certificate-authority", file),
        ("certificate-authority-data", data),
        ("insecure-skip-tls-verify", insecure),
        ("tls-server-name", given(args, "tls-server-name")),
        ("proxy-url", given(args, "proxy-url")),
    ];
    set_entry(&mut config, CLUSTERS, name, &fields);
    kubeconfig::save(cx.session, args, config);
    cx.say(&format!("Cluster {name:?} set."));
    Ok(Flow::Done)
}

fn set_context(cx: &mut Cx<'_>, args: &Args) -> Outcome<Flow> {
    let mut config = kubeconfig::load(cx.session, args)?;
    let name = match (args.bool("current"), args.words.as_slice()) {
        (true, []) if config.current().is_empty() => return error("no current context is set"),
        (true, []) => config.current().to_owned(),
        (true, _) => return error("you cannot specify both a context name and --current"),
        (false, [name]) => name.clone(),
        (false, []) => return error("you must specify a non-empty context name or --current"),
        (false, words) => return error(format!("Unexpected args: [{}]", words.join(" "))),
    };
    let fields = ["cluster", "user", "namespace"].map(|flag| (flag, given(args, flag)));
    let done = match set_entry(&mut config, CONTEXTS, &name, &fields) {
        true => "modified",
        false => "created",
    };
    kubeconfig::save(cx.session, args, config);
    cx.say(&format!("Context {name:?} {done}."));
    Ok(Flow::Done)
}

fn set_credentials(cx: &mut Cx<'_>, args: &Args) -> Outcome<Flow> {
    let name = one_word(args, "user")?;
    if !args.text("token").is_empty() && !args.text("username").is_empty() {
        return error(
            "you cannot specify more than one authentication method at the same time: --token, \
             --username/--password",
        );
    }
    let mut config = kubeconfig::load(cx.session, args)?;
    let [certificate, certificate_data] = file_fields(cx, args, "client-certificate")?;
    let [key, key_data] = file_fields(cx, args, "client-key")?;
    let fields = [
        ("token", given(args, "token")),
        ("username", given(args, "username")),
        ("password", given(args, "password")),
        ("client-certificate", certificate),
        ("client-certificate-data", certificate_data),
        ("client-key", key),
        ("client-key-data", key_data),
    ];
    set_entry(&mut config, USERS, name, &fields);
    kubeconfig::save(cx.session, args, config);
    cx.say(&format!("User {name:?} set."));
    Ok(Flow::Done)
}

fn use_context(cx: &mut Cx<'_>, args: &Args) -> Outcome<Flow> {
    let name = args.word(0);
    let mut config = kubeconfig::load(cx.session, args)?;
    if config.entry(CONTEXTS, name).is_none() {
        return error(format!("no context exists with the name: {name:?}"));
    }
    config.set_current(name);
    kubeconfig::save(cx.session, args, config);
    cx.say(&format!("Switched to context {name:?}."));
    Ok(Flow::Done)
}

/// Keeps the current context and what it names.
fn minify(config: &mut Kubeconfig) -> Outcome {
    let current = config.current().to_owned();
    let Some(context) = config.entry(CONTEXTS, &current).cloned() else {
        return error(format!("current-context must exist in order to minify: {current:?}"));
    };
    let keep = [
        (CONTEXTS.0, current.as_str()),
        (CLUSTERS.0, context.text("cluster")),
        (USERS.0, context.text("user")),
    ];
    for (list, name) in keep {
        if let Some(items) = config.0.get_mut(list).and_then(Value::as_array_mut) {
            items.retain(|one| one.text("name") == name);
        }
    }
    Ok(())
}

fn view(cx: &mut Cx<'_>, args: &Args) -> Outcome<Flow> {
    let mut config = kubeconfig::load(cx.session, args)?;
    if args.bool("minify") {
        if !args.text("context").is_empty() {
            config.set_current(args.text("context"));
        }
        minify(&mut config)?;
    }
    if !args.bool("raw") {
        kubeconfig::redact(&mut config);
    }
    // An empty file is shown with its empty lists.
    let mut shown = json!({
        "apiVersion": "v1", "kind": "Config", "clusters": null, "contexts": null, "users": null,
        "current-context": "",
    });
    if let (Some(shown), Some(fields)) = (shown.as_object_mut(), config.0.as_object()) {
        shown.extend(fields.iter().map(|(name, value)| (name.clone(), value.clone())));
    }
    let format = match Format::of(args, &cx.session.files, false)? {
        Format::Human | Format::Wide => Format::Yaml,
        format => format,
    };
    object::check(&format)?;
    let text = object::print(&format, &shown, args)?;
    cx.out.stdout(&text);
    Ok(Flow::Done)
}
