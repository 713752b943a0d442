//! The places of the components: how each starts and is let act.

use client::{Component, Ctx};
use clock::Duration;

use super::{Cluster, Event, Seat, WatcherOwner};
use crate::host::Connection;
use crate::nodes::NoNodes;

impl Cluster {
    /// Gives a component its place; it starts at once.
    pub fn seat(&mut self, component: Box<dyn Component>) {
        let index = self.seats.len() as u32;
        self.seats.push(Seat {
            name: component.name(),
            user: component.user(),
            component: None,
            watch_latency: Duration::from_micros(self.config.latency.watch_us),
            life: 0,
            waits: false,
            parked: Vec::new(),
        });
        self.take_seat(index, component);
    }

    pub(super) fn take_seat(&mut self, index: u32, component: Box<dyn Component>) {
        let watches = component.watches();
        if let Some(seat) = self.seats.get_mut(index as usize) {
            seat.component = Some(component);
        }
        self.with_component(index, |component, ctx| component.start(ctx));
        for spec in watches {
            let id = self.server.open_watch(&spec);
            self.own(id, WatcherOwner::Component(index));
        }
        self.wake_watchers();
    }

    pub(super) fn with_component(
        &mut self,
        index: u32,
        act: impl FnOnce(&mut dyn Component, &mut Ctx<'_>),
    ) {
        let Some(seat) = self.seats.get_mut(index as usize) else { return };
        let Some(mut component) = seat.component.take() else { return };
        let mut nodes = NoNodes;
        let mut connection = Connection {
            server: &mut self.server,
            user: &seat.user,
            from: &seat.name,
            now: self.now,
            epoch: self.config.epoch,
            rng: &mut self.server_rng,
            nodes: &mut nodes,
            traces: &mut self.traces,
            latency: &self.config.latency,
            changed_at: &mut self.changed_at,
            gate: self.faults.gate(&seat.name),
            faults: None,
        };
        let mut ctx = Ctx {
            now: self.now,
            epoch: self.config.epoch,
            api: &mut connection,
            timers: &mut self.timers,
            rng: &mut self.rng,
            fabric: &mut self.fabric,
        };
        act(component.as_mut(), &mut ctx);
        seat.component = Some(component);
        let life = seat.life;
        for (at, token) in self.timers.take() {
            self.queue.push(at.max(self.now), Event::Timer { component: index, life, token });
        }
    }

    /// The concrete component behind a name, for panels that look into it.
    pub fn component<T: 'static>(&self, name: &str) -> Option<&T> {
        let seat = self.seats.iter().find(|seat| seat.name == name)?;
        seat.component.as_ref()?.as_any().downcast_ref::<T>()
    }

    pub(super) fn with_concrete<T: 'static>(
        &mut self,
        name: &str,
        act: impl FnOnce(&mut T, &mut Ctx<'_>),
    ) {
        let Some(index) = self.seats.iter().position(|seat| seat.name == name) else { return };
        self.with_component(index as u32, |component, ctx| {
            if let Some(concrete) = component.as_any_mut().downcast_mut::<T>() {
                act(concrete, ctx);
            }
        });
        self.wake_watchers();
    }
}
