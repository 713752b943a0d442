//! A bounded record of the requests that travelled, for the picture.

use std::collections::VecDeque;

use apimachinery::meta::Key;
use clock::SimTime;
use smol_str::SmolStr;

const KEPT: usize = 4096;

/// One request and its answer. `weight` requests of the same generator stand behind it.
#[derive(Clone, Debug, PartialEq)]
pub struct Packet {
    pub from: SmolStr,
    /// The service it was addressed to; empty name where it went straight to an address.
    pub service: Key,
    /// The pod that answered.
    pub pod: Option<Key>,
    pub start: SimTime,
    pub end: SimTime,
    /// HTTP status; zero where no answer came.
    pub status: u16,
    pub weight: u32,
}

#[derive(Debug, Default)]
pub struct Packets(VecDeque<Packet>);

impl Packets {
    pub fn push(&mut self, packet: Packet) {
        if self.0.len() >= KEPT {
            self.0.pop_front();
        }
        self.0.push_back(packet);
    }

    pub fn take(&mut self, into: &mut Vec<Packet>) {
        into.extend(self.0.drain(..));
    }

    pub fn len(&self) -> usize {
        self.0.len()
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}
