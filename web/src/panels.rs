//! One file a panel; panel.rs lists them.

pub mod account;
pub mod events;
pub mod inspect;
pub mod logs;
pub mod manifest;
pub mod metrics;
pub mod terminal;
