//! People who use what runs in the cluster: generators send requests at a rate, and what comes of
//! them is counted per service.

use std::collections::BTreeMap;

use apimachinery::meta::Key;
use client::fabric::{Client, Exchange, Packet, travel};
use client::{Component, Ctx, User, WatchEvent, WatchSpec};
use clock::{Duration, SimTime};
use smol_str::SmolStr;

/// Upper bounds of the latency buckets; slower ones fall into one more.
pub const LATENCY_BUCKETS_MICROS: [u64; 11] =
    [500, 1_000, 2_000, 5_000, 10_000, 25_000, 50_000, 100_000, 250_000, 500_000, 1_000_000];

/// At high rates requests go in batches, of which this many travel and stand for the rest.
const SAMPLES: u64 = 20;
const BATCH: Duration = Duration::from_millis(100);

/// Somebody who asks again and again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Generator {
    pub name: SmolStr,
    /// `http://web.default.svc/`, `10.0.0.2:30080`, …
    pub target: String,
    /// Requests in 1000 s: whole numbers also for slow ones.
    pub rate_milli: u64,
    /// `None`: from a node of the cluster, another each time.
    pub from: Option<Client>,
}

/// What came of the requests to one service.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ServiceStats {
    pub requests: u64,
    /// No answer, or a status of 500 and above.
    pub errors: u64,
    pub latency_sum_micros: u64,
    /// One more than `LATENCY_BUCKETS_MICROS`.
    pub buckets: [u64; LATENCY_BUCKETS_MICROS.len() + 1],
    pub by_pod: BTreeMap<Key, u64>,
    pub last_error: Option<String>,
}

impl ServiceStats {
    fn count(&mut self, exchange: &Exchange, weight: u64) {
        let micros = u64::try_from(exchange.latency.as_micros()).unwrap_or(u64::MAX);
        let slot = LATENCY_BUCKETS_MICROS.partition_point(|bound| *bound < micros);
        self.requests += weight;
        self.latency_sum_micros =
            self.latency_sum_micros.saturating_add(micros.saturating_mul(weight));
        if let Some(bucket) = self.buckets.get_mut(slot) {
            *bucket += weight;
        }
        if exchange.error.is_some() || exchange.status >= 500 {
            self.errors += weight;
            self.last_error = Some(match &exchange.error {
                Some(error) => error.to_string(),
                None => format!("HTTP {}", exchange.status),
            });
        }
        if let Some(pod) = &exchange.served_by {
            *self.by_pod.entry(pod.clone()).or_insert(0) += weight;
        }
    }

    /// The latency below which `percent` of the requests stayed, as its bucket's upper bound.
    pub fn percentile_micros(&self, percent: u64) -> u64 {
        let total: u64 = self.buckets.iter().sum();
        let mut rest = (total * percent).div_ceil(100);
        for (count, bound) in self.buckets.iter().zip(LATENCY_BUCKETS_MICROS) {
            rest = rest.saturating_sub(*count);
            if rest == 0 {
                return bound;
            }
        }
        u64::MAX
    }
}

#[derive(Debug)]
struct Running {
    generator: Generator,
    began: SimTime,
    sent: u64,
}

/// All generators of the cluster.
#[derive(Debug, Default)]
pub struct Clients {
    running: BTreeMap<u64, Running>,
    last_id: u64,
    stats: BTreeMap<Key, ServiceStats>,
}

impl Clients {
    pub fn new() -> Self {
        Clients::default()
    }

    /// Begins to send. The generator of the same name ends.
    pub fn add(&mut self, ctx: &mut Ctx<'_>, generator: Generator) {
        self.remove(&generator.name);
        self.last_id += 1;
        let period = period(generator.rate_milli);
        self.running.insert(self.last_id, Running { generator, began: ctx.now, sent: 0 });
        if let Some(period) = period {
            ctx.wake_in(period, self.last_id);
        }
    }

    /// True if there was one of that name.
    pub fn remove(&mut self, name: &str) -> bool {
        let before = self.running.len();
        self.running.retain(|_, running| running.generator.name != name);
        before != self.running.len()
    }

    pub fn generators(&self) -> impl Iterator<Item = &Generator> {
        self.running.values().map(|running| &running.generator)
    }

    /// By service; what reached no service is under an empty namespace and the target.
    pub fn stats(&self) -> &BTreeMap<Key, ServiceStats> {
        &self.stats
    }

    pub fn clear_stats(&mut self) {
        self.stats.clear();
    }

    /// Sends one request by hand and counts it.
    pub fn ask(&mut self, ctx: &mut Ctx<'_>, name: &str, from: &Client, target: &str) -> Exchange {
        self.one(ctx, name, from, target, 1)
    }

    fn one(
        &mut self,
        ctx: &mut Ctx<'_>,
        name: &str,
        from: &Client,
        target: &str,
        weight: u64,
    ) -> Exchange {
        let agent = "kubarium-client/1.0";
        let got = travel::travel(ctx.fabric, from, target, agent, ctx.now, ctx.epoch, ctx.rng);
        let key = got.service.clone().unwrap_or_else(|| Key::new("", target));
        self.stats.entry(key.clone()).or_default().count(&got, weight);
        ctx.fabric.packets.push(Packet {
            from: name.into(),
            service: key,
            pod: got.served_by.clone(),
            start: ctx.now,
            end: ctx.now + got.latency,
            status: got.status,
            weight: u32::try_from(weight).unwrap_or(u32::MAX),
        });
        got
    }

    fn batch(&mut self, ctx: &mut Ctx<'_>, id: u64) {
        let Some(running) = self.running.get_mut(&id) else { return };
        let ran = u64::try_from(ctx.now.since(running.began).as_millis()).unwrap_or(u64::MAX);
        let due = ran.saturating_mul(running.generator.rate_milli) / 1_000_000;
        let count = due.saturating_sub(running.sent);
        running.sent = due.max(running.sent);
        let generator = running.generator.clone();
        let samples = count.min(SAMPLES);
        for sample in 0..samples {
            let weight = count / samples + u64::from(sample < count % samples);
            let from = generator.from.clone().unwrap_or_else(|| some_node(ctx));
            self.one(ctx, &generator.name, &from, &generator.target, weight);
        }
        if let Some(period) = period(generator.rate_milli) {
            ctx.wake_in(period, id);
        }
    }
}

/// How long from one request, or batch of them, to the next; `None` for never.
fn period(rate_milli: u64) -> Option<Duration> {
    (rate_milli > 0).then(|| Duration::from_millis(1_000_000u64.div_ceil(rate_milli)).max(BATCH))
}

fn some_node(ctx: &mut Ctx<'_>) -> Client {
    let pick = ctx.rng.below(ctx.fabric.machines.len() as u64) as usize;
    let name = ctx.fabric.machines.get_index(pick).map(|(name, _)| name.clone());
    Client::Node(name.unwrap_or_default())
}

impl Component for Clients {
    fn name(&self) -> SmolStr {
        SmolStr::new_static("clients")
    }

    fn user(&self) -> User {
        User::default()
    }

    fn watches(&self) -> Vec<WatchSpec> {
        Vec::new()
    }

    fn start(&mut self, _: &mut Ctx<'_>) {}

    fn on_watch(&mut self, _: &mut Ctx<'_>, _: &[WatchEvent]) {}

    fn on_timer(&mut self, ctx: &mut Ctx<'_>, token: u64) {
        self.batch(ctx, token);
    }

    fn as_any(&self) -> &dyn std::any::Any {
        self
    }

    fn as_any_mut(&mut self) -> &mut dyn std::any::Any {
        self
    }
}
