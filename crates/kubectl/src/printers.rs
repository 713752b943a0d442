//! Objects and tables as text: `-o yaml`, `-o json`, `-o name`, JSONPath, columns and tables.

pub mod columns;
pub mod kyaml;
pub mod object;
pub mod sort;
pub mod table;
pub mod tabwriter;

pub use object::Format;
pub use tabwriter::TabWriter;
