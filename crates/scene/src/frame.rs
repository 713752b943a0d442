//! One frame: rebuilds the layers that are out of date and lets the rest be.

use crate::display::DisplayList;
use crate::draw::{moved, transform};
use crate::model::Model;
use crate::motion;
use crate::view::View;
use crate::views;

/// What the last frame was made of.
#[derive(Debug, Default)]
pub(crate) struct Cache {
    shape: u64,
    state: u64,
    version: u64,
    view: Option<View>,
    /// The last frame was animated: one more puts everything where it belongs.
    settling: bool,
    pub layout: views::architecture::Layout,
}

/// Draws the model into `out`. Keep one list and hand it in again and again: only layers whose
/// version moved were rebuilt. `wall_ms` is any clock that goes on with the person's time.
pub fn frame(model: &mut Model, view: &View, wall_ms: f64, out: &mut DisplayList) {
    model.bury(wall_ms);
    let mut cache = std::mem::take(&mut model.cache);
    let fresh = cache.version == 0
        || out.ground.version != cache.version
        || cache.view.as_ref().is_none_or(|old| old.lays_out_otherwise(view));
    let ground = fresh || cache.shape != model.shape || cache.layout.is_outgrown(model);
    let looks = cache.view.as_ref() != Some(view);
    if ground {
        cache.version += 1;
        cache.layout = views::architecture::Layout::of(model, view);
        out.size = cache.layout.size;
        out.ground.items.clear();
        views::architecture::ground(model, view, &cache.layout, &mut out.ground.items);
        transform(&mut out.ground.items, view.zoom, view.scroll);
        out.size = (out.size.0 * view.zoom, out.size.1 * view.zoom);
        out.ground.version = cache.version;
    }
    let animated = model.is_animated(wall_ms);
    let redrawn = animated && !cache.layout.is_raster();
    if ground || looks || redrawn || cache.state != model.state || cache.settling {
        out.state.items.clear();
        out.hits.clear();
        views::architecture::state(model, view, &cache.layout, wall_ms, out);
        transform(&mut out.state.items, view.zoom, view.scroll);
        for hit in &mut out.hits {
            hit.rect = moved(hit.rect, view.zoom, view.scroll);
        }
        out.state.version += 1;
    }
    cache.settling = animated;
    let was_empty = out.motion.items.is_empty();
    out.motion.items.clear();
    let moving = motion::draw(model, view, &cache.layout, wall_ms, &mut out.motion.items);
    transform(&mut out.motion.items, view.zoom, view.scroll);
    out.motion.version += u64::from(!was_empty || !out.motion.items.is_empty());
    out.moving = animated || moving;
    cache.shape = model.shape;
    cache.state = model.state;
    if looks {
        cache.view = Some(view.clone());
    }
    model.cache = cache;
}
