//! Back-off of one container: 10 s, doubling to 300 s, forgotten after ten quiet minutes.
//! Models client-go/util/flowcontrol/backoff.go.

use clock::{Duration, SimTime};

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Backoff {
    pub secs: u32,
    updated: SimTime,
}

impl Backoff {
    fn expired(self, event: SimTime, max_secs: u32) -> bool {
        event.since(self.updated) > Duration::from_secs(2 * u64::from(max_secs))
    }

    /// Until when something that happened at `event` keeps us waiting.
    pub fn until(self, event: SimTime, max_secs: u32) -> Option<SimTime> {
        (self.secs > 0 && !self.expired(event, max_secs))
            .then(|| event + Duration::from_secs(u64::from(self.secs)))
    }

    pub fn next(&mut self, event: SimTime, now: SimTime, initial_secs: u32, max_secs: u32) {
        let fresh = self.secs == 0 || self.expired(event, max_secs);
        self.secs = if fresh { initial_secs } else { (self.secs * 2).min(max_secs) };
        self.updated = now;
    }
}
