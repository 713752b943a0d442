//! The display list as a self-contained SVG: for exports, documentation and golden tests.

use std::fmt::Write;

use crate::display::{Align, DisplayList, Font, Item, Point, Rect, Token};
use crate::measure::width;
use crate::theme::{Theme, hex, theme};

const TEXT_STACK: &str = "Inter, Pretendard, 'Noto Sans KR', 'Noto Sans CJK KR', system-ui, \
    sans-serif";
const CODE_STACK: &str = "'JetBrains Mono', D2Coding, ui-monospace, 'DejaVu Sans Mono', \
    'Noto Sans CJK KR', monospace";
/// Fonts of other systems may be so much wider than the table; beyond it text is condensed.
const SPREAD: f32 = 1.12;

/// Paints all layers, the ground first.
pub fn svg(list: &DisplayList, of: Theme) -> String {
    let (w, h) = list.size;
    let paper = hex(theme(of, Token::Paper));
    let mut out = String::new();
    let _ = writeln!(
        out,
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{w}\" height=\"{h}\" \
         viewBox=\"0 0 {w} {h}\">\n<rect width=\"{w}\" height=\"{h}\" fill=\"{paper}\"/>"
    );
    for (name, layer) in
        [("ground", &list.ground), ("state", &list.state), ("motion", &list.motion)]
    {
        let _ = writeln!(out, "<g id=\"{name}\">");
        for item in &layer.items {
            paint(&mut out, item, of);
        }
        out.push_str("</g>\n");
    }
    out.push_str("</svg>\n");
    out
}

fn paint(out: &mut String, item: &Item, of: Theme) {
    match item {
        Item::Rect { rect, radius, fill, stroke, dashed, alpha } => {
            let Rect { x, y, w, h } = rect;
            let _ = write!(
                out,
                "<rect x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\" rx=\"{}\"",
                num(*x),
                num(*y),
                num(w.max(0.0)),
                num(h.max(0.0)),
                num(*radius)
            );
            look(out, of, *fill, *stroke, *dashed, *alpha);
        }
        Item::Circle { center, radius, fill, stroke, alpha } => {
            let (x, y, r) = (num(center.x), num(center.y), num(*radius));
            let _ = write!(out, "<circle cx=\"{x}\" cy=\"{y}\" r=\"{r}\"");
            look(out, of, *fill, *stroke, false, *alpha);
        }
        Item::Line { points, radius, stroke, width, dashed, alpha } => {
            let _ = write!(out, "<path d=\"{}\" stroke-linecap=\"round\"", path(points, *radius));
            look(out, of, None, Some((*stroke, *width)), *dashed, *alpha);
        }
        Item::Text { .. } => text(out, item, of),
        Item::Raster { rect, columns, cells, palette } => {
            raster(out, of, *rect, *columns, cells, palette);
        }
    }
}

fn look(
    out: &mut String,
    of: Theme,
    fill: Option<Token>,
    stroke: Option<(Token, f32)>,
    dashed: bool,
    alpha: f32,
) {
    let fill = fill.map_or_else(|| "none".to_owned(), |token| hex(theme(of, token)));
    let _ = write!(out, " fill=\"{fill}\"");
    if let Some((token, width)) = stroke {
        let color = hex(theme(of, token));
        let _ = write!(out, " stroke=\"{color}\" stroke-width=\"{}\"", num(width));
    }
    if dashed {
        out.push_str(" stroke-dasharray=\"3 3\"");
    }
    if alpha < 1.0 {
        let _ = write!(out, " opacity=\"{}\"", num(alpha));
    }
    out.push_str("/>\n");
}

fn text(out: &mut String, item: &Item, of: Theme) {
    let Item::Text { at, text, font, size, weight, color, align, max_width, alpha } = item else {
        return;
    };
    let stack = if *font == Font::Code { CODE_STACK } else { TEXT_STACK };
    let anchor = match align {
        Align::Left => "start",
        Align::Center => "middle",
        Align::Right => "end",
    };
    let (x, y) = (num(at.x), num(at.y));
    let color = hex(theme(of, *color));
    let _ = write!(
        out,
        "<text x=\"{x}\" y=\"{y}\" font-family=\"{stack}\" font-size=\"{size}\" \
         font-weight=\"{weight}\" fill=\"{color}\" text-anchor=\"{anchor}\" xml:space=\"preserve\""
    );
    let wide = width(text, *font, *size, *weight);
    if wide * SPREAD > *max_width && !text.is_empty() {
        let fit = num(wide.min(*max_width));
        let _ = write!(out, " textLength=\"{fit}\" lengthAdjust=\"spacingAndGlyphs\"");
    }
    if *alpha < 1.0 {
        let _ = write!(out, " opacity=\"{}\"", num(*alpha));
    }
    let _ = writeln!(out, ">{}</text>", escape(text));
}

/// One path a colour: a cell is one square of it.
fn raster(out: &mut String, of: Theme, rect: Rect, columns: u32, cells: &[u8], palette: &[Token]) {
    let columns = columns.max(1) as usize;
    let rows = cells.len().div_ceil(columns).max(1);
    let (w, h) = (rect.w / columns as f32, rect.h / rows as f32);
    for (index, token) in palette.iter().enumerate() {
        let mut d = String::new();
        for (at, _) in cells.iter().enumerate().filter(|(_, cell)| usize::from(**cell) == index) {
            let (x, y) = (rect.x + (at % columns) as f32 * w, rect.y + (at / columns) as f32 * h);
            let _ = write!(d, "M{} {}h{}v{}h-{}z", num(x), num(y), num(w), num(h), num(w));
        }
        if !d.is_empty() {
            let _ = writeln!(out, "<path d=\"{d}\" fill=\"{}\"/>", hex(theme(of, *token)));
        }
    }
}

/// Straight pieces with rounded corners.
fn path(points: &[Point], radius: f32) -> String {
    let mut d = String::new();
    let Some(first) = points.first() else { return d };
    let _ = write!(d, "M{} {}", num(first.x), num(first.y));
    for three in points.windows(3) {
        let [a, b, c] = three else { continue };
        let r = radius.min(length(*a, *b) / 2.0).min(length(*b, *c) / 2.0);
        let (from, to) = (toward(*b, *a, r), toward(*b, *c, r));
        let _ = write!(
            d,
            "L{} {}Q{} {} {} {}",
            num(from.x),
            num(from.y),
            num(b.x),
            num(b.y),
            num(to.x),
            num(to.y)
        );
    }
    if let (Some(last), true) = (points.last(), points.len() > 1) {
        let _ = write!(d, "L{} {}", num(last.x), num(last.y));
    }
    d
}

fn length(a: Point, b: Point) -> f32 {
    ((a.x - b.x) * (a.x - b.x) + (a.y - b.y) * (a.y - b.y)).sqrt()
}

fn toward(from: Point, to: Point, by: f32) -> Point {
    let whole = length(from, to).max(0.001);
    let part = by / whole;
    Point { x: from.x + (to.x - from.x) * part, y: from.y + (to.y - from.y) * part }
}

/// At most two decimals, without a trailing zero.
fn num(value: f32) -> String {
    let rounded = (value * 100.0).round() / 100.0;
    format!("{}", if rounded == 0.0 { 0.0 } else { rounded })
}

fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            c if c.is_control() => out.push('\u{fffd}'),
            c => out.push(c),
        }
    }
    out
}
