//! A component like any other that watches everything and remembers what it was told.

use apimachinery::gvk::GroupResource;
use client::{Component, Ctx, User, WatchEvent, WatchFilter, WatchSpec};
use clock::SimTime;
use smol_str::SmolStr;

/// Seated in a cluster it sees what every watcher sees.
#[derive(Debug, Default)]
pub struct Auditor {
    pub told: Vec<(SimTime, WatchEvent)>,
}

pub const NAME: &str = "auditor";

impl Component for Auditor {
    fn name(&self) -> SmolStr {
        SmolStr::new_static(NAME)
    }

    fn user(&self) -> User {
        User::default()
    }

    fn watches(&self) -> Vec<WatchSpec> {
        let all = |resource: GroupResource| WatchSpec::new(resource, WatchFilter::All);
        api::kinds::kinds().into_iter().map(|kind| all(kind.info.resource)).collect()
    }

    fn start(&mut self, _: &mut Ctx<'_>) {}

    fn on_watch(&mut self, ctx: &mut Ctx<'_>, events: &[WatchEvent]) {
        self.told.extend(events.iter().map(|event| (ctx.now, event.clone())));
    }

    fn on_timer(&mut self, _: &mut Ctx<'_>, _: u64) {}

    fn as_any(&self) -> &dyn std::any::Any {
        self
    }

    fn as_any_mut(&mut self) -> &mut dyn std::any::Any {
        self
    }
}
