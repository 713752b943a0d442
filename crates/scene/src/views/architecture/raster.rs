//! Very large clusters: a block of cells a node, a cell a pod, painted as one image.

use super::layout::Layout;
use crate::display::{Item, Rect, Token};
use crate::model::Model;
use crate::phase::PHASES;

const GROUND: u8 = 0;
const NODE: u8 = 1;
const DOWN: u8 = 2;
const PHASE: u8 = 3;

/// How blocks and cells divide the room.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Shape {
    pub per_row: usize,
    rows: usize,
    /// Cells of a block, with one of ground behind each.
    block: (usize, usize),
    size: (f32, f32),
}

impl Shape {
    pub fn of(area: Rect, nodes: usize, fullest: usize) -> Shape {
        let nodes = nodes.max(1);
        let aspect = (area.w / area.h.max(1.0)).max(0.1);
        let per_row = ((nodes as f32 * aspect).sqrt().ceil() as usize).clamp(1, nodes);
        let rows = nodes.div_ceil(per_row);
        let side = (fullest.max(4) as f32).sqrt().ceil() as usize;
        let block = (side, fullest.max(4).div_ceil(side));
        let columns = per_row * (block.0 + 1);
        let lines = rows * (block.1 + 1);
        let cell = (area.w / columns as f32).min(area.h / lines as f32);
        Shape { per_row, rows, block, size: (cell, cell) }
    }

    fn columns(&self) -> usize {
        self.per_row * (self.block.0 + 1)
    }

    fn lines(&self) -> usize {
        self.rows * (self.block.1 + 1)
    }

    pub fn block(&self, area: Rect, index: usize) -> Rect {
        let (w, h) = self.size;
        let (row, column) = (index / self.per_row, index % self.per_row);
        let x = area.x + (column * (self.block.0 + 1)) as f32 * w;
        let y = area.y + (row * (self.block.1 + 1)) as f32 * h;
        Rect::new(x, y, self.block.0 as f32 * w, self.block.1 as f32 * h)
    }
}

pub(super) fn draw(model: &Model, layout: &Layout, items: &mut Vec<Item>) {
    let shape = layout.shape();
    let columns = shape.columns();
    let mut cells = vec![GROUND; columns * shape.lines()];
    for (i, node) in model.worker_nodes().enumerate() {
        let left = (i % shape.per_row) * (shape.block.0 + 1);
        let top = (i / shape.per_row) * (shape.block.1 + 1);
        let ready = node.ready == api::core::pod_status::ConditionStatus::True;
        for slot in 0..shape.block.0 * shape.block.1 {
            let at = (top + slot / shape.block.0) * columns + left + slot % shape.block.0;
            let pod = node.pods.get(slot).and_then(|id| model.pods.get(*id as usize));
            if let Some(cell) = cells.get_mut(at) {
                *cell = match pod {
                    Some(pod) => PHASE + pod.glance.phase as u8,
                    None if ready => NODE,
                    None => DOWN,
                };
            }
        }
    }
    let mut palette = vec![Token::Paper, Token::Line, Token::FailedSoft];
    palette.extend(PHASES.map(|phase| phase.tokens().0));
    let (w, h) = (shape.size.0 * columns as f32, shape.size.1 * shape.lines() as f32);
    let rect = Rect::new(layout.area.x, layout.area.y, w, h);
    items.push(Item::Raster { rect, columns: columns as u32, cells, palette });
}
