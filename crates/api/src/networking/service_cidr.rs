//! ServiceCIDR: a range that cluster addresses of services come from.

use super::network_policy::Cidr;
use crate::object::{Column, Kind, KindInfo, age};
use crate::object_update::{keep_deletion, move_generation};
use crate::validation::object_meta;
use apimachinery::field_path::FieldPath;
use apimachinery::meta::ObjectMeta;
use apimachinery::names;
use apimachinery::status::{FieldError, FieldErrors};
use apimachinery::time::Time;
use apimachinery::wire::Wire;
use apimachinery::wire_struct;
use serde_json::Value;
use smol_str::SmolStr;

wire_struct! {
    /// One range of a family of addresses, or one of each.
    pub struct ServiceCidrSpec {
        pub cidrs: Vec<SmolStr> => "cidrs",
    }
}

wire_struct! {
    /// Whether addresses are given from it.
    pub struct ServiceCidrStatus {
        pub conditions: Vec<Value> => "conditions",
    }
}

wire_struct! {
    /// A range that cluster addresses of services come from.
    pub struct ServiceCidr {
        pub metadata: ObjectMeta => "metadata" keep,
        pub spec: ServiceCidrSpec => "spec" keep,
        pub status: ServiceCidrStatus => "status" keep,
    }
}

impl Kind for ServiceCidr {
    const INFO: KindInfo = KindInfo::fixed(
        "networking.k8s.io",
        "v1",
        "ServiceCIDR",
        "servicecidrs",
        false,
        &["status"],
    );

    fn meta(&self) -> &ObjectMeta {
        &self.metadata
    }

    fn meta_mut(&mut self) -> &mut ObjectMeta {
        &mut self.metadata
    }

    fn prepare_for_create(&mut self) {
        self.status = ServiceCidrStatus::default();
        self.metadata.generation = 1;
    }

    fn prepare_for_update(&mut self, old: &Self) {
        self.status = old.status.clone();
        move_generation(&mut self.metadata, &old.metadata, self.spec != old.spec);
    }

    fn prepare_for_status_update(&mut self, old: &Self) {
        self.spec = old.spec.clone();
        self.metadata.generation = old.metadata.generation;
        keep_deletion(&mut self.metadata, &old.metadata);
    }

    // Models ValidateServiceCIDR of pkg/apis/networking/validation/validation.go.
    fn validate(&self) -> FieldErrors {
        let mut errors = FieldErrors::new();
        object_meta(&self.metadata, false, names::is_dns1123_subdomain, &mut errors);
        let path = FieldPath::new("spec").child("cidrs");
        let list = &self.spec.cidrs;
        if list.is_empty() {
            errors.push(FieldError::required(&path, "at least one CIDR required"));
        }
        if list.len() > 2 {
            let detail = "may only hold up to 2 values";
            errors.push(FieldError::invalid(&path, list.to_value(), detail));
            return errors;
        }
        let parsed: Vec<Option<Cidr>> = list.iter().map(|text| Cidr::parse(text)).collect();
        for (at, (text, cidr)) in list.iter().zip(&parsed).enumerate() {
            if cidr.is_none() {
                let detail = "must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)";
                errors.push(FieldError::invalid(path.index(at), text.as_str(), detail));
            }
        }
        if let [Some(a), Some(b)] = parsed.as_slice()
            && a.address.is_ipv4() == b.address.is_ipv4()
        {
            let detail = "may specify no more than one IP for each IP family, i.e 192.168.0.0/24 \
                          and 2001:db8::/64";
            errors.push(FieldError::invalid(&path, list.to_value(), detail));
        }
        errors
    }

    fn validate_update(&self, old: &Self) -> FieldErrors {
        let mut errors = FieldErrors::new();
        let path = FieldPath::new("spec").child("cidrs");
        if old.spec.cidrs.iter().zip(&self.spec.cidrs).any(|(a, b)| a != b)
            || self.spec.cidrs.len() < old.spec.cidrs.len()
        {
            errors.push(FieldError::invalid(
                path,
                self.spec.cidrs.to_value(),
                "field is immutable",
            ));
        }
        errors
    }

    fn columns() -> &'static [Column] {
        const { &[Column::text("Name"), Column::text("CIDRs"), Column::text("Age")] }
    }

    fn row(&self, now: Time) -> Vec<Value> {
        vec![
            self.metadata.name.as_str().into(),
            self.spec.cidrs.join(",").into(),
            age(&self.metadata, now).into(),
        ]
    }
}
