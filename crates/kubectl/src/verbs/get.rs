//! `kubectl get`.
// Models kubectl/pkg/cmd/get/get.go.

pub mod raw;
mod watch;

use apimachinery::status::{Reason, Status};
use client::{Table, TableRow};
use serde_json::Value;

use crate::discovery;
use crate::fail::{Fail, Outcome, error};
use crate::flags::{ALL_NAMESPACES, Args, FIELD_SELECTOR, FILENAME, Flag, PRINT, SELECTOR};
use crate::manifest;
use crate::printers::table::{self, Style};
use crate::printers::{Format, TabWriter, object, sort};
use crate::server::{self, Filter};
use crate::session::Cx;
use crate::target::{self, Ask, Rules};
use crate::verbs::{Flow, Verb, Words};

static FLAGS: &[Flag] = &[
    Flag::bool("watch").short('w'),
    Flag::bool("watch-only"),
    Flag::bool("output-watch-events"),
    Flag::bool("no-headers"),
    Flag::bool("show-labels"),
    Flag::bool("show-kind"),
    Flag::list("label-columns").short('L'),
    Flag::text("sort-by"),
    Flag::bool("ignore-not-found"),
    Flag::int("chunk-size", "500"),
    Flag::on("server-print"),
    Flag::text("raw"),
    Flag::text("subresource"),
];

pub static VERB: Verb = Verb {
    name: "get",
    about: "Display one or many resources",
    usage: "[(-o|--output=)json|yaml|name|wide|jsonpath=...|custom-columns=...] (TYPE [NAME | -l \
         label] | TYPE/NAME ...) [flags]",
    flags: &[FLAGS, PRINT, FILENAME, SELECTOR, FIELD_SELECTOR, ALL_NAMESPACES],
    words: Words::Resources,
    run: Some(run),
    ..Verb::NONE
};

fn run(cx: &mut Cx<'_>, args: &Args) -> Outcome<Flow> {
    if args.changed("raw") {
        return raw::run(cx, args);
    }
    let format = Format::of(args, &cx.session.files, true)?;
    object::check(&format)?;
    let asks = asks(cx, args)?;
    let subresource = args.text("subresource");
    let has = |ask: &Ask| ask.kind().subresource(subresource).is_some();
    if !subresource.is_empty() && !asks.iter().all(has) {
        let text = "the server could not find the requested resource";
        return Err(Status::new(Reason::NotFound, text).into());
    }
    if args.bool("watch") || args.bool("watch-only") {
        return watch::start(args, format, asks);
    }
    if format.is_human() {
        print_tables(cx, args, &format, asks)?;
    } else {
        print_objects(cx, args, &format, &asks)?;
    }
    Ok(Flow::Done)
}

fn asks(cx: &mut Cx<'_>, args: &Args) -> Outcome<Vec<Ask>> {
    if args.changed("filename") {
        let (found, fails) = manifest::objects(cx, args)?;
        crate::fail::all(fails)?;
        let ask = |one: target::Found| Ask::Name {
            kind: one.kind,
            namespace: one.namespace,
            name: one.name,
        };
        return Ok(found.into_iter().map(ask).collect());
    }
    if args.words.is_empty() {
        return error(
            "Required resource not specified.\nUse \"kubectl explain <resource>\" for a detailed \
             description of that resource (e.g. kubectl explain pods).\nSee 'kubectl get -h' for \
             help and examples",
        )
        .inspect_err(|_: &Fail| {
            cx.complain(
                "You must specify the type of resource to get. Use \"kubectl api-resources\" for a \
                 complete list of supported resources.\n",
            );
        });
    }
    target::asks(args, &args.words, Rules { all_by_default: true, ..Rules::default() })
}

/// Whether more than one kind was asked for: then names carry their kind.
fn several_kinds(asks: &[Ask]) -> bool {
    asks.iter().any(|ask| asks.first().is_some_and(|first| first.kind() != ask.kind()))
}

fn style(args: &Args, format: &Format, ask: &Ask, with_kind: bool) -> Style {
    let kind = ask.kind();
    Style {
        wide: *format == Format::Wide,
        no_headers: args.bool("no-headers"),
        namespace: args.bool("all-namespaces") && kind.namespaced,
        kind: (with_kind || args.bool("show-kind")).then(|| discovery::kind_group(kind)),
        labels: args.list("label-columns").to_vec(),
        show_labels: args.bool("show-labels"),
    }
}

pub fn ask_table(cx: &mut Cx<'_>, ask: &Ask, filter: &Filter) -> Outcome<Table> {
    match ask {
        Ask::Name { kind, namespace, name } => {
            server::table(cx, kind, namespace, name, &Filter::default())
        }
        Ask::List { kind, namespace } => server::table(cx, kind, namespace, "", filter),
    }
}

fn print_tables(cx: &mut Cx<'_>, args: &Args, format: &Format, asks: Vec<Ask>) -> Outcome {
    let filter = target::filter(args);
    let with_kind = several_kinds(&asks);
    let mut fails = Vec::new();
    let mut printed = String::new();
    let mut last: Option<discovery::Kind> = None;
    let mut pending = String::new();
    let mut all_namespaced = !args.bool("all-namespaces");
    for ask in &asks {
        all_namespaced = all_namespaced && ask.kind().namespaced;
        let mut table = match ask_table(cx, ask, &filter) {
            Ok(table) => table,
            Err(fail) if fail.is_not_found() && args.bool("ignore-not-found") => continue,
            Err(fail) => {
                fails.push(fail);
                continue;
            }
        };
        if !sort_rows(args, &mut table)? || table.rows.is_empty() {
            continue;
        }
        let style = style(args, format, ask, with_kind);
        if last.is_none_or(|last| last != ask.kind()) {
            flush(&mut printed, &mut pending, style.no_headers);
            last = Some(ask.kind());
            if !style.no_headers {
                pending.push_str(&table::header(&table, &style));
            }
        }
        table.rows.iter().for_each(|row| pending.push_str(&table::row(&table, row, &style)));
    }
    flush(&mut printed, &mut pending, args.bool("no-headers"));
    cx.out.stdout(&printed);
    if printed.is_empty() && fails.is_empty() && !args.bool("ignore-not-found") {
        if all_namespaced {
            cx.complain(&format!("No resources found in {} namespace.", args.namespace));
        } else {
            cx.complain("No resources found");
        }
    }
    crate::fail::all(fails)
}

/// Sets the rows of one kind and puts an empty line before them if others stand above.
fn flush(printed: &mut String, pending: &mut String, no_headers: bool) {
    if pending.is_empty() {
        return;
    }
    if !printed.is_empty() && !no_headers {
        printed.push('\n');
    }
    printed.push_str(&TabWriter::table().format(pending));
    pending.clear();
}

/// False if the rows have no such field, in which case kubectl shows none of them.
fn sort_rows(args: &Args, table: &mut Table) -> Outcome<bool> {
    let path = args.text("sort-by");
    if path.is_empty() {
        return Ok(true);
    }
    let objects: Vec<Value> = table.rows.iter().map(|row| row.object.to_wire()).collect();
    let Some(keys) = sort::keys(path, &objects)? else {
        return Ok(false);
    };
    let mut rows: Vec<(Option<Value>, TableRow)> =
        keys.into_iter().zip(std::mem::take(&mut table.rows)).collect();
    rows.sort_by(|(a, _), (b, _)| sort::compare(a, b));
    table.rows = rows.into_iter().map(|(_, row)| row).collect();
    Ok(true)
}

fn print_objects(cx: &mut Cx<'_>, args: &Args, format: &Format, asks: &[Ask]) -> Outcome {
    let filter = target::filter(args);
    let (mut found, mut fails) = (Vec::new(), Vec::new());
    for ask in asks {
        match target::fetch(cx, ask, &filter) {
            Ok(objects) => found.extend(objects.into_iter().map(|one| one.object)),
            Err(fail) if fail.is_not_found() && args.bool("ignore-not-found") => {}
            Err(fail) => fails.push(fail),
        }
    }
    let path = args.text("sort-by");
    if !path.is_empty() {
        match sort::keys(path, &found)? {
            Some(keys) => {
                let mut pairs: Vec<_> = keys.into_iter().zip(found).collect();
                pairs.sort_by(|(a, _), (b, _)| sort::compare(a, b));
                found = pairs.into_iter().map(|(_, object)| object).collect();
            }
            None => {
                return error(format!(
                    "couldn't find any field with path {path:?} in the list of objects"
                ));
            }
        }
    }
    let single = matches!(asks, [Ask::Name { .. }]);
    let object = match (single, found.len()) {
        (true, 0) => return crate::fail::all(fails),
        (true, _) => found.pop().unwrap_or_default(),
        (false, 0) if !fails.is_empty() => return crate::fail::all(fails),
        _ => object::list_of(found),
    };
    let text = object::print(format, &object, args)?;
    cx.out.stdout(&text);
    crate::fail::all(fails)
}
