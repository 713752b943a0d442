//! The whole house at one glance: control plane, workers with their pods, services and clients.

use crate::display::{DisplayList, Item};
use crate::model::Model;
use crate::view::View;

#[derive(Debug, Default)]
pub(crate) struct Layout { pub size: (f32, f32) }
impl Layout {
    pub fn of(_model: &Model, view: &View) -> Layout { Layout { size: view.size } }
    pub fn is_outgrown(&self, _model: &Model) -> bool { false }
}
pub(crate) fn ground(_: &Model, _: &View, _: &Layout, _: &mut Vec<Item>) {}
pub(crate) fn state(_: &Model, _: &View, _: &Layout, _: f64, _: &mut DisplayList) {}
pub(crate) fn motion(_: &mut Model, _: &View, _: &Layout, _: f64, _: &mut DisplayList) -> bool { false }
