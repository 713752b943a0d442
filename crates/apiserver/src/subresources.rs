//! What lies below an object's path: status, scale, binding, logs, …

pub(crate) mod approval;
mod binding;
mod eviction;
pub(crate) mod finalize;
mod node;
mod scale;
mod token;

use apimachinery::status::{Reason, Status};
use client::{Reply, Request, Verb};

use crate::registry::Part;
use crate::resources::Resource;
use crate::server::{ApiServer, CallCx, Result};

const SERVED: &[&str] =
    &["approval", "binding", "eviction", "exec", "finalize", "log", "scale", "status", "token"];

impl ApiServer {
    pub(crate) fn handle_subresource(
        &mut self,
        cx: &mut CallCx<'_>,
        resource: &Resource,
        request: Request,
    ) -> Result<Reply> {
        match (request.subresource.as_str(), request.verb) {
            ("status" | "finalize" | "approval", Verb::Get) => self.get(cx, resource, &request),
            ("status", Verb::Update) => self.update_part(cx, resource, request, Part::Status),
            ("status", Verb::Patch) => self.patch_part(cx, resource, request, Part::Status),
            ("finalize", Verb::Update) => self.update_part(cx, resource, request, Part::Finalize),
            ("approval", Verb::Update) => self.update_part(cx, resource, request, Part::Approval),
            ("approval", Verb::Patch) => self.patch_part(cx, resource, request, Part::Approval),
            ("token", Verb::Create) => self.request_token(cx, resource, request),
            ("scale", Verb::Get) => self.get_scale(resource, &request),
            ("scale", Verb::Update) => self.update_scale(cx, resource, request),
            ("scale", Verb::Patch) => self.patch_scale(cx, resource, request),
            ("binding", Verb::Create) => self.bind(cx, resource, request),
            ("eviction", Verb::Create) => self.evict(cx, resource, request),
            ("log", Verb::Get) => self.logs(cx, resource, &request),
            ("exec", Verb::Create | Verb::Get) => self.exec(cx, resource, &request),
            (name, verb) if SERVED.contains(&name) => {
                Err(Status::method_not_supported(resource.name(), verb.as_str()))
            }
            (name, _) => {
                let message = format!(
                    "the subresource {name:?} of {:?} is not simulated",
                    resource.name().to_string()
                );
                Err(Status::new(Reason::MethodNotAllowed, message))
            }
        }
    }
}
