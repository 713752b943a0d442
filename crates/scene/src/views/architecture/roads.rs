//! The roads between things: in gutters and strips that belong to them, never across text.

use apimachinery::meta::Key;
use smol_str::SmolStr;

use super::density::Density;
use super::layout::{Layout, NodeBox, Nodes};
use crate::display::{Point, Rect};
use crate::draw::pt;
use crate::model::{Model, PodState};

/// Services that have a lane of their own; further ones share the last.
pub(crate) const LANES_MAX: usize = 4;
pub(super) const LANE: f32 = 4.0;

/// A road by what it joins. Messages travel along it in either direction.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Road {
    Kubectl,
    Etcd,
    Scheduler,
    Manager,
    Dns,
    /// From the API server to the bus that all nodes hang on.
    Bus,
    /// From the API server to a node's kubelet, or to another agent of it.
    Agent(SmolStr),
    /// From a client over a service to a pod; whatever is unknown is left out.
    Request {
        client: SmolStr,
        service: Key,
        pod: Option<Key>,
    },
}

impl Layout {
    /// From the end that is nearer to the API server, or from the client.
    pub fn road(&self, model: &Model, road: &Road) -> Option<Vec<Point>> {
        match road {
            Road::Kubectl => Some(self.straight(self.apiserver, self.kubectl)),
            Road::Etcd => Some(self.inner(self.etcd, -12.0)),
            Road::Dns => Some(self.inner(self.dns, 12.0)),
            Road::Scheduler => Some(self.inner(self.scheduler, -18.0)),
            Road::Manager => Some(self.inner(self.manager, 18.0)),
            Road::Bus => Some(self.bus(0, 0.0)),
            Road::Agent(node) => self.agent(self.node(node)?),
            Road::Request { client, service, pod } => {
                self.request(model, client, service, pod.as_ref())
            }
        }
    }

    /// Between two neighbours of a row.
    fn straight(&self, from: Rect, to: Rect) -> Vec<Point> {
        let y = to.center().y;
        vec![pt(from.x, y), pt(to.x + to.w, y)]
    }

    /// From the API server to another part of the control plane.
    fn inner(&self, to: Rect, offset: f32) -> Vec<Point> {
        let api = self.apiserver;
        let left = to.x < api.x;
        let end = pt(if left { to.x + to.w } else { to.x }, to.center().y);
        if self.narrow {
            let spine = self.spine();
            return vec![pt(spine, api.y + api.h), pt(spine, end.y), end];
        }
        let start = pt(if left { api.x } else { api.x + api.w }, api.center().y + offset);
        let turn = (start.x + end.x) / 2.0 + if left { 0.0 } else { offset };
        vec![start, pt(turn, start.y), pt(turn, end.y), end]
    }

    /// Where the one-column picture's roads leave the API server.
    fn spine(&self) -> f32 {
        (self.scheduler.x + self.scheduler.w + self.etcd.x) / 2.0
    }

    /// From the API server to the bus above the nodes.
    pub fn bus(&self, row: usize, first: f32) -> Vec<Point> {
        let api = self.apiserver;
        let x = if self.narrow { self.spine() } else { api.center().x };
        let level = self.panel.y + self.panel.h + 13.0;
        let mut points = vec![pt(x, api.y + api.h), pt(x, level)];
        if row > 0 && !self.narrow {
            let side = self.area.x + self.area.w + 9.0;
            points.push(pt(side, level));
            points.push(pt(side, first - 13.0));
        }
        points
    }

    fn agent(&self, node: &NodeBox) -> Option<Vec<Point>> {
        let mut points = self.bus(node.row, node.rect.y);
        let level = points.last().map_or(0.0, |p| p.y);
        if self.mode != Nodes::Columns {
            points.truncate(2);
            let level = points.last().map_or(0.0, |p| p.y);
            let x = node.rect.center().x;
            points.push(pt(x, level));
            if node.row == 0 {
                points.push(pt(x, node.rect.y));
            }
            return Some(points);
        }
        let kubelet = self.agents(node)[0];
        let x = if self.narrow { 6.0 } else { node.rect.x + 7.0 };
        points.push(pt(x, level));
        points.push(pt(x, kubelet.center().y));
        points.push(pt(kubelet.x, kubelet.center().y));
        Some(points)
    }

    /// Kubelet, proxy and runtime of a node.
    pub fn agents(&self, node: &NodeBox) -> [Rect; 3] {
        let (x, y) = (node.rect.x + 14.0, node.rect.y + 74.0);
        let w = node.rect.w - 28.0;
        let spare = (w - 12.0).max(30.0);
        let (a, b) = match self.agent_names(node)[1] {
            "proxy" => (spare * 0.42, spare * 0.34),
            _ => (spare * 0.25, spare * 0.375),
        };
        [
            Rect::new(x, y, a, 20.0),
            Rect::new(x + a + 6.0, y, b, 20.0),
            Rect::new(x + a + b + 12.0, y, spare - a - b, 20.0),
        ]
    }

    /// What the agents are called, shorter where there is less room.
    pub fn agent_names(&self, node: &NodeBox) -> [&'static str; 3] {
        if node.rect.w < 208.0 {
            ["kubelet", "proxy", "cri"]
        } else {
            ["kubelet", "kube-proxy", "containerd"]
        }
    }

    fn lane(&self, service: &Key) -> f32 {
        let at = self.services.iter().position(|(key, _)| key == service).unwrap_or(0);
        at.min(LANES_MAX - 1) as f32 * LANE
    }

    fn request(
        &self,
        model: &Model,
        client: &SmolStr,
        service: &Key,
        pod: Option<&Key>,
    ) -> Option<Vec<Point>> {
        let card = self.services.iter().find(|(key, _)| key == service).map(|(_, rect)| *rect);
        let from = self.clients.iter().find(|(name, _)| name == client).map(|(_, rect)| *rect);
        let mut points = Vec::new();
        if let (Some(from), Some(card)) = (from, card)
            && from.y < card.y
        {
            let x = from.center().x;
            points.push(pt(x, from.y + from.h));
            points.push(pt(x, card.y));
        }
        let mut onward = match (card, pod.and_then(|key| model.pod(key))) {
            (Some(card), Some(pod)) => self.to_pod(card, service, pod).unwrap_or_default(),
            _ => Vec::new(),
        };
        if points.len() > 1 && onward.len() > 1 {
            // Behind the card: nothing is drawn across its text.
            points.push(pt(f32::NAN, 0.0));
        }
        points.append(&mut onward);
        (points.len() > 1).then_some(points)
    }

    /// From a service's card to one of its endpoints.
    pub fn to_pod(&self, card: Rect, service: &Key, pod: &PodState) -> Option<Vec<Point>> {
        let node = self.node(&pod.place)?;
        let lane = self.lane(service);
        let target = self.density.card(node.body, pod.slot);
        let out = pt(card.x + card.w, card.center().y);
        if self.narrow {
            let rail = self.size.0 - 6.0 - lane / 2.0;
            let y = if self.has_cards() { target.center().y } else { node.body.y - 6.0 };
            let x = if self.has_cards() && self.density.columns(node.body.w) == 1 {
                target.x + target.w
            } else {
                node.rect.x + node.rect.w
            };
            return Some(vec![out, pt(rail, out.y), pt(rail, y), pt(x, y)]);
        }
        let gutter = self.side.x + self.side.w + 10.0 + lane;
        let mut points = vec![out, pt(gutter, out.y)];
        if self.mode != Nodes::Columns {
            let y = node.rect.center().y;
            points.push(pt(gutter, y));
            points.push(pt(if node.column == 0 { node.rect.x } else { self.area.x - 4.0 }, y));
            return Some(points);
        }
        let strip = node.body.y - self.strip + 6.0 + lane;
        if node.column > 0 {
            let x = node.rect.x - self.gap + 8.0 + lane;
            points.push(pt(gutter, strip));
            points.push(pt(x, strip));
        }
        let last = points.last().map_or(gutter, |p| p.x);
        self.enter(&mut points, last, strip, node, target);
        Some(points)
    }

    fn has_cards(&self) -> bool {
        matches!(self.density, Density::Full | Density::Half | Density::Line)
    }

    /// From the gutter at the left of a node to a card in it.
    fn enter(&self, points: &mut Vec<Point>, x: f32, strip: f32, node: &NodeBox, card: Rect) {
        if !self.has_cards() {
            points.push(pt(x, strip));
            points.push(pt(node.body.x, strip));
        } else if card.x <= node.body.x + 1.0 {
            points.push(pt(x, card.center().y));
            points.push(pt(card.x, card.center().y));
        } else {
            let y = if card.y <= node.body.y + 1.0 { strip } else { card.y - 4.0 };
            points.push(pt(x, y));
            points.push(pt(card.x + 20.0, y));
            points.push(pt(card.x + 20.0, card.y));
        }
    }
}

/// Whether a point only says that the road goes on elsewhere.
pub(crate) fn is_gap(point: &Point) -> bool {
    point.x.is_nan()
}
