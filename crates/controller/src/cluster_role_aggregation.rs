//! The aggregation of cluster roles: a role that selects others has their rules.
//! Models pkg/controller/clusterroleaggregation/clusterroleaggregation_controller.go.

use api::rbac::policy_rule::PolicyRule;
use api::{ClusterRole, Kind};
use apimachinery::labels::to_selector;
use apimachinery::meta::Key;
use apimachinery::wire::Wire;
use client::{Body, PatchType, Request, Verb};
use serde_json::json;

use crate::controllers::{Controller, Notice, Sync, SyncError, SyncResult};
use crate::informers::{Change, Resource};

const MANAGER: &str = "clusterrole-aggregation-controller";

#[derive(Default)]
pub struct ClusterRoleAggregationController;

impl Controller for ClusterRoleAggregationController {
    fn name(&self) -> &'static str {
        MANAGER
    }

    fn resources(&self) -> &'static [Resource] {
        &[Resource::ClusterRole]
    }

    fn on_event(&mut self, notice: &mut Notice<'_>, _: &Change) {
        // Few roles aggregate; which of them this one concerns is seen when they are synced.
        let all = notice.informers.cluster_roles.iter();
        for role in all.filter(|role| role.aggregation_rule.is_some()) {
            notice.queue.add(Key::of(&role.metadata));
        }
    }

    fn sync(&mut self, sync: &mut Sync<'_, '_>, key: &Key) -> SyncResult {
        let roles = &sync.informers.cluster_roles;
        let Some(role) = roles.get(key).filter(|role| role.aggregation_rule.is_some()) else {
            return Ok(());
        };
        let mut rules: Vec<&PolicyRule> = Vec::new();
        for selector in role.selectors() {
            let selector = to_selector(Some(selector)).map_err(|why| SyncError::other(why.0))?;
            let others = roles.iter().filter(|other| other.metadata.name != role.metadata.name);
            for other in others.filter(|other| selector.matches(&other.metadata.labels)) {
                for rule in other.rules() {
                    if !rules.contains(&rule) {
                        rules.push(rule);
                    }
                }
            }
        }
        if rules.iter().copied().eq(role.rules()) {
            return Ok(());
        }
        let rules: Vec<serde_json::Value> = rules.into_iter().map(Wire::to_value).collect();
        let wanted = json!({
            "apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRole",
            "metadata": { "name": key.name.as_str() }, "rules": rules,
        });
        let resource = ClusterRole::INFO.resource;
        let mut request = Request::new(Verb::Patch, resource, "", &key.name)
            .body(Body::Patch(PatchType::Apply, wanted));
        request.query.push(("fieldManager".into(), MANAGER.into()));
        request.query.push(("force".into(), "true".into()));
        sync.ctx.api.call(request)?;
        Ok(())
    }
}
