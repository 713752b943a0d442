//! What a person sees of a pod's state: one phase with colour, glyph and word, from the pod's
//! status as `kubectl get` reads it.

use api::Pod;
use api::core::pod_status::{ContainerState, ContainerStatus, PodPhase};
use clock::SimTime;
use smol_str::SmolStr;

use crate::display::Token;
use crate::strings::{Lang, Word};

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Phase {
    /// No node yet.
    #[default]
    Pending,
    /// On a node, not started: pulling its image or making its containers.
    Creating,
    /// Runs, but takes no requests.
    NotReady,
    Running,
    Succeeded,
    Failed,
    Terminating,
}

/// All phases, in the order of a pod's life.
pub const PHASES: [Phase; 7] = [
    Phase::Pending,
    Phase::Creating,
    Phase::NotReady,
    Phase::Running,
    Phase::Succeeded,
    Phase::Failed,
    Phase::Terminating,
];

impl Phase {
    /// Strong and soft colour.
    pub const fn tokens(self) -> (Token, Token) {
        match self {
            Phase::Pending => (Token::Pending, Token::PendingSoft),
            Phase::Creating => (Token::Creating, Token::CreatingSoft),
            Phase::NotReady | Phase::Running => (Token::Running, Token::RunningSoft),
            Phase::Succeeded => (Token::Succeeded, Token::SucceededSoft),
            Phase::Failed => (Token::Failed, Token::FailedSoft),
            Phase::Terminating => (Token::Terminating, Token::TerminatingSoft),
        }
    }

    pub const fn word(self) -> Word {
        match self {
            Phase::Pending => Word::Pending,
            Phase::Creating => Word::Creating,
            Phase::NotReady => Word::NotReadyPod,
            Phase::Running => Word::Running,
            Phase::Succeeded => Word::Succeeded,
            Phase::Failed => Word::Failed,
            Phase::Terminating => Word::Terminating,
        }
    }

    /// The glyph as a character, for text beside the picture.
    pub const fn glyph(self) -> char {
        match self {
            Phase::Pending => '○',
            Phase::Creating => '◔',
            Phase::NotReady => '◐',
            Phase::Running => '●',
            Phase::Succeeded => '✓',
            Phase::Failed => '✕',
            Phase::Terminating => '◌',
        }
    }
}

/// What a pod's status says at a glance.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Glance {
    pub phase: Phase,
    /// The API's own word where there is one: `CrashLoopBackOff`, `ErrImagePull`, …
    pub reason: SmolStr,
    pub restarts: i32,
    /// When the back-off ends, as Unix seconds.
    pub retry_at: Option<i64>,
}

/// Models the STATUS column of pkg/printers/internalversion/printers.go `printPod`.
pub fn glance(pod: &Pod) -> Glance {
    let status = &pod.status;
    let containers = status.init_container_statuses.iter().chain(&status.container_statuses);
    let restarts = status.container_statuses.iter().map(|one| one.restart_count).sum();
    let trouble = containers.clone().find_map(trouble);
    let (phase, reason) = if pod.metadata.is_deleting() {
        (Phase::Terminating, SmolStr::default())
    } else if status.phase == PodPhase::Succeeded {
        (Phase::Succeeded, SmolStr::default())
    } else if status.phase == PodPhase::Failed {
        (Phase::Failed, status.reason.clone())
    } else if pod.spec.node_name.is_empty() {
        (Phase::Pending, SmolStr::default())
    } else if let Some(reason) = trouble {
        (Phase::Failed, reason)
    } else if status.phase == PodPhase::Running && status.is_ready() {
        (Phase::Running, SmolStr::default())
    } else if status.phase == PodPhase::Running {
        (Phase::NotReady, SmolStr::default())
    } else {
        (Phase::Creating, SmolStr::default())
    };
    let retry_at =
        if phase == Phase::Failed { containers.filter_map(retry_at).max() } else { None };
    Glance { phase, reason, restarts, retry_at }
}

fn trouble(status: &ContainerStatus) -> Option<SmolStr> {
    match &status.state {
        ContainerState::Waiting(waiting) => {
            let calm = ["", "ContainerCreating", "PodInitializing"];
            (!calm.contains(&waiting.reason.as_str())).then(|| waiting.reason.clone())
        }
        ContainerState::Terminated(end) if end.exit_code != 0 => Some(if end.reason.is_empty() {
            SmolStr::new_static("Error")
        } else {
            end.reason.clone()
        }),
        _ => None,
    }
}

/// From `back-off 1m20s restarting failed container=…` and the end of the last run.
fn retry_at(status: &ContainerStatus) -> Option<i64> {
    let ContainerState::Waiting(waiting) = &status.state else { return None };
    let ContainerState::Terminated(last) = &status.last_state else { return None };
    let span = waiting.message.strip_prefix("back-off ")?.split(' ').next()?;
    Some(last.finished_at?.0.saturating_add(seconds(span)?))
}

/// Seconds of a Go duration of whole units: `1m20s`.
fn seconds(text: &str) -> Option<i64> {
    let (mut total, mut number) = (0_i64, 0_i64);
    for c in text.chars() {
        let unit = match c {
            'h' => 3600,
            'm' => 60,
            's' => 1,
            digit => {
                let digit = i64::from(digit.to_digit(10)?);
                number = number.checked_mul(10)?.checked_add(digit)?;
                continue;
            }
        };
        total = total.checked_add(number.checked_mul(unit)?)?;
        number = 0;
    }
    Some(total)
}

impl Glance {
    /// The word beside the glyph, short enough for a card.
    pub fn word(&self, lang: Lang, pulling: bool) -> SmolStr {
        if self.phase == Phase::Creating && pulling {
            return Word::Pulling.text(lang).into();
        }
        if self.phase != Phase::Failed || self.reason.is_empty() {
            return self.phase.word().text(lang).into();
        }
        self.reason.strip_suffix("BackOff").unwrap_or(&self.reason).into()
    }

    /// Seconds until the next try.
    pub fn retry_in(&self, now: SimTime, epoch: i64) -> Option<i64> {
        let now = epoch.saturating_add((now.millis() / 1000) as i64);
        self.retry_at.map(|at| at.saturating_sub(now)).filter(|left| *left > 0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn go_durations() {
        for (text, want) in
            [("10s", Some(10)), ("1m20s", Some(80)), ("5m0s", Some(300)), ("x", None)]
        {
            assert_eq!(seconds(text), want, "{text}");
        }
    }
}
