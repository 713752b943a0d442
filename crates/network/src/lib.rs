//! The cluster's network: kube-proxy's rules, the DNS, and clients that send requests. How a
//! request then travels is physics and lies in `client::fabric::travel`.

mod clients;
mod dns;
mod endpoints;
mod proxy;

pub use client::fabric::travel::{Client, Exchange, Hop, TravelError, send};
pub use clients::{Clients, Generator, LATENCY_BUCKETS_MICROS, ServiceStats};
pub use dns::CoreDns;
pub use proxy::KubeProxy;

#[cfg(test)]
mod tests;
