//! `namespaces/finalize`: who held a namespace lets go.
// Models pkg/registry/core/namespace/strategy.go (namespaceFinalizeStrategy).

use api::{Namespace, Object, as_kind};
use smol_str::SmolStr;

/// Keeps the status; only the spec's finalizers may change.
pub(crate) fn prepare(object: &mut dyn Object, existing: &dyn Object) {
    let Some(old) = as_kind::<Namespace>(existing) else { return };
    if let Some(namespace) = object.as_any_mut().downcast_mut::<Namespace>() {
        namespace.status = old.status.clone();
    }
}

/// The finalizers of a namespace's spec; of anything else, none.
pub(crate) fn spec_finalizers(object: &dyn Object) -> &[SmolStr] {
    as_kind::<Namespace>(object).map_or(&[], |namespace| &namespace.spec.finalizers)
}
