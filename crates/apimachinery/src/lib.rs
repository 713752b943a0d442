//! What every API object is made of: metadata, selectors, quantities, times, errors and the way
//! between typed objects and JSON.

pub mod base64;
pub mod cron;
pub mod duration;
pub mod encode;
pub mod field_path;
pub mod field_set;
pub mod fields;
pub mod gvk;
pub mod int_or_string;
pub mod jsonpath;
pub mod labels;
pub mod managed;
pub mod meta;
pub mod names;
pub mod quantity;
pub mod status;
pub mod strconv;
pub mod template_hash;
pub mod time;
pub mod time_zone;
pub mod wire;
