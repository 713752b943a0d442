//! Verbs that tell of the server and of the client: api-resources, api-versions, version,
//! cluster-info, options.

use crate::discovery::{self, Kind};
use crate::fail::{Outcome, error};
use crate::flags::{Args, Flag};
use crate::printers::TabWriter;
use crate::session::Cx;
use crate::verbs::{Flow, Verb};

pub static API_RESOURCES: Verb = Verb {
    name: "api-resources",
    about: "Print the supported API resources on the server",
    usage: "[flags]",
    flags: &[&[
        Flag::text("api-group"),
        Flag::bool("namespaced").default("true"),
        Flag::bool("no-headers"),
        Flag::text("output").short('o').values(&["wide", "name"]),
        Flag::text("sort-by"),
        Flag::list("verbs"),
        Flag::list("categories"),
        Flag::bool("cached"),
    ]],
    run: Some(api_resources),
    ..Verb::NONE
};

pub static API_VERSIONS: Verb = Verb {
    name: "api-versions",
    about: "Print the supported API versions on the server, in the form of \"group/version\"",
    run: Some(api_versions),
    ..Verb::NONE
};

pub static VERSION: Verb = Verb {
    name: "version",
    about: "Print the client and server version information",
    flags: &[&[Flag::bool("client"), Flag::text("output").short('o').values(&["json", "yaml"])]],
    run: Some(version),
    ..Verb::NONE
};

pub static CLUSTER_INFO: Verb = Verb {
    name: "cluster-info",
    about: "Display cluster information",
    run: Some(cluster_info),
    ..Verb::NONE
};

const VERSION_TEXT: &str = "v1.36.2";

fn wanted(args: &Args, kind: Kind) -> bool {
    let verbs = args.list("verbs");
    let categories = args.list("categories");
    (!args.changed("namespaced") || kind.namespaced == args.bool("namespaced"))
        && (!args.changed("api-group") || kind.group == args.text("api-group"))
        && verbs.iter().all(|verb| kind.verbs.contains(&verb.as_str()))
        && categories.iter().all(|category| kind.categories.contains(&category.as_str()))
}

fn api_resources(cx: &mut Cx<'_>, args: &Args) -> Outcome<Flow> {
    no_words(args)?;
    let output = args.text("output");
    if !matches!(output, "" | "wide" | "name") {
        return error(format!(
            "unable to match a printer suitable for the output format {output:?}, allowed formats \
             are: json,kyaml,name,wide,yaml"
        ));
    }
    discovery::learn(cx, true);
    let all = discovery::all();
    let preferred = |kind: &&Kind| {
        let first = all.iter().find(|other| other.group == kind.group);
        first.is_some_and(|first| first.version == kind.version)
    };
    let mut kinds: Vec<Kind> = all.iter().filter(preferred).copied().collect();
    kinds.retain(|kind| wanted(args, kind) && !kind.verbs.is_empty());
    match args.text("sort-by") {
        "name" => kinds.sort_by_key(|kind| kind.plural),
        "kind" => kinds.sort_by_key(|kind| kind.kind),
        "" => kinds.sort_by_key(|kind| (kind.group, kind.plural)),
        _ => return error("--sort-by accepts only name or kind"),
    }
    if output == "name" {
        kinds.iter().for_each(|kind| cx.say(&kind.group_resource()));
        return Ok(Flow::Done);
    }
    let mut text = String::new();
    if !args.bool("no-headers") {
        let more = if output == "wide" { "\tVERBS\tCATEGORIES" } else { "" };
        text.push_str(&format!("NAME\tSHORTNAMES\tAPIVERSION\tNAMESPACED\tKIND{more}\n"));
    }
    for kind in kinds {
        let short = kind.short_names.join(",");
        let line = format!(
            "{}\t{short}\t{}\t{}\t{}",
            kind.plural,
            kind.api_version(),
            kind.namespaced,
            kind.kind
        );
        let more = match output {
            "wide" => format!("\t{}\t{}", kind.verbs.join(","), kind.categories.join(",")),
            _ => String::new(),
        };
        text.push_str(&format!("{line}{more}\n"));
    }
    cx.out.stdout(&TabWriter::table().format(&text));
    Ok(Flow::Done)
}

fn no_words(args: &Args) -> Outcome {
    match args.words.as_slice() {
        [] => Ok(()),
        words => args.usage(&format!("unexpected arguments: [{}]", words.join(" "))),
    }
}

fn api_versions(cx: &mut Cx<'_>, args: &Args) -> Outcome<Flow> {
    no_words(args)?;
    let mut versions: Vec<String> =
        discovery::all().into_iter().map(schema::Resource::api_version).collect();
    versions.sort();
    versions.dedup();
    versions.iter().for_each(|version| cx.say(version));
    Ok(Flow::Done)
}

fn version(cx: &mut Cx<'_>, args: &Args) -> Outcome<Flow> {
    if !args.words.is_empty() {
        return error(format!("extra arguments: [{}]", args.words.join(" ")));
    }
    let info = schema::documents::version;
    let mut all = serde_json::json!({
        "clientVersion": info(false), "kustomizeVersion": "v5.8.1",
    });
    if !args.bool("client") {
        all["serverVersion"] = info(true);
    }
    match args.text("output") {
        "" => {
            cx.say(&format!("Client Version: {VERSION_TEXT}"));
            cx.say("Kustomize Version: v5.8.1");
            if !args.bool("client") {
                cx.say(&format!("Server Version: {VERSION_TEXT}"));
            }
        }
        "yaml" => cx.say(&yaml::to_yaml(&all)),
        "json" => cx.out.stdout(&crate::printers::object::to_json(&all)),
        _ => return error("--output must be 'yaml' or 'json'"),
    }
    Ok(Flow::Done)
}

fn cluster_info(cx: &mut Cx<'_>, args: &Args) -> Outcome<Flow> {
    if args.word(0) == "dump" {
        return error("cluster-info dump is not supported in this terminal");
    }
    let server = crate::kubeconfig::choose(cx.session, args)?.server;
    cx.say(&format!("Kubernetes control plane is running at {server}"));
    let kind = discovery::resolve("services")?;
    if crate::server::get(cx, kind, "kube-system", "kube-dns").is_ok() {
        let path = "api/v1/namespaces/kube-system/services/kube-dns:dns/proxy";
        cx.say(&format!("CoreDNS is running at {server}/{path}"));
    }
    cx.say("\nTo further debug and diagnose cluster problems, use 'kubectl cluster-info dump'.");
    Ok(Flow::Done)
}
