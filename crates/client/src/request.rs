//! What one asks of the API server and what it answers.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::Arc;

use api::Obj;
use apimachinery::gvk::GroupResource;
use apimachinery::meta::Uid;
use apimachinery::time::Time;
use serde_json::Value;
use smol_str::SmolStr;

use crate::metrics::Metrics;

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Verb {
    Create,
    Get,
    List,
    Update,
    Patch,
    Delete,
    DeleteCollection,
}

impl Verb {
    /// As RBAC and audit name it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Verb::Create => "create",
            Verb::Get => "get",
            Verb::List => "list",
            Verb::Update => "update",
            Verb::Patch => "patch",
            Verb::Delete => "delete",
            Verb::DeleteCollection => "deletecollection",
        }
    }

    /// As HTTP names it.
    pub const fn method(self) -> &'static str {
        match self {
            Verb::Create => "POST",
            Verb::Get | Verb::List => "GET",
            Verb::Update => "PUT",
            Verb::Patch => "PATCH",
            Verb::Delete | Verb::DeleteCollection => "DELETE",
        }
    }
}

/// Who asks.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct User {
    pub name: SmolStr,
    pub uid: SmolStr,
    pub groups: Vec<SmolStr>,
    pub extra: BTreeMap<SmolStr, Vec<SmolStr>>,
    /// Whether the server holds him to what roles allow, as it does whoever shows credentials.
    /// The engine's own components are trusted.
    pub restricted: bool,
}

impl User {
    pub fn new(name: impl Into<SmolStr>, groups: &[&'static str]) -> Self {
        let groups = groups.iter().copied().map(SmolStr::new_static).collect();
        User { name: name.into(), groups, ..User::default() }
    }

    /// Whoever says nothing of himself.
    pub fn anonymous() -> Self {
        User::new(SmolStr::new_static("system:anonymous"), &["system:unauthenticated"])
    }

    pub fn is_in(&self, group: &str) -> bool {
        self.groups.iter().any(|one| one == group)
    }
}

/// Whom a request wants to act as (`--as`, the `Impersonate-*` headers).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Impersonate {
    pub user: SmolStr,
    pub uid: SmolStr,
    pub groups: Vec<SmolStr>,
    pub extra: BTreeMap<SmolStr, Vec<SmolStr>>,
}

/// What a request itself says of its sender. Without any it comes from the connection's user,
/// who is trusted; with some it is authenticated and authorized.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Credentials {
    /// A bearer token; empty means none.
    pub token: SmolStr,
    /// A client certificate in PEM; empty means none.
    pub certificate: String,
    pub impersonate: Option<Impersonate>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PatchType {
    Json,
    Merge,
    Strategic,
    Apply,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Propagation {
    Background,
    Foreground,
    Orphan,
}

#[derive(Clone, Debug, Default, PartialEq)]
pub struct DeleteOptions {
    pub grace_period_seconds: Option<i64>,
    pub propagation: Option<Propagation>,
    pub precondition_uid: Option<Uid>,
    pub precondition_resource_version: Option<u64>,
}

/// What a request carries. Components inside the engine send typed objects; whoever stands outside
/// sends JSON, which is checked strictly against the schema.
#[derive(Clone, Debug, Default)]
pub enum Body {
    #[default]
    None,
    Object(Obj),
    Json(Value),
    Patch(PatchType, Value),
    Delete(DeleteOptions),
    /// The `binding` subresource: the node a pod goes to.
    Binding(SmolStr),
    /// What the metrics server read of the kubelets.
    Metrics(Arc<Metrics>),
}

#[derive(Clone, Debug, Default, PartialEq)]
pub struct ListOptions {
    pub label_selector: SmolStr,
    pub field_selector: SmolStr,
    /// Zero means no limit.
    pub limit: u32,
    pub continue_token: SmolStr,
}

/// Which part of a container's log. Models core/v1 PodLogOptions.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LogOptions {
    /// The container, always named once the API server has looked.
    pub container: SmolStr,
    pub follow: bool,
    /// The log of the container's last run.
    pub previous: bool,
    pub since_seconds: Option<i64>,
    pub since_time: Option<Time>,
    pub timestamps: bool,
    pub tail_lines: Option<i64>,
    pub limit_bytes: Option<i64>,
}

/// How a command in a container ended.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ExecResult {
    pub stdout: String,
    pub stderr: String,
    pub exit_code: i32,
}

/// The form of the answer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Accept {
    #[default]
    Object,
    /// The server's table, as `kubectl get` asks for it.
    Table,
}

/// One request. Empty namespace: cluster-scoped, or all namespaces in a list.
#[derive(Clone, Debug)]
pub struct Request {
    pub verb: Verb,
    pub resource: GroupResource,
    /// Empty means the preferred version.
    pub version: SmolStr,
    pub namespace: SmolStr,
    pub name: SmolStr,
    /// `status`, `scale`, `binding`, `log`, `eviction`, … or empty.
    pub subresource: SmolStr,
    pub body: Body,
    pub list: ListOptions,
    pub accept: Accept,
    /// Whether the JSON form of the answer shows who manages the fields.
    pub managed_fields: bool,
    pub dry_run: bool,
    /// Strict field validation: unknown fields are errors. Off: they are dropped.
    pub strict: bool,
    /// Further query parameters (`container`, `tailLines`, `fieldManager`, `force`, …).
    pub query: Vec<(SmolStr, SmolStr)>,
    /// Who says that he asks, where that is not the connection's own user.
    pub sender: Option<Arc<Credentials>>,
}

impl Request {
    pub fn new(verb: Verb, resource: GroupResource, namespace: &str, name: &str) -> Self {
        Request {
            verb,
            resource,
            version: SmolStr::default(),
            namespace: namespace.into(),
            name: name.into(),
            subresource: SmolStr::default(),
            body: Body::None,
            list: ListOptions::default(),
            accept: Accept::Object,
            managed_fields: false,
            dry_run: false,
            strict: true,
            query: Vec::new(),
            sender: None,
        }
    }

    pub fn subresource(mut self, name: &'static str) -> Self {
        self.subresource = SmolStr::new_static(name);
        self
    }

    pub fn body(mut self, body: Body) -> Self {
        self.body = body;
        self
    }

    pub fn query(&self, name: &str) -> Option<&str> {
        self.query.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }
}

/// One cell of a table: text, number or boolean.
pub type Cell = Value;

#[derive(Clone, Debug)]
pub struct TableRow {
    pub cells: Vec<Cell>,
    pub object: Obj,
}

/// The server's table. Column definitions as in `meta.k8s.io/v1 Table`; wide ones have priority 1.
#[derive(Clone, Debug, Default)]
pub struct Table {
    pub columns: Cow<'static, [api::object::Column]>,
    pub rows: Vec<TableRow>,
    pub resource_version: u64,
    pub continue_token: SmolStr,
    pub remaining: u64,
}

#[derive(Clone, Debug, Default)]
pub struct List {
    pub items: Vec<Obj>,
    pub resource_version: u64,
    pub continue_token: SmolStr,
    pub remaining: u64,
}

#[derive(Clone, Debug)]
pub enum ReplyBody {
    Object(Obj),
    List(List),
    Table(Table),
    /// Kinds without a type of their own: `Scale`, `Status` of success, reviews.
    Json(Value),
    /// Logs.
    Text(String),
}

#[derive(Clone, Debug)]
pub struct Reply {
    pub body: ReplyBody,
    /// Texts of `Warning` headers.
    pub warnings: Vec<String>,
    /// Whether the object did not exist before (apply, create).
    pub created: bool,
}

impl Reply {
    pub fn new(body: ReplyBody) -> Self {
        Reply { body, warnings: Vec::new(), created: false }
    }

    pub fn object(self) -> Option<Obj> {
        match self.body {
            ReplyBody::Object(object) => Some(object),
            _ => None,
        }
    }

    pub fn list(self) -> Option<List> {
        match self.body {
            ReplyBody::List(list) => Some(list),
            _ => None,
        }
    }
}
