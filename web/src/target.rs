//! The things of the picture by name: as titles, and as what kubectl is asked about them.

use apimachinery::meta::Key;
use scene::Target;

use crate::i18n::Word;

/// The name a person reads.
pub fn title(target: &Target) -> String {
    match target {
        Target::Component(name) | Target::Node(name) | Target::Client(name) => name.to_string(),
        Target::Pod { name, .. }
        | Target::Service { name, .. }
        | Target::Container { name, .. }
        | Target::Object { name, .. } => name.to_string(),
    }
}

/// The API resource, singular, if it is an object.
pub fn resource(target: &Target) -> Option<String> {
    Some(match target {
        Target::Node(_) => "node".into(),
        Target::Pod { .. } | Target::Container { .. } => "pod".into(),
        Target::Service { .. } => "service".into(),
        Target::Object { resource, .. } => resource.to_string(),
        Target::Component(_) | Target::Client(_) => return None,
    })
}

pub fn key(target: &Target) -> Key {
    match target {
        Target::Pod { namespace, name }
        | Target::Service { namespace, name }
        | Target::Object { namespace, name, .. } => Key::new(namespace.clone(), name.clone()),
        Target::Container { namespace, pod, .. } => Key::new(namespace.clone(), pod.clone()),
        Target::Component(name) | Target::Node(name) | Target::Client(name) => {
            Key::new("", name.clone())
        }
    }
}

/// `pod web-1 -n default`, for a kubectl line.
pub fn words(target: &Target) -> Option<String> {
    let (resource, key) = (resource(target)?, key(target));
    let namespace =
        if key.namespace.is_empty() { String::new() } else { format!(" -n {}", key.namespace) };
    Some(format!("{resource} {}{namespace}", key.name))
}

/// The target of a pod, whether the pod or one of its containers is meant.
pub fn pod(target: &Target) -> Option<(Key, Option<String>)> {
    match target {
        Target::Pod { .. } => Some((key(target), None)),
        Target::Container { name, .. } => Some((key(target), Some(name.to_string()))),
        _ => None,
    }
}

/// What a component is there for.
pub fn about(target: &Target) -> Option<Word> {
    let name = match target {
        Target::Component(name) => name.as_str(),
        Target::Client(_) => return Some(Word::AboutClient),
        _ => return None,
    };
    let program = name.split('/').next().unwrap_or(name);
    Some(match program {
        "kube-apiserver" => Word::AboutApi,
        "etcd" => Word::AboutEtcd,
        "kube-scheduler" => Word::AboutScheduler,
        "kube-controller-manager" | "controller-manager" => Word::AboutManager,
        "coredns" | "CoreDNS" | "dns" => Word::AboutDns,
        "kubectl" => Word::AboutKubectl,
        "kubelet" => Word::AboutKubelet,
        "kube-proxy" => Word::AboutProxy,
        "containerd" => Word::AboutRuntime,
        _ => return None,
    })
}
