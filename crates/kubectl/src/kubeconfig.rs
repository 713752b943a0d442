//! kubeconfig files: clusters, users, contexts, and who a command is by them.
// Models client-go/tools/clientcmd.

use std::sync::Arc;

use client::{Api, Credentials, Impersonate, Reply, Request};
use serde_json::{Map, Value, json};
use smol_str::SmolStr;
use yaml::Limits;

use crate::bytes;
use crate::fail::{Outcome, error};
use crate::flags::Args;
use crate::path::Look;
use crate::session::Session;

/// The names under which lists of a kubeconfig hold their entries.
pub const CLUSTERS: (&str, &str) = ("clusters", "cluster");
pub const CONTEXTS: (&str, &str) = ("contexts", "context");
pub const USERS: (&str, &str) = ("users", "user");

/// One kubeconfig.
#[derive(Clone, Debug, PartialEq)]
pub struct Kubeconfig(pub Value);

/// What of it one command uses.
#[derive(Clone, Debug, Default)]
pub struct Chosen {
    pub namespace: String,
    pub server: String,
    pub credentials: Credentials,
}

impl Kubeconfig {
    /// A file with one cluster, one user with a token, and the context of both.
    pub fn new(cluster: &str, user: &str, token: &str) -> Self {
        Kubeconfig(json!({
            "apiVersion": "v1",
            "kind": "Config",
            "clusters": [{
                "name": cluster,
                "cluster": {
                    "certificate-authority": "pki/ca.crt", "server": "https://127.0.0.1:6443",
                },
            }],
            "contexts": [{
                "name": cluster,
                "context": { "cluster": cluster, "namespace": "default", "user": user },
            }],
            "current-context": cluster,
            "users": [{ "name": user, "user": { "token": token } }],
        }))
    }

    pub fn parse(text: &str) -> Option<Self> {
        let parsed = yaml::parse(text, &Limits::default());
        let document = parsed.documents.into_iter().next()?;
        document.value.is_object().then_some(Kubeconfig(document.value))
    }

    pub fn to_text(&self) -> String {
        yaml::to_yaml(&self.0)
    }

    pub fn current(&self) -> &str {
        self.0.text("current-context")
    }

    /// The names in one of the lists, sorted.
    pub fn names(&self, (list, _): (&str, &str)) -> Vec<&str> {
        let mut names: Vec<&str> = self.0.items(list).iter().map(|one| one.text("name")).collect();
        names.sort_unstable();
        names
    }

    pub fn entry(&self, (list, part): (&str, &str), name: &str) -> Option<&Value> {
        self.0.items(list).iter().find(|one| one.text("name") == name).map(|one| one.at(part))
    }

    /// An entry for writing, made if there is none. The second is whether it was there.
    pub fn entry_mut(
        &mut self,
        (list, part): (&str, &str),
        name: &str,
    ) -> Option<(&mut Map<String, Value>, bool)> {
        let found = self.0.items(list).iter().position(|one| one.text("name") == name);
        let root = self.0.as_object_mut()?;
        let items = root.entry(list).or_insert_with(|| json!([]));
        if items.is_null() {
            *items = json!([]);
        }
        let items = items.as_array_mut()?;
        let at = found.unwrap_or(items.len());
        if found.is_none() {
            items.push(json!({ "name": name }));
        }
        let entry = items.get_mut(at)?.as_object_mut()?;
        let part = entry.entry(part).or_insert_with(|| json!({}));
        if part.is_null() {
            *part = json!({});
        }
        Some((part.as_object_mut()?, found.is_some()))
    }

    /// Takes an entry out; whether it was there.
    pub fn remove(&mut self, (list, _): (&str, &str), name: &str) -> bool {
        let items = self.0.get_mut(list).and_then(Value::as_array_mut);
        items.is_some_and(|items| {
            let before = items.len();
            items.retain(|one| one.text("name") != name);
            items.len() < before
        })
    }

    pub fn set_current(&mut self, name: &str) {
        if let Some(root) = self.0.as_object_mut() {
            root.insert("current-context".to_owned(), name.into());
        }
    }

    /// The namespace of the current context.
    pub fn namespace(&self) -> &str {
        let context = self.entry(CONTEXTS, self.current());
        match context.map_or("", |context| context.text("namespace")) {
            "" => "default",
            namespace => namespace,
        }
    }
}

/// The file that a command means: `--kubeconfig`, `$KUBECONFIG`, or the session's own.
pub fn path<'a>(session: &'a Session, args: &'a Args) -> Option<&'a str> {
    let given = args.text("kubeconfig");
    if !given.is_empty() {
        return Some(given);
    }
    session.env.get("KUBECONFIG").map(String::as_str).filter(|path| !path.is_empty())
}

pub fn load(session: &Session, args: &Args) -> Outcome<Kubeconfig> {
    let Some(path) = path(session, args) else { return Ok(session.kubeconfig.clone()) };
    let Some(text) = session.files.read(path) else {
        if args.changed("kubeconfig") {
            return error(format!("stat {path}: no such file or directory"));
        }
        return Ok(Kubeconfig(json!({})));
    };
    match Kubeconfig::parse(text) {
        Some(config) => Ok(config),
        None => error(format!("error loading config file {path:?}: it is no kubeconfig")),
    }
}

/// Puts a changed kubeconfig back where it came from.
pub fn save(session: &mut Session, args: &Args, config: Kubeconfig) {
    match path(session, args).map(str::to_owned) {
        Some(path) => session.files.write(&path, config.to_text()),
        None => session.kubeconfig = config,
    }
}

/// What a command uses of its kubeconfig, with its own flags in front.
pub fn choose(session: &Session, args: &Args) -> Outcome<Chosen> {
    let config = load(session, args)?;
    let null = Value::Null;
    let named = |flag: &str, list, otherwise: &str, what: &str| -> Outcome<&Value> {
        let name = if args.global(flag).is_empty() { otherwise } else { args.global(flag) };
        match config.entry(list, name) {
            Some(entry) => Ok(entry),
            None if args.global(flag).is_empty() => Ok(&null),
            None => error(format!("{what} {name:?} does not exist")),
        }
    };
    let context = named("context", CONTEXTS, config.current(), "context")?;
    let user = named("user", USERS, context.text("user"), "auth info")?;
    let cluster = named("cluster", CLUSTERS, context.text("cluster"), "cluster")?;
    let namespace = match context.text("namespace") {
        "" => "default",
        namespace => namespace,
    };
    let mut credentials = credentials(session, user);
    if !args.global("token").is_empty() {
        credentials.token = args.global("token").into();
    }
    credentials.impersonate = impersonate(args, context.text("user"))?;
    let server = if args.global("server").is_empty() {
        cluster.text("server")
    } else {
        args.global("server")
    };
    Ok(Chosen { namespace: namespace.to_owned(), server: server.to_owned(), credentials })
}

fn credentials(session: &Session, user: &Value) -> Credentials {
    let file = |name: &str| session.files.read(user.text(name)).unwrap_or_default().to_owned();
    let data = user.text("client-certificate-data");
    let certificate = match (data, user.text("client-certificate")) {
        ("", "") => String::new(),
        ("", _) => file("client-certificate"),
        (data, _) => {
            let bytes = apimachinery::base64::decode(data).unwrap_or_default();
            String::from_utf8_lossy(&bytes).into_owned()
        }
    };
    let token = match user.text("token") {
        "" if !user.text("tokenFile").is_empty() => file("tokenFile").trim().to_owned(),
        token => token.to_owned(),
    };
    Credentials { token: token.into(), certificate, impersonate: None }
}

fn impersonate(args: &Args, own: &str) -> Outcome<Option<Impersonate>> {
    let (user, uid, groups) = (args.text("as"), args.text("as-uid"), args.list("as-group"));
    let mut extra = std::collections::BTreeMap::<SmolStr, Vec<SmolStr>>::new();
    for pair in args.list("as-user-extra") {
        let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
        extra.entry(key.to_lowercase().into()).or_default().push(value.into());
    }
    if user.is_empty() {
        if uid.is_empty() && groups.is_empty() && extra.is_empty() {
            return Ok(None);
        }
        return error(format!(
            "requesting uid, groups or user-extra for {own} without impersonating a user"
        ));
    }
    let groups = groups.iter().map(SmolStr::new).collect();
    Ok(Some(Impersonate { user: user.into(), uid: uid.into(), groups, extra }))
}

/// The API as a command's user asks it.
pub struct Sender<'a> {
    pub api: &'a mut dyn Api,
    pub credentials: Arc<Credentials>,
}

impl Api for Sender<'_> {
    fn call(&mut self, mut request: Request) -> client::api::Result<Reply> {
        request.sender.get_or_insert_with(|| Arc::clone(&self.credentials));
        self.api.call(request)
    }

    fn ask_path(
        &mut self,
        sender: Option<&Credentials>,
        verb: &str,
        path: &str,
    ) -> client::api::Result<()> {
        self.api.ask_path(Some(sender.unwrap_or(&self.credentials)), verb, path)
    }

    fn custom_resources(&self) -> Vec<&'static schema::Resource> {
        self.api.custom_resources()
    }

    fn custom_schema(&self, group: &str, version: &str, kind: &str) -> Option<Value> {
        self.api.custom_schema(group, version, kind)
    }
}

/// What `config view` hides.
pub fn redact(config: &mut Kubeconfig) {
    const SECRETS: [(&str, &str); 4] = [
        ("token", "REDACTED"),
        ("password", "REDACTED"),
        ("client-certificate-data", "DATA+OMITTED"),
        ("client-key-data", "DATA+OMITTED"),
    ];
    for (list, part, secrets) in [
        (USERS.0, USERS.1, SECRETS.as_slice()),
        (CLUSTERS.0, CLUSTERS.1, &[("certificate-authority-data", "DATA+OMITTED")]),
    ] {
        let items = config.0.get_mut(list).and_then(Value::as_array_mut);
        for entry in items.into_iter().flatten() {
            for (name, hidden) in secrets {
                if entry.at(part).has(name) {
                    entry[part][*name] = (*hidden).into();
                }
            }
        }
    }
}

/// Base64 of a file's text, for `--embed-certs`.
pub fn embedded(text: &str) -> String {
    bytes::base64(text.as_bytes())
}
