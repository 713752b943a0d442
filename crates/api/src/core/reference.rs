//! A reference to an object, as events and endpoints carry it.

use apimachinery::meta::{ObjectMeta, Uid};
use apimachinery::wire_struct;
use smol_str::SmolStr;

use crate::object::Object;

wire_struct! {
    /// Points at an object, or at a field of it.
    pub struct ObjectReference {
        pub api_version: SmolStr => "apiVersion",
        pub field_path: SmolStr => "fieldPath",
        pub kind: SmolStr => "kind",
        pub name: SmolStr => "name",
        pub namespace: SmolStr => "namespace",
        pub resource_version: SmolStr => "resourceVersion",
        pub uid: Uid => "uid",
    }
}

impl ObjectReference {
    /// `pod/web-1`, or the kind alone.
    pub fn short_text(&self) -> String {
        let kind = self.kind.to_lowercase();
        if self.name.is_empty() { kind } else { format!("{kind}/{}", self.name) }
    }

    /// A full reference, as an event's `involvedObject`.
    pub fn to(object: &dyn Object) -> Self {
        let ObjectMeta { name, namespace, uid, resource_version, .. } = object.meta();
        let gvk = object.gvk();
        ObjectReference {
            api_version: gvk.api_version(),
            kind: gvk.kind,
            name: name.clone(),
            namespace: namespace.clone(),
            resource_version: smol_str::format_smolstr!("{resource_version}"),
            uid: *uid,
            ..ObjectReference::default()
        }
    }
}
