//! For tests only: holding a transcript against a recording of the real thing.

pub mod compare;

pub use compare::{Comparison, compare};
