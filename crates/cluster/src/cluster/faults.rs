//! Breaking the cluster and mending it: machines and wires through the fabric, programs by their
//! seats, the way to the API server by the gate that every request passes.

use client::Fabric;
use clock::{Duration, SimTime};
use smol_str::format_smolstr;

use super::{Cluster, Event, WatcherOwner};
use crate::faults::{API_SERVER, Fault, Gate, LEADERS};

/// A leader that cannot renew its lease for so long ends, and its node starts it again.
/// Models client-go/tools/leaderelection: the default renew deadline.
const RENEW_DEADLINE: Duration = Duration::from_secs(10);

/// Programs that live on without the API server; the others wait for it.
fn lives_alone(name: &str) -> bool {
    name.starts_with("kubelet/") || ["kube-proxy", "coredns", "clients"].contains(&name)
}

impl Cluster {
    /// What is broken now.
    pub fn standing_faults(&self) -> &[Fault] {
        self.faults.standing()
    }

    pub(super) fn break_or_mend(&mut self, fault: &Fault) {
        let parts = match fault {
            Fault::Heal => self.faults.standing().iter().filter_map(Fault::undo).collect(),
            other => other.parts(&self.config),
        };
        for part in parts {
            let before = self.faults.gate("");
            if self.faults.note(&part) {
                self.perform_fault(&part);
                self.pass_gate(before);
            }
        }
        self.wake_watchers();
    }

    fn perform_fault(&mut self, fault: &Fault) {
        match fault {
            Fault::KillContainer { pod, container } => {
                let Some((node, uid)) = self.fabric.sandbox_of(pod) else { return };
                self.with_kubelet(&node, |kubelet, ctx| {
                    kubelet.kill_container(ctx, uid, container);
                });
            }
            Fault::KillSandbox { pod } => {
                let Some((node, uid)) = self.fabric.sandbox_of(pod) else { return };
                self.with_kubelet(&node, |kubelet, ctx| kubelet.kill_sandbox(ctx, uid));
            }
            Fault::Kubelet { node, broken } => self.set_kubelet(node, *broken),
            Fault::Node { node, broken } => self.set_power(node, !*broken),
            Fault::Partition { nodes, broken } => {
                for node in nodes {
                    self.set_partitioned(node, *broken);
                }
            }
            Fault::Program { name, broken } if LEADERS.contains(&name.as_str()) => {
                let Some(index) = self.seats.iter().position(|seat| seat.name == *name) else {
                    return;
                };
                match broken {
                    true => self.leave_seat(index as u32),
                    false => self.retake_seat(index as u32),
                }
            }
            Fault::Pulls { image, fault } => self.fabric.registry.set_fault(image, *fault),
            Fault::Pressure { node, kind, broken } => {
                if let Some(machine) = self.fabric.machines.get_mut(node) {
                    machine.set_pressure(*kind, *broken);
                }
            }
            // The gate and the parts of a fault do the rest.
            Fault::Program { .. } | Fault::ReadOnly { .. } | Fault::Zone { .. } | Fault::Heal => {}
        }
    }

    fn with_kubelet(
        &mut self,
        node: &str,
        act: impl FnOnce(&mut kubelet::Kubelet, &mut client::Ctx<'_>),
    ) {
        self.with_concrete(&format_smolstr!("kubelet/{node}"), act);
    }

    fn set_power(&mut self, node: &str, on: bool) {
        Fabric::set_power(&mut self.fabric, node, on, self.now);
        self.with_kubelet(node, |kubelet, ctx| {
            kubelet.set_stopped(!on);
            if on {
                kubelet.reboot(ctx);
            }
        });
        if on {
            self.set_kubelet(node, false);
        }
    }

    fn set_partitioned(&mut self, node: &str, cut: bool) {
        if let Some(machine) = self.fabric.machines.get_mut(node) {
            machine.partitioned = cut;
        }
        if !cut {
            self.with_kubelet(node, |kubelet, _| kubelet.fall_behind());
            let name = format_smolstr!("kubelet/{node}");
            self.deliver_again(|seat| seat == name);
        }
    }

    /// What changes for everybody when the API server comes or goes.
    fn pass_gate(&mut self, before: Gate) {
        let gate = self.faults.gate("");
        if gate == before {
            return;
        }
        match (before, gate) {
            (Gate::Open, _) => {
                self.api_lost_at = self.now;
                let waits = self.seats.iter_mut().filter(|seat| !lives_alone(&seat.name));
                waits.for_each(|seat| seat.waits = true);
            }
            (_, Gate::Open) => self.api_is_back(),
            _ => {}
        }
    }

    fn api_is_back(&mut self) {
        let was_long = self.now.since(self.api_lost_at) >= RENEW_DEADLINE;
        for index in 0..self.seats.len() as u32 {
            let Some(seat) = self.seats.get_mut(index as usize) else { continue };
            let ended = was_long && LEADERS.contains(&seat.name.as_str());
            if std::mem::take(&mut seat.waits) && ended && seat.component.is_some() {
                self.leave_seat(index);
                self.retake_seat(index);
                continue;
            }
            let life = seat.life;
            for token in std::mem::take(&mut seat.parked) {
                self.queue.push(self.now, Event::Timer { component: index, life, token });
            }
            if seat.name.starts_with("kubelet/") {
                let name = seat.name.clone();
                self.with_concrete::<kubelet::Kubelet>(&name, |kubelet, _| kubelet.fall_behind());
            }
        }
        self.deliver_again(|_| true);
    }

    /// Watch events that nobody heard are delivered once more.
    fn deliver_again(&mut self, to: impl Fn(&str) -> bool) {
        let at: SimTime = self.now + Duration::from_micros(self.config.latency.watch_us);
        for (id, owner) in (0..).zip(&self.owners) {
            let wanted = match owner {
                Some(WatcherOwner::Component(index)) => {
                    self.seats.get(*index as usize).is_some_and(|seat| to(&seat.name))
                }
                Some(WatcherOwner::Process(_)) => to("kubectl"),
                None => false,
            };
            if wanted {
                self.queue.push(at, Event::Deliver(apiserver::WatcherId(id)));
            }
        }
    }

    /// Whether watch events reach a watcher now.
    pub(super) fn hears(&self, owner: WatcherOwner) -> bool {
        let gate = match owner {
            WatcherOwner::Process(_) => self.faults.gate(""),
            WatcherOwner::Component(index) => match self.seats.get(index as usize) {
                Some(seat) if !seat.waits && seat.component.is_some() => {
                    self.faults.gate(&seat.name)
                }
                _ => return false,
            },
        };
        matches!(gate, Gate::Open | Gate::ReadOnly)
    }

    /// A program's process ends, and with it its watches and what it knew.
    fn leave_seat(&mut self, index: u32) {
        let Some(seat) = self.seats.get_mut(index as usize) else { return };
        seat.component = None;
        seat.life = seat.life.wrapping_add(1);
        seat.parked.clear();
        for (id, owner) in (0..).zip(&mut self.owners) {
            if matches!(owner, Some(WatcherOwner::Component(of)) if *of == index) {
                self.server.close_watch(apiserver::WatcherId(id));
                *owner = None;
            }
        }
    }

    /// A new process of the same program lists everything anew. Without an API server it waits.
    fn retake_seat(&mut self, index: u32) {
        let Some(seat) = self.seats.get_mut(index as usize) else { return };
        if self.faults.is_down(&seat.name) || self.faults.is_down(API_SERVER) {
            return;
        }
        let name = seat.name.clone();
        let mut programs = crate::components::control_plane(&self.config).into_iter();
        if let Some(component) = programs.find(|program| program.name() == name) {
            self.take_seat(index, component);
        }
    }
}
