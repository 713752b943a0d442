//! Get and list, as objects or as the server's table.

use std::ops::Bound;

use api::Obj;
use apimachinery::meta::Key;
use apimachinery::status::{Reason, Status};
use apimachinery::time::Time;
use client::{Accept, List, Reply, ReplyBody, Request, Table, TableRow};

use super::selection::{Continue, Selection};
use crate::resources::Resource;
use crate::server::{ApiServer, CallCx, Result};

impl ApiServer {
    /// The objects of a namespace, or all if it is empty, in key order.
    pub(crate) fn in_namespace<'a>(
        &'a self,
        resource: &Resource,
        namespace: &'a str,
    ) -> impl Iterator<Item = (&'a Key, &'a Obj)> + use<'a> {
        let start = Bound::Included(Key::new(namespace, ""));
        self.store
            .range(resource.table, (start, Bound::Unbounded))
            .take_while(move |(key, _)| namespace.is_empty() || key.namespace == namespace)
            .map(|(key, item)| (key, &item.value))
    }

    pub(crate) fn get(
        &self,
        cx: &CallCx<'_>,
        resource: &Resource,
        request: &Request,
    ) -> Result<Reply> {
        let object = self.found(resource, &key_of(resource, request))?;
        let body = match request.accept {
            Accept::Object => ReplyBody::Object(object),
            Accept::Table => {
                let resource_version = object.meta().resource_version;
                let list = List { items: vec![object], resource_version, ..List::default() };
                ReplyBody::Table(table(resource, list, cx.time()))
            }
        };
        Ok(Reply::new(body))
    }

    pub(crate) fn list(
        &self,
        cx: &CallCx<'_>,
        resource: &Resource,
        request: &Request,
    ) -> Result<Reply> {
        let list = self.select(resource, request)?;
        Ok(Reply::new(match request.accept {
            Accept::Object => ReplyBody::List(list),
            Accept::Table => ReplyBody::Table(table(resource, list, cx.time())),
        }))
    }

    pub(crate) fn select(&self, resource: &Resource, request: &Request) -> Result<List> {
        let selection = Selection::parse(resource, &request.list)?;
        let namespace = if resource.info().namespaced { request.namespace.as_str() } else { "" };
        if request.list.limit == 0 && request.list.continue_token.is_empty() {
            let objects = self.in_namespace(resource, namespace).map(|(_, object)| object);
            let items = objects.filter(|object| selection.matches(object)).cloned().collect();
            let resource_version = self.revision();
            return Ok(List { items, resource_version, ..List::default() });
        }
        self.select_page(resource, request, namespace, &selection)
    }

    fn select_page(
        &self,
        resource: &Resource,
        request: &Request,
        namespace: &str,
        selection: &Selection,
    ) -> Result<List> {
        let options = &request.list;
        let from = match options.continue_token.as_str() {
            "" => Continue { revision: self.revision(), after: Key::new(namespace, "") },
            token => Continue::parse(token).ok_or_else(|| {
                Status::bad_request("continue key is not valid: encoded start key was not read")
            })?,
        };
        let items = self.store.range_at(resource.table, from.revision).map_err(|_| {
            Status::new(
                Reason::Expired,
                "The provided continue parameter is too old to display a consistent list result. \
                 You can start a new list without the continue parameter, or use the continue \
                 token in this response to retrieve the remainder of the results. Continuing with \
                 the provided token results in an inconsistent list - objects that were created, \
                 modified, or deleted between the time the first chunk was returned and now may \
                 show up in the list.",
            )
        })?;
        let limit = if options.limit == 0 { usize::MAX } else { options.limit as usize };
        let mut list = List { resource_version: from.revision, ..List::default() };
        let start = Bound::Excluded(from.after);
        let mut last: Option<Key> = None;
        for (key, item) in items.range((start, Bound::Unbounded)) {
            if !namespace.is_empty() && key.namespace != namespace {
                break;
            }
            if !selection.matches(&item.value) {
                continue;
            }
            if list.items.len() < limit {
                list.items.push(item.value.clone());
                last = Some(key.clone());
            } else {
                list.remaining += 1;
            }
        }
        if let (true, Some(after)) = (list.remaining > 0, last) {
            list.continue_token = Continue { revision: from.revision, after }.token();
        }
        Ok(list)
    }
}

/// The key that a request's path names.
pub(crate) fn key_of(resource: &Resource, request: &Request) -> Key {
    if resource.info().namespaced {
        Key::new(request.namespace.clone(), request.name.clone())
    } else {
        Key::new("", request.name.clone())
    }
}

fn table(resource: &Resource, list: List, now: Time) -> Table {
    let row = |object: Obj| TableRow { cells: object.row(now), object };
    Table {
        columns: resource.columns.clone(),
        rows: list.items.into_iter().map(row).collect(),
        resource_version: list.resource_version,
        continue_token: list.continue_token,
        remaining: list.remaining,
    }
}
