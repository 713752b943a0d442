//! How somebody looks: size, language, what is hovered and selected.

use crate::display::Target;
use crate::strings::Lang;

/// Plain data of the page; everything a picture depends on beside the model.
#[derive(Clone, Debug, PartialEq)]
pub struct View {
    /// What is visible, in points. The picture is as wide as this and at least as high; see
    /// `DisplayList::size` for how high it became.
    pub size: (f32, f32),
    /// Points by which the picture is moved up and left, after zooming. A page that scrolls by
    /// itself leaves it at zero.
    pub scroll: (f32, f32),
    pub zoom: f32,
    pub lang: Lang,
    pub hover: Option<Target>,
    pub selected: Option<Target>,
    pub reduced_motion: bool,
    /// How many virtual seconds go by in a second.
    pub speed: f64,
    pub paused: bool,
}

impl Default for View {
    fn default() -> Self {
        View {
            size: (992.0, 610.0),
            scroll: (0.0, 0.0),
            zoom: 1.0,
            lang: Lang::En,
            hover: None,
            selected: None,
            reduced_motion: false,
            speed: 1.0,
            paused: false,
        }
    }
}

impl View {
    /// Whether the other needs another layout, not only other accents.
    pub(crate) fn lays_out_otherwise(&self, other: &View) -> bool {
        self.size != other.size
            || self.lang != other.lang
            || self.zoom != other.zoom
            || self.scroll != other.scroll
    }

    /// Whether a target is hovered or selected.
    pub(crate) fn is_lit(&self, target: &Target) -> bool {
        self.hover.as_ref() == Some(target) || self.selected.as_ref() == Some(target)
    }
}
