//! For tests only: holding a transcript against a recording of the real thing, and inputs that
//! nearly make sense.

pub mod compare;
pub mod mutate;

pub use compare::{Comparison, compare};
pub use mutate::{Mutator, shrink};
