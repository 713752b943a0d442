//! Messages on their way. Virtual spans are tiny, so each message takes a time that an eye can
//! follow; a message leaves a component only after the one that caused it has arrived there.

mod paint;

use std::collections::{BTreeMap, VecDeque};

use apimachinery::meta::Key;
use client::fabric::Packet;
use client::{Trace, TraceKind};
use smol_str::{SmolStr, format_smolstr};

use crate::display::Token;
use crate::views::architecture::roads::Road;

pub(crate) use paint::draw;

const DOTS_MAX: usize = 60;
const PACKETS_MAX: usize = 24;
/// Messages that would start later than this become light on their road.
const LAG_MAX_MS: f64 = 2600.0;
const GLOW_MS: f64 = 700.0;
/// A caption stays at least so long: nothing flickers.
const CAPTION_MS: f64 = 900.0;
/// From this speed on single messages are not shown.
const FLOW_SPEED: f64 = 100.0;

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Kind {
    Message,
    Watch,
    Request,
    Dropped,
}

impl Kind {
    pub const fn token(self) -> Token {
        match self {
            Kind::Message => Token::Message,
            Kind::Watch => Token::Watch,
            Kind::Request => Token::Request,
            Kind::Dropped => Token::Dropped,
        }
    }
}

/// One or more messages at the same place.
#[derive(Clone, Debug)]
struct Dot {
    road: Road,
    kind: Kind,
    /// Against the direction of the road: towards the API server.
    back: bool,
    start: f64,
    took: f64,
    count: u32,
    label: SmolStr,
    /// Heartbeats and the like: small, without tail and words.
    quiet: bool,
}

#[derive(Clone, Copy, Debug)]
struct Glow {
    level: f32,
    since: f64,
}

#[derive(Clone, Debug)]
struct Caption {
    text: SmolStr,
    kind: Kind,
    since: f64,
}

#[derive(Debug, Default)]
pub(crate) struct Motion {
    dots: Vec<Dot>,
    glow: BTreeMap<(Road, Kind), Glow>,
    /// When the last message reaches a component.
    reached: BTreeMap<SmolStr, f64>,
    /// When the last news of an object reaches the API server.
    news: VecDeque<(Key, f64)>,
    /// When the last dot started on a road, by direction.
    started: BTreeMap<(Road, bool), f64>,
    caption: Option<Caption>,
    pub speed: f64,
    pub reduced: bool,
}

/// The road between the API server and a component; programs outside of the picture have none.
fn agent(name: &str) -> Option<Road> {
    Some(match name {
        "kubectl" => Road::Kubectl,
        "kube-scheduler" => Road::Scheduler,
        "kube-controller-manager" => Road::Manager,
        "etcd" => Road::Etcd,
        "coredns" => Road::Dns,
        "kubelet" | "kube-proxy" => Road::Bus,
        _ => match name.split_once('/')? {
            ("kubelet" | "kube-proxy" | "containerd", node) => Road::Agent(node.into()),
            _ => return None,
        },
    })
}

/// `PATCH deployments/web/scale`.
fn label(trace: &Trace) -> SmolStr {
    let head = match trace.kind {
        TraceKind::Request(verb) => verb.method(),
        _ => "watch",
    };
    let mut text = format!("{head} {}", trace.resource.resource);
    for part in [&trace.key.name, &trace.subresource] {
        if !part.is_empty() {
            text.push('/');
            text.push_str(part);
        }
    }
    if trace.count > 1 {
        text.push_str(&format!(" ×{}", trace.count));
    }
    text.into()
}

fn is_quiet(trace: &Trace) -> bool {
    matches!(trace.resource.resource.as_str(), "leases" | "events" | "nodes")
        && trace.from != "kubectl"
}

impl Motion {
    fn flows(&self) -> bool {
        self.reduced || self.speed >= FLOW_SPEED
    }

    /// How long a message is on its way.
    fn span(&self, road: &Road) -> f64 {
        let base = match road {
            Road::Kubectl => 700.0,
            Road::Agent(_) => 850.0,
            Road::Request { .. } => 900.0,
            _ => 480.0,
        };
        let pace = match self.speed {
            speed if speed > 20.0 => 0.5,
            speed if speed > 2.0 => 0.7,
            speed if speed < 0.5 => 1.25,
            _ => 1.0,
        };
        base * pace
    }

    pub fn message(&mut self, trace: &Trace, wall: f64) {
        let (road, kind, back) = match trace.kind {
            TraceKind::Request(_) => (agent(&trace.from), Kind::Message, true),
            TraceKind::Etcd => (Some(Road::Etcd), Kind::Message, false),
            TraceKind::Watch => (agent(&trace.to), Kind::Watch, false),
            TraceKind::Packet => return,
        };
        let Some(road) = road else { return };
        let quiet = is_quiet(trace);
        let cause = match trace.kind {
            _ if quiet => None,
            TraceKind::Request(_) => self.reached.get(&trace.from).copied(),
            _ => self.news.iter().rev().find(|(key, _)| *key == trace.key).map(|(_, at)| *at),
        };
        let took = self.span(&road);
        let start = cause.unwrap_or(wall).max(wall);
        let label = if quiet { SmolStr::default() } else { label(trace) };
        let dot = Dot { road, kind, back, start, took, count: 1, label, quiet };
        let Some(arrival) = self.launch(dot, wall, 120.0) else { return };
        if quiet {
            return;
        }
        match trace.kind {
            TraceKind::Watch => {
                self.reached.insert(trace.to.clone(), arrival);
            }
            _ => {
                if self.news.len() >= 64 {
                    self.news.pop_front();
                }
                self.news.push_back((trace.key.clone(), arrival));
            }
        }
    }

    pub fn packet(&mut self, packet: &Packet, wall: f64) {
        let dropped = packet.status == 0 || packet.status >= 500;
        let road = Road::Request {
            client: packet.from.clone(),
            service: packet.service.clone(),
            pod: packet.pod.clone(),
        };
        let kind = if dropped { Kind::Dropped } else { Kind::Request };
        let count = packet.weight.max(1);
        let busy = self.dots.iter().filter(|dot| matches!(dot.road, Road::Request { .. })).count();
        if busy >= PACKETS_MAX {
            self.shine(road, kind, wall, 0.12);
            return;
        }
        let took = self.span(&road);
        let label = SmolStr::default();
        let quiet = false;
        self.launch(
            Dot { road, kind, back: false, start: wall, took, count, label, quiet },
            wall,
            160.0,
        );
    }

    /// Puts a dot on its road behind those that are there; tells when it arrives.
    fn launch(&mut self, mut dot: Dot, wall: f64, spacing: f64) -> Option<f64> {
        if self.flows() {
            self.shine(dot.road, dot.kind, wall, if dot.quiet { 0.06 } else { 0.2 });
            return None;
        }
        let lane = (dot.road.clone(), dot.back);
        let last = self.started.get(&lane).copied().unwrap_or(f64::NEG_INFINITY);
        if let Some(ahead) = self.dots.iter_mut().rev().find(|ahead| {
            ahead.road == dot.road
                && ahead.back == dot.back
                && ahead.kind == dot.kind
                && ahead.quiet == dot.quiet
                && ahead.start > wall
                && dot.start < ahead.start + spacing
        }) {
            ahead.count = ahead.count.saturating_add(dot.count);
            return Some(ahead.start + ahead.took);
        }
        dot.start = dot.start.max(last + spacing);
        if dot.start > wall + LAG_MAX_MS || self.dots.len() >= DOTS_MAX {
            self.shine(dot.road, dot.kind, wall, 0.15);
            return None;
        }
        self.started.insert(lane, dot.start);
        let arrival = dot.start + dot.took;
        self.dots.push(dot);
        Some(arrival)
    }

    fn shine(&mut self, road: Road, kind: Kind, wall: f64, by: f32) {
        let road = match road {
            // Light is for the road as a whole, or there would be one a pod.
            Road::Request { client, service, pod } if self.speed >= FLOW_SPEED * 10.0 => {
                let _ = pod;
                Road::Request { client, service, pod: None }
            }
            other => other,
        };
        if self.glow.len() >= 256 && !self.glow.contains_key(&(road.clone(), kind)) {
            return;
        }
        let glow = self.glow.entry((road, kind)).or_insert(Glow { level: 0.0, since: wall });
        let left = glow.now(wall);
        *glow = Glow { level: (left + by).min(1.0), since: wall };
    }

    /// Forgets what has arrived; true while something is on its way.
    fn settle(&mut self, wall: f64) -> bool {
        self.dots.retain(|dot| wall < dot.start + dot.took);
        self.glow.retain(|_, glow| glow.now(wall) > 0.0);
        self.reached.retain(|_, at| *at > wall);
        self.started.retain(|_, at| *at + 1000.0 > wall);
        while self.news.front().is_some_and(|(_, at)| *at + 4000.0 < wall) {
            self.news.pop_front();
        }
        self.describe(wall);
        !self.dots.is_empty() || !self.glow.is_empty() || self.caption.is_some()
    }

    /// Chooses what the caption beside the API server says.
    fn describe(&mut self, wall: f64) {
        let held = self.caption.as_ref().is_some_and(|caption| wall < caption.since + CAPTION_MS);
        if held {
            return;
        }
        let spoken = |dot: &&Dot| {
            !dot.label.is_empty()
                && dot.start <= wall
                && !matches!(dot.road, Road::Kubectl | Road::Etcd)
        };
        self.caption = self.dots.iter().rfind(spoken).map(|dot| Caption {
            text: if dot.count > 1 && !dot.label.contains('×') {
                format_smolstr!("{} +{}", dot.label, dot.count - 1)
            } else {
                dot.label.clone()
            },
            kind: dot.kind,
            since: wall,
        });
    }
}

impl Glow {
    fn now(self, wall: f64) -> f32 {
        self.level - ((wall - self.since) / GLOW_MS) as f32
    }
}

#[cfg(test)]
mod tests {
    use apimachinery::gvk::GroupResource;
    use client::Verb;
    use clock::SimTime;

    use super::*;

    fn trace(
        kind: TraceKind,
        from: &'static str,
        to: &'static str,
        resource: &'static str,
    ) -> Trace {
        Trace {
            kind,
            from: from.into(),
            to: to.into(),
            start: SimTime::ZERO,
            end: SimTime::ZERO,
            resource: GroupResource::fixed("", resource),
            key: Key::new("default", "web-0"),
            subresource: SmolStr::default(),
            code: 200,
            count: 1,
        }
    }

    #[test]
    fn an_effect_starts_when_its_cause_has_arrived() {
        let mut motion = Motion { speed: 1.0, ..Motion::default() };
        for (kind, from, to) in [
            (TraceKind::Request(Verb::Create), "kubectl", "kube-apiserver"),
            (TraceKind::Etcd, "kube-apiserver", "etcd"),
            (TraceKind::Watch, "kube-apiserver", "kube-scheduler"),
            (TraceKind::Request(Verb::Update), "kube-scheduler", "kube-apiserver"),
        ] {
            motion.message(&trace(kind, from, to, "pods"), 100.0);
        }
        let dots = &motion.dots;
        assert_eq!(dots.len(), 4);
        assert!((dots[0].start - 100.0).abs() < 0.1);
        for two in dots.windows(2) {
            assert!(two[1].start >= two[0].start + two[0].took, "{two:?}");
        }
    }

    #[test]
    fn a_storm_is_a_few_dots_and_light() {
        let mut motion = Motion { speed: 1.0, ..Motion::default() };
        let request = TraceKind::Request(Verb::Update);
        for _ in 0..5000 {
            for name in ["kubelet/node-1", "kubelet/node-2", "kube-scheduler"] {
                motion.message(&trace(request, name, "kube-apiserver", "pods"), 0.0);
                motion.message(&trace(TraceKind::Etcd, "kube-apiserver", "etcd", "pods"), 0.0);
            }
        }
        assert!(motion.dots.len() <= DOTS_MAX, "{}", motion.dots.len());
        assert!(motion.dots.iter().all(|dot| dot.start <= LAG_MAX_MS));
        let told: u32 = motion.dots.iter().map(|dot| dot.count).sum();
        assert!(told > 60 || !motion.glow.is_empty());
        assert!(!motion.settle(60_000.0), "everything has arrived a minute later");
    }
}
