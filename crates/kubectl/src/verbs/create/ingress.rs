//! `kubectl create ingress`: rules as `host/path*=service:port,tls=secret`.
// Models kubectl/pkg/cmd/create/create_ingress.go.

use serde_json::{Map, Value, json};

use super::{FORM, one_name, submit};
use crate::fail::{Outcome, error};
use crate::flags::{Args, Flag};
use crate::session::Cx;
use crate::verbs::{Flow, Verb};

pub static VERB: Verb = Verb {
    name: "ingress",
    aliases: &["ing"],
    about: "Create an ingress with the specified name",
    usage: "NAME --rule=host/path=service:port[,tls[=secret]] ",
    flags: &[
        &[
            Flag::text("class"),
            Flag::array("rule"),
            Flag::text("default-backend"),
            Flag::array("annotation"),
        ],
        FORM[0],
        FORM[1],
        FORM[2],
        FORM[3],
    ],
    run: Some(run),
    ..Verb::NONE
};

/// One `--rule`, read.
struct Rule<'a> {
    host: &'a str,
    path: &'a str,
    service: &'a str,
    port: &'a str,
    /// Empty name: the default certificate.
    tls: Option<&'a str>,
}

fn is_word(text: &str, more: &str) -> bool {
    text.chars().all(|c| c.is_ascii_alphanumeric() || c == '_' || more.contains(c))
}

fn read(text: &str) -> Option<Rule<'_>> {
    let (rule, tls) = match text.split_once(',') {
        Some((rule, tls)) if tls.starts_with("tls") => {
            (rule, Some(tls.split_once('=').map_or("", |(_, secret)| secret)))
        }
        Some((rule, _)) => (rule, None),
        None => (text, None),
    };
    let (host, rest) = rule.split_once('/')?;
    let (path, backend) = rest.split_once('=')?;
    let (service, port) = backend.split_once(':')?;
    let is_valid = is_word(host, "*-.")
        && [service, port].iter().all(|part| !part.is_empty() && is_word(part, "-"));
    is_valid.then_some(Rule { host, path, service, port, tls })
}

fn backend(service: &str, port: &str) -> Value {
    let port = match port.parse::<i32>() {
        Ok(number) => json!({"number": number}),
        Err(_) => json!({"name": port}),
    };
    json!({"service": {"name": service, "port": port}})
}

fn rules_of(rules: &[Rule<'_>]) -> Vec<Value> {
    let mut hosts: Vec<(&str, Vec<Value>)> = Vec::new();
    for rule in rules {
        let (path, path_type) = match rule.path.strip_suffix('*') {
            Some(path) => (path, "Prefix"),
            None => (rule.path, "Exact"),
        };
        let path = json!({
            "path": format!("/{path}"),
            "pathType": path_type,
            "backend": backend(rule.service, rule.port),
        });
        match hosts.iter_mut().find(|(host, _)| *host == rule.host) {
            Some((_, paths)) => paths.push(path),
            None => hosts.push((rule.host, vec![path])),
        }
    }
    let value = |(host, paths): (&str, Vec<Value>)| {
        let mut value = json!({"http": {"paths": paths}});
        if !host.is_empty() {
            value["host"] = host.into();
        }
        value
    };
    hosts.into_iter().map(value).collect()
}

/// A host stands under one secret only, the one that was named first for it.
fn tls_of(rules: &[Rule<'_>]) -> Vec<Value> {
    let mut secrets: Vec<(&str, Vec<&str>)> = Vec::new();
    let mut known: Vec<&str> = Vec::new();
    for (rule, secret) in rules.iter().filter_map(|rule| rule.tls.map(|secret| (rule, secret))) {
        if known.contains(&rule.host) {
            continue;
        }
        known.push(rule.host);
        let hosts: Vec<&str> =
            Some(rule.host).filter(|host| !host.is_empty()).into_iter().collect();
        match secrets.iter_mut().find(|(name, _)| *name == secret) {
            Some((_, all)) => all.push(rule.host),
            None if secret.is_empty() && hosts.is_empty() => {}
            None => secrets.push((secret, hosts)),
        }
    }
    let value = |(secret, hosts): (&str, Vec<&str>)| {
        let mut map = Map::new();
        if !hosts.is_empty() {
            map.insert("hosts".to_owned(), json!(hosts));
        }
        if !secret.is_empty() {
            map.insert("secretName".to_owned(), secret.into());
        }
        Value::Object(map)
    };
    secrets.into_iter().map(value).collect()
}

fn run(cx: &mut Cx<'_>, args: &Args) -> Outcome<Flow> {
    let name = one_name(args)?;
    let (texts, default) = (args.list("rule"), args.text("default-backend"));
    if texts.is_empty() && default.is_empty() {
        return error(
            "not enough information provided: every ingress has to either specify a \
             default-backend (which catches all traffic) or a list of rules (which catch specific \
             paths)",
        );
    }
    let mut rules = Vec::new();
    for text in texts {
        let Some(rule) = read(text) else {
            return error(format!(
                "rule {text} is invalid and should be in format \
                 host/path=svcname:svcport[,tls[=secret]]"
            ));
        };
        rules.push(rule);
    }
    let mut metadata = json!({"name": name});
    for text in args.list("annotation") {
        let Some((key, value)) = text.split_once('=') else {
            return error(format!(
                "annotation {text} is invalid and should be in format key=[value]"
            ));
        };
        metadata["annotations"][key] = value.into();
    }
    let mut spec = json!({});
    if !args.text("class").is_empty() {
        spec["ingressClassName"] = args.text("class").into();
    }
    match default.split(':').collect::<Vec<_>>().as_slice() {
        [""] => {}
        [service, port] => spec["defaultBackend"] = backend(service, port),
        _ => return error("default-backend should be in format servicename:serviceport"),
    }
    for (key, list) in [("tls", tls_of(&rules)), ("rules", rules_of(&rules))] {
        if !list.is_empty() {
            spec[key] = list.into();
        }
    }
    let value = json!({
        "apiVersion": "networking.k8s.io/v1",
        "kind": "Ingress",
        "metadata": metadata,
        "spec": spec,
        "status": {"loadBalancer": {}},
    });
    submit(cx, args, "ingresses.networking.k8s.io", value, "failed to create ingress:")
}
