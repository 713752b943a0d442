//! ConfigMap: settings as keys and texts.

use crate::object::{Column, Kind, KindInfo, age};
use apimachinery::meta::ObjectMeta;
use apimachinery::time::Time;
use apimachinery::wire_struct;
use serde_json::Value;
use smol_str::SmolStr;
use std::collections::BTreeMap;

wire_struct! {
    /// Settings that pods read as variables or files.
    pub struct ConfigMap {
        pub binary_data: BTreeMap<SmolStr, String> => "binaryData",
        pub data: BTreeMap<SmolStr, String> => "data",
        pub immutable: Option<bool> => "immutable",
        pub metadata: ObjectMeta => "metadata" keep,
    }
}

impl Kind for ConfigMap {
    const INFO: KindInfo = KindInfo::fixed("", "v1", "ConfigMap", "configmaps", true, &[]);

    fn meta(&self) -> &ObjectMeta {
        &self.metadata
    }

    fn meta_mut(&mut self) -> &mut ObjectMeta {
        &mut self.metadata
    }

    fn columns() -> &'static [Column] {
        const { &[Column::text("Name"), Column::text("Data"), Column::text("Age")] }
    }

    fn row(&self, now: Time) -> Vec<Value> {
        vec![
            self.metadata.name.as_str().into(),
            (self.data.len() + self.binary_data.len()).into(),
            age(&self.metadata, now).into(),
        ]
    }
}
