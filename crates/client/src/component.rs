//! A component: it is told of changes and of the time, and it acts through the API only.

use apimachinery::time::{MicroTime, Time};
use clock::{Duration, Rng, SimTime};
use smol_str::SmolStr;

use crate::api::Api;
use crate::fabric::Fabric;
use crate::request::User;
use crate::watch::{WatchEvent, WatchSpec};

/// Wake-up calls that a component asks for. A token says what for; it cannot be taken back, so a
/// component ignores tokens that no longer mean anything.
#[derive(Debug, Default)]
pub struct Timers {
    pub(crate) set: Vec<(SimTime, u64)>,
}

impl Timers {
    pub fn at(&mut self, at: SimTime, token: u64) {
        self.set.push((at, token));
    }

    /// Everything that was asked for since the last call, in order.
    pub fn take(&mut self) -> std::vec::Drain<'_, (SimTime, u64)> {
        self.set.drain(..)
    }
}

/// What a component may touch while it acts.
pub struct Ctx<'a> {
    pub now: SimTime,
    /// Unix seconds at `SimTime::ZERO`.
    pub epoch: i64,
    pub api: &'a mut dyn Api,
    pub timers: &'a mut Timers,
    pub rng: &'a mut Rng,
    /// The wires and the machines: only kubelets, proxies, the DNS and the metrics server
    /// touch it.
    pub fabric: &'a mut Fabric,
}

impl Ctx<'_> {
    /// Now, as API objects tell it.
    pub fn time(&self) -> Time {
        Time(self.epoch.saturating_add((self.now.nanos() / 1_000_000_000) as i64))
    }

    pub fn micro_time(&self) -> MicroTime {
        let micros = (self.now.nanos() / 1_000) as i64;
        MicroTime(self.epoch.saturating_mul(1_000_000).saturating_add(micros))
    }

    /// The virtual moment of an API timestamp; moments before the cluster's birth are zero.
    pub fn sim_time(&self, time: Time) -> SimTime {
        SimTime::from_secs(u64::try_from(time.0.saturating_sub(self.epoch)).unwrap_or(0))
    }

    pub fn wake_in(&mut self, delay: Duration, token: u64) {
        let at = self.now + delay;
        self.timers.at(at, token);
    }
}

/// A program of the cluster. The host gives it its watches' events in batches (at least one event,
/// in order, all of one resource) and its timers; between two calls nothing of it runs.
pub trait Component {
    /// `kube-scheduler`, `kubelet/node-1`, …: as traces and the picture name it.
    fn name(&self) -> SmolStr;

    fn user(&self) -> User;

    fn watches(&self) -> Vec<WatchSpec>;

    /// Called once, before the first watch event.
    fn start(&mut self, ctx: &mut Ctx<'_>);

    fn on_watch(&mut self, ctx: &mut Ctx<'_>, events: &[WatchEvent]);

    fn on_timer(&mut self, ctx: &mut Ctx<'_>, token: u64);

    /// For the host's inspection panels: the concrete component.
    fn as_any(&self) -> &dyn std::any::Any;

    fn as_any_mut(&mut self) -> &mut dyn std::any::Any;
}
