//! Events, said once and counted after that: the same event again raises its count, many similar
//! ones become one, and an object that is spoken of too often is not heard any more.
//! Models client-go/tools/record/{event,events_cache}.go.

use std::sync::Arc;

use api::Event;
use api::core::event::{EventBody, EventSource};
use api::core::reference::ObjectReference;
use apimachinery::meta::ObjectMeta;
use apimachinery::time::Time;
use clock::SimTime;
use indexmap::IndexMap;
use rustc_hash::FxBuildHasher;
use serde_json::json;
use smol_str::{SmolStr, format_smolstr};

use crate::api::ApiExt;
use crate::component::Ctx;
use crate::request::PatchType;

/// Upstream's 4096; a node's recorder speaks of at most some hundred pods.
const CACHE_CONTROL_PLANE: usize = 4096;
const CACHE_NODE: usize = 128;

const AGGREGATE_MAX_EVENTS: usize = 10;
const AGGREGATE_INTERVAL_SECS: i64 = 600;

const SPAM_BURST: u64 = 25;
/// One token every 300 s.
const SPAM_REFILL_NANOS: u64 = 300_000_000_000;

/// Reasons whose shared parts are remembered.
const BODIES_MAX: usize = 64;

const EVENT_NAME_MAX: usize = 253;

/// A bounded map that forgets what was not touched for longest, by generations: constant cost.
#[derive(Debug)]
struct Recent<V> {
    capacity: usize,
    young: IndexMap<u64, V, FxBuildHasher>,
    old: IndexMap<u64, V, FxBuildHasher>,
}

impl<V> Recent<V> {
    fn new(capacity: usize) -> Self {
        Recent { capacity, young: IndexMap::default(), old: IndexMap::default() }
    }

    /// The value for writing, brought to the younger generation.
    fn touch(&mut self, key: u64, make: impl FnOnce() -> V) -> &mut V {
        if self.young.len() >= self.capacity / 2 && !self.young.contains_key(&key) {
            self.old = std::mem::take(&mut self.young);
        }
        let old = &mut self.old;
        self.young.entry(key).or_insert_with(|| old.swap_remove(&key).unwrap_or_else(make))
    }
}

/// What was said of one object for one reason: the hashes of the last messages.
#[derive(Debug, Default)]
struct Aggregate {
    last: i64,
    messages: Vec<u32>,
}

/// An event that stands in the API.
#[derive(Debug)]
struct Said {
    count: i32,
    number: u64,
}

/// A token bucket kept as the moment at which it was last empty.
#[derive(Debug)]
struct Bucket {
    /// Nanoseconds worth of tokens, at most `SPAM_BURST` of them.
    credit: u64,
    at: SimTime,
}

impl Bucket {
    fn take(&mut self, now: SimTime) -> bool {
        let earned = now.nanos().saturating_sub(self.at.nanos());
        self.at = now;
        self.credit = (self.credit.saturating_add(earned)).min(SPAM_BURST * SPAM_REFILL_NANOS);
        let enough = self.credit >= SPAM_REFILL_NANOS;
        if enough {
            self.credit -= SPAM_REFILL_NANOS;
        }
        enough
    }
}

/// Writes a component's events.
#[derive(Debug)]
pub struct EventRecorder {
    component: SmolStr,
    host: SmolStr,
    /// Keeps the event names of recorders apart that speak at the same moment.
    salt: u64,
    last_number: u64,
    aggregates: Recent<Aggregate>,
    said: Recent<Said>,
    buckets: Recent<Bucket>,
    bodies: Vec<Arc<EventBody>>,
}

/// The same 64 bits on every target, which `FxHasher` does not give: they decide what is counted
/// together.
fn hash(parts: &[&str], start: u64) -> u64 {
    let mut hash = start;
    let mut mix = |word: u64| {
        hash = (hash ^ word).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        hash ^= hash >> 29;
    };
    for part in parts {
        mix(part.len() as u64);
        for chunk in part.as_bytes().chunks(8) {
            mix(match <[u8; 8]>::try_from(chunk) {
                Ok(whole) => u64::from_be_bytes(whole),
                Err(_) => chunk.iter().fold(0, |word, byte| (word << 8) | u64::from(*byte)),
            });
        }
    }
    hash
}

impl EventRecorder {
    /// `host` is the node for kubelets and empty for the control plane.
    pub fn new(component: &str, host: &str) -> Self {
        let capacity = if host.is_empty() { CACHE_CONTROL_PLANE } else { CACHE_NODE };
        EventRecorder {
            component: component.into(),
            host: host.into(),
            salt: hash(&[component, host], 0) & 0xf_ffff,
            last_number: 0,
            aggregates: Recent::new(capacity),
            said: Recent::new(capacity),
            buckets: Recent::new(capacity),
            bodies: Vec::new(),
        }
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
        let object = [about.kind.as_str(), &about.namespace, &about.name, type_];
        let uid = (about.uid.0 >> 64) as u64 ^ about.uid.0 as u64;
        let spam_key = hash(&object, uid);
        let reason_key = hash(&[reason], spam_key);
        let message_key = hash(&[message, &about.field_path], reason_key);
        let combined = self.aggregate(reason_key, message_key, now);
        let key = if combined { reason_key } else { message_key };
        let message = if combined {
            format_smolstr!("(combined from similar events): {message}")
        } else {
            SmolStr::from(message)
        };
        let number = self.number(ctx);
        let said = self.said.touch(key, || Said { count: 0, number });
        said.count = said.count.saturating_add(1);
        let (count, number) = (said.count, said.number);
        let full = || Bucket { credit: SPAM_BURST * SPAM_REFILL_NANOS, at: ctx.now };
        if !self.buckets.touch(spam_key, full).take(ctx.now) {
            return;
        }
        if count > 1 && self.count_up(ctx, about, number, count, &message) {
            return;
        }
        let event = self.make(about, type_, reason, message, number, now, count);
        let _ = ctx.api.create(event);
    }

    /// Whether this one is too many of its kind. A quiet time starts the count anew.
    fn aggregate(&mut self, reason_key: u64, message_key: u64, now: Time) -> bool {
        let record = self.aggregates.touch(reason_key, Aggregate::default);
        if now.0.saturating_sub(record.last) > AGGREGATE_INTERVAL_SECS {
            record.messages.clear();
        }
        record.last = now.0;
        let short = message_key as u32;
        if !record.messages.contains(&short) {
            record.messages.push(short);
        }
        let combined = record.messages.len() >= AGGREGATE_MAX_EVENTS;
        if combined {
            record.messages.swap_remove(0);
        }
        combined
    }

    /// A number of this recorder's own: the time in nanoseconds, never twice.
    fn number(&mut self, ctx: &Ctx<'_>) -> u64 {
        let epoch = u64::try_from(ctx.epoch).unwrap_or(0).wrapping_mul(1_000_000_000);
        let number = epoch.wrapping_add(ctx.now.nanos()).wrapping_add(self.salt);
        self.last_number = number.max(self.last_number.wrapping_add(1));
        self.last_number
    }

    /// Raises the count of an event that is still there.
    fn count_up(
        &self,
        ctx: &mut Ctx<'_>,
        about: &ObjectReference,
        number: u64,
        count: i32,
        message: &str,
    ) -> bool {
        let patch =
            json!({"count": count, "lastTimestamp": ctx.time().to_string(), "message": message});
        let name = event_name(&about.name, number);
        let result =
            ctx.api.patch::<Event>(namespace_of(about), &name, "", PatchType::Strategic, patch);
        !matches!(result, Err(status) if status.is_not_found())
    }

    #[expect(clippy::too_many_arguments, reason = "the parts of one event")]
    fn make(
        &mut self,
        about: &ObjectReference,
        type_: &'static str,
        reason: &str,
        message: SmolStr,
        number: u64,
        now: Time,
        count: i32,
    ) -> Event {
        Event {
            metadata: ObjectMeta::named(namespace_of(about), &event_name(&about.name, number)),
            involved_object: about.clone(),
            message,
            body: self.body(type_, reason),
            first_timestamp: Some(now),
            last_timestamp: Some(now),
            count,
            ..Event::default()
        }
    }
}

impl EventRecorder {
    /// One value for all events of one reason.
    fn body(&mut self, type_: &'static str, reason: &str) -> Arc<EventBody> {
        let known = self.bodies.iter().find(|body| body.reason == reason && body.type_ == type_);
        if let Some(known) = known {
            return Arc::clone(known);
        }
        if self.bodies.len() >= BODIES_MAX {
            self.bodies.clear();
        }
        let body = Arc::new(EventBody {
            reason: reason.into(),
            type_: SmolStr::new_static(type_),
            source: EventSource {
                component: self.component.clone(),
                host: self.host.clone(),
                ..EventSource::default()
            },
            reporting_component: self.component.clone(),
            reporting_instance: self.host.clone(),
            ..EventBody::default()
        });
        self.bodies.push(Arc::clone(&body));
        body
    }
}

/// Events of cluster-scoped objects live in the namespace `default`.
fn namespace_of(about: &ObjectReference) -> &str {
    if about.namespace.is_empty() { "default" } else { &about.namespace }
}

fn event_name(object: &str, number: u64) -> SmolStr {
    let room = EVENT_NAME_MAX - 17;
    let end = (0..=room.min(object.len())).rev().find(|end| object.is_char_boundary(*end));
    let object = end.and_then(|end| object.get(..end)).unwrap_or_default();
    format_smolstr!("{object}.{number:016x}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tenth_similar_message_is_combined() {
        let mut recorder = EventRecorder::new("test", "");
        let combined: Vec<bool> =
            (0..12).map(|i| recorder.aggregate(1, i, Time(1_000_000))).collect();
        assert_eq!(combined.iter().position(|c| *c), Some(9));
        assert!(combined[9..].iter().all(|c| *c));
        assert!(!recorder.aggregate(1, 99, Time(1_000_601)));
    }

    #[test]
    fn a_bucket_gives_25_and_then_one_in_five_minutes() {
        let mut bucket =
            Bucket { credit: SPAM_BURST * SPAM_REFILL_NANOS, at: SimTime::from_secs(1) };
        let taken = (0..30).filter(|_| bucket.take(SimTime::from_secs(1))).count();
        assert_eq!(taken, 25);
        assert!(!bucket.take(SimTime::from_secs(300)));
        assert!(bucket.take(SimTime::from_secs(301)));
    }

    #[test]
    fn memory_stays_bounded() {
        let mut recent = Recent::new(128);
        for key in 0..10_000 {
            recent.touch(key, || ());
        }
        assert!(recent.young.len() + recent.old.len() <= 128);
        assert!(recent.young.contains_key(&9_999));
    }

    #[test]
    fn long_names_are_cut() {
        assert_eq!(event_name("web", 0x18a3), "web.00000000000018a3");
        assert_eq!(event_name(&"é".repeat(200), 1).len(), 253);
    }
}
