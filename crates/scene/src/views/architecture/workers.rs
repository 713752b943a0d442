//! Workers: state, resources, agents, and the pods in their slots.

use api::core::pod_status::ConditionStatus;

use super::cards::{Deck, hit, place};
use super::layout::{Layout, NodeBox, Nodes};
use crate::display::{DisplayList, Hit, Item, Rect, Target, Token};
use crate::draw::{Pen, Style, pt};
use crate::model::{Model, NodeState};
use crate::strings::Word;
use crate::view::View;

/// Boxes, bus and agents.
pub(super) fn ground(model: &Model, view: &View, layout: &Layout, items: &mut Vec<Item>) {
    let pen = &mut Pen { items, alpha: 1.0 };
    if layout.nodes.is_empty() {
        let none = Word::NoNodes.text(view.lang);
        let at = layout.area.center();
        pen.center(at.x, layout.area.y + 60.0, none, Style::text(14.0, Token::Third), 400.0);
    }
    if layout.mode != Nodes::Raster {
        for node in &layout.nodes {
            pen.rect(
                node.rect,
                14.0_f32.min(node.rect.h / 4.0),
                Some(Token::Surface),
                Some(Token::StrongLine),
            );
        }
    }
    bus(model, layout, pen);
    if layout.mode == Nodes::Columns {
        for node in &layout.nodes {
            let style = Style::text(11.0, Token::Second);
            let names = layout.agent_names(node);
            for (rect, name) in layout.agents(node).into_iter().zip(names) {
                pen.rect(rect, 10.0, Some(Token::Sunk), None);
                pen.center(rect.center().x, rect.y + 14.0, name, style, rect.w - 4.0);
            }
        }
    }
}

/// The watch bus: each piece of it once, so that dashes do not lie on dashes.
fn bus(model: &Model, layout: &Layout, pen: &mut Pen<'_>) {
    let mut trunk: Option<(f32, f32)> = None;
    let mut level = 0.0;
    for node in &layout.nodes {
        let road = super::roads::Road::Agent(node.name.clone());
        let Some(points) = layout.road(model, &road) else { continue };
        let own = if layout.mode == Nodes::Columns { 3 } else { 2 };
        let branch: Vec<_> =
            points.iter().skip(points.len().saturating_sub(own)).copied().collect();
        let Some(first) = branch.first() else { continue };
        if node.row == 0 || layout.narrow {
            level = first.y;
            let (low, high) = trunk.unwrap_or((first.x, first.x));
            trunk = Some((low.min(first.x), high.max(first.x)));
        }
        if layout.narrow && node.row + 1 < layout.nodes.len() {
            pen.road(branch.into_iter().skip(1).collect(), Token::Watch, 1.3, true, 0.6);
        } else if layout.mode == Nodes::Columns || node.row == 0 {
            pen.road(branch, Token::Watch, 1.3, true, 0.6);
        }
    }
    let start = layout.bus(0, 0.0);
    let (Some(x), Some((low, high))) = (start.last().map(|p| p.x), trunk) else { return };
    pen.road(start, Token::Watch, 1.3, true, 0.6);
    let (low, high) = (low.min(x), high.max(x));
    pen.road(vec![pt(low, level), pt(high, level)], Token::Watch, 1.3, true, 0.6);
    let last_row = layout.nodes.last().map_or(0, |node| node.row);
    if last_row > 0 && layout.mode == Nodes::Columns && !layout.narrow {
        let y = layout.nodes.last().map_or(0.0, |node| node.rect.y);
        let mut side = layout.bus(last_row, y);
        side.remove(0);
        pen.road(side, Token::Watch, 1.3, true, 0.6);
        for node in layout.nodes.iter().filter(|node| node.row > 0 && node.column == 0) {
            let (y, x) = (node.rect.y - 13.0, layout.area.x + layout.area.w + 9.0);
            pen.road(vec![pt(node.rect.x + 7.0, y), pt(x, y)], Token::Watch, 1.3, true, 0.6);
        }
    }
}

pub(super) fn state(model: &Model, view: &View, layout: &Layout, wall: f64, out: &mut DisplayList) {
    if layout.mode == Nodes::Raster {
        super::raster::draw(model, layout, &mut out.state.items);
    }
    accent(model, view, layout, &mut out.state.items);
    let deck = Deck { model, view, density: layout.density, siblings: siblings(model, view) };
    for place in &layout.nodes {
        let Some(node) = model.node(&place.name) else { continue };
        let target = Target::Node(node.name.clone());
        let label = node_label(view, node);
        let lit = view.is_lit(&target);
        out.hits.push(Hit { rect: place.rect, target, label });
        let pen = &mut Pen { items: &mut out.state.items, alpha: 1.0 };
        if lit {
            let radius = 14.0_f32.min(place.rect.h / 4.0);
            pen.card(place.rect, radius, None, Some((Token::Accent, 2.0)), false);
        }
        match layout.mode {
            Nodes::Columns => {
                header(view, node, place, pen);
                agents(view, layout, place, out);
            }
            Nodes::Boxes => small_header(node, place, pen),
            Nodes::Raster => continue,
        }
        pods(&deck, node, place, wall, out);
    }
    if model.count_shown() == 0 && !layout.nodes.is_empty() {
        hint(view, layout, &mut Pen { items: &mut out.state.items, alpha: 1.0 });
    }
}

/// The road to the node somebody looks at, or to the node of the pod.
fn accent(model: &Model, view: &View, layout: &Layout, items: &mut Vec<Item>) {
    let node = match &view.selected {
        Some(Target::Node(name)) => name.clone(),
        Some(Target::Pod { namespace, name } | Target::Container { namespace, pod: name, .. }) => {
            let key = apimachinery::meta::Key::new(namespace.clone(), name.clone());
            model.pod(&key).map_or_else(Default::default, |pod| pod.place.clone())
        }
        _ => return,
    };
    if let Some(points) = layout.road(model, &super::roads::Road::Agent(node)) {
        Pen { items, alpha: 1.0 }.road(points, Token::Accent, 2.0, false, 0.8);
    }
}

fn siblings(model: &Model, view: &View) -> Option<smol_str::SmolStr> {
    let Some(Target::Pod { namespace, name }) = &view.selected else { return None };
    let key = apimachinery::meta::Key::new(namespace.clone(), name.clone());
    model.pod(&key)?.controller().cloned()
}

fn pods(deck: &Deck<'_>, node: &NodeState, at: &NodeBox, wall: f64, out: &mut DisplayList) {
    let bottom = at.rect.y + at.rect.h - 2.0;
    let mut hidden = 0_usize;
    for id in &node.pods {
        let Some(pod) = deck.model.pods.get(*id as usize) else { continue };
        let (mut rect, alpha) = place(pod, at.body, deck.density, wall);
        if rect.y + rect.h > bottom {
            rect.y = bottom - rect.h;
            hidden += 1;
        } else {
            deck.draw(pod, rect, alpha, &mut out.state.items);
        }
        if pod.gone.is_none() {
            out.hits.push(hit(deck.view, pod, rect));
            deck.parts_hit(pod, rect, &mut out.hits);
        }
    }
    if hidden > 0 {
        let pen = &mut Pen { items: &mut out.state.items, alpha: 1.0 };
        let more = format!("+{hidden}");
        let style = Style::text(11.0, Token::Second);
        let w = style.width(&more) + 8.0;
        let rect = Rect::new(at.rect.x + at.rect.w - w - 2.0, bottom - 14.0, w, 14.0);
        pen.rect(rect, 4.0, Some(Token::Surface), None);
        pen.right(rect.x + w - 4.0, bottom - 3.0, &more, style, w);
    }
}

/// What a node's state is called and which colour it has.
fn condition(node: &NodeState) -> (Word, Token) {
    match (node.ready, node.cordoned) {
        (ConditionStatus::True, false) => (Word::Ready, Token::Running),
        (ConditionStatus::True, true) => (Word::Cordoned, Token::Pending),
        (ConditionStatus::False, _) => (Word::NotReady, Token::Failed),
        (ConditionStatus::Unknown, _) if node.node.is_some() => (Word::NotReady, Token::Failed),
        (ConditionStatus::Unknown, _) => (Word::Unknown, Token::Third),
    }
}

fn node_label(view: &View, node: &NodeState) -> smol_str::SmolStr {
    let (word, _) = condition(node);
    let lang = view.lang;
    let (pods, count) = (Word::Pods.text(lang), node.pods.len());
    format!("{} {} {}, {pods} {count}", Word::Node.text(lang), node.name, word.text(lang)).into()
}

fn header(view: &View, node: &NodeState, at: &NodeBox, pen: &mut Pen<'_>) {
    let rect = at.rect;
    let (x, end) = (rect.x + 14.0, rect.x + rect.w - 14.0);
    let (word, color) = condition(node);
    let y = rect.y + 25.0;
    pen.dot(pt(end - 4.0, y - 4.0), 4.0, color);
    let style = Style::text(12.0, color).bold();
    let used = pen.right(end - 14.0, y, word.text(view.lang), style, rect.w * 0.5);
    let name = Style::text(14.0, Token::Ink).bold();
    pen.name(x, y, &node.name, name, end - x - used - 26.0);
    let cpu = Gauge {
        label: Word::Cpu.text(view.lang),
        asked: node.cpu_requested,
        used: node.cpu_used,
        whole: node.cpu_allocatable,
        text: format!("{}m", node.cpu_requested),
    };
    let memory = Gauge {
        label: Word::Memory.text(view.lang),
        asked: node.memory_requested,
        used: node.memory_used,
        whole: node.memory_allocatable,
        text: bytes(node.memory_requested),
    };
    cpu.draw(pen, x, end, rect.y + 48.0);
    memory.draw(pen, x, end, rect.y + 64.0);
}

/// The agents can be pointed at; their boxes belong to the ground.
fn agents(view: &View, layout: &Layout, at: &NodeBox, out: &mut DisplayList) {
    let names = ["kubelet", "kube-proxy", "containerd"];
    for (rect, name) in layout.agents(at).into_iter().zip(names) {
        let target = Target::Component(smol_str::format_smolstr!("{name}/{}", at.name));
        if view.is_lit(&target) {
            let pen = &mut Pen { items: &mut out.state.items, alpha: 1.0 };
            pen.card(rect, 10.0, None, Some((Token::Accent, 1.5)), false);
        }
        let label = format!("{name}, {}", at.name).into();
        out.hits.push(Hit { rect, target, label });
    }
}

/// A bar: requests solid, usage as a mark below, allocatable the whole.
struct Gauge {
    label: &'static str,
    asked: u64,
    used: u64,
    whole: u64,
    text: String,
}

impl Gauge {
    fn draw(&self, pen: &mut Pen<'_>, x: f32, end: f32, y: f32) {
        let style = Style::text(11.0, Token::Second);
        pen.text(x, y, self.label, style, 38.0);
        let used = pen.right(end, y, &self.text, Style::code(11.0, Token::Second), 52.0);
        let bar = Rect::new(x + 40.0, y - 8.0, end - x - 40.0 - used.max(42.0) - 8.0, 8.0);
        if bar.w < 12.0 {
            return;
        }
        let part = |amount: u64| {
            let share = amount as f32 / self.whole.max(1) as f32;
            (bar.w * share.min(1.0)).max(if amount > 0 { 4.0 } else { 0.0 })
        };
        pen.rect(bar, 4.0, Some(Token::Sunk), None);
        let full = self.whole > 0 && self.asked > self.whole / 10 * 9;
        let color = if full { Token::Pending } else { Token::Accent };
        if self.asked > 0 {
            pen.rect(Rect { w: part(self.asked).max(8.0), ..bar }, 4.0, Some(color), None);
        }
        if self.used > 0 {
            let over = self.used > self.asked;
            let mark = Rect::new(bar.x + 1.0, bar.y + 2.5, (part(self.used) - 2.0).max(3.0), 3.0);
            let token = if over { Token::Watch } else { Token::OnAccent };
            pen.alpha = 0.7;
            pen.rect(mark, 1.5, Some(token), None);
            pen.alpha = 1.0;
        }
    }
}

fn bytes(amount: u64) -> String {
    let mib = amount as f32 / 1_048_576.0;
    if mib >= 10_240.0 {
        format!("{:.0}Gi", mib / 1024.0)
    } else if mib >= 1024.0 {
        format!("{:.1}Gi", mib / 1024.0)
    } else {
        format!("{mib:.0}Mi")
    }
}

fn small_header(node: &NodeState, at: &NodeBox, pen: &mut Pen<'_>) {
    let rect = at.rect;
    let (_, color) = condition(node);
    pen.dot(pt(rect.x + rect.w - 9.0, rect.y + 11.0), 3.0, color);
    let style = Style::text(11.0, Token::Second).bold();
    let room = rect.w - 22.0;
    let tail = node.name.rsplit('-').next().unwrap_or(&node.name);
    let name = if style.width(&node.name) > room { tail } else { &node.name };
    pen.name(rect.x + 6.0, rect.y + 15.0, name, style, room);
    let share = node.cpu_requested as f32 / node.cpu_allocatable.max(1) as f32;
    let bar = Rect::new(rect.x + 6.0, rect.y + 19.0, rect.w - 12.0, 2.0);
    pen.rect(bar, 1.0, Some(Token::Sunk), None);
    if share > 0.0 {
        pen.rect(Rect { w: bar.w * share.min(1.0), ..bar }, 1.0, Some(Token::Accent), None);
    }
}

/// What one might do first.
fn hint(view: &View, layout: &Layout, pen: &mut Pen<'_>) {
    if layout.mode != Nodes::Columns {
        return;
    }
    for (i, node) in layout.nodes.iter().enumerate() {
        let body = node.body;
        let room = Rect { h: body.h.min(66.0), ..body };
        pen.card(room, 8.0, None, Some((Token::Line, 1.0)), true);
        if i == 0 || layout.narrow {
            let style = Style::text(12.0, Token::Third);
            let text = Word::PodsHere.text(view.lang);
            pen.center(room.center().x, room.y + room.h / 2.0 + 4.0, text, style, room.w - 16.0);
        }
    }
    if let (Some(first), Some(last), false) =
        (layout.nodes.first(), layout.nodes.last(), layout.narrow)
        && first.row == last.row
        && first.body.h > 120.0
    {
        let middle = (first.rect.x + last.rect.x + last.rect.w) / 2.0;
        let room = last.rect.x + last.rect.w - first.rect.x - 32.0;
        let text = Word::TryThis.text(view.lang);
        let y = first.body.y + 100.0;
        // One line over all nodes would cross their borders: it stands in the middle one.
        let home = layout.nodes.iter().find(|node| node.rect.contains(pt(middle, y)));
        if let Some(home) = home {
            let style = Style::code(11.0, Token::Third);
            let room = room.min(home.body.w);
            for (i, line) in wrap(text, style, room).iter().enumerate() {
                pen.center(home.body.center().x, y + i as f32 * 16.0, line, style, room);
            }
        }
    }
}

/// Lines of whole words.
fn wrap(text: &str, style: Style, room: f32) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split(' ') {
        match lines.last_mut() {
            Some(line) if style.width(&format!("{line} {word}")) <= room => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.to_owned()),
        }
    }
    lines
}
