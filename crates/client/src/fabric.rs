//! The physical world under the cluster: machines, their addresses, the processes that listen and
//! the files they log to. Kubelets put processes here, packets find them here; the API does not
//! know it.

/// Wires and machines.
#[derive(Default)]
pub struct Fabric {}
