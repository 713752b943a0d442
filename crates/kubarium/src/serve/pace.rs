//! How virtual time follows the wall clock.

use std::str::FromStr;
use std::time::{Duration, Instant};

use clock::SimTime;

/// `--speed`
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Speed {
    /// So many virtual seconds in one of the wall clock.
    Times(f64),
    /// As the wall clock, but only while clients wait: what they need to say something costs
    /// nothing, however slow the machine is. For recordings.
    Patient,
    /// As fast as the engine runs, until nothing happens any more.
    Max,
}

impl FromStr for Speed {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if text == "max" {
            return Ok(Speed::Max);
        }
        match text.parse::<f64>() {
            Ok(times) if times.is_finite() && times >= 0.0 => Ok(Speed::Times(times)),
            _ => Err("a number of times, or max".to_owned()),
        }
    }
}

/// Behind by more than this, the engine is too slow for the speed: it takes up from where it is.
const LAG_MAX: Duration = Duration::from_secs(2);

impl Speed {
    fn times(self) -> Option<f64> {
        match self {
            Speed::Times(times) => Some(times),
            Speed::Patient => Some(1.0),
            Speed::Max => None,
        }
    }
}

/// One moment of both clocks, from which the others follow.
#[derive(Clone, Copy, Debug)]
pub struct Pace {
    pub speed: Speed,
    wall: Instant,
    simulated: SimTime,
}

impl Pace {
    pub fn new(speed: Speed, wall: Instant, simulated: SimTime) -> Self {
        Pace { speed, wall, simulated }
    }

    /// From now on virtual time goes on from here.
    pub fn rebase(&mut self, wall: Instant, simulated: SimTime) {
        (self.wall, self.simulated) = (wall, simulated);
    }

    /// The virtual time that belongs to a moment; none without a limit.
    pub fn target(&self, wall: Instant) -> Option<SimTime> {
        let times = self.speed.times()?;
        let passed = wall.saturating_duration_since(self.wall).as_secs_f64() * times;
        let nanos = (passed * 1e9).min(1e18) as u64;
        Some(self.simulated + clock::Duration::from_nanos(nanos))
    }

    /// How long until a virtual moment.
    pub fn wait_for(&self, at: SimTime, wall: Instant) -> Duration {
        let (Some(times), Some(now)) = (self.speed.times(), self.target(wall)) else {
            return Duration::ZERO;
        };
        let ahead = at.nanos().saturating_sub(now.nanos()) as f64 / 1e9;
        Duration::try_from_secs_f64(ahead / times.max(1e-9)).unwrap_or(Duration::MAX)
    }

    pub fn is_too_slow(&self, reached: SimTime, wall: Instant) -> bool {
        self.behind(reached, wall) > LAG_MAX
    }

    fn behind(&self, reached: SimTime, wall: Instant) -> Duration {
        let (Some(times), Some(target)) = (self.speed.times(), self.target(wall)) else {
            return Duration::ZERO;
        };
        let late = target.nanos().saturating_sub(reached.nanos()) as f64 / 1e9;
        Duration::try_from_secs_f64(late / times.max(1e-9)).unwrap_or(Duration::MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn virtual_time_is_wall_time_times_the_speed() {
        let start = Instant::now();
        let pace = Pace::new(Speed::Times(10.0), start, SimTime::from_secs(5));
        let later = start + Duration::from_secs(3);
        assert_eq!(pace.target(later), Some(SimTime::from_secs(35)));
        assert_eq!(pace.wait_for(SimTime::from_secs(45), later), Duration::from_secs(1));
        assert!(pace.is_too_slow(SimTime::from_secs(6), later));
        assert!(!pace.is_too_slow(SimTime::from_secs(34), later));
        assert_eq!("max".parse(), Ok(Speed::Max));
        assert!("-1".parse::<Speed>().is_err() && "fast".parse::<Speed>().is_err());
    }
}
