//! Get and list, as objects or as the server's table.

use std::ops::Bound;

use api::Obj;
use apimachinery::meta::Key;
use apimachinery::time::Time;
use client::{Accept, List, Reply, ReplyBody, Request, Table, TableRow};

use super::paging::{self, Wanted};
use super::selection::Selection;
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
        paging::check_not_ahead(request, self.revision())?;
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
        let wanted = paging::wanted(request, self.revision())?;
        let is_present = wanted.revision == self.revision();
        if request.list.limit == 0 && wanted.after.is_none() && is_present {
            let objects = self.in_namespace(resource, namespace).map(|(_, object)| object);
            let items = objects.filter(|object| selection.matches(object)).cloned().collect();
            let resource_version = self.revision();
            return Ok(List { items, resource_version, ..List::default() });
        }
        self.select_page(resource, request, (namespace, wanted), &selection)
    }

    fn select_page(
        &self,
        resource: &Resource,
        request: &Request,
        (namespace, from): (&str, Wanted),
        selection: &Selection,
    ) -> Result<List> {
        let items = self
            .store
            .range_at(resource.table, from.revision)
            .map_err(|_| paging::expired(from.after.is_some()))?;
        let limit = if request.list.limit == 0 { usize::MAX } else { request.list.limit as usize };
        let mut list = List { resource_version: from.revision, ..List::default() };
        let start = Bound::Excluded(from.after.unwrap_or_else(|| Key::new(namespace, "")));
        let mut last: Option<Key> = None;
        let mut left = 0;
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
                left += 1;
            }
        }
        if let (true, Some(after)) = (left > 0, last) {
            list.continue_token = paging::token(from.revision, namespace, &after);
            // With a selector nobody counts what is left.
            list.remaining = if selection.is_everything() { left } else { 0 };
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
