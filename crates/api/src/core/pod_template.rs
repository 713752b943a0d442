//! PodTemplate: a template that stands by itself.

use crate::core::container::container_cells;
use crate::core::pod::PodTemplateSpec;
use crate::core::pod_defaults;
use crate::core::pod_validation::validate_template;
use crate::object::{Column, Kind, KindInfo};
use crate::object_update::move_generation;
use crate::validation::object_meta;
use apimachinery::field_path::FieldPath;
use apimachinery::labels::format_labels;
use apimachinery::meta::ObjectMeta;
use apimachinery::names;
use apimachinery::status::FieldErrors;
use apimachinery::time::Time;
use apimachinery::wire_struct;
use serde_json::Value;

wire_struct! {
    /// A template that stands by itself.
    pub struct PodTemplate {
        pub metadata: ObjectMeta => "metadata" keep,
        pub template: PodTemplateSpec => "template" keep,
    }
}

impl Kind for PodTemplate {
    const INFO: KindInfo = KindInfo::fixed("", "v1", "PodTemplate", "podtemplates", true, &[]);

    fn meta(&self) -> &ObjectMeta {
        &self.metadata
    }

    fn meta_mut(&mut self) -> &mut ObjectMeta {
        &mut self.metadata
    }

    fn set_defaults(&mut self) {
        pod_defaults::default_template(&mut self.template.spec);
    }

    // Models pkg/registry/core/podtemplate/strategy.go.
    fn prepare_for_create(&mut self) {
        self.metadata.generation = 1;
    }

    fn prepare_for_update(&mut self, old: &Self) {
        move_generation(&mut self.metadata, &old.metadata, self.template != old.template);
    }

    fn validate(&self) -> FieldErrors {
        let mut errors = FieldErrors::new();
        object_meta(&self.metadata, true, names::is_dns1123_subdomain, &mut errors);
        errors.extend(validate_template(&self.template, &FieldPath::new("template")));
        errors
    }

    fn validate_update(&self, old: &Self) -> FieldErrors {
        if self.template == old.template {
            return FieldErrors::new();
        }
        validate_template(&self.template, &FieldPath::new("template"))
    }

    fn columns() -> &'static [Column] {
        const {
            &[
                Column::text("Name"),
                Column::text("Containers"),
                Column::text("Images"),
                Column::text("Pod Labels"),
            ]
        }
    }

    fn row(&self, _now: Time) -> Vec<Value> {
        let [names, images] = container_cells(&self.template.spec.containers);
        vec![
            self.metadata.name.as_str().into(),
            names.into(),
            images.into(),
            format_labels(&self.template.metadata.labels).into(),
        ]
    }
}
