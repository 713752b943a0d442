//! `kubectl create secret generic|tls|docker-registry`.
// Models kubectl/pkg/cmd/create/create_secret*.go.

use serde_json::{Map, Value, json};

use super::config_map::{SOURCES, append_hash, data};
use super::{FORM, one_name, submit};
use crate::bytes::{base64, of_text};
use crate::fail::{Outcome, error};
use crate::flags::{Args, Flag};
use crate::printers::object::go_json;
use crate::session::Cx;
use crate::verbs::{Flow, Verb};

static GENERIC: Verb = Verb {
    name: "generic",
    about: "Create a secret from a local file, directory, or literal value",
    usage: "NAME [--type=string] [--from-file=[key=]source] [--from-literal=key1=value1]",
    flags: &[&[Flag::text("type")], SOURCES, FORM[0], FORM[1], FORM[2], FORM[3]],
    run: Some(generic),
    ..Verb::NONE
};

static TLS: Verb = Verb {
    name: "tls",
    about: "Create a TLS secret",
    usage: "NAME --cert=path/to/cert/file --key=path/to/key/file",
    flags: &[&[Flag::text("cert"), Flag::text("key")], FORM[0], FORM[1], FORM[2], FORM[3]],
    run: Some(tls),
    ..Verb::NONE
};

static DOCKER_REGISTRY: Verb = Verb {
    name: "docker-registry",
    about: "Create a secret for use with a Docker registry",
    usage: "NAME --docker-username=user --docker-password=password --docker-email=email",
    flags: &[
        &[
            Flag::text("docker-username"),
            Flag::text("docker-password"),
            Flag::text("docker-email"),
            Flag::text("docker-server").default("https://index.docker.io/v1/"),
        ],
        FORM[0],
        FORM[1],
        FORM[2],
        FORM[3],
    ],
    run: Some(docker_registry),
    ..Verb::NONE
};

pub static VERB: Verb = Verb {
    name: "secret",
    about: "Create a secret with specified type",
    usage: "(docker-registry | generic | tls)",
    children: &[&DOCKER_REGISTRY, &GENERIC, &TLS],
    ..Verb::NONE
};

fn secret(cx: &mut Cx<'_>, args: &Args, ty: &str, data: Map<String, Value>) -> Outcome<Flow> {
    let mut value = json!({
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": { "name": one_name(args)? },
    });
    let encoded: Map<String, Value> = data
        .into_iter()
        .map(|(key, value)| (key, base64(&of_text(value.as_str().unwrap_or(""))).into()))
        .collect();
    if !encoded.is_empty() {
        value["data"] = Value::Object(encoded);
    }
    if !ty.is_empty() {
        value["type"] = ty.into();
    }
    // The hash is over the type too, which is Opaque unless it is given.
    if args.changed("append-hash") {
        let mut hashed = value.clone();
        hashed["type"] = ty.into();
        append_hash(args, &mut hashed, &["data", "type"]);
        value["metadata"]["name"] = hashed["metadata"]["name"].take();
    }
    submit(cx, args, "secrets", value, "failed to create secret")
}

fn generic(cx: &mut Cx<'_>, args: &Args) -> Outcome<Flow> {
    one_name(args)?;
    let data = data(cx, args, "Secret")?;
    secret(cx, args, args.text("type"), data)
}

fn tls(cx: &mut Cx<'_>, args: &Args) -> Outcome<Flow> {
    one_name(args)?;
    if args.text("cert").is_empty() || args.text("key").is_empty() {
        return error("key and cert must be specified");
    }
    let mut data = Map::new();
    for (flag, key) in [("cert", "tls.crt"), ("key", "tls.key")] {
        let path = args.text(flag);
        match cx.session.files.read(path) {
            Some(text) => data.insert(key.to_owned(), text.into()),
            None => {
                return error(format!(
                    "Cannot read file {path}, open {path}: no such file or directory"
                ));
            }
        };
    }
    secret(cx, args, "kubernetes.io/tls", data)
}

fn docker_registry(cx: &mut Cx<'_>, args: &Args) -> Outcome<Flow> {
    one_name(args)?;
    let needed = ["docker-username", "docker-password", "docker-server"];
    if needed.iter().any(|flag| args.text(flag).is_empty()) {
        return error(
            "either --from-file or the combination of --docker-username, --docker-password and \
             --docker-server is required",
        );
    }
    let (user, password) = (args.text("docker-username"), args.text("docker-password"));
    let auth = base64(format!("{user}:{password}").as_bytes());
    let email = args.text("docker-email");
    // The fields in Go's order, as they stand in its struct.
    let fields =
        [("username", user), ("password", password), ("email", email), ("auth", auth.as_str())];
    let pairs: Vec<String> = fields
        .iter()
        .filter(|(_, value)| !value.is_empty())
        .map(|(key, value)| format!("{}:{}", json!(key), json!(value)))
        .collect();
    let server = json!(args.text("docker-server"));
    let text = go_json(&format!("{{\"auths\":{{{server}:{{{}}}}}}}", pairs.join(",")));
    let mut data = Map::new();
    data.insert(".dockerconfigjson".to_owned(), text.into());
    secret(cx, args, "kubernetes.io/dockerconfigjson", data)
}
