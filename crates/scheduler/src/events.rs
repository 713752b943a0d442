//! The scheduler's events, in the form of events.k8s.io: said once, then counted as a series.
//! Models client-go/tools/events.

use std::sync::Arc;

use api::core::event::{EventBody, EventSeries};
use api::core::reference::ObjectReference;
use api::{Event, Kind, Pod};
use apimachinery::meta::ObjectMeta;
use apimachinery::meta::Uid;
use apimachinery::wire::Wire;
use client::{ApiExt, Ctx};
use indexmap::IndexMap;
use rustc_hash::FxBuildHasher;
use smol_str::{SmolStr, format_smolstr};

use crate::diagnosis::truncated;

/// The machine that the scheduler runs on.
const HOST: &str = "control-plane";
/// Series that are remembered; the oldest is forgotten first.
const SERIES_MAX: usize = 4096;

/// What makes two events the same.
type SeriesKey = (Uid, u64, &'static str);

pub struct Recorder {
    controller: SmolStr,
    said: IndexMap<SeriesKey, SmolStr, FxBuildHasher>,
    last_number: u64,
    bodies: Vec<Arc<EventBody>>,
}

/// What is said of a pod.
pub struct Saying<'a> {
    pub type_: &'static str,
    pub reason: &'static str,
    pub action: &'static str,
    pub note: &'a str,
}

impl Recorder {
    pub fn new(controller: &SmolStr) -> Self {
        Recorder {
            controller: controller.clone(),
            said: IndexMap::default(),
            last_number: 0,
            bodies: Vec::new(),
        }
    }

    /// A lost event is nobody's error.
    pub fn say(&mut self, ctx: &mut Ctx<'_>, pod: &Pod, saying: &Saying<'_>) {
        self.say_related(ctx, pod, saying, None);
    }

    /// The same with another pod that has to do with it.
    pub fn say_related(
        &mut self,
        ctx: &mut Ctx<'_>,
        pod: &Pod,
        saying: &Saying<'_>,
        related: Option<&Pod>,
    ) {
        let meta = &pod.metadata;
        let key = (meta.uid, meta.resource_version, saying.reason);
        if let Some(name) = self.said.get(&key) {
            let name = name.clone();
            self.count(ctx, &meta.namespace, &name);
            return;
        }
        let epoch = u64::try_from(ctx.epoch).unwrap_or(0).wrapping_mul(1_000_000_000);
        let number = epoch.wrapping_add(ctx.now.nanos()).max(self.last_number.wrapping_add(1));
        self.last_number = number;
        let name = format_smolstr!("{}.{number:016x}", meta.name);
        let event = Event {
            metadata: ObjectMeta::named(&meta.namespace, &name),
            involved_object: reference(pod),
            message: truncated(saying.note),
            body: self.body(saying),
            event_time: Some(ctx.micro_time()),
            related: related.map(|pod| Box::new(reference(pod).to_value())),
            ..Event::default()
        };
        let _ = ctx.api.create(event);
        if saying.reason != "Scheduled" {
            if self.said.len() >= SERIES_MAX {
                self.said.shift_remove_index(0);
            }
            self.said.insert(key, name);
        }
    }

    /// One value for all events of one reason.
    fn body(&mut self, saying: &Saying<'_>) -> Arc<EventBody> {
        let known = self.bodies.iter().find(|body| {
            (body.type_.as_str(), body.reason.as_str(), body.action.as_str())
                == (saying.type_, saying.reason, saying.action)
        });
        if let Some(known) = known {
            return Arc::clone(known);
        }
        let body = Arc::new(EventBody {
            action: SmolStr::new_static(saying.action),
            reason: SmolStr::new_static(saying.reason),
            type_: SmolStr::new_static(saying.type_),
            reporting_component: self.controller.clone(),
            reporting_instance: format_smolstr!("{}-{HOST}", self.controller),
            ..EventBody::default()
        });
        self.bodies.push(Arc::clone(&body));
        body
    }

    /// The same was said before: it becomes a series, or a longer one.
    fn count(&mut self, ctx: &mut Ctx<'_>, namespace: &str, name: &str) {
        let Ok(known) = ctx.api.get::<Event>(namespace, name) else { return };
        let mut event = (*known).clone();
        let count = event.series.as_ref().map_or(1, |series| series.count).saturating_add(1);
        let last_observed_time = Some(ctx.micro_time());
        event.series =
            Some(Box::new(EventSeries { count, last_observed_time, ..EventSeries::default() }));
        let _ = ctx.api.update(event);
    }
}

fn reference(pod: &Pod) -> ObjectReference {
    let meta = &pod.metadata;
    ObjectReference {
        kind: Pod::INFO.gvk.kind,
        api_version: SmolStr::new_static("v1"),
        namespace: meta.namespace.clone(),
        name: meta.name.clone(),
        uid: meta.uid,
        resource_version: format_smolstr!("{}", meta.resource_version),
        ..ObjectReference::default()
    }
}
