//! What one manifest may cost: its bytes, its nesting, and how far aliases may blow it up.

/// Bounds on one call of `parse`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Longest text accepted; the API server's own request limit by default.
    pub bytes_max: usize,
    /// Deepest nesting of lists and maps. Values are copied and dropped recursively, so this
    /// is what keeps a small stack safe; `parse` never goes beyond `DEPTH_CEILING`.
    pub depth_max: usize,
    /// Most values that aliases may add to one document.
    pub alias_nodes_max: usize,
}

/// No setting of `depth_max` allows more than this.
const DEPTH_CEILING: usize = 250;

impl Default for Limits {
    fn default() -> Self {
        Limits { bytes_max: 3 * 1024 * 1024, depth_max: 100, alias_nodes_max: 100_000 }
    }
}

impl Limits {
    pub(crate) fn depth(&self) -> usize {
        self.depth_max.min(DEPTH_CEILING)
    }
}
