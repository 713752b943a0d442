//! Serving what custom resource definitions define: their names, their objects, their end.
// Models apiextensions-apiserver/pkg/controller/{status,establish,finalizer}.

use std::sync::Arc;

use api::{Obj, make_mut};
use apimachinery::gvk::GroupResource;
use apimachinery::meta::Key;
use serde_json::Value;
use smol_str::SmolStr;

use crate::custom::{Custom, definition};
use crate::resources::Resource;
use crate::server::{ApiServer, CallCx};
use crate::unstructured::Unstructured;

fn unstructured(object: &Obj) -> Option<&Unstructured> {
    object.as_any().downcast_ref::<Unstructured>()
}

/// The versions of a definition, the stored one first, and whether each is served.
fn versions(spec: &Value) -> Vec<(Arc<Custom>, bool)> {
    let mut list: Vec<&Value> = spec["versions"].as_array().into_iter().flatten().collect();
    list.sort_by_key(|version| version["storage"] != true);
    list.iter().map(|version| (Custom::of(spec, version), version["served"] == true)).collect()
}

fn defined(spec: &Value) -> GroupResource {
    let text = |value: &Value| SmolStr::new(value.as_str().unwrap_or_default());
    GroupResource { group: text(&spec["group"]), resource: text(&spec["names"]["plural"]) }
}

impl ApiServer {
    /// The custom resources that are served, as discovery lists them.
    pub fn custom_resources(&self) -> Vec<&'static schema::Resource> {
        self.resources.custom().map(|custom| custom.resource()).collect()
    }

    /// The same with their OpenAPI schemas.
    pub fn custom_kinds(&self) -> Vec<(&'static schema::Resource, Value)> {
        let kinds = self.resources.custom();
        kinds.map(|custom| (custom.resource(), custom.schema.clone())).collect()
    }

    /// The OpenAPI schema of a custom kind.
    pub fn custom_schema(&self, group: &str, version: &str, kind: &str) -> Option<Value> {
        let found = self.resources.custom().find(|custom| {
            let gvk = &custom.info.gvk;
            gvk.group == group && gvk.version == version && gvk.kind == kind
        });
        found.map(|custom| custom.schema.clone())
    }

    /// After a definition was written: its names are accepted or not, and its objects are served.
    pub(crate) fn definition_changed(
        &mut self,
        cx: &CallCx<'_>,
        resource: &Resource,
        object: &Obj,
    ) {
        let Some(fields) = unstructured(object).map(Unstructured::fields) else { return };
        let taken = self.names_taken(resource, object);
        if let Some(status) = definition::accepted(fields, taken, &cx.time().to_string()) {
            let mut new = object.clone();
            if let Some(new) = make_mut(&mut new).as_any_mut().downcast_mut::<Unstructured>() {
                new.set_status(status);
            }
            // Comes here again, with nothing left to accept.
            self.commit(cx, resource, Key::of(object.meta()), Some(object), new);
            return;
        }
        let spec = fields.get("spec").unwrap_or(&Value::Null);
        if definition::is_established(&Value::Object(fields.clone())) {
            let versions = versions(spec);
            let store = &mut self.store;
            self.resources.serve(&versions, || store.add_table());
        }
    }

    /// Why another definition of the group keeps these names from being accepted.
    fn names_taken(&self, resource: &Resource, object: &Obj) -> definition::Taken {
        let own = &unstructured(object)?.fields()["spec"];
        let text = |spec: &Value, name: &str| spec["names"][name].as_str().map(str::to_owned);
        for (_, other) in self.in_namespace(resource, "") {
            let Some(spec) = unstructured(other).and_then(|it| it.fields().get("spec")) else {
                continue;
            };
            if other.meta().name == object.meta().name || spec["group"] != own["group"] {
                continue;
            }
            for (name, reason) in [
                ("singular", "SingularConflict"),
                ("kind", "KindConflict"),
                ("listKind", "ListKindConflict"),
            ] {
                if text(own, name).is_some() && text(own, name) == text(spec, name) {
                    let name = text(own, name).unwrap_or_default();
                    return Some((reason, format!("{name:?} is already in use")));
                }
            }
        }
        None
    }

    /// Before a definition goes: its objects go. True if some stay for their finalizers.
    pub(crate) fn clear_instances(&mut self, cx: &CallCx<'_>, object: &Obj) -> bool {
        let Some(fields) = unstructured(object).map(Unstructured::fields) else { return false };
        let name = defined(fields.get("spec").unwrap_or(&Value::Null));
        let Some(resource) = self.resources.get(&name).cloned() else { return false };
        let all: Vec<(Key, Obj)> = self
            .in_namespace(&resource, "")
            .map(|(key, object)| (key.clone(), object.clone()))
            .collect();
        let mut stays = false;
        for (key, object) in all {
            if object.meta().finalizers().is_empty() {
                self.remove(cx.now, &resource, &key, &object);
                continue;
            }
            stays = true;
            if !object.meta().is_deleting() {
                let mut new = object.clone();
                let rare = make_mut(&mut new).meta_mut().rare_mut();
                rare.deletion_timestamp = Some(cx.time());
                rare.deletion_grace_period_seconds = Some(0);
                self.commit(cx, &resource, key, Some(&object), new);
            }
        }
        if !stays {
            self.resources.withdraw(&name);
        }
        stays
    }

    /// A definition that waits for its objects: held by its finalizer.
    pub(crate) fn hold_definition(
        &mut self,
        cx: &CallCx<'_>,
        resource: &Resource,
        object: &Obj,
    ) -> Obj {
        if object.meta().is_deleting() {
            return object.clone();
        }
        let mut new = object.clone();
        let rare = make_mut(&mut new).meta_mut().rare_mut();
        rare.deletion_timestamp = Some(cx.time());
        rare.deletion_grace_period_seconds = Some(0);
        rare.finalizers.push(SmolStr::new_static(definition::FINALIZER));
        if let Some(new) = make_mut(&mut new).as_any_mut().downcast_mut::<Unstructured>() {
            let mut status = new.field("status").cloned().unwrap_or_default();
            if let Some(conditions) = status["conditions"].as_array_mut() {
                conditions.push(definition::terminating(&cx.time().to_string()));
            }
            new.set_status(status);
        }
        self.commit(cx, resource, Key::of(object.meta()), Some(object), new)
    }

    /// After the last object of a terminating definition went, the definition goes.
    pub(crate) fn instance_removed(&mut self, now: clock::SimTime, resource: &Resource) {
        if self.store.len(resource.table) > 0 {
            return;
        }
        let name = resource.name();
        let key = Key::new("", format!("{}.{}", name.resource, name.group));
        let kind = GroupResource::fixed("apiextensions.k8s.io", "customresourcedefinitions");
        let Some(definitions) = self.resources.get(&kind).cloned() else { return };
        let Some(object) = self.stored(&definitions, &key).cloned() else { return };
        if object.meta().is_deleting() {
            self.resources.withdraw(name);
            self.remove(now, &definitions, &key, &object);
        }
    }
}
