//! The whole house at one glance: control plane, workers with their pods, services and clients.

mod cards;
mod control;
mod density;
mod layout;
mod raster;
pub(crate) mod roads;
mod side;
mod workers;

use crate::display::{DisplayList, Item, Rect, Token};
use crate::draw::Pen;
use crate::model::Model;
use crate::view::View;

pub(crate) use layout::Layout;
use layout::Nodes;

/// What only the layout changes.
pub(crate) fn ground(model: &Model, view: &View, layout: &Layout, items: &mut Vec<Item>) {
    control::ground(model, view, layout, items);
    side::ground(view, layout, items);
    workers::ground(model, view, layout, items);
}

/// What objects and numbers change, and what can be pointed at, in reading order.
pub(crate) fn state(model: &Model, view: &View, layout: &Layout, wall: f64, out: &mut DisplayList) {
    side::roads(model, view, layout, &mut out.state.items);
    control::state(model, view, layout, out);
    side::state(model, view, layout, out);
    workers::state(model, view, layout, wall, out);
}

/// How far each image on its way has come; true while there is one.
pub(crate) fn pulls(model: &Model, layout: &Layout, items: &mut Vec<Item>) -> bool {
    if layout.density != density::Density::Full || layout.mode != Nodes::Columns {
        return false;
    }
    let pen = &mut Pen { items, alpha: 1.0 };
    let mut any = false;
    for place in &layout.nodes {
        let Some(node) = model.node(&place.name) else { continue };
        for id in &node.pods {
            let Some(pod) = model.pods.get(*id as usize).filter(|pod| pod.pulling) else {
                continue;
            };
            let rect = layout.density.card(place.body, pod.slot);
            let spent = model.stats.now.since(pod.pull_since).as_secs_f64() as f32;
            let share = (1.0 - 1.0 / (1.0 + spent / 1.5)).clamp(0.12, 0.96);
            let bar = Rect::new(rect.x + rect.w - 70.0, rect.y + 47.0, 60.0, 7.0);
            pen.rect(bar, 3.5, Some(Token::Surface), None);
            pen.rect(Rect { w: bar.w * share, ..bar }, 3.5, Some(Token::Creating), None);
            any = true;
        }
    }
    any
}
