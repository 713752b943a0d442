//! Where everything is. Depends on how many nodes, services and clients there are and on the
//! fullest node, never on a single pod: cards stay where they are.

use apimachinery::meta::Key;
use smol_str::SmolStr;

use super::density::{Density, density};
use crate::display::Rect;
use crate::model::{FxMap, Model};
use crate::view::View;

/// Below this width the picture is one column.
const NARROW: f32 = 640.0;
/// From here on pods are cells of a raster.
const RASTER_PODS: u32 = 1500;
/// Up to here nodes are columns with header, bars and agents.
const COLUMNS_MAX: usize = 12;
const BOXES_MAX: usize = 400;
pub(super) const CLIENT_H: f32 = 32.0;

/// How nodes are drawn.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Nodes {
    #[default]
    Columns,
    /// Small boxes in a grid.
    Boxes,
    /// Blocks of cells.
    Raster,
}

/// A node's box and the room for its pods in it.
#[derive(Clone, Debug, Default)]
pub(crate) struct NodeBox {
    pub name: SmolStr,
    pub rect: Rect,
    pub body: Rect,
    pub row: usize,
    pub column: usize,
}

#[derive(Debug, Default)]
pub(crate) struct Layout {
    pub size: (f32, f32),
    pub narrow: bool,
    pub panel: Rect,
    pub kubectl: Rect,
    pub scheduler: Rect,
    pub manager: Rect,
    pub apiserver: Rect,
    pub etcd: Rect,
    pub dns: Rect,
    /// Pods that wait for a node.
    pub pending: Rect,
    /// Clients and services.
    pub side: Rect,
    pub clients: Vec<(SmolStr, Rect)>,
    pub services: Vec<(Key, Rect)>,
    pub services_hidden: usize,
    /// The room of all nodes.
    pub area: Rect,
    pub nodes: Vec<NodeBox>,
    node_at: FxMap<SmolStr, usize>,
    pub mode: Nodes,
    pub density: Density,
    pub gap: f32,
    /// Height of the strip between a node's agents and its pods, where service roads run.
    pub strip: f32,
    fullest: usize,
}

impl Layout {
    pub fn of(model: &Model, view: &View) -> Layout {
        let mut layout = Layout { narrow: view.size.0 < NARROW, ..Layout::default() };
        let nodes = model.worker_nodes().count();
        let pods = pods_shown(model);
        layout.fullest = fullest(model);
        layout.mode = if pods > RASTER_PODS || nodes > BOXES_MAX {
            Nodes::Raster
        } else if nodes > COLUMNS_MAX {
            Nodes::Boxes
        } else {
            Nodes::Columns
        };
        let lanes = model.shown_services().count().clamp(1, super::roads::LANES_MAX) as f32;
        layout.strip = 12.0 + 4.0 * (lanes - 1.0);
        layout.gap = 14.0 + 4.0 * lanes;
        if layout.narrow {
            layout.control_narrow(view.size.0);
            layout.side_narrow(model);
        } else {
            layout.control_wide(view.size.0);
            layout.side_wide(model, view.size.1.max(520.0));
        }
        match layout.mode {
            Nodes::Columns if layout.narrow => layout.stack(model),
            Nodes::Columns => layout.columns(model, pods),
            Nodes::Boxes => layout.boxes(model),
            Nodes::Raster => layout.raster(model),
        }
        layout.node_at =
            layout.nodes.iter().enumerate().map(|(i, node)| (node.name.clone(), i)).collect();
        let bottom = layout.area.y + layout.area.h + if layout.narrow { 12.0 } else { 20.0 };
        layout.size = (view.size.0, bottom.max(view.size.1));
        layout
    }

    pub fn node(&self, name: &str) -> Option<&NodeBox> {
        self.nodes.get(*self.node_at.get(name)?)
    }

    /// Whether the pods need another density or another way to draw nodes than this one.
    pub fn is_outgrown(&self, model: &Model) -> bool {
        let pods = pods_shown(model);
        let raster = pods > RASTER_PODS || self.nodes.len() > BOXES_MAX;
        if raster != (self.mode == Nodes::Raster) {
            return true;
        }
        let fullest = fullest(model);
        if self.mode == Nodes::Columns && !self.narrow {
            let room = self.nodes.first().map_or(Rect::default(), |node| node.body);
            return density(room, fullest, pods) != self.density
                && density(room, fullest + 1, pods) != self.density;
        }
        fullest != self.fullest
    }

    pub fn is_raster(&self) -> bool {
        self.mode == Nodes::Raster
    }

    fn control_wide(&mut self, width: f32) {
        let margin = if width < 800.0 { 16.0 } else { 32.0 };
        let panel = Rect::new(margin, 20.0, width - 2.0 * margin, 196.0);
        let spare = (panel.w - 48.0 - 664.0).max(44.0);
        let squeeze = ((panel.w - 48.0 - 44.0) / 664.0).min(1.0);
        let (near, mid) = (spare.min(240.0) * 0.12 + 4.0, spare.min(240.0) * 0.14 + 4.0);
        let x0 = panel.x + 24.0;
        let x1 = x0 + 104.0 * squeeze + near;
        let x2 = x1 + 168.0 * squeeze + mid;
        let right = 196.0 * squeeze;
        let top = panel.y + 46.0;
        let low = top + 86.0;
        let axis = top + 68.0;
        self.kubectl = Rect::new(x0, axis - 26.0, 104.0 * squeeze, 52.0);
        self.scheduler = Rect::new(x1, top, 168.0 * squeeze, 50.0);
        self.manager = Rect::new(x1, low, 168.0 * squeeze, 50.0);
        self.apiserver = Rect::new(x2, axis - 36.0, 196.0 * squeeze, 72.0);
        self.etcd = Rect::new(panel.x + panel.w - 24.0 - right, top, right, 50.0);
        self.dns = Rect::new(self.etcd.x, low, right, 50.0);
        self.pending = Rect::new(x1, panel.y + 12.0, panel.x + panel.w - 128.0 - x1, 22.0);
        self.panel = panel;
    }

    fn control_narrow(&mut self, width: f32) {
        let panel = Rect::new(12.0, 12.0, width - 24.0, 232.0);
        let inner = panel.w - 24.0;
        let half = (inner - 20.0) / 2.0;
        let (left, top) = (panel.x + 12.0, panel.y + 36.0);
        self.kubectl = Rect::new(left, top + 10.0, 88.0, 48.0);
        self.apiserver = Rect::new(left + 112.0, top, inner - 112.0, 68.0);
        let row = top + 80.0;
        self.scheduler = Rect::new(left, row, half, 48.0);
        self.etcd = Rect::new(left + half + 20.0, row, half, 48.0);
        self.manager = Rect::new(left, row + 56.0, half, 48.0);
        self.dns = Rect::new(self.etcd.x, row + 56.0, half, 48.0);
        self.pending = Rect::new(panel.x + 112.0, panel.y + 8.0, panel.w - 124.0, 22.0);
        self.panel = panel;
    }

    /// A column at the left: each service below the clients that call it.
    fn side_wide(&mut self, model: &Model, height: f32) {
        let top = self.panel.y + self.panel.h + 28.0;
        let bottom = height - 20.0;
        let width = if self.panel.w < 800.0 { 136.0 } else { 172.0 };
        self.side = Rect::new(self.panel.x, top, width, bottom - top);
        let left = self.panel.x + width + self.gap + 12.0;
        self.area =
            Rect::new(left, top, self.panel.x + self.panel.w - left, (bottom - top).max(240.0));
        let services = model.shown_services().count();
        let callers = model.stats.clients.len();
        let room = bottom - top - 28.0 - callers.min(services.max(1)) as f32 * (CLIENT_H + 20.0);
        let (height, gap) = match services {
            n if n as f32 * 72.0 <= room + 12.0 => (60.0, 12.0),
            n if n as f32 * 50.0 <= room + 8.0 => (42.0, 8.0),
            _ => (24.0, 6.0),
        };
        self.seat_side(model, top + 28.0, bottom, height, gap);
    }

    fn side_narrow(&mut self, model: &Model) {
        let top = self.panel.y + self.panel.h + 28.0;
        self.side = Rect::new(20.0, top, self.panel.w - 16.0, 0.0);
        let n = model.shown_services().count() + model.stats.clients.len();
        let bottom = if n == 0 { top } else { self.seat_side(model, top + 24.0, 1e6, 60.0, 8.0) };
        self.side.h = bottom - top;
        self.area = Rect::new(20.0, bottom + 8.0, self.panel.w - 16.0, 0.0);
        if n > 0 {
            self.area.y += 8.0;
        }
    }

    fn seat_side(&mut self, model: &Model, top: f32, bottom: f32, height: f32, gap: f32) -> f32 {
        let Rect { x, w, .. } = self.side;
        let mut y = top;
        let mut keys: Vec<&Key> = model.shown_services().map(|(key, _)| key).collect();
        // What is called stands above what is not.
        keys.sort_by_key(|key| !model.stats.clients.iter().any(|client| client.service == **key));
        let stray = |service: &Key| !keys.contains(&service);
        let clients = &model.stats.clients;
        let lonely: Vec<_> = clients.iter().filter(|client| stray(&client.service)).collect();
        let mut row = |callers: &[&crate::stats::ClientStats], y: f32| {
            let each = (w + 8.0) / callers.len().max(1) as f32;
            for (i, client) in callers.iter().enumerate() {
                let rect = Rect::new(x + i as f32 * each, y, each - 8.0, CLIENT_H);
                self.clients.push((client.name.clone(), rect));
            }
        };
        if !lonely.is_empty() {
            row(&lonely, y);
            y += CLIENT_H + 20.0;
        }
        for key in &keys {
            let callers: Vec<_> = clients.iter().filter(|c| c.service == **key).collect();
            let need = height + if callers.is_empty() { 0.0 } else { CLIENT_H + 20.0 };
            if y + need > bottom {
                self.services_hidden += 1;
                continue;
            }
            if !callers.is_empty() {
                row(&callers, y);
                y += CLIENT_H + 20.0;
            }
            self.services.push(((*key).clone(), Rect::new(x, y, w, height)));
            y += height + gap;
        }
        y
    }

    /// Nodes side by side, in as many rows as it takes.
    fn columns(&mut self, model: &Model, pods: u32) {
        let count = model.worker_nodes().count();
        let fit = ((self.area.w + self.gap) / (160.0 + self.gap)).max(1.0) as usize;
        let per_row = count.clamp(1, fit.max(1));
        let rows = count.div_ceil(per_row).max(1);
        let balanced = count.div_ceil(rows).max(1);
        let w = (self.area.w + self.gap) / balanced as f32 - self.gap;
        let row_gap = 28.0;
        let h = ((self.area.h + row_gap) / rows as f32 - row_gap).max(176.0 + self.strip);
        for (i, node) in model.worker_nodes().enumerate() {
            let (row, column) = (i / balanced, i % balanced);
            let x = self.area.x + column as f32 * (w + self.gap);
            let y = self.area.y + row as f32 * (h + row_gap);
            let rect = Rect::new(x, y, w, h);
            let body = body(rect, self.strip);
            self.nodes.push(NodeBox { name: node.name.clone(), rect, body, row, column });
        }
        self.area.h = rows as f32 * (h + row_gap) - row_gap;
        let room = self.nodes.first().map_or(Rect::default(), |node| node.body);
        self.density = density(room, self.fullest, pods);
    }

    /// Nodes below each other, each as high as it needs to be.
    fn stack(&mut self, model: &Model) {
        self.density = match self.fullest {
            0..=6 => Density::Full,
            7..=14 => Density::Line,
            15..=60 => Density::Chip,
            _ => Density::Mark,
        };
        let mut y = self.area.y;
        for (row, node) in model.worker_nodes().enumerate() {
            let mut rect = Rect::new(self.area.x, y, self.area.w - 8.0, 0.0);
            let width = body(rect, self.strip).w;
            let need = self.density.height(width, node.pods.len().max(1));
            rect.h = 96.0 + self.strip + need + 14.0;
            let body = body(rect, self.strip);
            self.nodes.push(NodeBox { name: node.name.clone(), rect, body, row, column: 0 });
            y += rect.h + 12.0;
        }
        self.area.h = y - self.area.y;
    }

    fn boxes(&mut self, model: &Model) {
        let count = model.worker_nodes().count();
        let gap = 8.0;
        let area = Rect::new(self.area.x, self.area.y, self.area.w, self.area.h.max(240.0));
        let wishes = [160.0, 136.0, 112.0, 92.0, 76.0, 60.0, 48.0_f32];
        let mut best = None;
        for density in [Density::Mark, Density::Glyph, Density::Tiny] {
            for wish in wishes {
                let per_row = ((area.w + gap) / (wish + gap)).max(1.0) as usize;
                let rows = count.div_ceil(per_row).max(1);
                let w = (area.w + gap) / per_row as f32 - gap;
                let room = (area.h + gap) / rows as f32 - gap;
                let need = (32.0 + density.height(w - 12.0, self.fullest.max(1))).max(36.0);
                best = Some((density, per_row, w, room.max(need).min(need.max(120.0)), room));
                if room >= need {
                    break;
                }
            }
            if best.is_some_and(|(_, _, _, h, room)| h <= room) {
                break;
            }
        }
        let (density, per_row, w, h, _) = best.unwrap_or((Density::Tiny, 1, 48.0, 36.0, 0.0));
        for (i, node) in model.worker_nodes().enumerate() {
            let (row, column) = (i / per_row, i % per_row);
            let x = area.x + column as f32 * (w + gap);
            let rect = Rect::new(x, area.y + row as f32 * (h + gap), w, h);
            let body = Rect::new(rect.x + 6.0, rect.y + 24.0, w - 12.0, h - 32.0);
            self.nodes.push(NodeBox { name: node.name.clone(), rect, body, row, column });
        }
        self.area.h = count.div_ceil(per_row) as f32 * (h + gap) - gap;
        self.density = density;
    }

    fn raster(&mut self, model: &Model) {
        self.density = Density::Cell;
        self.area.h = self.area.h.max(240.0);
        let count = model.worker_nodes().count();
        let shape = super::raster::Shape::of(self.area, count, self.fullest);
        for (i, node) in model.worker_nodes().enumerate() {
            let rect = shape.block(self.area, i);
            let (row, column) = (i / shape.per_row, i % shape.per_row);
            self.nodes.push(NodeBox { name: node.name.clone(), rect, body: rect, row, column });
        }
    }

    pub fn shape(&self) -> super::raster::Shape {
        super::raster::Shape::of(self.area, self.nodes.len(), self.fullest)
    }
}

/// Below name, bars, agents and the strip.
fn body(rect: Rect, strip: f32) -> Rect {
    let top = 96.0 + strip;
    Rect::new(rect.x + 14.0, rect.y + top, rect.w - 28.0, rect.h - top - 14.0)
}

fn fullest(model: &Model) -> usize {
    model.worker_nodes().map(|node| node.pods.len()).max().unwrap_or(0)
}

fn pods_shown(model: &Model) -> u32 {
    model.counts().iter().sum()
}
