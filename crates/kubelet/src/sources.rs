//! ConfigMaps and Secrets that a pod reads: files of its volumes, variables of its containers.
//! Models pkg/volume/configmap and pkg/kubelet/kubelet_pods.go `makeEnvironmentVariables`.

use std::collections::BTreeMap;

use api::core::volume::Volume;
use api::{ConfigMap, Kind as _, Secret, ServiceAccount};
use client::fabric::sandbox::{Files, Settings};
use client::{ApiExt, Body, Ctx, ReplyBody, Request, Verb};
use clock::Duration;
use serde_json::{Value, json};
use smol_str::{SmolStr, format_smolstr};

use crate::downward;
use crate::kubelet::Shared;
use crate::token::Kind;
use crate::worker::{State, Worker};

const CONFIG_ERROR: &str = "CreateContainerConfigError";
const ENV_RETRY: Duration = Duration::from_secs(3);

/// One reference: which kind, its name, and whether it may be missing.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Source {
    /// `configmap` or `secret`, as messages name them.
    kind: &'static str,
    name: SmolStr,
    optional: bool,
}

impl Source {
    fn of(kind: &'static str, reference: &Value, name: &str) -> Option<Self> {
        let optional = reference["optional"].as_bool().unwrap_or(false);
        reference[name].as_str().map(|name| Source { kind, name: name.into(), optional })
    }

    fn key(&self) -> SmolStr {
        format_smolstr!("{}/{}", self.kind, self.name)
    }
}

/// Bytes of a Base64 text as text; what is no text is lost.
fn decode(text: &str) -> String {
    let bytes = apimachinery::base64::decode(text).unwrap_or_default();
    String::from_utf8_lossy(&bytes).into_owned()
}

impl Worker {
    fn fetch(&self, ctx: &mut Ctx<'_>, source: &Source) -> Option<BTreeMap<SmolStr, String>> {
        let namespace = &self.pod.metadata.namespace;
        match source.kind {
            "configmap" => {
                ctx.api.get::<ConfigMap>(namespace, &source.name).ok().map(|map| map.data.clone())
            }
            _ => ctx.api.get::<Secret>(namespace, &source.name).ok().map(|secret| {
                secret.data.iter().map(|(key, value)| (key.clone(), decode(value))).collect()
            }),
        }
    }

    /// The files of a volume that the kubelet fills; `None` for volumes of other kinds.
    pub(crate) fn files_of_volume(
        &self,
        ctx: &mut Ctx<'_>,
        volume: &Volume,
    ) -> Result<Option<Files>, String> {
        if let Some(map) = &volume.config_map {
            return self.files_from(ctx, "configmap", map, "name").map(Some);
        }
        if let Some(secret) = &volume.secret {
            return self.files_from(ctx, "secret", secret, "secretName").map(Some);
        }
        if let Some(source) = volume.extra.get("downwardAPI") {
            return Ok(Some(downward::files(&self.pod, source)));
        }
        let Some(projected) = &volume.projected else { return Ok(None) };
        let mut all = Files::new();
        for source in projected["sources"].as_array().into_iter().flatten() {
            for kind in ["configMap", "secret"] {
                if let Some(reference) = source.get(kind) {
                    let kind = if kind == "secret" { "secret" } else { "configmap" };
                    all.extend(self.files_from(ctx, kind, reference, "name")?);
                }
            }
            if let Some(source) = source.get("downwardAPI") {
                all.extend(downward::files(&self.pod, source));
            }
            if let Some(source) = source.get("serviceAccountToken") {
                let path = source["path"].as_str().unwrap_or("token");
                all.insert(path.into(), self.request_token(ctx, source)?);
            }
        }
        Ok(Some(all))
    }

    /// A token for the pod's service account that ends with the pod.
    /// Models pkg/kubelet/token/token_manager.go.
    fn request_token(&self, ctx: &mut Ctx<'_>, source: &Value) -> Result<String, String> {
        let (meta, account) = (&self.pod.metadata, &self.pod.spec.service_account_name);
        let audience = source["audience"].as_str().unwrap_or_default();
        let audiences: Vec<&str> = [audience].into_iter().filter(|one| !one.is_empty()).collect();
        let body = json!({ "spec": {
            "audiences": audiences,
            "expirationSeconds": source["expirationSeconds"].as_i64().unwrap_or(3600),
            "boundObjectRef": {
                "apiVersion": "v1", "kind": "Pod", "name": meta.name.as_str(),
                "uid": meta.uid.to_string(),
            },
        }});
        let accounts = ServiceAccount::INFO.resource;
        let request = Request::new(Verb::Create, accounts, &meta.namespace, account)
            .subresource("token")
            .body(Body::Json(body));
        let answer =
            ctx.api.call(request).map_err(|status| format!("failed to fetch token: {status}"))?;
        match &answer.body {
            ReplyBody::Json(answer) => {
                Ok(answer["status"]["token"].as_str().unwrap_or_default().to_owned())
            }
            _ => Err("failed to fetch token: no token in server response".to_owned()),
        }
    }

    fn files_from(
        &self,
        ctx: &mut Ctx<'_>,
        kind: &'static str,
        reference: &Value,
        name: &str,
    ) -> Result<Files, String> {
        let Some(source) = Source::of(kind, reference, name) else { return Ok(Files::new()) };
        let data = match self.fetch(ctx, &source) {
            Some(data) => data,
            None if source.optional => BTreeMap::new(),
            None => return Err(format!("{} \"{}\" not found", source.kind, source.name)),
        };
        let items = &reference["items"];
        let missing = items.as_array().into_iter().flatten().find(|item| {
            !source.optional && item["key"].as_str().is_some_and(|key| !data.contains_key(key))
        });
        match missing {
            Some(item) => {
                let key = item["key"].as_str().unwrap_or_default();
                let owner = if kind == "secret" { "secret" } else { "config" };
                Err(format!("references non-existent {owner} key: {key}"))
            }
            None => Ok(files_of(&data, items)),
        }
    }

    fn env_sources(&self, index: usize) -> Vec<(Source, Option<SmolStr>)> {
        let Some(container) = self.container(index) else { return Vec::new() };
        let mut all = Vec::new();
        for from in &container.env_from {
            let source = Source::of("configmap", &from["configMapRef"], "name")
                .or_else(|| Source::of("secret", &from["secretRef"], "name"));
            all.extend(source.map(|source| (source, None)));
        }
        for from in container.env.iter().filter_map(|env| env.value_from.as_deref()) {
            for (kind, field) in [("configmap", "configMapKeyRef"), ("secret", "secretKeyRef")] {
                let key = from[field]["key"].as_str().map(SmolStr::from);
                let source = Source::of(kind, &from[field], "name");
                all.extend(source.map(|source| (source, key)));
            }
        }
        all
    }

    /// Reads what a container's environment refers to; the error is the kubelet's message.
    fn read_env(&self, ctx: &mut Ctx<'_>, index: usize) -> Result<(), String> {
        for (source, key) in self.env_sources(index) {
            let data = match self.fetch(ctx, &source) {
                Some(data) => data,
                None if source.optional => continue,
                None => return Err(format!("{} \"{}\" not found", source.kind, source.name)),
            };
            if let Some(key) = key.filter(|key| !source.optional && !data.contains_key(key)) {
                let kind = if source.kind == "configmap" { "ConfigMap" } else { "Secret" };
                let namespace = &self.pod.metadata.namespace;
                let name = &source.name;
                return Err(format!("couldn't find key {key} in {kind} {namespace}/{name}"));
            }
            if let Some(sandbox) = ctx.fabric.sandboxes.get_mut(&self.uid()) {
                let settings: &mut Settings = sandbox.settings.get_or_insert_default();
                settings.insert(source.key(), data);
            }
        }
        Ok(())
    }

    /// Another try with a container that could not be made.
    pub(crate) fn want_again(&mut self, shared: &mut Shared, ctx: &mut Ctx<'_>, index: usize) {
        if !self.env_still_missing(shared, ctx, index) {
            self.want_image(shared, ctx, index);
        }
    }

    /// The emulated kubelets of the recordings told of a missing source once.
    fn env_still_missing(&mut self, shared: &Shared, ctx: &mut Ctx<'_>, index: usize) -> bool {
        let waits = match self.works.get(index).map(|work| &work.state) {
            Some(State::NoImage { reason, .. }) => *reason == CONFIG_ERROR,
            _ => false,
        };
        if !waits || !shared.knobs().as_recorded || self.read_env(ctx, index).is_ok() {
            return false;
        }
        let at = ctx.now + ENV_RETRY;
        ctx.timers.at(at, self.token(Kind::Sync, index));
        if let Some(State::NoImage { retry_at, .. }) =
            self.works.get_mut(index).map(|work| &mut work.state)
        {
            *retry_at = at;
        }
        true
    }

    /// True if the container's environment is complete; else it waits and is tried again.
    pub(crate) fn env_ready(
        &mut self,
        shared: &mut Shared,
        ctx: &mut Ctx<'_>,
        index: usize,
    ) -> bool {
        let Err(why) = self.read_env(ctx, index) else { return true };
        self.container_event(shared, ctx, index, "Warning", "Failed", &format!("Error: {why}"));
        let retry_at = ctx.now + ENV_RETRY;
        ctx.timers.at(retry_at, self.token(Kind::Sync, index));
        if let Some(work) = self.works.get_mut(index) {
            work.state = State::NoImage {
                reason: CONFIG_ERROR,
                message: why.into(),
                backoff_at: retry_at,
                retry_at,
            };
        }
        self.dirty = true;
        false
    }
}

/// Each key a file, or only those that `items` names, where it names them.
fn files_of(data: &BTreeMap<SmolStr, String>, items: &Value) -> Files {
    match items.as_array() {
        None => data.iter().map(|(key, text)| (key.to_string(), text.clone())).collect(),
        Some(items) => items
            .iter()
            .filter_map(|item| {
                let text = data.get(item["key"].as_str()?)?;
                Some((item["path"].as_str()?.to_owned(), text.clone()))
            })
            .collect(),
    }
}
