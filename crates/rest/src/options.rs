//! What a query says beside the path: options of reads and writes, and what is wrong with them.
// Models apimachinery/pkg/apis/meta/v1/validation and internalversion/validation.

use apimachinery::status::{FieldError, Status};
use client::{ListOptions, Verb};

use crate::query::Query;

type Result<T> = std::result::Result<T, Box<Status>>;

fn invalid(kind: &str, errors: &[FieldError]) -> Result<()> {
    match errors {
        [] => Ok(()),
        errors => Err(Status::invalid("meta.k8s.io", kind, "", errors)),
    }
}

/// A whole number, or none if it is not given.
fn number(query: &Query, name: &str) -> Result<Option<i64>> {
    match query.get(name) {
        None | Some("") => Ok(None),
        Some(text) => text.parse::<i64>().map(Some).map_err(|_| {
            Status::bad_request(format!("strconv.ParseInt: parsing {text:?}: invalid syntax"))
        }),
    }
}

/// Options of a list, a watch or the delete of a collection.
pub(crate) fn list(query: &Query, watches: bool) -> Result<ListOptions> {
    let limit = number(query, "limit")?.unwrap_or(0);
    number(query, "timeoutSeconds")?;
    let version = query.text("resourceVersion");
    if !version.is_empty() && version.parse::<u64>().is_err() {
        let why = format!(
            "resourceVersion: Invalid value: {version:?}: strconv.ParseUint: parsing {version:?}: \
             invalid syntax"
        );
        return Err(Status::bad_request(format!("invalid resource version: {why}")));
    }
    let errors = if watches { watch_errors(query) } else { list_errors(query) };
    invalid("ListOptions", &errors)?;
    Ok(ListOptions {
        label_selector: query.text("labelSelector").into(),
        field_selector: query.text("fieldSelector").into(),
        limit: u32::try_from(limit).unwrap_or(0),
        continue_token: query.text("continue").into(),
    })
}

const MATCH: &str = "resourceVersionMatch";
const NOT_OLDER_THAN: &str = "NotOlderThan";

fn list_errors(query: &Query) -> Vec<FieldError> {
    let (mut errors, version) = (Vec::new(), query.text("resourceVersion"));
    let wanted = query.text(MATCH);
    if !wanted.is_empty() {
        if version.is_empty() {
            let why = "resourceVersionMatch is forbidden unless resourceVersion is provided";
            errors.push(FieldError::forbidden(MATCH, why));
        }
        if !query.text("continue").is_empty() {
            let why = "resourceVersionMatch is forbidden when continue is provided";
            errors.push(FieldError::forbidden(MATCH, why));
        }
        if !["Exact", NOT_OLDER_THAN].contains(&wanted) {
            let all = ["Exact", NOT_OLDER_THAN, ""];
            errors.push(FieldError::not_supported(MATCH, wanted, &all));
        }
        if wanted == "Exact" && version == "0" {
            let why = "resourceVersionMatch \"exact\" is forbidden for resourceVersion \"0\"";
            errors.push(FieldError::forbidden(MATCH, why));
        }
    }
    if query.get("sendInitialEvents").is_some() {
        let why = "sendInitialEvents is forbidden for list";
        errors.push(FieldError::forbidden("sendInitialEvents", why));
    }
    errors
}

fn watch_errors(query: &Query) -> Vec<FieldError> {
    let (mut errors, wanted) = (Vec::new(), query.text(MATCH));
    let sends = query.get("sendInitialEvents").is_some();
    if sends && wanted != NOT_OLDER_THAN {
        let why = "sendInitialEvents requires setting resourceVersionMatch to NotOlderThan";
        errors.push(FieldError::forbidden(MATCH, why));
    }
    if wanted.is_empty() {
        return errors;
    }
    if !sends {
        let why =
            "resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided";
        errors.push(FieldError::forbidden(MATCH, why));
    }
    if wanted != NOT_OLDER_THAN {
        errors.push(FieldError::not_supported(MATCH, wanted, &[NOT_OLDER_THAN]));
    }
    if !query.text("continue").is_empty() {
        let why = "resourceVersionMatch is forbidden when continue is provided";
        errors.push(FieldError::forbidden(MATCH, why));
    }
    errors
}

/// Checks the options of a write; whether it is a dry run.
pub(crate) fn write(query: &Query, verb: Verb, applies: bool) -> Result<bool> {
    let kind = match verb {
        Verb::Create => "CreateOptions",
        Verb::Update => "UpdateOptions",
        Verb::Patch => "PatchOptions",
        _ => "DeleteOptions",
    };
    let is_delete = kind == "DeleteOptions";
    let (mut errors, dry_run) = (Vec::new(), query.text("dryRun"));
    if verb == Verb::Patch && !applies && query.get("force").is_some() {
        let why = "may not be specified for non-apply patch";
        errors.push(FieldError::forbidden("force", why));
    }
    let policy = query.text("propagationPolicy");
    if is_delete && !["", "Foreground", "Background", "Orphan"].contains(&policy) {
        let all = ["Foreground", "Background", "Orphan", "nil"];
        errors.push(FieldError::not_supported("propagationPolicy", policy, &all));
    }
    if !["", "All"].contains(&dry_run) {
        let mut error = FieldError::not_supported("dryRun", dry_run, &["All"]);
        error.value = format!("[{}]", error.value);
        errors.push(error);
    }
    let validation = query.text("fieldValidation");
    let known = ["", "Ignore", "Strict", "Warn"];
    if !is_delete && !known.contains(&validation) {
        errors.push(FieldError::not_supported("fieldValidation", validation, &known));
    }
    if is_delete {
        number(query, "gracePeriodSeconds")?;
    }
    invalid(kind, &errors)?;
    Ok(dry_run == "All")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wrong_options_are_named_as_a_server_names_them() {
        let said =
            |verb, query: &str| write(&Query::parse(query), verb, false).unwrap_err().message;
        assert_eq!(
            said(Verb::Create, "dryRun=x"),
            "CreateOptions.meta.k8s.io \"\" is invalid: dryRun: Unsupported value: [\"x\"]: \
             supported values: \"All\""
        );
        assert_eq!(
            said(Verb::Update, "fieldValidation=x"),
            "UpdateOptions.meta.k8s.io \"\" is invalid: fieldValidation: Unsupported value: \
             \"x\": supported values: \"\", \"Ignore\", \"Strict\", \"Warn\""
        );
        assert_eq!(
            said(Verb::Patch, "force=true"),
            "PatchOptions.meta.k8s.io \"\" is invalid: force: Forbidden: may not be specified for \
             non-apply patch"
        );
        let list = |query: &str| list(&Query::parse(query), false).unwrap_err().message;
        assert_eq!(list("limit=x"), "strconv.ParseInt: parsing \"x\": invalid syntax");
        assert!(list("resourceVersionMatch=Exact").contains("is forbidden unless resourceVersion"));
        assert!(super::list(&Query::parse("limit=3&watch=1"), true).is_ok());
    }
}
