//! The one way into the cluster's state.

use std::sync::Arc;

use api::{Kind, Obj, to_kind};
use apimachinery::status::{Reason, Status};

use serde_json::Value;

use crate::fabric;
use crate::request::{
    Body, Credentials, DeleteOptions, List, ListOptions, PatchType, Reply, ReplyBody, Request, Verb,
};

pub type Result<T> = std::result::Result<T, Box<Status>>;

/// Answers requests at once. What a component is told by watches comes later.
pub trait Api {
    fn call(&mut self, request: Request) -> Result<Reply>;

    /// Sends one GET through the simulated network. `None`: this client has no way to it.
    fn send(&mut self, _from: &fabric::Client, _url: &str) -> Option<fabric::Exchange> {
        None
    }

    /// The registry that nodes pull from. `None`: this client has no way to it.
    fn registry(&mut self) -> Option<&mut fabric::registry::Registry> {
        None
    }

    /// Breaks or mends something of the cluster, as the terminal's `fault` says it, and gives what
    /// it answers. `None`: this client cannot.
    fn fault(&mut self, _line: &str) -> Option<std::result::Result<String, String>> {
        None
    }

    /// Whether a sender may ask a path that is no resource; the verb is the method in lower case.
    fn ask_path(&mut self, _: Option<&Credentials>, _verb: &str, _path: &str) -> Result<()> {
        Ok(())
    }

    /// The custom resources that are served, as discovery lists them.
    fn custom_resources(&self) -> Vec<&'static schema::Resource> {
        Vec::new()
    }

    /// The OpenAPI schema of a custom kind.
    fn custom_schema(&self, _group: &str, _version: &str, _kind: &str) -> Option<Value> {
        None
    }
}

fn typed<K: Kind>(reply: Reply) -> Result<Arc<K>> {
    match &reply.body {
        ReplyBody::Object(object) => to_kind::<K>(object),
        _ => None,
    }
    .ok_or_else(|| Status::new(Reason::InternalError, "the server answered with another kind"))
}

/// Typed short forms of the requests that components make.
pub trait ApiExt: Api {
    fn get<K: Kind>(&mut self, namespace: &str, name: &str) -> Result<Arc<K>> {
        typed(self.call(Request::new(Verb::Get, K::INFO.resource, namespace, name))?)
    }

    fn list<K: Kind>(&mut self, namespace: &str, options: ListOptions) -> Result<Vec<Arc<K>>> {
        let mut request = Request::new(Verb::List, K::INFO.resource, namespace, "");
        request.list = options;
        let items = self.call(request)?.list().unwrap_or(List::default()).items;
        Ok(items.iter().filter_map(to_kind::<K>).collect())
    }

    fn create<K: Kind>(&mut self, object: K) -> Result<Arc<K>> {
        let namespace = object.meta().namespace.clone();
        let body = Body::Object(Arc::new(object) as Obj);
        typed(self.call(Request::new(Verb::Create, K::INFO.resource, &namespace, "").body(body))?)
    }

    /// Replaces the object; its `resource_version` guards against writing over somebody's change.
    fn update<K: Kind>(&mut self, object: K) -> Result<Arc<K>> {
        self.put(object, "")
    }

    fn update_status<K: Kind>(&mut self, object: K) -> Result<Arc<K>> {
        self.put(object, "status")
    }

    fn put<K: Kind>(&mut self, object: K, subresource: &'static str) -> Result<Arc<K>> {
        let (namespace, name) = (object.meta().namespace.clone(), object.meta().name.clone());
        let request = Request::new(Verb::Update, K::INFO.resource, &namespace, &name)
            .subresource(subresource)
            .body(Body::Object(Arc::new(object) as Obj));
        typed(self.call(request)?)
    }

    fn patch<K: Kind>(
        &mut self,
        namespace: &str,
        name: &str,
        subresource: &'static str,
        kind: PatchType,
        patch: serde_json::Value,
    ) -> Result<Arc<K>> {
        let request = Request::new(Verb::Patch, K::INFO.resource, namespace, name)
            .subresource(subresource)
            .body(Body::Patch(kind, patch));
        typed(self.call(request)?)
    }

    fn delete<K: Kind>(
        &mut self,
        namespace: &str,
        name: &str,
        options: DeleteOptions,
    ) -> Result<()> {
        let request = Request::new(Verb::Delete, K::INFO.resource, namespace, name)
            .body(Body::Delete(options));
        self.call(request).map(|_| ())
    }
}

impl<A: Api + ?Sized> ApiExt for A {}
