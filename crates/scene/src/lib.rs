//! What the cluster looks like: a model fed by changes and traces, views that turn it into a
//! display list, and a painter for SVG. No browser in here.

pub mod account;
pub mod display;
mod draw;
mod frame;
pub mod measure;
pub mod model;
mod motion;
pub mod phase;
pub mod stats;
pub mod strings;
mod svg;
mod theme;
pub mod view;
pub mod views;

pub use account::account;
pub use display::{DisplayList, Hit, Item, Layer, Target, Token};
pub use frame::frame;
pub use model::{Model, NodeState, PodState, ServiceState};
pub use phase::{PHASES, Phase};
pub use stats::{ClientStats, NodeUsage, Stats};
pub use strings::Lang;
pub use svg::svg;
pub use theme::{Rgb, Theme, hex, theme};
pub use view::View;
