//! Clients and services, and the roads from them to the pods that answer.

use std::collections::BTreeSet;

use apimachinery::meta::Key;

use super::layout::{Layout, Nodes};
use crate::display::{DisplayList, Hit, Item, Rect, Target, Token};
use crate::draw::{Pen, Style, pt};
use crate::model::{Model, ServiceState};
use crate::strings::{Lang, Word};
use crate::view::View;

/// More roads than this a service are drawn to nodes only.
const ROADS_MAX: usize = 40;

pub(super) fn ground(view: &View, layout: &Layout, items: &mut Vec<Item>) {
    if layout.narrow && layout.services.is_empty() && layout.clients.is_empty() {
        return;
    }
    let pen = &mut Pen { items, alpha: 1.0 };
    let style = Style::text(12.0, Token::Second).bold();
    let text = Word::Clients.text(view.lang);
    pen.text(layout.side.x, layout.side.y + 14.0, text, style, layout.side.w);
    if layout.services.is_empty() && layout.clients.is_empty() {
        let style = Style::text(12.0, Token::Third);
        let rect = Rect::new(layout.side.x, layout.side.y + 28.0, layout.side.w, 60.0);
        pen.card(rect, 8.0, None, Some((Token::Line, 1.0)), true);
        let text = Word::ServicesHere.text(view.lang);
        pen.center(rect.center().x, rect.center().y + 4.0, text, style, rect.w - 16.0);
    }
}

pub(super) fn roads(model: &Model, view: &View, layout: &Layout, items: &mut Vec<Item>) {
    let pen = &mut Pen { items, alpha: 1.0 };
    for (name, rect) in &layout.clients {
        let service = model.stats.clients.iter().find(|client| client.name == *name);
        let card = service.and_then(|client| {
            layout.services.iter().find(|(key, _)| *key == client.service).map(|(_, card)| card)
        });
        if let Some(card) = card {
            let x = rect.center().x;
            let points = vec![pt(x, rect.y + rect.h), pt(x, card.y)];
            pen.road(points, Token::Request, 1.5, false, 0.6);
        }
    }
    for (key, card) in &layout.services {
        let Some(service) = model.services.get(key) else { continue };
        let target = service_target(key);
        let mut seen = BTreeSet::new();
        let nodes_only =
            layout.mode != Nodes::Columns || service.endpoints().nth(ROADS_MAX).is_some();
        for (pod_key, ready) in service.endpoints().filter(|(_, ready)| *ready) {
            let Some(pod) = model.pod(pod_key) else { continue };
            if nodes_only && !seen.insert(pod.place.clone()) {
                continue;
            }
            let lit = *ready && (view.is_lit(&target) || view.is_lit(&super::cards::target(pod)));
            let Some(points) = layout.to_pod(*card, key, pod) else { continue };
            let (width, fade) = if lit { (2.5, 1.0) } else { (1.5, 0.5) };
            pen.road(points, Token::Request, width, false, fade);
        }
    }
}

fn service_target(key: &Key) -> Target {
    Target::Service { namespace: key.namespace.clone(), name: key.name.clone() }
}

pub(super) fn state(model: &Model, view: &View, layout: &Layout, out: &mut DisplayList) {
    for (name, rect) in &layout.clients {
        let target = Target::Client(name.clone());
        let rate = model.stats.clients.iter().find(|client| client.name == *name);
        let text = match rate {
            Some(client) => format!("{name} · {} req/s", client.per_second),
            None => name.to_string(),
        };
        let lit = view.is_lit(&target);
        let pen = &mut Pen { items: &mut out.state.items, alpha: 1.0 };
        let stroke = (Token::Accent, if lit { 2.0 } else { 1.0 });
        pen.card(*rect, 14.0, Some(Token::AccentSoft), Some(stroke), false);
        let style = Style::text(12.0, Token::Ink);
        pen.center(rect.center().x, rect.center().y + 4.0, &text, style, rect.w - 12.0);
        let label = format!("{} {text}", Word::Client.text(view.lang)).into();
        out.hits.push(Hit { rect: *rect, target, label });
    }
    for (key, rect) in &layout.services {
        if let Some(service) = model.services.get(key) {
            card(view, key, service, *rect, out);
        }
    }
    if layout.services_hidden > 0 {
        let pen = &mut Pen { items: &mut out.state.items, alpha: 1.0 };
        let y = layout.services.last().map_or(layout.side.y + 28.0, |(_, r)| r.y + r.h) + 14.0;
        let text = match view.lang {
            Lang::En => format!("+{} more", layout.services_hidden),
            Lang::Ko => format!("+{}개 더", layout.services_hidden),
        };
        let style = Style::text(11.0, Token::Third);
        pen.text(layout.side.x + 4.0, y, &text, style, layout.side.w);
    }
}

/// `4 endpoints · p95 21 ms`.
fn endpoints(view: &View, service: &ServiceState) -> String {
    let lang = view.lang;
    let count = service.ready_endpoints();
    let mut text = match (count, lang) {
        (0, _) => Word::NoEndpoints.text(lang).to_owned(),
        (1, Lang::En) => format!("1 {}", Word::Endpoint.text(lang)),
        (n, Lang::En) => format!("{n} {}", Word::Endpoints.text(lang)),
        (n, Lang::Ko) => format!("{} {n}", Word::Endpoint.text(lang)),
    };
    if let Some(p95) = service.p95_ms() {
        let shown = if p95 < 10.0 { format!("{p95:.1}") } else { format!("{p95:.0}") };
        text.push_str(&format!(" · p95 {shown} ms"));
    }
    text
}

fn card(view: &View, key: &Key, service: &ServiceState, rect: Rect, out: &mut DisplayList) {
    let target = service_target(key);
    let Some(object) = &service.service else { return };
    let spec = &object.spec;
    let kind = if spec.type_.is_empty() { "ClusterIP" } else { spec.type_.as_str() };
    let port = spec.ports.first().map_or(String::new(), |port| {
        let more = spec.ports.len() - 1;
        let more = if more > 0 { format!(" +{more}") } else { String::new() };
        format!(":{}{more}", port.port)
    });
    let ip = match spec.cluster_ip.as_str() {
        "None" => "headless",
        "" => spec.external_name.as_str(),
        ip => ip,
    };
    let address = format!("{ip}{port}");
    let behind = endpoints(view, service);
    let color = if service.ready_endpoints() > 0 { Token::Running } else { Token::Pending };
    let lit = view.is_lit(&target);
    let pen = &mut Pen { items: &mut out.state.items, alpha: 1.0 };
    let stroke = if lit { (Token::Accent, 2.0) } else { (Token::StrongLine, 1.0) };
    pen.card(rect, 8.0, Some(Token::Surface), Some(stroke), false);
    let (x, room) = (rect.x + 12.0, rect.w - 24.0);
    let name = Style::text(14.0, Token::Ink).bold();
    let small = Style::text(11.0, Token::Third);
    let first = if rect.h < 30.0 { 17.0 } else { 18.0 };
    // A name says more than a type: the type yields.
    let both = name.width(&key.name) + small.width(kind) + 8.0 <= room;
    let kind_room = if both { room * 0.5 } else { 0.0 };
    let used = pen.right(x + room, rect.y + first, kind, small, kind_room);
    let used = if both { used } else { -8.0 };
    pen.name(x, rect.y + first, &key.name, name, room - used - 8.0);
    if rect.h > 50.0 {
        pen.text(x, rect.y + 35.0, &address, Style::code(11.0, Token::Second), room);
        pen.text(x, rect.y + 51.0, &behind, Style::text(11.0, color), room);
    } else if rect.h > 30.0 {
        pen.text(x, rect.y + 34.0, &behind, Style::text(11.0, color), room);
    }
    let label =
        format!("{} {} {kind} {address}, {behind}", Word::Service.text(view.lang), key.name);
    out.hits.push(Hit { rect, target, label: label.into() });
}
