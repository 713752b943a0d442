//! Binds a pod by telling the API server.
//! Models pkg/scheduler/framework/plugins/defaultbinder/default_binder.go.

use api::{Kind, Pod};
use client::{Api, Body, Request, Verb};

use crate::framework::{Bind, Code, Plugin, Status, Verdict};
use crate::template::PodInfo;

pub struct DefaultBinder;

impl Plugin for DefaultBinder {
    fn name(&self) -> &'static str {
        "DefaultBinder"
    }
    fn bind(&self) -> Option<&dyn Bind> {
        Some(self)
    }
}

impl Bind for DefaultBinder {
    fn bind(&self, api: &mut dyn Api, pod: &PodInfo, node: &str) -> Option<Verdict> {
        let meta = &pod.pod.metadata;
        let request = Request::new(Verb::Create, Pod::INFO.resource, &meta.namespace, &meta.name)
            .subresource("binding")
            .body(Body::Binding(node.into()));
        let bound = api.call(request).map(|_| ());
        Some(bound.map_err(|status| Status::new(Code::Error, status.message.clone())))
    }
}
