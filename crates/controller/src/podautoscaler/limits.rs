//! From what the metrics ask for to what is done: windows that hold back, and speed limits.
//! Models the normalize functions of pkg/controller/podautoscaler/horizontal.go.

use api::autoscaling::horizontal_pod_autoscaler::{HpaBehavior, HpaScalingRules, HpaSpec};
use clock::{Duration, SimTime};

/// `--horizontal-pod-autoscaler-downscale-stabilization`
const DOWNSCALE_STABILIZATION_SECS: i32 = 300;
const SCALE_UP_LIMIT_FACTOR: i32 = 2;
const SCALE_UP_LIMIT_MINIMUM: i32 = 4;

/// What an autoscaler recommended and did lately.
#[derive(Clone, Debug, Default)]
pub struct History {
    recommendations: Vec<(SimTime, i32)>,
    ups: Vec<(SimTime, i32)>,
    downs: Vec<(SimTime, i32)>,
}

/// A reason and a message for a condition.
pub type Why = (&'static str, &'static str);

pub struct Limited {
    pub replicas: i32,
    pub able: Why,
    pub limited: bool,
    pub why: Why,
}

#[derive(Clone, Copy)]
pub struct Sizes {
    pub current: i32,
    pub wanted: i32,
    pub min: i32,
}

const READY: Why = ("ReadyForNewScale", "recommended size matches current size");
const DOWN_STABILIZED: Why = (
    "ScaleDownStabilized",
    "recent recommendations were higher than current one, applying the highest recent \
     recommendation",
);
const UP_STABILIZED: Why = (
    "ScaleUpStabilized",
    "recent recommendations were lower than current one, applying the lowest recent recommendation",
);
const WITHIN: Why = ("DesiredWithinRange", "the desired count is within the acceptable range");
const TOO_FEW: Why =
    ("TooFewReplicas", "the desired replica count is less than the minimum replica count");
const TOO_MANY: Why =
    ("TooManyReplicas", "the desired replica count is more than the maximum replica count");
const TOO_FAST_UP: Why =
    ("ScaleUpLimit", "the desired replica count is increasing faster than the maximum scale rate");
const TOO_FAST_DOWN: Why = (
    "ScaleDownLimit",
    "the desired replica count is decreasing faster than the maximum scale rate",
);

fn seconds(count: i32) -> Duration {
    Duration::from_secs(u64::try_from(count).unwrap_or(0))
}

/// Whether a moment lies within the last `window`, its edge left out.
fn within(at: SimTime, window: Duration, now: SimTime) -> bool {
    now.since(at) < window
}

/// Puts an entry where an outdated one stands, if there is one: the list stays short.
fn put(list: &mut Vec<(SimTime, i32)>, entry: (SimTime, i32), outdated: impl Fn(SimTime) -> bool) {
    match list.iter_mut().rev().find(|(at, _)| outdated(*at)) {
        Some(old) => *old = entry,
        None => list.push(entry),
    }
}

impl History {
    /// The size at which an autoscaler found its target.
    pub fn begin(&mut self, replicas: i32, now: SimTime) {
        if self.recommendations.is_empty() {
            self.recommendations.push((now, replicas));
        }
    }

    pub fn limit(&mut self, spec: &HpaSpec, sizes: Sizes, now: SimTime) -> Limited {
        let (stable, able) = match &spec.behavior {
            None => self.stabilize(sizes.wanted, now),
            Some(behavior) => self.stabilize_by(behavior, sizes, now),
        };
        let sizes = Sizes { wanted: stable, ..sizes };
        let (replicas, why) = match &spec.behavior {
            None => by_rules(spec, sizes),
            Some(behavior) => self.by_rate(spec, behavior, sizes, now),
        };
        Limited { replicas, able, limited: replicas != stable, why }
    }

    /// The highest recommendation of the last five minutes.
    fn stabilize(&mut self, wanted: i32, now: SimTime) -> (i32, Why) {
        let window = seconds(DOWNSCALE_STABILIZATION_SECS);
        let outdated = |at: SimTime| now.since(at) > window;
        let recent = self.recommendations.iter().filter(|(at, _)| !outdated(*at));
        let highest = recent.map(|(_, replicas)| *replicas).fold(wanted, i32::max);
        put(&mut self.recommendations, (now, wanted), outdated);
        (highest, if highest == wanted { READY } else { DOWN_STABILIZED })
    }

    /// The lowest recommendation of one window when going up, the highest of another when going
    /// down.
    fn stabilize_by(&mut self, behavior: &HpaBehavior, sizes: Sizes, now: SimTime) -> (i32, Why) {
        let window = |rules: &Option<HpaScalingRules>, default: i32| {
            let given = rules.as_ref().and_then(|rules| rules.stabilization_window_seconds);
            seconds(given.unwrap_or(default))
        };
        let up_window = window(&behavior.scale_up, 0);
        let down_window = window(&behavior.scale_down, DOWNSCALE_STABILIZATION_SECS);
        let (mut up, mut down) = (sizes.wanted, sizes.wanted);
        for (at, replicas) in &self.recommendations {
            if within(*at, up_window, now) {
                up = up.min(*replicas);
            }
            if within(*at, down_window, now) {
                down = down.max(*replicas);
            }
        }
        let stable = sizes.current.max(up).min(down);
        let longest = up_window.max(down_window);
        put(&mut self.recommendations, (now, sizes.wanted), |at| now.since(at) > longest);
        let why = match stable == sizes.wanted {
            true => READY,
            false if sizes.wanted >= sizes.current => UP_STABILIZED,
            false => DOWN_STABILIZED,
        };
        (stable, why)
    }

    fn by_rate(
        &self,
        spec: &HpaSpec,
        behavior: &HpaBehavior,
        sizes: Sizes,
        now: SimTime,
    ) -> (i32, Why) {
        let (current, wanted) = (sizes.current, sizes.wanted);
        if wanted > current {
            let limit = self.up_limit(behavior.scale_up.as_ref(), current, now).max(current);
            let limit = if spec.max_replicas > limit {
                (limit, TOO_FAST_UP)
            } else {
                (spec.max_replicas, TOO_MANY)
            };
            return if wanted > limit.0 { limit } else { (wanted, WITHIN) };
        }
        if wanted < current {
            let limit = self.down_limit(behavior.scale_down.as_ref(), current, now).min(current);
            let limit =
                if sizes.min < limit { (limit, TOO_FAST_DOWN) } else { (sizes.min, TOO_FEW) };
            return if wanted < limit.0 { limit } else { (wanted, WITHIN) };
        }
        (wanted, WITHIN)
    }

    /// The size at the beginning of a policy's period.
    fn at_start(&self, current: i32, period: i32, now: SimTime) -> i32 {
        let sum = |list: &[(SimTime, i32)]| {
            let recent = list.iter().filter(|(at, _)| within(*at, seconds(period), now));
            recent.map(|(_, change)| *change).fold(0, i32::saturating_add)
        };
        current - sum(&self.ups) + sum(&self.downs)
    }

    fn up_limit(&self, rules: Option<&HpaScalingRules>, current: i32, now: SimTime) -> i32 {
        let Some(rules) = rules else { return i32::MAX };
        let policies = rules.policies.iter().flatten().map(|policy| {
            let start = self.at_start(current, policy.period_seconds, now);
            match policy.type_.as_str() {
                "Pods" => start.saturating_add(policy.value),
                _ => (f64::from(start) * (1.0 + f64::from(policy.value) / 100.0)).ceil() as i32,
            }
        });
        match rules.select_policy.as_deref() {
            Some("Disabled") => current,
            Some("Min") => policies.min().unwrap_or(i32::MAX),
            _ => policies.max().unwrap_or(i32::MIN),
        }
    }

    fn down_limit(&self, rules: Option<&HpaScalingRules>, current: i32, now: SimTime) -> i32 {
        let Some(rules) = rules else { return i32::MIN };
        let policies = rules.policies.iter().flatten().map(|policy| {
            let start = self.at_start(current, policy.period_seconds, now);
            match policy.type_.as_str() {
                "Pods" => start.saturating_sub(policy.value),
                _ => (f64::from(start) * (1.0 - f64::from(policy.value) / 100.0)) as i32,
            }
        });
        match rules.select_policy.as_deref() {
            Some("Disabled") => current,
            Some("Min") => policies.max().unwrap_or(i32::MIN),
            _ => policies.min().unwrap_or(i32::MAX),
        }
    }

    /// Remembers a change of size for the speed limits.
    pub fn scaled(&mut self, behavior: Option<&HpaBehavior>, from: i32, to: i32, now: SimTime) {
        let Some(behavior) = behavior else { return };
        let (list, rules) = match to > from {
            true => (&mut self.ups, &behavior.scale_up),
            false => (&mut self.downs, &behavior.scale_down),
        };
        let policies = rules.iter().filter_map(|rules| rules.policies.as_ref()).flatten();
        let longest = seconds(policies.map(|policy| policy.period_seconds).max().unwrap_or(0));
        put(list, (now, (to - from).abs()), |at| now.since(at) > longest);
    }
}

fn by_rules(spec: &HpaSpec, sizes: Sizes) -> (i32, Why) {
    let fast = sizes.current.saturating_mul(SCALE_UP_LIMIT_FACTOR).max(SCALE_UP_LIMIT_MINIMUM);
    let most = match spec.max_replicas > fast {
        true => (fast, TOO_FAST_UP),
        false => (spec.max_replicas, TOO_MANY),
    };
    match sizes.wanted {
        wanted if wanted < sizes.min => (sizes.min, TOO_FEW),
        wanted if wanted > most.0 => most,
        wanted => (wanted, WITHIN),
    }
}
