//! Which objects a list wants: label and field selectors.

use api::Obj;
use apimachinery::fields::FieldSelector;
use apimachinery::labels::Selector;
use apimachinery::status::Status;
use client::ListOptions;

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

    pub fn is_everything(&self) -> bool {
        self.labels.is_none() && self.fields.is_none()
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
