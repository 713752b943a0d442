//! Reads a `KubeSchedulerConfiguration`, as far as it is modelled; what is not is refused by name.
//! Models pkg/scheduler/apis/config/{v1,validation}.

use clock::Duration;
use serde_json::Value;
use smol_str::SmolStr;

use super::{Config, DEFAULT_SCHEDULER, ProfileConfig, ScoringStrategy, Strategy};
use crate::plugins;

const API_VERSION: &str = "kubescheduler.config.k8s.io/v1";
const KIND: &str = "KubeSchedulerConfiguration";

fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

/// The fields of an object that nobody reads, as an error.
fn only(value: &Value, path: &str, known: &[&str]) -> Result<(), String> {
    let names = value.as_object().into_iter().flatten().map(|(name, _)| name.as_str());
    match names.into_iter().find(|name| !known.contains(name)) {
        Some(name) => Err(format!("{path}{name}: not supported")),
        None => Ok(()),
    }
}

fn number(value: &Value, path: &str) -> Result<Option<u32>, String> {
    match value {
        Value::Null => Ok(None),
        value => {
            let number = value.as_u64().and_then(|n| u32::try_from(n).ok());
            number.map(Some).ok_or_else(|| format!("{path}: Invalid value: {value}"))
        }
    }
}

impl Config {
    /// From the JSON form of a configuration file.
    pub fn from_value(value: &Value) -> Result<Config, String> {
        if value["apiVersion"] != API_VERSION || value["kind"] != KIND {
            return Err(format!("no kind {KIND:?} of version {API_VERSION:?}"));
        }
        let known = [
            "apiVersion",
            "kind",
            "percentageOfNodesToScore",
            "podInitialBackoffSeconds",
            "podMaxBackoffSeconds",
            "profiles",
        ];
        only(value, "", &known)?;
        let mut config = Config::default();
        if let Some(n) = number(&value["percentageOfNodesToScore"], "percentageOfNodesToScore")? {
            config.percentage_of_nodes_to_score = n;
        }
        for (field, slot) in [
            ("podInitialBackoffSeconds", &mut config.pod_initial_backoff),
            ("podMaxBackoffSeconds", &mut config.pod_max_backoff),
        ] {
            if let Some(seconds) = number(&value[field], field)? {
                *slot = Duration::from_secs(u64::from(seconds));
            }
        }
        let profiles = list(&value["profiles"]).iter().enumerate();
        let profiles: Vec<ProfileConfig> =
            profiles.map(|(i, one)| profile(one, i)).collect::<Result<_, _>>()?;
        for (i, one) in profiles.iter().enumerate() {
            let name = &one.scheduler_name;
            if profiles.iter().take(i).any(|other| other.scheduler_name == *name) {
                return Err(format!("profiles[{i}].schedulerName: Duplicate value: {name:?}"));
            }
        }
        if !profiles.is_empty() {
            config.profiles = profiles;
        }
        Ok(config)
    }
}

fn profile(value: &Value, index: usize) -> Result<ProfileConfig, String> {
    let path = format!("profiles[{index}].");
    only(value, &path, &["pluginConfig", "plugins", "schedulerName"])?;
    let name = value["schedulerName"].as_str().map_or(DEFAULT_SCHEDULER, SmolStr::from);
    let mut profile = ProfileConfig::named(name);
    let plugins = &value["plugins"];
    only(plugins, &format!("{path}plugins."), &["multiPoint", "score"])?;
    for point in ["multiPoint", "score"] {
        let path = format!("{path}plugins.{point}");
        plugin_set(&plugins[point], point == "score", &path, &mut profile)?;
    }
    for (i, one) in list(&value["pluginConfig"]).iter().enumerate() {
        let path = format!("{path}pluginConfig[{i}]");
        if one["name"] != "NodeResourcesFit" {
            return Err(format!("{path}: arguments of plugin {} are not supported", one["name"]));
        }
        profile.fit = strategy(&one["args"]["scoringStrategy"], &path)?;
    }
    Ok(profile)
}

fn plugin_set(
    set: &Value,
    score: bool,
    path: &str,
    profile: &mut ProfileConfig,
) -> Result<(), String> {
    let names: Vec<&'static str> = plugins::names();
    let find = |one: &Value, path: &str| {
        let wanted = one["name"].as_str().unwrap_or_default();
        let known = names.iter().find(|name| **name == wanted).copied();
        known.ok_or_else(|| format!("{path}: plugin {wanted:?} does not exist"))
    };
    for (i, one) in list(&set["disabled"]).iter().enumerate() {
        let off: Vec<&'static str> = match one["name"].as_str() {
            Some("*") => names.clone(),
            _ => vec![find(one, &format!("{path}.disabled[{i}]"))?],
        };
        let disabled = if score { &mut profile.unscored } else { &mut profile.disabled };
        disabled.extend(off.into_iter().map(SmolStr::new_static));
    }
    for (i, one) in list(&set["enabled"]).iter().enumerate() {
        let path = format!("{path}.enabled[{i}]");
        let name = SmolStr::new_static(find(one, &path)?);
        profile.unscored.remove(&name);
        if !score {
            profile.disabled.remove(&name);
        }
        if let Some(weight) = number(&one["weight"], &path)?.filter(|weight| *weight > 0) {
            profile.weights.insert(name, i64::from(weight));
        }
    }
    Ok(())
}

fn strategy(value: &Value, path: &str) -> Result<ScoringStrategy, String> {
    let mut made = ScoringStrategy::default();
    let resources: Vec<(SmolStr, i64)> = list(&value["resources"])
        .iter()
        .map(|one| {
            let name = SmolStr::from(one["name"].as_str().unwrap_or_default());
            (name, one["weight"].as_i64().filter(|weight| *weight > 0).unwrap_or(1))
        })
        .collect();
    if !resources.is_empty() {
        made.resources = resources;
    }
    made.strategy = match value["type"].as_str().unwrap_or("LeastAllocated") {
        "LeastAllocated" => Strategy::LeastAllocated,
        "MostAllocated" => Strategy::MostAllocated,
        "RequestedToCapacityRatio" => {
            let shape = list(&value["requestedToCapacityRatio"]["shape"]).iter();
            let int = |point: &Value, name: &str| point[name].as_i64().unwrap_or(0);
            let shape: Vec<(i64, i64)> =
                shape.map(|point| (int(point, "utilization"), int(point, "score"))).collect();
            let rises = shape.windows(2).all(|pair| pair.first() < pair.last());
            let inside = shape.iter().all(|(x, y)| (0..=100).contains(x) && (0..=10).contains(y));
            if shape.is_empty() || !rises || !inside {
                return Err(format!("{path}: the shape must have points of rising utilization"));
            }
            Strategy::RequestedToCapacityRatio(shape)
        }
        other => return Err(format!("{path}: Unsupported value: {other:?}")),
    };
    Ok(made)
}
