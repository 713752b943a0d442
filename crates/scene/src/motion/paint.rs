//! Paints what is on its way: dots with tails, light on roads, captions.

use super::{Dot, Kind, Motion};
use crate::display::{Font, Item, Point, Token};
use crate::draw::{Pen, Style, pt};
use crate::measure::elide_middle;
use crate::model::Model;
use crate::view::View;
use crate::views::architecture::roads::{Road, is_gap};
use crate::views::architecture::{Layout, pulls};

const TAIL: f32 = 26.0;

/// Draws the motion layer; true while another frame is wanted.
pub(crate) fn draw(
    model: &mut Model,
    view: &View,
    layout: &Layout,
    wall: f64,
    items: &mut Vec<Item>,
) -> bool {
    model.motion.speed = view.speed;
    model.motion.reduced = view.reduced_motion;
    let busy = model.motion.settle(wall);
    let model = &*model;
    let motion = &model.motion;
    for ((road, kind), glow) in &motion.glow {
        if let Some(points) = layout.road(model, road) {
            light(points, *kind, glow.now(wall), items);
        }
    }
    for dot in motion.dots.iter().filter(|dot| dot.start <= wall) {
        if let Some(mut points) = layout.road(model, &dot.road) {
            if dot.back {
                points.reverse();
            }
            let t = ((wall - dot.start) / dot.took).clamp(0.0, 1.0) as f32;
            paint_dot(dot, &points, t * t * (3.0 - 2.0 * t), items);
        }
    }
    if !layout.narrow {
        words(motion, layout, wall, items);
    }
    let pulling = pulls(model, layout, items);
    busy || (pulling && !view.paused)
}

fn light(points: Vec<Point>, kind: Kind, level: f32, items: &mut Vec<Item>) {
    let level = level.clamp(0.0, 1.0);
    let pen = &mut Pen { items, alpha: (level * 1.5).min(0.8) };
    for piece in points.split(is_gap) {
        pen.road(piece.to_vec(), kind.token(), 2.0 + 2.0 * level, false, 1.0);
    }
}

fn paint_dot(dot: &Dot, points: &[Point], t: f32, items: &mut Vec<Item>) {
    let whole = length(points);
    let head = whole * t;
    let color = dot.kind.token();
    let Some(at) = along(points, head) else { return };
    if dot.quiet {
        Pen { items, alpha: 0.55 }.dot(at, 2.5, color);
        return;
    }
    let tail = between(points, (head - TAIL).max(0.0), head);
    let pen = &mut Pen { items, alpha: 0.35 };
    for piece in tail.split(is_gap) {
        pen.road(piece.to_vec(), color, 3.0, false, 1.0);
    }
    pen.alpha = 1.0;
    if dot.count > 1 && dot.kind != Kind::Request && dot.kind != Kind::Dropped {
        pen.dot(at, 8.0, color);
        let style = Style::text(11.0, Token::OnAccent).bold();
        let text = if dot.count > 99 { "99".to_owned() } else { dot.count.to_string() };
        pen.center(at.x, at.y + 4.0, &text, style, 14.0);
    } else {
        pen.dot(at, 4.5, color);
    }
}

/// Verb and object, where there is room for them: above kubectl's road, at etcd, and below the
/// API server for everybody else.
fn words(motion: &Motion, layout: &Layout, wall: f64, items: &mut Vec<Item>) {
    let pen = &mut Pen { items, alpha: 1.0 };
    let code = |token| Style::code(11.0, token);
    let newest = |road: Road| {
        let on = |dot: &&Dot| dot.road == road && dot.start <= wall && !dot.label.is_empty();
        motion.dots.iter().rfind(on)
    };
    if let Some(dot) = newest(Road::Kubectl) {
        let left = layout.kubectl.x + layout.kubectl.w + 6.0;
        let right = layout.apiserver.x - 6.0;
        let y = layout.apiserver.center().y - 5.0;
        let short = elide_middle(&dot.label, Font::Code, 11.0, 400, right - left);
        pen.center((left + right) / 2.0, y, &short, code(dot.kind.token()), right - left);
    }
    let api = layout.apiserver;
    if let Some(caption) = &motion.caption {
        let left = api.center().x + 12.0;
        let room = layout.dns.x - left - 12.0;
        let y = layout.panel.y + layout.panel.h - 14.0;
        pen.name(left, y, &caption.text, code(caption.kind.token()), room);
    }
}

fn length(points: &[Point]) -> f32 {
    points.windows(2).map(distance).sum()
}

fn distance(two: &[Point]) -> f32 {
    match two {
        [a, b] if !is_gap(a) && !is_gap(b) => {
            ((a.x - b.x) * (a.x - b.x) + (a.y - b.y) * (a.y - b.y)).sqrt()
        }
        _ => 0.0,
    }
}

/// The point so far along the way.
fn along(points: &[Point], mut far: f32) -> Option<Point> {
    for two in points.windows(2) {
        let step = distance(two);
        if let [a, b] = two
            && far <= step
            && step > 0.0
        {
            let t = far / step;
            return Some(pt(a.x + (b.x - a.x) * t, a.y + (b.y - a.y) * t));
        }
        far -= step;
    }
    points.last().copied().filter(|last| !is_gap(last))
}

/// The piece of the way between two distances, with its corners.
fn between(points: &[Point], from: f32, to: f32) -> Vec<Point> {
    let mut piece = Vec::new();
    piece.extend(along(points, from));
    let mut far = 0.0;
    for two in points.windows(2) {
        far += distance(two);
        if let [_, b] = two
            && far > from
            && far < to
        {
            piece.push(*b);
        }
    }
    piece.extend(along(points, to));
    piece
}
