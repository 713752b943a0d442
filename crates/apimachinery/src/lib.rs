//! What every API object is made of: metadata, selectors, quantities, times, errors and the way
//! between typed objects and JSON.

pub mod field_path;
pub mod gvk;
pub mod labels;
pub mod meta;
pub mod names;
pub mod quantity;
pub mod status;
pub mod strconv;
pub mod time;
pub mod wire;
