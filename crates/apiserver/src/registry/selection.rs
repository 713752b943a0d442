//! Which objects a list wants: label and field selectors, and where a page goes on.

use api::Obj;
use apimachinery::fields::FieldSelector;
use apimachinery::labels::Selector;
use apimachinery::meta::Key;
use apimachinery::status::Status;
use client::ListOptions;
use smol_str::{SmolStr, format_smolstr};

use crate::fields;
use crate::resources::Resource;
use crate::server::Result;

pub(crate) struct Selection {
    labels: Option<Selector>,
    fields: Option<FieldSelector>,
}

impl Selection {
    pub fn parse(resource: &Resource, options: &ListOptions) -> Result<Self> {
        let mut selection = Selection { labels: None, fields: None };
        if !options.label_selector.is_empty() {
            let text = &options.label_selector;
            let selector =
                Selector::parse(text).map_err(|error| Status::bad_request(error.to_string()))?;
            selection.labels = Some(selector);
        }
        if !options.field_selector.is_empty() {
            let mut selector = FieldSelector::parse(&options.field_selector)
                .map_err(|error| Status::bad_request(error.to_string()))?;
            for requirement in &mut selector.requirements {
                requirement.field = fields::stored_name(resource, &requirement.field)?.to_owned();
            }
            selection.fields = Some(selector);
        }
        Ok(selection)
    }

    pub fn matches(&self, object: &Obj) -> bool {
        let labels = self.labels.as_ref();
        if !labels.is_none_or(|selector| selector.matches(&object.meta().labels)) {
            return false;
        }
        self.fields.as_ref().is_none_or(|selector| {
            let values = object.selectable_fields();
            selector.matches(|field| fields::value(object.as_ref(), &values, field))
        })
    }
}

/// Where a page of a list goes on.
pub(crate) struct Continue {
    pub revision: u64,
    pub after: Key,
}

impl Continue {
    pub fn token(&self) -> SmolStr {
        format_smolstr!("{}/{}/{}", self.revision, self.after.namespace, self.after.name)
    }

    pub fn parse(token: &str) -> Option<Self> {
        let (revision, key) = token.split_once('/')?;
        let (namespace, name) = key.split_once('/')?;
        Some(Continue { revision: revision.parse().ok()?, after: Key::new(namespace, name) })
    }
}
