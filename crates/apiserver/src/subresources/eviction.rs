//! `pods/eviction`: a delete that disruption budgets may refuse. There are no budgets yet.
// Models pkg/registry/core/pod/storage/eviction.go.

use apimachinery::meta::Uid;
use apimachinery::status::Status;
use client::{Body, DeleteOptions, Reply, ReplyBody, Request};
use serde_json::{Value, json};

use crate::resources::Resource;
use crate::server::{ApiServer, CallCx, Result};

impl ApiServer {
    pub(crate) fn evict(
        &mut self,
        cx: &mut CallCx<'_>,
        resource: &Resource,
        mut request: Request,
    ) -> Result<Reply> {
        let options = match std::mem::take(&mut request.body) {
            Body::None => DeleteOptions::default(),
            Body::Delete(options) => options,
            Body::Json(value) => {
                let name = value["metadata"]["name"].as_str().unwrap_or(&request.name);
                if name != request.name {
                    let message = "name in URL does not match name in Eviction object";
                    return Err(Status::bad_request(message));
                }
                delete_options(&value["deleteOptions"])
            }
            _ => return Err(Status::bad_request("not an Eviction object")),
        };
        request.body = Body::Delete(options);
        self.delete(cx, resource, request)?;
        Ok(Reply {
            body: ReplyBody::Json(json!({
                "kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success",
                "code": 201,
            })),
            warnings: Vec::new(),
            created: true,
        })
    }
}

fn delete_options(value: &Value) -> DeleteOptions {
    let preconditions = &value["preconditions"];
    DeleteOptions {
        grace_period_seconds: value["gracePeriodSeconds"].as_i64(),
        propagation: None,
        precondition_uid: preconditions["uid"].as_str().and_then(Uid::parse),
        precondition_resource_version: preconditions["resourceVersion"]
            .as_str()
            .and_then(|version| version.parse().ok()),
    }
}
