//! A pod: from a card with name, phase, address, containers and volumes down to a glyph.

use smol_str::SmolStr;

use super::density::Density;
use crate::display::{Hit, Item, Rect, Target, Token};
use crate::draw::{Pen, Style, ease_out, pt};
use crate::model::{MOVE_MS, Model, PodState};
use crate::phase::Phase;
use crate::strings::{Lang, Word};
use crate::view::View;

const SMALL: Style = Style::text(11.0, Token::Ink);

pub(super) fn target(pod: &PodState) -> Target {
    Target::Pod { namespace: pod.key.namespace.clone(), name: pod.key.name.clone() }
}

pub(super) fn hit(view: &View, pod: &PodState, rect: Rect) -> Hit {
    let word = pod.glance.word(view.lang, pod.pulling);
    let mut label = format!("{} {} {word}", Word::Pod.text(view.lang), pod.key.name);
    for part in [pod.node(), pod.pod.status.pod_ip.as_str()] {
        if !part.is_empty() {
            label.push_str(", ");
            label.push_str(part);
        }
    }
    Hit { rect, target: target(pod), label: label.into() }
}

/// How visible a pod is while it comes and goes, and where it is while it moves up.
pub(super) fn place(pod: &PodState, body: Rect, density: Density, wall: f64) -> (Rect, f32) {
    let to = density.card(body, pod.slot);
    let t = ease_out((wall - pod.moved) / MOVE_MS);
    let mut rect = to;
    if t < 1.0 && pod.slot != pod.slot_before {
        let from = density.card(body, pod.slot_before);
        rect.x = from.x + (to.x - from.x) * t;
        rect.y = from.y + (to.y - from.y) * t;
    }
    let alpha = match pod.gone {
        Some(at) => 1.0 - ease_out((wall - at) / MOVE_MS),
        None => ease_out((wall - pod.born) / MOVE_MS),
    };
    rect.y += (1.0 - alpha) * if pod.gone.is_some() { 0.0 } else { 6.0 };
    (rect, alpha)
}

/// Outline of a pod: its phase, or the accent when somebody looks at it.
fn stroke(view: &View, pod: &PodState, siblings: Option<&SmolStr>) -> (Token, f32) {
    let (strong, _) = pod.glance.phase.tokens();
    if view.is_lit(&target(pod)) {
        (Token::Accent, 2.0)
    } else if siblings.is_some() && pod.controller() == siblings {
        (Token::Accent, 1.2)
    } else {
        (strong, 1.2)
    }
}

pub(super) struct Deck<'a> {
    pub model: &'a Model,
    pub view: &'a View,
    pub density: Density,
    /// Controller of the selected pod: its siblings are outlined too.
    pub siblings: Option<SmolStr>,
}

impl Deck<'_> {
    pub fn draw(&self, pod: &PodState, rect: Rect, alpha: f32, items: &mut Vec<Item>) {
        let pen = &mut Pen { items, alpha };
        let (_, soft) = pod.glance.phase.tokens();
        let line = stroke(self.view, pod, self.siblings.as_ref());
        let dashed = pod.glance.phase == Phase::Terminating;
        match self.density {
            Density::Tiny | Density::Cell => {
                let at = rect.center();
                if self.view.is_lit(&target(pod)) {
                    pen.dot(at, 5.0, Token::Accent);
                }
                pen.dot(at, 3.0, pod.glance.phase.tokens().0);
            }
            Density::Mark => {
                pen.card(rect, 4.0, Some(soft), Some(line), dashed);
                pen.glyph(rect.center(), 4.0, pod.glance.phase);
            }
            Density::Glyph => {
                if self.view.is_lit(&target(pod)) {
                    pen.card(rect.inset(-2.0), 4.0, None, Some(line), false);
                }
                let r = (rect.w / 2.0).min(5.0);
                pen.glyph(pt(rect.x + r, rect.y + r), r - 0.5, pod.glance.phase);
            }
            Density::Chip => chip(self.view, pod, rect, pen.items),
            Density::Line => {
                pen.card(rect, 4.0, Some(soft), Some(line), dashed);
                self.head(pen, pod, rect, 16.0);
            }
            Density::Half => {
                pen.card(rect, 8.0, Some(soft), Some(line), dashed);
                self.head(pen, pod, rect, 18.0);
                self.second(pen, pod, rect, 34.0);
            }
            Density::Full => {
                pen.card(rect, 8.0, Some(soft), Some(line), dashed);
                self.head(pen, pod, rect, 19.0);
                self.second(pen, pod, rect, 35.0);
                self.parts(pen, pod, rect);
            }
        }
    }

    /// Name at the left, phase at the right; they never meet.
    fn head(&self, pen: &mut Pen<'_>, pod: &PodState, rect: Rect, baseline: f32) {
        let y = rect.y + baseline;
        let (strong, _) = pod.glance.phase.tokens();
        let word = pod.glance.word(self.view.lang, pod.pulling);
        let style = Style::text(11.0, strong).bold();
        let name = Style::code(12.0, Token::Ink).bold();
        let inner = rect.w - 20.0;
        let shortest = name.width("web…-x7k2p").min(name.width(&pod.key.name));
        let room = inner - shortest - 20.0;
        let end = rect.x + rect.w - 10.0;
        let used = if style.width(&word) <= room || room > 60.0 {
            pen.right(end, y, &word, style, room)
        } else {
            0.0
        };
        let glyph = end - used - if used > 0.0 { 8.0 } else { 4.0 };
        pen.glyph(pt(glyph, y - 4.0), 4.0, pod.glance.phase);
        pen.name(rect.x + 10.0, y, &pod.key.name, name, glyph - 12.0 - rect.x - 10.0);
    }

    /// Address at the left, restarts or the end of the back-off at the right.
    fn second(&self, pen: &mut Pen<'_>, pod: &PodState, rect: Rect, baseline: f32) {
        let y = rect.y + baseline;
        let lang = self.view.lang;
        let address = pod.pod.status.pod_ip.as_str();
        let note = self.note(pod);
        let style = Style::text(11.0, pod.glance.phase.tokens().0);
        let used = match note {
            Some(note) if self.density != Density::Full => {
                pen.right(rect.x + rect.w - 10.0, y, &note, style, rect.w * 0.5)
            }
            None if self.density == Density::Half => {
                let names = pod.pod.spec.containers.iter().map(|one| one.name.as_str());
                let names = names.collect::<Vec<_>>().join(" · ");
                let style = Style { color: Token::Second, ..SMALL };
                pen.right(rect.x + rect.w - 10.0, y, &names, style, rect.w * 0.5 - 16.0)
            }
            _ => 0.0,
        };
        let room = rect.w - 24.0 - used;
        if address.is_empty() {
            let none = Word::NoAddress.text(lang);
            pen.text(rect.x + 10.0, y, none, Style::text(11.0, Token::Third), room);
        } else {
            pen.text(rect.x + 10.0, y, address, Style::code(11.0, Token::Second), room);
        }
    }

    fn note(&self, pod: &PodState) -> Option<String> {
        let stats = self.model.stats();
        let lang = self.view.lang;
        if let Some(left) = pod.glance.retry_in(stats.now, stats.epoch) {
            return Some(match lang {
                Lang::En => format!("back-off {left} s"),
                Lang::Ko => format!("{left}초 뒤 재시작"),
            });
        }
        (pod.glance.restarts > 0).then(|| match lang {
            Lang::En => format!("↻ {}", pod.glance.restarts),
            Lang::Ko => format!("↻ {}회", pod.glance.restarts),
        })
    }

    /// Where the containers' chips are, and where they must end.
    fn chips(&self, pod: &PodState, rect: Rect) -> (Vec<Rect>, f32) {
        let mut end = rect.x + rect.w - 10.0;
        if pod.pulling {
            end -= 68.0;
        } else if let Some(note) = self.note(pod) {
            end -= SMALL.width(&note).min(rect.w * 0.5) + 8.0;
        }
        let mut x = rect.x + 10.0;
        let mut chips = Vec::new();
        let containers = &pod.pod.spec.containers;
        for (i, container) in containers.iter().enumerate() {
            let w = SMALL.width(&container.name).min(72.0) + 16.0;
            let more = i + 1 < containers.len();
            if x + w > end - if more { 26.0 } else { 0.0 } {
                break;
            }
            chips.push(Rect::new(x, rect.y + 42.0, w, 17.0));
            x += w + 6.0;
        }
        (chips, end)
    }

    /// What can be pointed at within a pod.
    pub fn parts_hit(&self, pod: &PodState, rect: Rect, hits: &mut Vec<Hit>) {
        if self.density != Density::Full {
            return;
        }
        for (chip, container) in self.chips(pod, rect).0.iter().zip(&pod.pod.spec.containers) {
            let name = container.name.clone();
            let (namespace, pod) = (pod.key.namespace.clone(), pod.key.name.clone());
            let label = format!("{} {name}", Word::Container.text(self.view.lang)).into();
            let target = Target::Container { namespace, pod, name };
            hits.push(Hit { rect: *chip, target, label });
        }
    }

    /// Containers, volumes and what is worth a note.
    fn parts(&self, pen: &mut Pen<'_>, pod: &PodState, rect: Rect) {
        let y = rect.y + 54.5;
        let (strong, _) = pod.glance.phase.tokens();
        if let (false, Some(note)) = (pod.pulling, self.note(pod)) {
            let style = Style { color: strong, ..SMALL };
            pen.right(rect.x + rect.w - 10.0, y, &note, style, rect.w * 0.5);
        }
        let (chips, end) = self.chips(pod, rect);
        let containers = &pod.pod.spec.containers;
        for (chip, container) in chips.iter().zip(containers) {
            pen.rect(*chip, 4.0, Some(Token::Surface), Some(strong));
            pen.center(chip.center().x, y, &container.name, SMALL, chip.w - 12.0);
        }
        let x = chips.last().map_or(rect.x + 10.0, |chip| chip.x + chip.w + 6.0);
        let left = containers.len() - chips.len();
        if left > 0 {
            let style = Style { color: Token::Second, ..SMALL };
            pen.text(x + 2.0, y, &format!("+{left}"), style, end - x);
        } else {
            self.volume(pen, pod, x, end, rect.y + 42.0);
        }
    }

    fn volume(&self, pen: &mut Pen<'_>, pod: &PodState, x: f32, end: f32, y: f32) {
        let Some(volume) = pod.pod.spec.volumes.first() else { return };
        let style = Style::text(11.0, Token::Second);
        let more = pod.pod.spec.volumes.len() - 1;
        let name =
            if more > 0 { format!("{} +{more}", volume.name) } else { volume.name.to_string() };
        let w = style.width(&name).min(96.0) + 16.0;
        if x + w <= end {
            let rect = Rect::new(end - w, y, w, 17.0);
            pen.card(rect, 8.0, None, Some((Token::Third, 1.0)), true);
            pen.center(rect.center().x, y + 12.5, &name, style, w - 12.0);
        }
    }
}

/// Glyph and name in a small pill.
pub(super) fn chip(view: &View, pod: &PodState, rect: Rect, items: &mut Vec<Item>) {
    let pen = &mut Pen { items, alpha: 1.0 };
    let (_, soft) = pod.glance.phase.tokens();
    let dashed = pod.glance.phase == Phase::Terminating;
    pen.card(rect, 4.0, Some(soft), Some(stroke(view, pod, None)), dashed);
    let y = rect.y + rect.h / 2.0;
    pen.glyph(pt(rect.x + 10.0, y), 4.0, pod.glance.phase);
    let style = Style::code(11.0, Token::Ink);
    pen.name(rect.x + 18.0, y + 4.0, &pod.key.name, style, rect.w - 22.0);
}
