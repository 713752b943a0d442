//! Resources without a type of their own.

use api::KindEntry;

pub(crate) fn entries() -> Vec<KindEntry> {
    Vec::new()
}
