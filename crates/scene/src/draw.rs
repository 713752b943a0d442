//! The strokes that every part of the picture shares: cards, text that keeps its room, phase
//! glyphs made of shapes, roads.

use smol_str::SmolStr;

use crate::display::{Align, Font, Item, Point, Rect, Token};
use crate::measure::{elide_end, elide_middle, width};
use crate::phase::Phase;

pub(crate) const fn pt(x: f32, y: f32) -> Point {
    Point { x, y }
}

/// Draws into a layer; everything gets the pen's alpha.
pub(crate) struct Pen<'a> {
    pub items: &'a mut Vec<Item>,
    pub alpha: f32,
}

/// How a piece of text looks.
#[derive(Clone, Copy)]
pub(crate) struct Style {
    pub font: Font,
    pub size: f32,
    pub weight: u16,
    pub color: Token,
}

impl Style {
    pub const fn text(size: f32, color: Token) -> Self {
        Style { font: Font::Text, size, weight: 400, color }
    }

    pub const fn code(size: f32, color: Token) -> Self {
        Style { font: Font::Code, size, weight: 400, color }
    }

    pub const fn bold(self) -> Self {
        Style { weight: 600, ..self }
    }

    pub fn width(self, text: &str) -> f32 {
        width(text, self.font, self.size, self.weight)
    }
}

impl Pen<'_> {
    pub fn rect(&mut self, rect: Rect, radius: f32, fill: Option<Token>, stroke: Option<Token>) {
        let stroke = stroke.map(|token| (token, 1.0));
        self.card(rect, radius, fill, stroke, false);
    }

    pub fn card(
        &mut self,
        rect: Rect,
        radius: f32,
        fill: Option<Token>,
        stroke: Option<(Token, f32)>,
        dashed: bool,
    ) {
        self.items.push(Item::Rect { rect, radius, fill, stroke, dashed, alpha: self.alpha });
    }

    pub fn dot(&mut self, center: Point, radius: f32, fill: Token) {
        let alpha = self.alpha;
        self.items.push(Item::Circle { center, radius, fill: Some(fill), stroke: None, alpha });
    }

    pub fn road(&mut self, points: Vec<Point>, stroke: Token, width: f32, dashed: bool, fade: f32) {
        if points.len() > 1 {
            let alpha = self.alpha * fade;
            self.items.push(Item::Line { points, radius: 8.0, stroke, width, dashed, alpha });
        }
    }

    fn put(&mut self, at: Point, text: SmolStr, style: Style, align: Align, max_width: f32) {
        if text.is_empty() || max_width < style.size * 0.5 {
            return;
        }
        let Style { font, size, weight, color } = style;
        let alpha = self.alpha;
        self.items.push(Item::Text {
            at,
            text,
            font,
            size,
            weight,
            color,
            align,
            max_width,
            alpha,
        });
    }

    /// Text that loses its end where the room is short.
    pub fn text(&mut self, x: f32, y: f32, text: &str, style: Style, max: f32) {
        let short = elide_end(text, style.font, style.size, style.weight, max);
        self.put(pt(x, y), short, style, Align::Left, max);
    }

    /// Text that ends at `x`; gives its width back.
    pub fn right(&mut self, x: f32, y: f32, text: &str, style: Style, max: f32) -> f32 {
        let short = elide_end(text, style.font, style.size, style.weight, max);
        let used = style.width(&short);
        self.put(pt(x, y), short, style, Align::Right, max);
        used
    }

    pub fn center(&mut self, x: f32, y: f32, text: &str, style: Style, max: f32) {
        let short = elide_end(text, style.font, style.size, style.weight, max);
        self.put(pt(x, y), short, style, Align::Center, max);
    }

    /// A generated name, which keeps its end.
    pub fn name(&mut self, x: f32, y: f32, text: &str, style: Style, max: f32) {
        let short = elide_middle(text, style.font, style.size, style.weight, max);
        self.put(pt(x, y), short, style, Align::Left, max);
    }

    fn stroke(&mut self, points: &[(f32, f32)], at: Point, unit: f32, color: Token, width: f32) {
        let points = points.iter().map(|(x, y)| pt(at.x + x * unit, at.y + y * unit)).collect();
        let alpha = self.alpha;
        self.items.push(Item::Line {
            points,
            radius: 0.0,
            stroke: color,
            width,
            dashed: false,
            alpha,
        });
    }

    fn ring(&mut self, at: Point, r: f32, color: Token) {
        let alpha = self.alpha;
        let stroke = Some((color, 1.4));
        self.items.push(Item::Circle { center: at, radius: r - 0.7, fill: None, stroke, alpha });
    }

    /// The sign of a phase in a circle of radius `r`, the same with every font.
    pub fn glyph(&mut self, at: Point, r: f32, phase: Phase) {
        let color = phase.tokens().0;
        match phase {
            Phase::Running => self.dot(at, r, color),
            Phase::NotReady => {
                self.ring(at, r, color);
                self.stroke(&[(-0.4, -0.35), (-0.4, 0.35)], at, r, color, r * 0.6);
            }
            Phase::Creating => {
                self.ring(at, r, color);
                self.stroke(&[(0.0, -0.55), (0.0, 0.0), (0.5, 0.0)], at, r, color, 1.4);
            }
            Phase::Pending => self.ring(at, r, color),
            Phase::Failed => {
                self.stroke(&[(-0.8, -0.8), (0.8, 0.8)], at, r, color, 1.7);
                self.stroke(&[(-0.8, 0.8), (0.8, -0.8)], at, r, color, 1.7);
            }
            Phase::Succeeded => {
                self.stroke(&[(-0.9, 0.1), (-0.25, 0.75), (0.9, -0.7)], at, r, color, 1.7);
            }
            Phase::Terminating => {
                let rect = Rect::new(at.x - r + 0.7, at.y - r + 0.7, 2.0 * r - 1.4, 2.0 * r - 1.4);
                self.card(rect, r - 0.7, None, Some((color, 1.4)), true);
            }
        }
    }
}

/// From 0 to 1, fast at first.
pub(crate) fn ease_out(t: f64) -> f32 {
    let rest = 1.0 - t.clamp(0.0, 1.0);
    (1.0 - rest * rest * rest) as f32
}

/// Moves and scales what is drawn, as somebody zooms and scrolls.
pub(crate) fn transform(items: &mut [Item], zoom: f32, scroll: (f32, f32)) {
    if zoom == 1.0 && scroll == (0.0, 0.0) {
        return;
    }
    for item in items {
        match item {
            Item::Rect { rect, radius, .. } => {
                *rect = moved(*rect, zoom, scroll);
                *radius *= zoom;
            }
            Item::Circle { center, radius, .. } => {
                *center = moved_point(*center, zoom, scroll);
                *radius *= zoom;
            }
            Item::Line { points, radius, .. } => {
                for point in points.iter_mut() {
                    *point = moved_point(*point, zoom, scroll);
                }
                *radius *= zoom;
            }
            Item::Text { at, size, max_width, .. } => {
                *at = moved_point(*at, zoom, scroll);
                *size *= zoom;
                *max_width *= zoom;
            }
            Item::Raster { rect, .. } => *rect = moved(*rect, zoom, scroll),
        }
    }
}

fn moved_point(p: Point, zoom: f32, scroll: (f32, f32)) -> Point {
    pt(p.x * zoom - scroll.0, p.y * zoom - scroll.1)
}

pub(crate) fn moved(rect: Rect, zoom: f32, scroll: (f32, f32)) -> Rect {
    let at = moved_point(pt(rect.x, rect.y), zoom, scroll);
    Rect::new(at.x, at.y, rect.w * zoom, rect.h * zoom)
}
