//! metrics.k8s.io: what pods and nodes use, as the metrics server last handed it over.
// Models the API of metrics-server, pkg/api.

use std::sync::Arc;

use apimachinery::gvk::GroupResource;
use apimachinery::labels::{Labels, Selector};
use apimachinery::meta::Key;
use apimachinery::status::Status;
use client::metrics::{Metrics, Usage};
use client::{Body, Reply, ReplyBody, Request, Verb};
use serde_json::{Map, Value, json};
use smol_str::SmolStr;

use crate::resources::unknown_resource;
use crate::server::{ApiServer, Result};

const GROUP: &str = "metrics.k8s.io";
const API_VERSION: &str = "metrics.k8s.io/v1beta1";

pub(crate) fn is_metric(resource: &GroupResource) -> bool {
    resource.group == GROUP
}

fn usage(usage: &Usage) -> Value {
    let Usage { cpu_nanos, memory_bytes } = usage;
    let cpu = if *cpu_nanos == 0 { "0".to_owned() } else { format!("{cpu_nanos}n") };
    json!({ "cpu": cpu, "memory": format!("{}Ki", memory_bytes / 1024) })
}

/// The object of one pod or node, with its labels.
fn object(metrics: &Metrics, kind: &str, key: &Key, labels: &Labels) -> Map<String, Value> {
    let mut metadata =
        json!({ "name": key.name.as_str(), "creationTimestamp": metrics.at.to_string() });
    if !key.namespace.is_empty() {
        metadata["namespace"] = key.namespace.as_str().into();
    }
    if !labels.is_empty() {
        let pairs = labels.iter().map(|(key, value)| (key.to_string(), value.as_str().into()));
        metadata["labels"] = Value::Object(pairs.collect());
    }
    let mut map = Map::new();
    map.insert("kind".into(), kind.into());
    map.insert("apiVersion".into(), API_VERSION.into());
    map.insert("metadata".into(), metadata);
    map.insert("timestamp".into(), metrics.at.to_string().into());
    map.insert("window".into(), format!("{}s", metrics.window_secs).into());
    map
}

impl ApiServer {
    pub(crate) fn serve_metrics(&mut self, mut request: Request) -> Result<Reply> {
        if let Body::Metrics(metrics) = std::mem::take(&mut request.body) {
            self.metrics = Some(metrics);
            return Ok(Reply::new(ReplyBody::Json(Value::Null)));
        }
        let Some(metrics) = self.metrics.clone() else { return Err(unknown_resource()) };
        let kind = match request.resource.resource.as_str() {
            "pods" => "PodMetrics",
            "nodes" => "NodeMetrics",
            _ => return Err(unknown_resource()),
        };
        let value = match request.verb {
            Verb::Get => self.one_metric(&metrics, kind, &request)?,
            Verb::List => self.all_metrics(&metrics, kind, &request)?,
            _ => {
                let action = request.verb.as_str();
                return Err(Status::method_not_supported(&request.resource, action));
            }
        };
        Ok(Reply::new(ReplyBody::Json(value)))
    }

    fn labels_of(&self, plural: &'static str, key: &Key) -> Option<Labels> {
        let resource = self.resources.get(&GroupResource::fixed("", plural))?;
        self.stored(resource, key).map(|object| (*object.meta().labels).clone())
    }

    fn metric_of(&self, metrics: &Metrics, kind: &str, key: &Key) -> Option<(Labels, Value)> {
        let plural = if kind == "PodMetrics" { "pods" } else { "nodes" };
        let labels = self.labels_of(plural, key)?;
        let mut map = object(metrics, kind, key, &labels);
        if kind == "NodeMetrics" {
            map.insert("usage".into(), usage(metrics.nodes.get(&key.name)?));
        } else {
            let of = |(name, used): &(SmolStr, Usage)| json!({ "name": name.as_str(), "usage": usage(used) });
            let containers = metrics.pods.get(key)?.iter().map(of).collect();
            map.insert("containers".into(), containers);
        }
        Some((labels, Value::Object(map)))
    }

    fn one_metric(&self, metrics: &Arc<Metrics>, kind: &str, request: &Request) -> Result<Value> {
        let key = Key::new(request.namespace.clone(), request.name.clone());
        let found = self.metric_of(metrics, kind, &key).map(|(_, value)| value);
        found.ok_or_else(|| {
            let resource =
                GroupResource { group: GROUP.into(), resource: kind.to_lowercase().into() };
            Status::not_found(&resource, &key.to_string())
        })
    }

    fn all_metrics(&self, metrics: &Arc<Metrics>, kind: &str, request: &Request) -> Result<Value> {
        let selector = Selector::parse(&request.list.label_selector)
            .map_err(|error| Status::bad_request(error.to_string()))?;
        let keys: Vec<Key> = match kind {
            "NodeMetrics" => metrics.nodes.keys().map(|name| Key::new("", name.clone())).collect(),
            _ => {
                let first = Key::new(request.namespace.clone(), "");
                let here =
                    |key: &&Key| request.namespace.is_empty() || key.namespace == request.namespace;
                metrics.pods.range(first..).map(|(key, _)| key).take_while(here).cloned().collect()
            }
        };
        let all = keys.iter().filter_map(|key| self.metric_of(metrics, kind, key));
        let chosen = all.filter(|(labels, _)| selector.matches(labels));
        let items: Vec<Value> = chosen.map(|(_, value)| value).collect();
        Ok(json!({
            "kind": format!("{kind}List"),
            "apiVersion": API_VERSION,
            "metadata": {},
            "items": items,
        }))
    }
}
