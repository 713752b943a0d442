//! What stands behind storage classes: programs that make volumes, delete and attach them. A
//! driver is plain data (`driver.rs`); one component plays them all (`provisioner.rs`).

mod driver;
mod provisioner;

pub use driver::{Driver, Source};
pub use provisioner::Provisioner;
