//! Messages on their way.

use client::Trace;
use client::fabric::Packet;

#[derive(Debug, Default)]
pub(crate) struct Motion {}

impl Motion {
    pub fn message(&mut self, _trace: &Trace, _wall: f64) {}
    pub fn packet(&mut self, _packet: &Packet, _wall: f64) {}
}
