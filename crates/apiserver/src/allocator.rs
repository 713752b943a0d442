//! Picks free numbers of a range by chance: cluster addresses and node ports.
// Models pkg/registry/core/service/{ipallocator,portallocator}.

use std::collections::BTreeSet;

use clock::Rng;

/// Numbers `low..=high`. The first `band` of them are left to those who ask for one by name, as
/// long as others are free.
#[derive(Clone, Debug)]
pub(crate) struct Allocator {
    low: u32,
    high: u32,
    band: u32,
    taken: BTreeSet<u32>,
}

impl Allocator {
    pub fn new(low: u32, high: u32, band: u32) -> Self {
        Allocator { low, high, band, taken: BTreeSet::new() }
    }

    pub fn contains(&self, number: u32) -> bool {
        (self.low..=self.high).contains(&number)
    }

    /// Takes a given number; false if it is taken already.
    pub fn take(&mut self, number: u32) -> bool {
        self.taken.insert(number)
    }

    pub fn release(&mut self, number: u32) {
        self.taken.remove(&number);
    }

    /// Takes a random free number: above the band first, then in it.
    pub fn take_any(&mut self, rng: &mut Rng) -> Option<u32> {
        let upper = self.low.saturating_add(self.band);
        let number = self
            .pick(rng, upper, self.high)
            .or_else(|| self.pick(rng, self.low, upper.saturating_sub(1)))?;
        self.taken.insert(number);
        Some(number)
    }

    /// The first free number from a random one on, around the end.
    fn pick(&self, rng: &mut Rng, low: u32, high: u32) -> Option<u32> {
        if low > high {
            return None;
        }
        let start = rng.between(u64::from(low), u64::from(high)) as u32;
        self.first_free(start, high).or_else(|| self.first_free(low, start.saturating_sub(1)))
    }

    fn first_free(&self, from: u32, to: u32) -> Option<u32> {
        if from > to {
            return None;
        }
        let mut candidate = from;
        for taken in self.taken.range(from..=to) {
            if *taken > candidate {
                break;
            }
            candidate = taken.checked_add(1)?;
        }
        (candidate <= to).then_some(candidate)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gives_every_number_once_and_the_band_last() {
        let mut rng = Rng::new(1);
        let mut allocator = Allocator::new(10, 19, 3);
        assert!(allocator.take(15) && !allocator.take(15));
        let given: Vec<u32> = std::iter::from_fn(|| allocator.take_any(&mut rng)).collect();
        let (upper, band) = given.split_at(6);
        assert!(upper.iter().all(|n| *n >= 13 && *n != 15) && band.iter().all(|n| *n < 13));
        assert_eq!(given.iter().collect::<BTreeSet<_>>().len(), 9);
        allocator.release(12);
        assert_eq!(allocator.take_any(&mut rng), Some(12));
    }
}
