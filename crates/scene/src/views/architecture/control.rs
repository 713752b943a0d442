//! The control plane: its components by name and what each of them says of itself.

use super::layout::Layout;
use super::roads::Road;
use crate::display::{DisplayList, Hit, Item, Rect, Target, Token};
use crate::draw::{Pen, Style, pt};
use crate::model::Model;
use crate::strings::{Lang, Word};
use crate::view::View;

const NAME: Style = Style::text(14.0, Token::Ink).bold();
const WORD: Style = Style::text(12.0, Token::Second);

/// Further waiting pods cannot be pointed at one by one.
const HITS_MAX: usize = 300;

/// Boxes, names and roads: what only the layout changes.
pub(super) fn ground(model: &Model, view: &View, layout: &Layout, items: &mut Vec<Item>) {
    let pen = &mut Pen { items, alpha: 1.0 };
    let panel = layout.panel;
    pen.rect(panel, 14.0, Some(Token::Sunk), Some(Token::Line));
    let title = Style::text(12.0, Token::Second).bold();
    let (x, y) = (panel.x + if layout.narrow { 12.0 } else { 20.0 }, panel.y + 26.0);
    let room = layout.pending.x - x - 8.0;
    pen.text(x, y, Word::ControlPlane.text(view.lang), title, room);
    if !layout.narrow {
        let mut masters = model.nodes().filter(|node| node.control_plane);
        if let Some(first) = masters.next() {
            let more = masters.count();
            let name =
                if more > 0 { format!("{} +{more}", first.name) } else { first.name.to_string() };
            let end = panel.x + panel.w - 20.0;
            pen.right(end, y, &name, Style::code(11.0, Token::Third), 100.0);
        }
    }
    for road in [Road::Kubectl, Road::Etcd, Road::Dns, Road::Scheduler, Road::Manager] {
        if let Some(points) = layout.road(model, &road) {
            pen.road(points, Token::StrongLine, 1.5, false, 1.0);
        }
    }
}

/// What is in a component's box: name, target, box, text below, and whether it is the accent.
fn boxes(model: &Model, view: &View, layout: &Layout) -> [(&'static str, Rect, String); 6] {
    let lang = view.lang;
    let stats = model.stats();
    let queue = stats.active + stats.backoff + stats.unschedulable;
    let scheduler = match (queue, lang) {
        (0, _) => Word::Idle.text(lang).to_owned(),
        (n, Lang::En) => format!("{n} {}", Word::Queue.text(lang)),
        (n, Lang::Ko) => format!("{} {n}", Word::Queue.text(lang)),
    };
    let rev = Word::Rev.text(lang);
    let api = if stats.api_rate > 0.0 {
        format!("{rev} {} · {} req/s", grouped(stats.revision), whole(stats.api_rate))
    } else {
        format!("{rev} {}", grouped(stats.revision))
    };
    let etcd = format!(
        "{} {} · {}",
        grouped(stats.objects),
        Word::Keys.text(lang),
        grouped(stats.revision)
    );
    [
        ("kubectl", layout.kubectl, Word::You.text(lang).to_owned()),
        ("kube-apiserver", layout.apiserver, api),
        ("etcd", layout.etcd, etcd),
        ("kube-scheduler", layout.scheduler, scheduler),
        ("kube-controller-manager", layout.manager, stats.controller.to_string()),
        ("CoreDNS", layout.dns, stats.dns.to_string()),
    ]
}

pub(super) fn state(model: &Model, view: &View, layout: &Layout, out: &mut DisplayList) {
    for (name, rect, word) in boxes(model, view, layout) {
        let target = Target::Component(name.into());
        let api = name == "kube-apiserver";
        let lit = view.is_lit(&target);
        let pen = &mut Pen { items: &mut out.state.items, alpha: 1.0 };
        let stroke = match (lit, api) {
            (true, _) => (Token::Accent, 2.0),
            (false, true) => (Token::Accent, 1.5),
            (false, false) => (Token::StrongLine, 1.0),
        };
        pen.card(rect, 8.0, Some(Token::Surface), Some(stroke), false);
        let (x, room) = (rect.x + 12.0, rect.w - 20.0);
        let shown = name.strip_prefix("kube-controller-").map_or(name, |_| "controller-manager");
        let tall = rect.h / 2.0;
        let top = rect.y + if api { 22.0 } else { tall - 4.0 };
        let top = if word.is_empty() { rect.y + tall + 5.0 } else { top };
        pen.text(x, top, shown, NAME, room);
        pen.text(x, top + 18.0, &word, WORD, room);
        if api {
            let ticks = [Word::Authn, Word::Authz, Word::Admit]
                .map(|word| format!("{} ✓", word.text(view.lang)))
                .join(" ");
            pen.text(x, top + 36.0, &ticks, Style::text(12.0, Token::Running), room);
        }
        let label = format!("{name} {word}").trim_end().into();
        out.hits.push(Hit { rect, target, label });
    }
    pending(model, view, layout, out);
}

/// Pods without a node, beside the scheduler.
fn pending(model: &Model, view: &View, layout: &Layout, out: &mut DisplayList) {
    let lane = layout.pending;
    let waiting = model.pending.values().filter_map(|id| model.pods.get(*id as usize));
    let count = model.pending.len();
    if count == 0 {
        return;
    }
    let chip = if layout.narrow { 108.0 } else { 150.0_f32 };
    let fit = ((lane.w - 44.0) / (chip + 6.0)).max(1.0) as usize;
    for (i, pod) in waiting.enumerate().take(HITS_MAX) {
        let at = i.min(fit);
        let w = if at < fit { chip } else { 44.0 };
        let rect = Rect::new(lane.x + at as f32 * (chip + 6.0), lane.y, w, lane.h);
        if at < fit {
            super::cards::chip(view, pod, rect, &mut out.state.items);
        }
        out.hits.push(super::cards::hit(view, pod, rect));
    }
    let pen = &mut Pen { items: &mut out.state.items, alpha: 1.0 };
    if count > fit {
        let x = lane.x + fit as f32 * (chip + 6.0);
        let more = format!("+{}", count - fit);
        pen.text(x + 4.0, lane.y + 15.0, &more, Style::text(12.0, Token::Pending).bold(), 44.0);
    }
    if !layout.narrow {
        let x = layout.scheduler.x + 24.0;
        let points = vec![pt(x, lane.y + lane.h), pt(x, layout.scheduler.y)];
        pen.road(points, Token::Pending, 1.5, false, 0.8);
    }
}

/// `4 812`: groups of three.
pub(super) fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut out = String::new();
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            out.push('\u{2009}');
        }
        out.push(digit);
    }
    out
}

fn whole(rate: f64) -> String {
    if rate < 10.0 { format!("{rate:.1}") } else { format!("{rate:.0}") }
}
