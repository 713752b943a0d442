//! What the page shows, as plain data: a reducer's state. The cluster is not in here.

use std::rc::Rc;

use scene::{Lang, Target, Theme};
use yew::Reducible;

/// The panel below the picture.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Below {
    Terminal,
    Events,
    Metrics,
    Account,
}

/// The panel beside the picture.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Beside {
    Manifest,
    Inspect,
    Logs,
}

/// On a narrow screen one panel at a time is under the picture.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Narrow {
    Below,
    Beside,
}

/// Speeds of virtual time against wall time.
pub const SPEEDS: &[f64] = &[0.1, 0.25, 0.5, 1.0, 2.0, 5.0, 10.0, 50.0, 100.0, 1000.0];
const NORMAL_SPEED: usize = 3;

#[derive(Clone, Debug, PartialEq)]
pub struct Session {
    pub lang: Lang,
    pub theme: Theme,
    pub playing: bool,
    /// Index into `SPEEDS`.
    pub speed: usize,
    pub below: Below,
    pub beside: Beside,
    pub narrow: Narrow,
    pub selected: Option<Target>,
    /// The manifest in the editor.
    pub file: String,
}

impl Default for Session {
    fn default() -> Self {
        Session {
            lang: Lang::En,
            theme: Theme::Light,
            playing: true,
            speed: NORMAL_SPEED,
            below: Below::Terminal,
            beside: Beside::Manifest,
            narrow: Narrow::Beside,
            selected: None,
            file: "web.yaml".to_owned(),
        }
    }
}

#[derive(Clone, Debug, PartialEq)]
pub enum Action {
    SetLang(Lang),
    ToggleTheme,
    TogglePlay,
    Pause,
    SetSpeed(usize),
    Faster,
    Slower,
    ShowBelow(Below),
    ShowBeside(Beside),
    Select(Option<Target>),
    OpenFile(String),
}

impl Session {
    pub fn speed(&self) -> f64 {
        SPEEDS.get(self.speed).copied().unwrap_or(1.0)
    }

    fn apply(&mut self, action: Action) {
        match action {
            Action::SetLang(lang) => self.lang = lang,
            Action::ToggleTheme => {
                self.theme = match self.theme {
                    Theme::Light => Theme::Dark,
                    Theme::Dark => Theme::Light,
                };
            }
            Action::TogglePlay => self.playing = !self.playing,
            Action::Pause => self.playing = false,
            Action::SetSpeed(index) => self.speed = index.min(SPEEDS.len() - 1),
            Action::Faster => self.speed = (self.speed + 1).min(SPEEDS.len() - 1),
            Action::Slower => self.speed = self.speed.saturating_sub(1),
            Action::ShowBelow(panel) => {
                self.below = panel;
                self.narrow = Narrow::Below;
            }
            Action::ShowBeside(panel) => {
                self.beside = panel;
                self.narrow = Narrow::Beside;
            }
            Action::Select(target) => {
                if target.is_some() {
                    self.beside = Beside::Inspect;
                    self.narrow = Narrow::Beside;
                }
                self.selected = target;
            }
            Action::OpenFile(name) => {
                self.file = name;
                self.beside = Beside::Manifest;
                self.narrow = Narrow::Beside;
            }
        }
    }
}

impl Reducible for Session {
    type Action = Action;

    fn reduce(self: Rc<Self>, action: Action) -> Rc<Self> {
        let mut next = (*self).clone();
        next.apply(action);
        if next == *self { self } else { Rc::new(next) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn speeds_stay_in_range_and_selecting_opens_the_inspector() {
        let mut session = Session::default();
        for _ in 0..50 {
            session.apply(Action::Faster);
        }
        assert_eq!(session.speed(), 1000.0);
        for _ in 0..50 {
            session.apply(Action::Slower);
        }
        assert_eq!(session.speed(), 0.1);
        session.apply(Action::Select(Some(Target::Node("node-1".into()))));
        assert_eq!(session.beside, Beside::Inspect);
    }
}
