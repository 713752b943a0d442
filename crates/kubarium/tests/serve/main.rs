//! `kubarium serve` driven from outside: by the `kube` crate always, by the real kubectl where there
//! is one.
#![allow(clippy::unwrap_used, clippy::expect_used)]
#![allow(
    clippy::disallowed_types,
    clippy::disallowed_methods,
    reason = "clients know the wall clock"
)]

mod kubectl;
mod life;
mod restarts;
mod server;
