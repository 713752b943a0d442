//! The API's face on the wire: paths, queries and media types to requests, and answers to
//! documents. Nothing here knows a socket or the engine: the server gives text in and sends text out.

mod accept;
mod answer;
mod body;
mod catalog;
mod documents;
mod json;
mod messages;
mod openapi;
mod options;
mod path;
mod protobuf;
mod query;
mod route;
mod syntax;
mod watch;

pub use accept::{Form, Include, Shape, negotiate};
pub use answer::{Answer, answer, failure};
pub use catalog::Catalog;
pub use documents::document;
pub use json::{compact, pretty};
pub use path::{Place, place};
pub use query::{Query, decode};
pub use route::{Call, Http, Watch, call, not_found};
pub use watch::{bookmark, event, expired};
