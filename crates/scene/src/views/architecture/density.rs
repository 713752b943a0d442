//! Level of detail of pods: as much as there is room for, from a card to a cell.

use crate::display::Rect;

/// Above this many pods in all there are no labels.
const LABELS_MAX: u32 = 300;

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Density {
    /// Name, phase, address, containers.
    #[default]
    Full,
    /// Name, phase, address.
    Half,
    /// Name and phase.
    Line,
    /// Glyph and the end of the name.
    Chip,
    /// Glyph in a small card.
    Mark,
    Glyph,
    /// A dot of its colour.
    Tiny,
    /// One cell of a raster.
    Cell,
}

impl Density {
    /// Narrowest width, height and gap of a card.
    const fn metrics(self) -> (f32, f32, f32) {
        match self {
            Density::Full => (170.0, 66.0, 8.0),
            Density::Half => (150.0, 44.0, 6.0),
            Density::Line => (130.0, 24.0, 4.0),
            Density::Chip => (56.0, 20.0, 4.0),
            Density::Mark => (17.0, 17.0, 4.0),
            Density::Glyph => (10.0, 10.0, 3.0),
            Density::Tiny | Density::Cell => (6.0, 6.0, 2.0),
        }
    }

    pub fn columns(self, width: f32) -> usize {
        let (w, _, gap) = self.metrics();
        ((width + gap) / (w + gap)).max(1.0) as usize
    }

    /// How high `count` pods are in a room of this width.
    pub fn height(self, width: f32, count: usize) -> f32 {
        let (_, h, gap) = self.metrics();
        count.div_ceil(self.columns(width)) as f32 * (h + gap) - gap
    }

    /// Where the pod in a slot is.
    pub fn card(self, body: Rect, slot: u32) -> Rect {
        let (w, h, gap) = self.metrics();
        let columns = self.columns(body.w);
        let slot = slot as usize;
        let (row, column) = (slot / columns, slot % columns);
        let w = match self {
            Density::Mark | Density::Glyph | Density::Tiny | Density::Cell => w,
            _ => (body.w + gap) / columns as f32 - gap,
        };
        Rect::new(body.x + column as f32 * (w + gap), body.y + row as f32 * (h + gap), w, h)
    }
}

/// The most detailed density with which the fullest node's pods fit.
pub(crate) fn density(room: Rect, fullest: usize, pods: u32) -> Density {
    let labels = [Density::Full, Density::Half, Density::Line, Density::Chip];
    let labels = labels.into_iter().filter(|_| pods <= LABELS_MAX);
    let fits = |one: &Density| one.height(room.w, fullest) <= room.h;
    labels.chain([Density::Mark, Density::Glyph]).find(fits).unwrap_or(Density::Tiny)
}
