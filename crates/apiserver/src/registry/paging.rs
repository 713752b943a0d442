//! At which revision a list is wanted, and where a page of it goes on.
// Models apiserver/pkg/storage/continue.go, etcd3/store.go and
// apimachinery/pkg/apis/meta/internalversion/validation.

use apimachinery::base64;
use apimachinery::meta::Key;
use apimachinery::status::{FieldError, Reason, Status};
use client::Request;
use serde_json::{Value, json};
use smol_str::SmolStr;

use crate::server::Result;

const VERSION: &str = "meta.k8s.io/v1";
const EXACT: &str = "Exact";
const NOT_OLDER: &str = "NotOlderThan";

/// The state of the store that a list shows.
#[derive(Clone, Debug)]
pub(super) struct Wanted {
    pub revision: u64,
    /// The last key of the page before.
    pub after: Option<Key>,
}

/// Reads `resourceVersion`, `resourceVersionMatch` and `continue`.
pub(super) fn wanted(request: &Request, present: u64) -> Result<Wanted> {
    let version = request.query("resourceVersion").unwrap_or_default();
    let matching = request.query("resourceVersionMatch").unwrap_or_default();
    let token = request.list.continue_token.as_str();
    if !matching.is_empty() {
        check_match(matching, version, !token.is_empty())?;
    }
    if !token.is_empty() {
        if !version.is_empty() && version != "0" {
            let message = "specifying resource version is not allowed when using continue";
            return Err(Status::bad_request(message));
        }
        return read_token(token, &request.namespace);
    }
    let given = parse(version)?;
    if given > present {
        return Err(too_large(given, present));
    }
    // A list with a limit and a version but no rule shows that very version, as it always did.
    let is_exact = matching == EXACT || (matching.is_empty() && request.list.limit > 0);
    let revision = if given > 0 && is_exact { given } else { present };
    Ok(Wanted { revision, after: None })
}

/// A read cannot show what has not been written.
pub(super) fn check_not_ahead(request: &Request, present: u64) -> Result<()> {
    let given = parse(request.query("resourceVersion").unwrap_or_default())?;
    if given > present { Err(too_large(given, present)) } else { Ok(()) }
}

fn parse(version: &str) -> Result<u64> {
    if version.is_empty() {
        return Ok(0);
    }
    version.parse().map_err(|_| {
        let why = format!("strconv.ParseUint: parsing {version:?}: invalid syntax");
        let error = FieldError::invalid("resourceVersion", version, &why);
        Status::invalid("", "", "", &[error])
    })
}

fn too_large(given: u64, present: u64) -> Box<Status> {
    let message = format!("Timeout: Too large resource version: {given}, current: {present}");
    let mut status = Status::new(Reason::Timeout, message);
    status.retry_after_seconds = 1;
    status
}

fn check_match(matching: &str, version: &str, continues: bool) -> Result<()> {
    let field = "resourceVersionMatch";
    let mut errors = Vec::new();
    if version.is_empty() {
        let detail = "resourceVersionMatch is forbidden unless resourceVersion is provided";
        errors.push(FieldError::forbidden(field, detail));
    }
    if continues {
        let detail = "resourceVersionMatch is forbidden when continue is provided";
        errors.push(FieldError::forbidden(field, detail));
    }
    if matching != EXACT && matching != NOT_OLDER {
        errors.push(FieldError::not_supported(field, matching, &[EXACT, NOT_OLDER, ""]));
    }
    if matching == EXACT && version == "0" {
        let detail = "resourceVersionMatch \"exact\" is forbidden for resourceVersion \"0\"";
        errors.push(FieldError::forbidden(field, detail));
    }
    if errors.is_empty() {
        return Ok(());
    }
    Err(Status::invalid("meta.k8s.io", "ListOptions", "", &errors))
}

/// The token of a page that ends with a key. Clients are not to look into it.
pub(super) fn token(revision: u64, namespace: &str, last: &Key) -> SmolStr {
    let place = match (namespace.is_empty(), last.namespace.as_str()) {
        (true, "") | (false, _) => format!("{}\0", last.name),
        (true, other) => format!("{other}/{}\0", last.name),
    };
    let token = json!({ "v": VERSION, "rv": revision, "start": place });
    base64::encode_url(token.to_string().as_bytes()).into()
}

fn read_token(token: &str, namespace: &str) -> Result<Wanted> {
    let invalid = |why: &str| Status::bad_request(format!("continue key is not valid{why}"));
    let read = |bytes: Vec<u8>| serde_json::from_slice::<Value>(&bytes).ok();
    let token = base64::decode(token).and_then(read);
    let token = token.ok_or_else(|| invalid(": illegal base64 data or no token"))?;
    if token["v"] != VERSION {
        let version = token["v"].as_str().unwrap_or_default();
        return Err(invalid(&format!(
            ": server does not recognize this encoded version {version}"
        )));
    }
    let revision = token["rv"].as_u64().unwrap_or(0);
    if revision == 0 {
        return Err(invalid(": incorrect encoded start resourceVersion (version meta.k8s.io/v1)"));
    }
    let place = token["start"].as_str().unwrap_or_default().trim_end_matches('\0');
    if place.is_empty() {
        return Err(invalid(": encoded start key empty (version meta.k8s.io/v1)"));
    }
    let after = match (namespace, place.split_once('/')) {
        ("", Some((namespace, name))) => Key::new(namespace, name),
        (namespace, _) => Key::new(namespace, place),
    };
    Ok(Wanted { revision, after: Some(after) })
}

/// The history that a list needs is kept no more.
pub(super) fn expired(continues: bool) -> Box<Status> {
    let message = match continues {
        true => {
            "The provided continue parameter is too old to display a consistent list result. You \
             can start a new list without the continue parameter, or use the continue token in \
             this response to retrieve the remainder of the results. Continuing with the provided \
             token results in an inconsistent list - objects that were created, modified, or \
             deleted between the time the first chunk was returned and now may show up in the list."
        }
        false => "The resourceVersion for the provided list is too old.",
    };
    Status::new(Reason::Expired, message)
}
