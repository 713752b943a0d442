//! Startup, readiness and liveness probes. Models pkg/kubelet/prober/{worker,prober}.go.

use api::core::probe::Probe;
use client::Ctx;
use client::fabric::{Client, World, travel};
use clock::{Duration, SimTime};
use smol_str::SmolStr;

use crate::kubelet::{Keep, Shared};
use crate::token::Kind;
use crate::worker::Worker;

/// One probe's standing.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Standing {
    next: SimTime,
    successes: i32,
    failures: i32,
}

#[derive(Debug, Default)]
pub(crate) struct Probes {
    startup: Standing,
    readiness: Standing,
    liveness: Standing,
}

impl Probes {
    fn of(&mut self, kind: Kind) -> &mut Standing {
        match kind {
            Kind::StartupProbe => &mut self.startup,
            Kind::ReadinessProbe => &mut self.readiness,
            _ => &mut self.liveness,
        }
    }
}

const KINDS: [Kind; 3] = [Kind::StartupProbe, Kind::ReadinessProbe, Kind::LivenessProbe];

fn secs(seconds: i32) -> Duration {
    Duration::from_secs(u64::try_from(seconds).unwrap_or(0))
}

fn name_of(kind: Kind) -> &'static str {
    match kind {
        Kind::StartupProbe => "Startup",
        Kind::ReadinessProbe => "Readiness",
        _ => "Liveness",
    }
}

impl Worker {
    fn probe_spec(&self, index: usize, kind: Kind) -> Option<&Probe> {
        let container = self.container(index)?;
        match kind {
            Kind::StartupProbe => container.startup_probe.as_deref(),
            Kind::ReadinessProbe => container.readiness_probe.as_deref(),
            _ => container.liveness_probe.as_deref(),
        }
    }

    /// Begins the probes of a container that has just started. The first one waits until the
    /// kubelet has noticed the start: its event generator looks once a second.
    pub(crate) fn arm_probes(&mut self, shared: &Shared, ctx: &mut Ctx<'_>, index: usize) {
        let notice = if shared.knobs().as_recorded {
            shared.knobs().relist
        } else {
            let relist_ms = shared.knobs().relist.as_millis() as u64;
            Duration::from_millis(ctx.rng.between(relist_ms / 4, relist_ms))
        };
        for kind in KINDS {
            let Some(delay) = self.probe_spec(index, kind).map(|p| secs(p.initial_delay_seconds))
            else {
                continue;
            };
            let next = ctx.now + delay.max(notice);
            ctx.timers.at(next, self.token(kind, index));
            if let Some(work) = self.works.get_mut(index) {
                *work.probes.get_or_insert_default().of(kind) =
                    Standing { next, ..Standing::default() };
            }
        }
    }

    /// A kubelet that starts again probes from now on.
    pub(crate) fn rearm_probes(&mut self, shared: &Shared, ctx: &mut Ctx<'_>) {
        for index in 0..self.works.len() {
            if self.works.get(index).is_some_and(|work| work.is_running()) {
                self.arm_probes(shared, ctx, index);
            }
        }
    }

    /// One probe is due.
    pub(crate) fn probe(
        &mut self,
        shared: &mut Shared,
        ctx: &mut Ctx<'_>,
        index: usize,
        kind: Kind,
    ) -> Keep {
        let Some(spec) = self.probe_spec(index, kind).cloned() else { return Keep::Yes };
        let token = self.token(kind, index);
        let (now, ending) = (ctx.now, self.is_ending());
        let Some(work) = self.works.get_mut(index) else { return Keep::Yes };
        if !work.is_running() || work.kill.is_some() || ending {
            return Keep::Yes;
        }
        let begun = work.started;
        let Some(standing) = work.probes.as_mut().map(|probes| probes.of(kind)) else {
            return Keep::Yes;
        };
        if standing.next > now || (kind == Kind::StartupProbe && begun) {
            return Keep::Yes;
        }
        standing.next = now + secs(spec.period_seconds.max(1));
        ctx.timers.at(standing.next, token);
        if kind != Kind::StartupProbe && !begun {
            return Keep::Yes;
        }
        match self.ask(shared, ctx, index, &spec) {
            Ok(()) => self.probe_passed(index, kind, spec.success_threshold),
            Err(why) => {
                let message = format!("{} probe failed: {why}", name_of(kind));
                self.container_event(shared, ctx, index, "Warning", "Unhealthy", &message);
                self.probe_failed(shared, ctx, index, kind, &spec);
            }
        }
        if self.dirty { self.sync(shared, ctx) } else { Keep::Yes }
    }

    fn probe_passed(&mut self, index: usize, kind: Kind, threshold: i32) {
        let no_readiness = self.probe_spec(index, Kind::ReadinessProbe).is_none();
        let Some(work) = self.works.get_mut(index) else { return };
        let Some(standing) = work.probes.as_mut().map(|probes| probes.of(kind)) else { return };
        standing.successes = standing.successes.saturating_add(1);
        standing.failures = 0;
        if standing.successes < threshold {
            return;
        }
        match kind {
            Kind::StartupProbe if !work.started => {
                work.started = true;
                work.ready = no_readiness;
                self.dirty = true;
            }
            Kind::ReadinessProbe if !work.ready => {
                work.ready = true;
                self.dirty = true;
            }
            _ => {}
        }
    }

    fn probe_failed(
        &mut self,
        shared: &mut Shared,
        ctx: &mut Ctx<'_>,
        index: usize,
        kind: Kind,
        spec: &Probe,
    ) {
        let Some(work) = self.works.get_mut(index) else { return };
        let Some(standing) = work.probes.as_mut().map(|probes| probes.of(kind)) else { return };
        standing.failures = standing.failures.saturating_add(1);
        standing.successes = 0;
        if standing.failures < spec.failure_threshold.max(1) {
            return;
        }
        if kind == Kind::ReadinessProbe {
            self.dirty |= std::mem::take(&mut work.ready);
            return;
        }
        standing.failures = 0;
        let name = self.container(index).map(|c| c.name.clone()).unwrap_or_default();
        let what = if kind == Kind::StartupProbe { "startup" } else { "liveness" };
        let words = format!("Container {name} failed {what} probe, will be restarted");
        let grace = spec
            .termination_grace_period_seconds
            .or(self.pod.spec.termination_grace_period_seconds)
            .unwrap_or(30);
        let end = ctx.now + Duration::from_secs(u64::try_from(grace).unwrap_or(0).max(1));
        self.stop(shared, ctx, index, end, ctx.now, &words);
    }

    /// Asks the container; the error is the probe's output.
    fn ask(
        &mut self,
        shared: &Shared,
        ctx: &mut Ctx<'_>,
        index: usize,
        spec: &Probe,
    ) -> Result<(), String> {
        let container = self.container(index);
        let timeout = secs(spec.timeout_seconds.max(1));
        if let Some(exec) = &spec.exec {
            let argv: Vec<&str> = exec.command.iter().map(SmolStr::as_str).collect();
            return self.ask_exec(ctx, index, &argv, timeout);
        }
        if let Some(get) = &spec.http_get {
            let port = container.and_then(|container| container.port(&get.port)).unwrap_or(0);
            let path = if get.path.starts_with('/') {
                get.path.clone()
            } else {
                smol_str::format_smolstr!("/{}", get.path)
            };
            let host =
                if get.host.is_empty() { self.address.to_string() } else { get.host.to_string() };
            let url = format!("http://{host}:{port}{path}");
            return ask_http(shared, ctx, &url, timeout);
        }
        let port = match (&spec.tcp_socket, &spec.grpc) {
            (Some(tcp), _) => container.and_then(|container| container.port(&tcp.port)),
            (None, Some(grpc)) => Some(grpc.port),
            (None, None) => return Err("missing probe handler".to_owned()),
        };
        let port = u16::try_from(port.unwrap_or(0)).unwrap_or(0);
        let listening = ctx
            .fabric
            .sandboxes
            .get(&self.uid())
            .is_some_and(|sandbox| sandbox.processes.iter().any(|p| p.listens(port, ctx.now)));
        match listening {
            true => Ok(()),
            false if spec.grpc.is_some() => {
                let at = format!("{}:{port}", self.address);
                Err(format!("timeout: failed to connect service \"{at}\" within {timeout:?}"))
            }
            false => Err(format!("dial tcp {}:{port}: connect: connection refused", self.address)),
        }
    }

    fn ask_exec(
        &mut self,
        ctx: &mut Ctx<'_>,
        index: usize,
        argv: &[&str],
        timeout: Duration,
    ) -> Result<(), String> {
        let mut world = World {
            fabric: ctx.fabric,
            uid: self.uid(),
            container: index,
            now: ctx.now,
            epoch: ctx.epoch,
            rng: ctx.rng,
        };
        let output = crate::shell::run_command(&mut world, argv);
        if output.took > timeout {
            let command = argv.join(" ");
            return Err(format!("command timed out: \"{command}\" timed out after {timeout:?}"));
        }
        if output.code == 0 { Ok(()) } else { Err(output.stdout + &output.stderr) }
    }
}

fn ask_http(
    shared: &Shared,
    ctx: &mut Ctx<'_>,
    url: &str,
    timeout: Duration,
) -> Result<(), String> {
    let from = Client::Node(shared.config.name.clone());
    let agent = "kube-probe/1.36";
    let got = travel::travel(ctx.fabric, &from, url, agent, ctx.now, ctx.epoch, ctx.rng);
    let at = url.strip_prefix("http://").and_then(|rest| rest.split('/').next()).unwrap_or(url);
    match got.error {
        Some(travel::TravelError::Refused { .. }) => {
            Err(format!("Get \"{url}\": dial tcp {at}: connect: connection refused"))
        }
        Some(travel::TravelError::NoRoute { .. }) => {
            Err(format!("Get \"{url}\": dial tcp {at}: connect: no route to host"))
        }
        Some(_) => Err(format!(
            "Get \"{url}\": context deadline exceeded (Client.Timeout exceeded while awaiting \
             headers)"
        )),
        None if got.latency > timeout => Err(format!(
            "Get \"{url}\": context deadline exceeded (Client.Timeout exceeded while awaiting \
             headers)"
        )),
        None if (200..400).contains(&got.status) => Ok(()),
        None => Err(format!("HTTP probe failed with statuscode: {}", got.status)),
    }
}
