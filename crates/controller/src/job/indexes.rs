//! Indexes as ordered intervals, as `0,2-4,7` in a job's status, and those of pods.
//! Models pkg/controller/job/indexed_job_utils.go.

use std::collections::BTreeSet;
use std::sync::Arc;

use api::Pod;

pub const COMPLETION_INDEX: &str = "batch.kubernetes.io/job-completion-index";

/// Intervals that neither touch nor overlap, ascending, both ends included.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Indexes(Vec<(i32, i32)>);

impl Indexes {
    /// Reads a status, as far as it lies below `completions`.
    pub fn parse(text: &str, completions: i32) -> Self {
        let mut indexes = Indexes::default();
        for part in text.split(',').filter(|part| !part.is_empty()) {
            let (first, last) = part.split_once('-').unwrap_or((part, part));
            let (Ok(first), Ok(last)) = (first.parse::<i32>(), last.parse::<i32>()) else {
                continue;
            };
            if first >= completions {
                break;
            }
            indexes.push(first, last.min(completions.saturating_sub(1)));
        }
        indexes
    }

    fn push(&mut self, first: i32, last: i32) {
        match self.0.last_mut() {
            Some(end) if first <= end.1.saturating_add(1) => end.1 = end.1.max(last),
            _ => self.0.push((first, last)),
        }
    }

    pub fn merged(&self, other: &Indexes) -> Self {
        let mut all: Vec<(i32, i32)> = self.0.iter().chain(&other.0).copied().collect();
        all.sort_unstable();
        let mut merged = Indexes::default();
        for (first, last) in all {
            merged.push(first, last);
        }
        merged
    }

    pub fn with(&self, more: &BTreeSet<i32>) -> Self {
        let mut added = Indexes::default();
        for index in more {
            added.push(*index, *index);
        }
        self.merged(&added)
    }

    pub fn total(&self) -> i32 {
        self.0.iter().fold(0, |total, (first, last)| {
            total.saturating_add(last.saturating_sub(*first).saturating_add(1))
        })
    }

    pub fn has(&self, index: i32) -> bool {
        let at = self.0.partition_point(|(_, last)| *last < index);
        self.0.get(at).is_some_and(|(first, _)| *first <= index)
    }

    /// How many indexes both have.
    pub fn common(&self, other: &Indexes) -> i32 {
        let (mut i, mut j, mut count) = (0, 0, 0i32);
        while let (Some(a), Some(b)) = (self.0.get(i), other.0.get(j)) {
            let overlap = a.1.min(b.1).saturating_sub(a.0.max(b.0)).saturating_add(1);
            count = count.saturating_add(overlap.max(0));
            if a.1 <= b.1 {
                i += 1;
            }
            if b.1 <= a.1 {
                j += 1;
            }
        }
        count
    }

    /// The first `count` indexes below `completions` that are none of these.
    pub fn first_missing(&self, count: usize, completions: i32) -> Vec<i32> {
        let (mut missing, mut candidate) = (Vec::new(), 0);
        let beyond = (completions, completions);
        for (first, last) in self.0.iter().copied().chain([beyond]) {
            while candidate < first.min(completions) && missing.len() < count {
                missing.push(candidate);
                candidate += 1;
            }
            candidate = candidate.max(last.saturating_add(1));
        }
        missing
    }
}

impl std::fmt::Display for Indexes {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        for (i, (first, last)) in self.0.iter().enumerate() {
            let comma = if i > 0 { "," } else { "" };
            match last.saturating_sub(*first) {
                0 => write!(f, "{comma}{first}")?,
                1 => write!(f, "{comma}{first},{last}")?,
                _ => write!(f, "{comma}{first}-{last}")?,
            }
        }
        Ok(())
    }
}

/// A pod's index, if it has one.
pub fn index_of(pod: &Pod) -> Option<i32> {
    let text = pod.metadata.annotation(COMPLETION_INDEX)?;
    text.parse().ok().filter(|index| *index >= 0)
}

pub fn indexes_of<'p>(pods: impl IntoIterator<Item = &'p Arc<Pod>>) -> BTreeSet<i32> {
    pods.into_iter().filter_map(|pod| index_of(pod)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn intervals_read_grow_and_print() {
        for (text, completions, more, printed, total) in [
            ("", 5, vec![], "", 0),
            ("0,2-4", 10, vec![1], "0-4", 5),
            ("0,1,3", 10, vec![5], "0,1,3,5", 4),
            ("0-2,5-9", 7, vec![], "0-2,5,6", 5),
            ("x,2", 4, vec![0], "0,2", 2),
            ("1-3", 10, vec![0, 3, 4, 9], "0-4,9", 6),
        ] {
            let indexes = Indexes::parse(text, completions).with(&more.into_iter().collect());
            assert_eq!((indexes.to_string().as_str(), indexes.total()), (printed, total));
            for index in 0..completions {
                let listed = indexes.0.iter().any(|(a, b)| (*a..=*b).contains(&index));
                assert_eq!(indexes.has(index), listed);
            }
        }
    }

    #[test]
    fn missing_and_common() {
        for (text, count, completions, missing) in [
            ("", 2, 5, vec![0, 1]),
            ("0,2-3", 9, 6, vec![1, 4, 5]),
            ("1-9", 3, 4, vec![0]),
            ("0-3", 3, 4, vec![]),
        ] {
            assert_eq!(Indexes::parse(text, 100).first_missing(count, completions), missing);
        }
        for (a, b, common) in
            [("0-4", "2-8", 3), ("0,2,4", "1,3", 0), ("0-9", "1,3,5-6", 4), ("", "0", 0)]
        {
            assert_eq!(Indexes::parse(a, 100).common(&Indexes::parse(b, 100)), common);
        }
    }
}
