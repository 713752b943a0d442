//! Virtual time, the ordered event queue and the seeded generator: the only sources of "when" and
//! "by chance" in the engine.

mod queue;
mod rng;
mod time;

pub use queue::EventQueue;
pub use rng::Rng;
pub use time::{Duration, SimTime};
