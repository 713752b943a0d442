//! `pods/log` and `pods/exec`: the server asks the kubelet of the pod's node.
// Models pkg/registry/core/pod/strategy.go LogLocation and ExecLocation.

use std::sync::Arc;

use api::{Pod, to_kind};
use apimachinery::meta::Key;
use apimachinery::status::{FieldError, Status};
use apimachinery::time::Time;
use client::{LogOptions, Reply, ReplyBody, Request};
use serde_json::json;
use smol_str::SmolStr;

use crate::resources::Resource;
use crate::server::{ApiServer, CallCx, Result};

impl ApiServer {
    pub(crate) fn logs(
        &self,
        cx: &mut CallCx<'_>,
        resource: &Resource,
        request: &Request,
    ) -> Result<Reply> {
        let mut options = log_options(request)?;
        let pod = self.pod(resource, request)?;
        options.container = container(&pod, &options.container)?;
        // A pod without a node has no log yet.
        if pod.spec.node_name.is_empty() {
            return Ok(Reply::new(ReplyBody::Text(String::new())));
        }
        cx.nodes.logs(&pod, &options).map(|text| Reply::new(ReplyBody::Text(text)))
    }

    pub(crate) fn exec(
        &self,
        cx: &mut CallCx<'_>,
        resource: &Resource,
        request: &Request,
    ) -> Result<Reply> {
        let pod = self.pod(resource, request)?;
        let container = container(&pod, request.query("container").unwrap_or_default())?;
        if pod.spec.node_name.is_empty() {
            let message = format!("pod {} does not have a host assigned", pod.metadata.name);
            return Err(Status::bad_request(message));
        }
        let words = request.query.iter().filter(|(name, _)| name == "command");
        let command: Vec<SmolStr> = words.map(|(_, word)| word.clone()).collect();
        if command.is_empty() {
            return Err(Status::bad_request(
                "you must specify at least one command for the container",
            ));
        }
        let result = cx.nodes.exec(&pod, &container, &command)?;
        Ok(Reply::new(ReplyBody::Json(json!({
            "stdout": result.stdout, "stderr": result.stderr, "exitCode": result.exit_code,
        }))))
    }

    fn pod(&self, resource: &Resource, request: &Request) -> Result<Arc<Pod>> {
        let key = Key::new(request.namespace.clone(), request.name.clone());
        let object = self.found(resource, &key)?;
        to_kind::<Pod>(&object).ok_or_else(|| Status::not_found(resource.name(), &key.name))
    }
}

/// The container asked for, or the only one.
fn container(pod: &Pod, asked: &str) -> Result<SmolStr> {
    let name = &pod.metadata.name;
    let all = || pod.spec.init_containers.iter().chain(&pod.spec.containers);
    if !asked.is_empty() {
        if !all().any(|container| container.name == asked) {
            let message = format!("container {asked} is not valid for pod {name}");
            return Err(Status::bad_request(message));
        }
        return Ok(asked.into());
    }
    if let [only] = pod.spec.containers.as_slice() {
        return Ok(only.name.clone());
    }
    let names = |list: &[api::core::container::Container]| {
        list.iter().map(|container| container.name.as_str()).collect::<Vec<_>>().join(" ")
    };
    let mut message = format!(
        "a container name must be specified for pod {name}, choose one of: [{}]",
        names(&pod.spec.containers)
    );
    if !pod.spec.init_containers.is_empty() {
        let init = names(&pod.spec.init_containers);
        message.push_str(&format!(" or one of the init containers: [{init}]"));
    }
    Err(Status::bad_request(message))
}

fn log_options(request: &Request) -> Result<LogOptions> {
    let flag = |name: &str| matches!(request.query(name), Some("true" | "1" | ""));
    let number = |name: &str| match request.query(name) {
        None => Ok(None),
        Some(text) => text.parse::<i64>().map(Some).map_err(|_| {
            Status::bad_request(format!("strconv.ParseInt: parsing {text:?}: invalid syntax"))
        }),
    };
    let since_time = match request.query("sinceTime") {
        None => None,
        Some(text) => {
            Some(Time::parse(text).map_err(|error| Status::bad_request(error.to_string()))?)
        }
    };
    let options = LogOptions {
        container: request.query("container").unwrap_or_default().into(),
        follow: flag("follow"),
        previous: flag("previous"),
        since_seconds: number("sinceSeconds")?,
        since_time,
        timestamps: flag("timestamps"),
        tail_lines: number("tailLines")?,
        limit_bytes: number("limitBytes")?,
    };
    let errors = validate(&options);
    if errors.is_empty() {
        return Ok(options);
    }
    Err(Status::invalid("", "PodLogOptions", &request.name, &errors))
}

// Models pkg/apis/core/validation ValidatePodLogOptions.
fn validate(options: &LogOptions) -> Vec<FieldError> {
    let mut errors = Vec::new();
    if let Some(lines) = options.tail_lines.filter(|lines| *lines < 0) {
        let detail = "must be greater than or equal to 0";
        errors.push(FieldError::invalid("tailLines", lines, detail));
    }
    if let Some(bytes) = options.limit_bytes.filter(|bytes| *bytes < 1) {
        errors.push(FieldError::invalid("limitBytes", bytes, "must be greater than 0"));
    }
    if options.since_seconds.is_some() && options.since_time.is_some() {
        let detail = "at most one of `sinceTime` or `sinceSeconds` may be specified";
        errors.push(FieldError::forbidden("", detail));
    }
    if let Some(seconds) = options.since_seconds.filter(|seconds| *seconds < 1) {
        errors.push(FieldError::invalid("sinceSeconds", seconds, "must be greater than 0"));
    }
    errors
}
