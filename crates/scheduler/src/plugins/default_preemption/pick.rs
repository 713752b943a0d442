//! The node whose victims are missed least.
//! Models pickOneNodeForPreemption of pkg/scheduler/framework/preemption/preemption.go.

use super::Candidate;
use super::dry_run::started;
use crate::template::PodInfo;

fn priority(pod: &PodInfo) -> i64 {
    i64::from(pod.template.priority())
}

/// When the first of the most important victims started; the later, the better.
fn earliest_start(candidate: &Candidate) -> i64 {
    let highest = candidate.victims.iter().map(priority).max();
    let highest = candidate.victims.iter().filter(|pod| Some(priority(pod)) == highest);
    highest.map(started).min().unwrap_or(i64::MIN)
}

/// Less of the first that differs is better.
const CRITERIA: [fn(&Candidate) -> i64; 5] = [
    |candidate| candidate.violations,
    |candidate| candidate.victims.first().map_or(0, priority),
    // Moved above zero, so that many unimportant pods weigh more than one.
    |candidate| candidate.victims.iter().map(|pod| priority(pod) + (1 << 31)).sum(),
    |candidate| candidate.victims.len() as i64,
    |candidate| earliest_start(candidate).saturating_neg(),
];

/// Those of which none is better than the others.
pub fn best(mut candidates: Vec<Candidate>) -> Vec<Candidate> {
    for criterion in CRITERIA {
        let least = candidates.iter().map(criterion).min();
        candidates.retain(|candidate| Some(criterion(candidate)) == least);
        if candidates.len() == 1 {
            break;
        }
    }
    candidates
}
