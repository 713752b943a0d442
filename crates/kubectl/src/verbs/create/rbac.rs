//! `kubectl create role`, `clusterrole`, `rolebinding` and `clusterrolebinding`.
// Models kubectl/pkg/cmd/create/create_{role,clusterrole,rolebinding,clusterrolebinding}.go.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::{FORM, one_name, submit};
use crate::fail::{Fail, Outcome, error};
use crate::flags::{Args, Flag};
use crate::session::Cx;
use crate::verbs::{Flow, Verb};

const GROUP: &str = "rbac.authorization.k8s.io";

const RULE: &[Flag] = &[Flag::list("verb"), Flag::list("resource"), Flag::array("resource-name")];

const SUBJECTS: &[Flag] =
    &[Flag::array("user"), Flag::array("group"), Flag::array("serviceaccount")];

pub static ROLE: Verb = Verb {
    name: "role",
    about: "Create a role with single rule",
    usage: "NAME --verb=verb --resource=resource.group/subresource [--resource-name=resourcename] \
            [--dry-run=server|client|none]",
    flags: &[RULE, FORM[0], FORM[1], FORM[2], FORM[3]],
    run: Some(role),
    ..Verb::NONE
};

pub static CLUSTER_ROLE: Verb = Verb {
    name: "clusterrole",
    about: "Create a cluster role",
    usage: "NAME --verb=verb --resource=resource.group [--resource-name=resourcename] \
            [--dry-run=server|client|none]",
    flags: &[
        RULE,
        &[Flag::list("non-resource-url"), Flag::list("aggregation-rule")],
        FORM[0],
        FORM[1],
        FORM[2],
        FORM[3],
    ],
    run: Some(cluster_role),
    ..Verb::NONE
};

pub static ROLE_BINDING: Verb = Verb {
    name: "rolebinding",
    about: "Create a role binding for a particular role or cluster role",
    usage: "NAME --clusterrole=NAME|--role=NAME [--user=username] [--group=groupname] \
            [--serviceaccount=namespace:serviceaccountname] [--dry-run=server|client|none]",
    flags: &[
        &[Flag::text("clusterrole"), Flag::text("role")],
        SUBJECTS,
        FORM[0],
        FORM[1],
        FORM[2],
        FORM[3],
    ],
    run: Some(role_binding),
    ..Verb::NONE
};

pub static CLUSTER_ROLE_BINDING: Verb = Verb {
    name: "clusterrolebinding",
    about: "Create a cluster role binding for a particular cluster role",
    usage: "NAME --clusterrole=NAME [--user=username] [--group=groupname] \
            [--serviceaccount=namespace:serviceaccountname] [--dry-run=server|client|none]",
    flags: &[&[Flag::text("clusterrole")], SUBJECTS, FORM[0], FORM[1], FORM[2], FORM[3]],
    run: Some(cluster_role_binding),
    ..Verb::NONE
};

/// What `--resource` names: resource, group and subresource.
struct Named {
    resource: String,
    group: String,
    subresource: String,
}

const VERBS: &str = " * get delete list create update patch watch proxy deletecollection use bind \
                     escalate impersonate ";
/// Verbs that only some resources know, and those resources.
const SPECIAL: &[(&str, &[(&str, &str)])] = &[
    ("use", &[("policy", "podsecuritypolicies"), ("extensions", "podsecuritypolicies")]),
    ("bind", &[(GROUP, "roles"), (GROUP, "clusterroles")]),
    ("escalate", &[(GROUP, "roles"), (GROUP, "clusterroles")]),
    (
        "impersonate",
        &[
            ("", "users"),
            ("", "serviceaccounts"),
            ("", "groups"),
            ("authentication.k8s.io", "userextras"),
        ],
    ),
];
const PATH_VERBS: &str = " * get post put delete patch head options ";

fn is_one_of(list: &str, word: &str) -> bool {
    list.contains(&format!(" {word} "))
}

fn unique(words: &[String]) -> Vec<String> {
    let mut kept: Vec<String> = Vec::new();
    for word in words {
        if !kept.contains(word) {
            kept.push(word.clone());
        }
    }
    kept
}

fn verbs(args: &Args) -> Vec<String> {
    let verbs = unique(args.list("verb"));
    if verbs.iter().any(|verb| verb == "*") { vec!["*".to_owned()] } else { verbs }
}

fn resources(args: &Args) -> Vec<Named> {
    let mut all = Vec::new();
    for text in args.list("resource") {
        let (name, subresource) = text.split_once('/').unwrap_or((text, ""));
        let (resource, group) = name.split_once('.').unwrap_or((name, ""));
        let named = Named {
            resource: resource.to_owned(),
            group: group.to_owned(),
            subresource: subresource.to_owned(),
        };
        if text == "*" {
            return vec![named];
        }
        all.push(named);
    }
    all
}

impl Named {
    /// Group and plural as the server has them; as written if it has none.
    fn mapped(&self) -> (String, String, bool) {
        let argument = match self.group.as_str() {
            "" => self.resource.clone(),
            group => format!("{}.{group}", self.resource),
        };
        match schema::Schema::get().resolve(&argument) {
            Some(kind) => (kind.group.to_owned(), kind.plural.to_owned(), true),
            None => (self.group.clone(), self.resource.clone(), false),
        }
    }

    fn check(&self, verbs: &[String]) -> Outcome {
        if self.resource.is_empty() {
            return error("resource must be specified if apiGroup/subresource specified");
        }
        let (group, plural, mut is_known) = self.mapped();
        for verb in verbs {
            let special = SPECIAL.iter().find(|(name, _)| name == verb);
            let Some((_, allowed)) = special else { continue };
            if !allowed.contains(&(group.as_str(), plural.as_str())) {
                return error(format!("can not perform '{verb}' on '{plural}' in group '{group}'"));
            }
            is_known = true;
        }
        if is_known {
            return Ok(());
        }
        let tail = if group.is_empty() { String::new() } else { format!(" in group {group:?}") };
        Err(Fail::Raw(format!("the server doesn't have a resource type {plural:?}{tail}\n")))
    }
}

fn check_resources(cx: &mut Cx<'_>, verbs: &[String], resources: &[Named]) -> Outcome {
    for verb in verbs.iter().filter(|verb| !is_one_of(VERBS, verb)) {
        cx.complain(&format!("Warning: '{verb}' is not a standard resource verb"));
    }
    for one in resources {
        if one.resource == "*" {
            return Ok(());
        }
        one.check(verbs)?;
    }
    Ok(())
}

fn rules(args: &Args, verbs: &[String], resources: &[Named], paths: &[String]) -> Vec<Value> {
    let mut groups: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for one in resources {
        let (group, mut plural, _) = one.mapped();
        if !one.subresource.is_empty() {
            plural = format!("{plural}/{}", one.subresource);
        }
        let list = groups.entry(group).or_default();
        if !list.contains(&plural) {
            list.push(plural);
        }
    }
    let names = unique(args.list("resource-name"));
    let mut rules = Vec::new();
    for (group, plurals) in groups {
        let mut rule = json!({ "apiGroups": [group], "resources": plurals, "verbs": verbs });
        if !names.is_empty() {
            rule["resourceNames"] = json!(names);
        }
        rules.push(rule);
    }
    if !paths.is_empty() {
        rules.push(json!({ "nonResourceURLs": paths, "verbs": verbs }));
    }
    rules
}

fn object(kind: &str, name: &str) -> Value {
    json!({ "apiVersion": format!("{GROUP}/v1"), "kind": kind, "metadata": { "name": name } })
}

fn role(cx: &mut Cx<'_>, args: &Args) -> Outcome<Flow> {
    let name = one_name(args)?;
    let (verbs, resources) = (verbs(args), resources(args));
    if verbs.is_empty() {
        return error("at least one verb must be specified");
    }
    if resources.is_empty() {
        return error("at least one resource must be specified");
    }
    check_resources(cx, &verbs, &resources)?;
    let mut value = object("Role", name);
    value["rules"] = rules(args, &verbs, &resources, &[]).into();
    submit(cx, args, "roles", value, "")
}

fn check_paths(verbs: &[String], paths: &[String]) -> Outcome {
    if paths.is_empty() {
        return Ok(());
    }
    if let Some(verb) = verbs.iter().find(|verb| !is_one_of(PATH_VERBS, verb)) {
        return error(format!("invalid verb: '{verb}' for nonResourceURL"));
    }
    for path in paths.iter().filter(|path| *path != "*") {
        if !path.starts_with('/') {
            return error("nonResourceURL should start with /");
        }
        if path.find('*').is_some_and(|at| at + 1 < path.len()) {
            return error("nonResourceURL only supports wildcard matches when '*' is at the end");
        }
    }
    Ok(())
}

fn cluster_role(cx: &mut Cx<'_>, args: &Args) -> Outcome<Flow> {
    let name = one_name(args)?;
    let (verbs, resources) = (verbs(args), resources(args));
    let paths = unique(args.list("non-resource-url"));
    let mut value = object("ClusterRole", name);
    if args.changed("aggregation-rule") {
        let others = ["verb", "resource", "resource-name", "non-resource-url"];
        if others.iter().any(|flag| args.changed(flag)) {
            return error(
                "aggregation rule must be specified without nonResourceURLs, verbs, resources or \
                 resourceNames",
            );
        }
        let mut labels = Map::new();
        for pair in args.list("aggregation-rule") {
            let Some((key, text)) = pair.split_once('=') else {
                return error(format!("malformed pair, expect string=string: {pair}"));
            };
            labels.insert(key.trim().to_owned(), text.trim().into());
        }
        value["aggregationRule"] = json!({ "clusterRoleSelectors": [{ "matchLabels": labels }] });
        value["rules"] = Value::Null;
        return submit(cx, args, "clusterroles", value, "");
    }
    if verbs.is_empty() {
        return error("at least one verb must be specified");
    }
    if resources.is_empty() && paths.is_empty() {
        return error("one of resource or nonResourceURL must be specified");
    }
    if !resources.is_empty() {
        check_resources(cx, &verbs, &resources)?;
    }
    check_paths(&verbs, &paths)?;
    value["rules"] = rules(args, &verbs, &resources, &paths).into();
    submit(cx, args, "clusterroles", value, "")
}

fn subjects(args: &Args) -> Outcome<Vec<Value>> {
    let mut all = Vec::new();
    for (flag, kind) in [("user", "User"), ("group", "Group")] {
        let subject = |name: &String| json!({ "kind": kind, "apiGroup": GROUP, "name": name });
        all.extend(args.list(flag).iter().map(subject));
    }
    for text in args.list("serviceaccount") {
        match text.split(':').collect::<Vec<_>>().as_slice() {
            [namespace, name] if !namespace.is_empty() && !name.is_empty() => {
                let kind = "ServiceAccount";
                all.push(json!({ "kind": kind, "name": name, "namespace": namespace }));
            }
            _ => return error("serviceaccount must be <namespace>:<name>"),
        }
    }
    Ok(all)
}

fn bind(mut value: Value, args: &Args, kind: &str, role: &str) -> Outcome<Value> {
    value["roleRef"] = json!({ "apiGroup": GROUP, "kind": kind, "name": role });
    let subjects = subjects(args)?;
    if !subjects.is_empty() {
        value["subjects"] = subjects.into();
    }
    Ok(value)
}

fn role_binding(cx: &mut Cx<'_>, args: &Args) -> Outcome<Flow> {
    let name = one_name(args)?;
    let (kind, role) = match (args.text("role"), args.text("clusterrole")) {
        (role, "") if !role.is_empty() => ("Role", role),
        ("", role) if !role.is_empty() => ("ClusterRole", role),
        _ => return error("exactly one of clusterrole or role must be specified"),
    };
    let value = bind(object("RoleBinding", name), args, kind, role)?;
    submit(cx, args, "rolebindings", value, "failed to create rolebinding:")
}

fn cluster_role_binding(cx: &mut Cx<'_>, args: &Args) -> Outcome<Flow> {
    let name = one_name(args)?;
    let role = args.text("clusterrole");
    if role.is_empty() {
        return error("required flag(s) \"clusterrole\" not set");
    }
    let value = bind(object("ClusterRoleBinding", name), args, "ClusterRole", role)?;
    submit(cx, args, "clusterrolebindings", value, "failed to create clusterrolebinding:")
}
