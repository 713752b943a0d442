//! What the cluster looks like: a model fed by changes and traces, views that turn it into a
//! display list, and a painter for SVG. No browser in here.

pub mod display;
