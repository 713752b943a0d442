//! Events, said once and counted after that.

use api::Event;
use api::core::event::EventSource;
use api::core::reference::ObjectReference;
use apimachinery::meta::ObjectMeta;
use smol_str::SmolStr;

use crate::api::ApiExt;
use crate::component::Ctx;

/// Writes a component's events. Models client-go/tools/record.
#[derive(Debug)]
pub struct EventRecorder {
    component: SmolStr,
    host: SmolStr,
}

impl EventRecorder {
    /// `host` is the node for kubelets and empty for the control plane.
    pub fn new(component: &str, host: &str) -> Self {
        EventRecorder { component: component.into(), host: host.into() }
    }

    /// `type_` is `Normal` or `Warning`. A lost event is nobody's error.
    pub fn event(
        &mut self,
        ctx: &mut Ctx<'_>,
        about: &ObjectReference,
        type_: &'static str,
        reason: &str,
        message: &str,
    ) {
        let now = ctx.time();
        let namespace =
            if about.namespace.is_empty() { "default" } else { about.namespace.as_str() };
        let suffix = ctx.rng.next_u64();
        let event = Event {
            metadata: ObjectMeta::named(namespace, &format!("{}.{suffix:016x}", about.name)),
            involved_object: about.clone(),
            reason: reason.into(),
            message: message.into(),
            type_: SmolStr::new_static(type_),
            source: EventSource {
                component: self.component.clone(),
                host: self.host.clone(),
                ..EventSource::default()
            },
            reporting_component: self.component.clone(),
            reporting_instance: self.host.clone(),
            first_timestamp: Some(now),
            last_timestamp: Some(now),
            count: 1,
            ..Event::default()
        };
        let _ = ctx.api.create(event);
    }
}
