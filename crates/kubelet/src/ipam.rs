//! Addresses of a node's pods: the host-local CNI plugin over the node's podCIDR.

use std::net::Ipv4Addr;

/// The network, the gateway and the node's own address come first.
const FIRST: u32 = 3;

#[derive(Clone, Debug, Default)]
pub(crate) struct Ipam {
    base: u32,
    size: u32,
    next: u32,
    used: Vec<u64>,
}

impl Ipam {
    pub fn new(cidr: &str) -> Option<Self> {
        let (base, bits) = cidr.split_once('/')?;
        let base: Ipv4Addr = base.parse().ok()?;
        let bits: u32 = bits.parse().ok().filter(|bits| (8..=29).contains(bits))?;
        let size = 1u32 << (32 - bits);
        Some(Ipam {
            base: u32::from(base) & !(size - 1),
            size,
            next: FIRST,
            used: vec![0; (size as usize).div_ceil(64)],
        })
    }

    pub fn same_range(&self, other: &Ipam) -> bool {
        (self.base, self.size) == (other.base, other.size)
    }

    /// First and last address, as the plugin's error names them.
    pub fn range(&self) -> String {
        let (first, last) = (self.base + 1, self.base + self.size - 2);
        format!("{}-{}", Ipv4Addr::from(first), Ipv4Addr::from(last))
    }

    /// The next free address after the last one given, as host-local does.
    pub fn take(&mut self) -> Option<Ipv4Addr> {
        let span = self.size.checked_sub(FIRST + 1)?;
        for step in 0..span {
            let offset = FIRST + (self.next - FIRST + step) % span;
            let (word, bit) = ((offset / 64) as usize, 1u64 << (offset % 64));
            if let Some(word) = self.used.get_mut(word).filter(|word| **word & bit == 0) {
                *word |= bit;
                self.next = FIRST + (offset + 1 - FIRST) % span;
                return Some(Ipv4Addr::from(self.base + offset));
            }
        }
        None
    }

    pub fn release(&mut self, address: Ipv4Addr) {
        let Some(offset) = u32::from(address).checked_sub(self.base) else { return };
        if let Some(word) = self.used.get_mut((offset / 64) as usize) {
            *word &= !(1u64 << (offset % 64));
        }
    }
}
