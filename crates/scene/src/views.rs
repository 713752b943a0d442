//! The views of the picture, one entry each.

pub mod architecture;
