//! Commands of the real kubectl that need what a tab does not have, and the few that only say
//! something: each is known, has its help, and says in one line what it cannot do.

use crate::fail::{Outcome, error};
use crate::flags::{Args, Flag};
use crate::help;
use crate::session::Cx;
use crate::verbs::{self, Flow, Verb};

fn refuse(_: &mut Cx<'_>, args: &Args) -> Outcome<Flow> {
    error(format!("kubectl {} is not supported in this terminal", args.path))
}

pub static ALPHA: Verb = Verb {
    name: "alpha",
    about: "Commands for features in alpha",
    hidden: true,
    run: Some(|cx, _| {
        cx.complain("No alpha commands are available in this version of kubectl");
        Ok(Flow::Done)
    }),
    ..Verb::NONE
};

pub static COMPLETION: Verb = Verb {
    name: "completion",
    about: "Output shell completion code for the specified shell (bash, zsh, fish, or powershell)",
    usage: "SHELL",
    run: Some(|cx, args| match args.words.as_slice() {
        [] => args.usage("Shell not specified."),
        [shell] if ["bash", "zsh", "fish", "powershell"].contains(&shell.as_str()) => {
            refuse(cx, args)
        }
        [shell] => args.usage(&format!("Unsupported shell type {shell:?}.")),
        _ => args.usage("Too many arguments. Expected only the shell type."),
    }),
    ..Verb::NONE
};

pub static KUBERC: Verb = Verb {
    name: "kuberc",
    about: "Manage kuberc configuration files",
    usage: "SUBCOMMAND",
    run: Some(refuse),
    ..Verb::NONE
};

const KUSTOMIZATIONS: [&str; 3] = ["kustomization.yaml", "kustomization.yml", "Kustomization"];

pub static KUSTOMIZE: Verb = Verb {
    name: "kustomize",
    about: "Build a kustomization target from a directory or URL",
    usage: "DIR [flags]",
    flags: &[&[Flag::text("output").short('o')]],
    run: Some(|cx, args| kustomize(cx, args.word(0))),
    ..Verb::NONE
};

/// Says that there is nothing to build in a folder, or that it cannot be built here.
pub fn kustomize<T>(cx: &Cx<'_>, folder: &str) -> Outcome<T> {
    let folder = match folder {
        "" | "." => String::new(),
        folder => format!("{}/", folder.trim_end_matches('/')),
    };
    let is_there = |name: &&str| cx.session.files.read(&format!("{folder}{name}")).is_some();
    if KUSTOMIZATIONS.iter().any(is_there) {
        return error("kubectl kustomize is not supported in this terminal");
    }
    let place = format!("/home/user/{folder}");
    error(format!(
        "unable to find one of 'kustomization.yaml', 'kustomization.yml' or 'Kustomization' in \
         directory '{}'",
        place.trim_end_matches('/')
    ))
}

pub static HELP: Verb = Verb {
    name: "help",
    about: "Help about any command",
    usage: "[command]",
    hidden: true,
    run: Some(|cx, args| {
        let (mut level, mut found, mut path) = (verbs::ALL, None, String::new());
        for word in &args.words {
            let Some(verb) = verbs::find(level, word) else {
                let words = args.words.join(" ");
                cx.complain(&format!("Unknown help topic {words:?}."));
                cx.out.stderr(&help::root());
                return Ok(Flow::Done);
            };
            path = if path.is_empty() { verb.name.into() } else { format!("{path} {}", verb.name) };
            (level, found) = (verb.children, Some(verb));
        }
        let text = found.map_or_else(help::root, |verb| help::verb(verb, &path));
        cx.out.stdout(&text);
        Ok(Flow::Done)
    }),
    ..Verb::NONE
};

pub static OPTIONS: Verb = Verb {
    name: "options",
    about: "Print the list of flags inherited by all commands",
    hidden: true,
    run: Some(|cx, _| {
        cx.out.stdout(&help::options());
        Ok(Flow::Done)
    }),
    ..Verb::NONE
};

static PLUGIN_LIST: Verb = Verb {
    name: "list",
    about: "List all visible plugin executables on a user's PATH",
    usage: "[flags]",
    flags: &[&[Flag::bool("name-only")]],
    run: Some(|_, _| error("unable to find any kubectl plugins in your PATH")),
    ..Verb::NONE
};

pub static PLUGIN: Verb = Verb {
    name: "plugin",
    about: "Provides utilities for interacting with plugins",
    usage: "[flags]",
    children: &[&PLUGIN_LIST],
    ..Verb::NONE
};

pub static PROXY: Verb = Verb {
    name: "proxy",
    about: "Run a proxy to the Kubernetes API server",
    usage: "[--port=PORT] [--www=static-dir] [--www-prefix=prefix] [--api-prefix=prefix]",
    flags: &[&[
        Flag::text("accept-hosts").default("^localhost$,^127\\.0\\.0\\.1$,^\\[::1\\]$"),
        Flag::text("accept-paths").default("^.*"),
        Flag::text("address").default("127.0.0.1"),
        Flag::text("api-prefix").default("/"),
        Flag::bool("append-server-path"),
        Flag::bool("disable-filter"),
        Flag::duration("keepalive", "0s"),
        Flag::int("port", "8001").short('p'),
        Flag::text("reject-methods").default("^$"),
        Flag::text("reject-paths").default("^/api/.*/pods/.*/exec,^/api/.*/pods/.*/attach"),
        Flag::text("unix-socket").short('u'),
        Flag::text("www").short('w'),
        Flag::text("www-prefix").short('P').default("/static/"),
    ]],
    run: Some(refuse),
    ..Verb::NONE
};
