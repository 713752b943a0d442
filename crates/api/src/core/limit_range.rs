//! LimitRange: what one container, pod or claim of a namespace may ask for, and gets by default.

use std::collections::BTreeSet;

use apimachinery::field_path::FieldPath;
use apimachinery::meta::ObjectMeta;
use apimachinery::names;
use apimachinery::quantity::{Format, Quantity};
use apimachinery::status::{FieldError, FieldErrors};
use apimachinery::time::Time;
use apimachinery::wire::Wire;
use apimachinery::wire_struct;
use serde_json::Value;
use smol_str::SmolStr;

use super::container::ResourceList;
use super::resource_names::{container_resource, overcommits, resource};
use crate::object::{Column, Kind, KindInfo};
use crate::validation::{check, object_meta};

pub const POD: &str = "Pod";
pub const CONTAINER: &str = "Container";
pub const CLAIM: &str = "PersistentVolumeClaim";

wire_struct! {
    /// Bounds and defaults for things of one type.
    pub struct LimitRangeItem {
        pub default: ResourceList => "default",
        pub default_request: ResourceList => "defaultRequest",
        pub max: ResourceList => "max",
        pub max_limit_request_ratio: ResourceList => "maxLimitRequestRatio",
        pub min: ResourceList => "min",
        pub type_: SmolStr => "type" keep,
    }
}

wire_struct! {
    /// Bounds and defaults, one item a type.
    pub struct LimitRangeSpec {
        pub limits: Vec<LimitRangeItem> => "limits" keep,
    }
}

wire_struct! {
    /// What one container, pod or claim of a namespace may ask for.
    pub struct LimitRange {
        pub metadata: ObjectMeta => "metadata" keep,
        pub spec: LimitRangeSpec => "spec" keep,
    }
}

fn add_missing(to: &mut ResourceList, from: &ResourceList) {
    for (name, amount) in from {
        to.entry(name.clone()).or_insert_with(|| amount.clone());
    }
}

impl Kind for LimitRange {
    const INFO: KindInfo = KindInfo::fixed("", "v1", "LimitRange", "limitranges", true, &[]);

    fn meta(&self) -> &ObjectMeta {
        &self.metadata
    }

    fn meta_mut(&mut self) -> &mut ObjectMeta {
        &mut self.metadata
    }

    // Models SetDefaults_LimitRangeItem of pkg/apis/core/v1/defaults.go.
    fn set_defaults(&mut self) {
        for item in self.spec.limits.iter_mut().filter(|item| item.type_ == CONTAINER) {
            add_missing(&mut item.default, &item.max);
            add_missing(&mut item.default_request, &item.default);
            add_missing(&mut item.default_request, &item.min);
        }
    }

    // Models ValidateLimitRange of pkg/apis/core/validation/validation.go.
    fn validate(&self) -> FieldErrors {
        let mut errors = FieldErrors::new();
        object_meta(&self.metadata, true, names::is_dns1123_subdomain, &mut errors);
        let path = FieldPath::new("spec").child("limits");
        let mut seen = BTreeSet::new();
        for (i, item) in self.spec.limits.iter().enumerate() {
            let path = path.index(i);
            item_type(&item.type_, &path.child("type"), &mut errors);
            if !seen.insert(&item.type_) {
                errors.push(FieldError::duplicate(path.child("type"), item.type_.as_str()));
            }
            item_names(item, &path, &mut errors);
            item_amounts(item, &path, &mut errors);
        }
        errors
    }

    fn validate_update(&self, _old: &Self) -> FieldErrors {
        Kind::validate(self)
    }

    fn columns() -> &'static [Column] {
        const { &[Column::text("Name"), Column::date("Created At")] }
    }

    fn row(&self, _now: Time) -> Vec<Value> {
        let created = self.metadata.creation_timestamp;
        vec![self.metadata.name.as_str().into(), created.to_value()]
    }
}

fn item_type(type_: &str, path: &FieldPath, errors: &mut FieldErrors) {
    let before = errors.len();
    check(names::is_qualified_name, type_, path, errors);
    let standard = [POD, CONTAINER, CLAIM].contains(&type_) || type_.contains('/');
    if errors.len() == before && !standard {
        let detail = "must be a standard limit type or fully qualified";
        errors.push(FieldError::invalid(path, type_, detail));
    }
}

fn item_names(item: &LimitRangeItem, path: &FieldPath, errors: &mut FieldErrors) {
    let rule = match item.type_.as_str() {
        POD | CONTAINER => container_resource,
        _ => resource,
    };
    let names = |list: &ResourceList, name: &str, errors: &mut FieldErrors| {
        let path = path.child(name);
        list.keys().for_each(|name| rule(name, &path.key(name), errors));
    };
    names(&item.max, "max", errors);
    names(&item.min, "min", errors);
    for (list, name) in [(&item.default, "default"), (&item.default_request, "defaultRequest")] {
        if item.type_ != POD {
            names(list, name, errors);
        } else if !list.is_empty() {
            let detail = "may not be specified when `type` is 'Pod'";
            errors.push(FieldError::forbidden(path.child(name), detail));
        }
    }
    let bounded = item.min.contains_key("storage") || item.max.contains_key("storage");
    if item.type_ == CLAIM && !bounded {
        let detail =
            "either minimum or maximum storage value is required, but neither was provided";
        errors.push(FieldError::required(path.child("limits"), detail));
    }
    names(&item.max_limit_request_ratio, "maxLimitRequestRatio", errors);
}

/// Pairs of amounts that must be in order: the smaller and the larger list with their words, and
/// which of both the message shows at which field.
fn item_amounts(item: &LimitRangeItem, path: &FieldPath, errors: &mut FieldErrors) {
    let empty = ResourceList::new();
    let (default, request) = match item.type_.as_str() {
        POD => (&empty, &empty),
        _ => (&item.default, &item.default_request),
    };
    let lists = [&item.max, &item.min, default, request, &item.max_limit_request_ratio];
    let names: BTreeSet<&SmolStr> = lists.iter().flat_map(|list| list.keys()).collect();
    for name in names {
        let (min, max) = (item.min.get(name), item.max.get(name));
        let (default, request) = (default.get(name), request.get(name));
        let mut order = |field: &str, low: Pair<'_>, high: Pair<'_>, shown: Option<&Quantity>| {
            let (Some(less), Some(more), Some(shown)) = (low.1, high.1, shown) else { return };
            if less > more {
                let detail =
                    format!("{} value {less} is greater than {} value {more}", low.0, high.0);
                let path = path.child(field).key(name);
                errors.push(FieldError::invalid(path, shown.to_string(), &detail));
            }
        };
        order("min", ("min", min), ("max", max), min);
        order("defaultRequest", ("min", min), ("default request", request), request);
        order("defaultRequest", ("default request", request), ("max", max), request);
        order("defaultRequest", ("default request", request), ("default limit", default), request);
        order("default", ("min", min), ("default", default), min);
        order("default", ("default", default), ("max", max), max);
        ratio(item, name, &path.child("maxLimitRequestRatio").key(name), errors);
        if let (false, Some(default), Some(request)) = (overcommits(name), default, request)
            && default != request
        {
            let detail = format!(
                "default value {default} must equal to defaultRequest value {request} in {name}"
            );
            let path = path.child("defaultRequest").key(name);
            errors.push(FieldError::invalid(path, request.to_string(), &detail));
        }
    }
}

type Pair<'a> = (&'a str, Option<&'a Quantity>);

fn ratio(item: &LimitRangeItem, name: &str, path: &FieldPath, errors: &mut FieldErrors) {
    let Some(ratio) = item.max_limit_request_ratio.get(name) else { return };
    if *ratio < Quantity::from_i64(1, Format::DecimalSI) {
        let detail = format!("ratio {ratio} is less than 1");
        errors.push(FieldError::invalid(path, ratio.to_string(), &detail));
    }
    let (Some(min), Some(max)) = (item.min.get(name), item.max.get(name)) else { return };
    let most = i64::MAX / 1000;
    let small = [ratio, min, max].iter().all(|amount| amount.value() < most);
    let (wanted, low, high) = match small {
        true => (ratio.milli_value() as f64 / 1000.0, min.milli_value(), max.milli_value()),
        false => (ratio.value() as f64, min.value(), max.value()),
    };
    let limit = high as f64 / low as f64;
    if wanted > limit {
        let detail = format!("ratio {ratio} is greater than max/min = {limit:.6}");
        errors.push(FieldError::invalid(path, ratio.to_string(), &detail));
    }
}
