//! Why a pod found no node, in the words of the FailedScheduling event.
//! Models pkg/scheduler/framework/types.go `FitError`.

use std::collections::BTreeMap;

use smol_str::SmolStr;

use crate::framework::Status;

/// Reasons with the number of nodes that gave them.
pub fn histogram<'a>(
    statuses: impl IntoIterator<Item = (&'a Status, usize)>,
) -> BTreeMap<SmolStr, usize> {
    let mut reasons = BTreeMap::new();
    for (status, nodes) in statuses.into_iter().filter(|(_, nodes)| *nodes > 0) {
        for reason in status.reasons() {
            *reasons.entry(reason.clone()).or_insert(0) += nodes;
        }
    }
    reasons
}

/// Counted reasons are sorted as text, so `10 x` stands before `2 y`.
pub fn fit_message(nodes: usize, reasons: &BTreeMap<SmolStr, usize>, post: &str) -> String {
    let mut counted: Vec<String> =
        reasons.iter().map(|(reason, count)| format!("{count} {reason}")).collect();
    counted.sort();
    compose(nodes, &counted.join(", "), post)
}

/// The same where a plugin refused the pod before any node was looked at.
pub fn pre_filter_message(nodes: usize, reason: &str, post: &str) -> String {
    compose(nodes, reason, post)
}

fn compose(nodes: usize, why: &str, post: &str) -> String {
    let mut message = format!("0/{nodes} nodes are available:");
    if !why.is_empty() {
        message.push_str(&format!(" {why}."));
    }
    if !post.is_empty() {
        message.push_str(&format!(" {post}"));
    }
    message
}

const NOTE_MAX: usize = 1024;
const ELLIPSIS: &str = " ...";

/// What fits into the note of an event.
pub fn truncated(message: &str) -> SmolStr {
    if message.len() <= NOTE_MAX {
        return message.into();
    }
    let room = NOTE_MAX - ELLIPSIS.len();
    let end = (0..=room).rev().find(|end| message.is_char_boundary(*end)).unwrap_or(0);
    format!("{}{ELLIPSIS}", message.get(..end).unwrap_or_default()).into()
}
