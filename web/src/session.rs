//! What the page shows, as plain data: a reducer's state. The cluster is not in here.

use std::rc::Rc;

use scene::{Lang, Target, Theme};
use serde_json::json;
use yew::Reducible;

use crate::storage;

const KEY: &str = "kubarium.session";
/// The page's head reads it before the first paint.
const THEME_KEY: &str = "kubarium.theme";

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
    /// What lies over the page.
    pub overlay: Overlay,
    /// The card of a first visit was closed.
    pub welcomed: bool,
}

/// At most one of these is open.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Overlay {
    None,
    Palette,
    Shortcuts,
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
            narrow: Narrow::Below,
            selected: None,
            overlay: Overlay::None,
            welcomed: false,
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
    /// As `ShowBelow`, but a narrow screen stays where it is.
    ShowResult(Below),
    ShowBeside(Beside),
    Select(Option<Target>),
    Open(Overlay),
    Welcomed,
}

impl Session {
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
            Action::ShowResult(panel) => self.below = panel,
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
            Action::Open(overlay) => self.overlay = overlay,
            Action::Welcomed => self.welcomed = true,
        }
    }

    /// As the person left the page, or as their system is set.
    pub fn load() -> Self {
        let kept: serde_json::Value = storage::load(KEY).unwrap_or_default();
        let word = |key: &str| kept[key].as_str().unwrap_or_default().to_owned();
        let lang = match word("lang").as_str() {
            "en" => Lang::En,
            "ko" => Lang::Ko,
            _ => system_lang(),
        };
        let theme = match storage::text(THEME_KEY).as_deref() {
            Some("dark") => Theme::Dark,
            Some("light") => Theme::Light,
            _ => system_theme(),
        };
        let below = match word("below").as_str() {
            "events" => Below::Events,
            "metrics" => Below::Metrics,
            "account" => Below::Account,
            _ => Below::Terminal,
        };
        let beside = if word("beside") == "logs" { Beside::Logs } else { Beside::Manifest };
        let speed = kept["speed"].as_u64().map_or(NORMAL_SPEED, |index| index as usize);
        Session {
            lang,
            theme,
            below,
            beside,
            speed: speed.min(SPEEDS.len() - 1),
            welcomed: kept["welcomed"].as_bool().unwrap_or(false),
            ..Session::default()
        }
    }

    fn save(&self, before: &Session) {
        if self.theme != before.theme {
            let theme = if self.theme == Theme::Dark { "dark" } else { "light" };
            storage::save_text(THEME_KEY, theme.to_owned());
        }
        let below = match self.below {
            Below::Terminal => "terminal",
            Below::Events => "events",
            Below::Metrics => "metrics",
            Below::Account => "account",
        };
        let kept = json!({
            "lang": if self.lang == Lang::Ko { "ko" } else { "en" },
            "below": below,
            "beside": if self.beside == Beside::Logs { "logs" } else { "manifest" },
            "speed": self.speed,
            "welcomed": self.welcomed,
        });
        storage::save(KEY, &kept);
    }
}

fn system_lang() -> Lang {
    let language = web_sys::window().and_then(|window| window.navigator().language());
    if language.is_some_and(|language| language.starts_with("ko")) { Lang::Ko } else { Lang::En }
}

fn system_theme() -> Theme {
    if matches_media("(prefers-color-scheme: dark)") { Theme::Dark } else { Theme::Light }
}

pub fn matches_media(query: &str) -> bool {
    let found = web_sys::window().and_then(|window| window.match_media(query).ok().flatten());
    found.is_some_and(|list| list.matches())
}

impl Reducible for Session {
    type Action = Action;

    fn reduce(self: Rc<Self>, action: Action) -> Rc<Self> {
        let mut next = (*self).clone();
        next.apply(action);
        if next == *self {
            return self;
        }
        next.save(&self);
        Rc::new(next)
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
        assert_eq!(SPEEDS[session.speed], 1000.0);
        for _ in 0..50 {
            session.apply(Action::Slower);
        }
        assert_eq!(SPEEDS[session.speed], 0.1);
        session.apply(Action::Select(Some(Target::Node("node-1".into()))));
        assert_eq!(session.beside, Beside::Inspect);
    }
}
