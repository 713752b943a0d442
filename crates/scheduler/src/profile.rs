//! The plugins of a profile at each extension point, in their order.
//! Models pkg/scheduler/framework/runtime/framework.go.

use std::sync::Arc;

use api::{Node, Pod};

use crate::config::ProfileConfig;
use crate::framework::{
    ClusterEvent, Code, Cycle, CycleState, Filter, NoHelp, Nomination, Plugin, PreFiltered,
    Refusals, Scope, Score, Status, Verdict,
};
use crate::lookup::Lookup;
use crate::node_info::NodeInfo;
use crate::plugins::{self, Registered};
use crate::queue::PluginSet;
use crate::template::PodInfo;
use crate::volumes::Assumed;

pub struct Profile {
    plugins: Vec<Registered>,
}

/// A plugin by its place in the profile.
pub type PluginIndex = usize;

pub fn bit(plugin: PluginIndex) -> PluginSet {
    1u32.checked_shl(plugin as u32).unwrap_or(0)
}

/// What is left after `PreFilter`.
pub struct Filters<'a> {
    /// Filters that look at one node alone and stand before all others.
    pub node: Vec<(PluginIndex, &'a dyn Filter)>,
    pub rest: Vec<(PluginIndex, &'a dyn Filter)>,
    /// The nodes that are left, and the plugins that left out the others.
    pub nodes: Option<(Vec<smol_str::SmolStr>, Vec<&'static str>)>,
}

impl Filters<'_> {
    pub fn first_refusal(
        &self,
        cycle: &Cycle<'_>,
        state: &CycleState,
        info: &NodeInfo,
    ) -> Option<(PluginIndex, Status)> {
        let mut all = self.node.iter().chain(&self.rest);
        all.find_map(|(i, filter)| filter.filter(cycle, state, info).err().map(|s| (*i, s)))
    }
}

/// A score plugin that takes part in a cycle.
#[derive(Clone, Copy)]
pub struct Scorer<'a> {
    pub name: &'static str,
    pub score: &'a dyn Score,
    pub weight: i64,
    pub scope: Scope,
    pub normalizes: bool,
}

impl Profile {
    /// At most 32 plugins: they are bits of a word.
    pub fn new(config: &ProfileConfig) -> Self {
        let mut plugins = plugins::of_profile(config);
        plugins.truncate(PluginSet::BITS as usize);
        Profile { plugins }
    }

    /// The plugins that take part, by their places.
    fn enabled(&self) -> impl Iterator<Item = (PluginIndex, &Registered)> {
        self.plugins.iter().enumerate().filter(|(_, registered)| registered.enabled)
    }

    fn active(&self) -> impl Iterator<Item = &dyn Plugin> {
        self.enabled().map(|(_, registered)| &*registered.plugin)
    }

    pub fn name(&self, plugin: PluginIndex) -> &'static str {
        self.plugins.get(plugin).map_or("", |registered| registered.plugin.name())
    }

    pub fn rank(&self, pod: &PodInfo) -> i64 {
        let sort = self.active().find_map(Plugin::queue_sort);
        sort.map_or(0, |sort| sort.rank(pod))
    }

    /// The first plugin that keeps the pod from waiting.
    pub fn pre_enqueue(&self, pod: &Pod) -> Verdict {
        let points = self.active().filter_map(Plugin::pre_enqueue);
        points.map(|point| point.pre_enqueue(pod)).find(Result::is_err).unwrap_or(Ok(()))
    }

    /// Plugins to which an event is worth showing.
    pub fn interested(&self, event: &ClusterEvent<'_>) -> PluginSet {
        let kind = event.kind();
        let interested = self.enabled().filter(|(_, r)| r.plugin.events() & kind != 0);
        interested.map(|(i, _)| bit(i)).sum()
    }

    /// Whether one of these plugins says that the event may help.
    pub fn hint(
        &self,
        plugins: PluginSet,
        pod: &PodInfo,
        event: &ClusterEvent<'_>,
        lookup: &Lookup,
    ) -> bool {
        let chosen = self.enabled().filter(|(i, _)| plugins & bit(*i) != 0);
        chosen.map(|(_, r)| &r.plugin).any(|plugin| plugin.hint(pod, event, lookup))
    }

    pub fn pre_filter(
        &self,
        cycle: &Cycle<'_>,
        state: &mut CycleState,
    ) -> Result<Filters<'_>, (PluginIndex, Status)> {
        let mut filters = Filters { node: Vec::new(), rest: Vec::new(), nodes: None };
        for (i, Registered { plugin, .. }) in self.enabled() {
            let said = plugin.pre_filter().map(|point| point.pre_filter(cycle, state));
            match said {
                Some(PreFiltered::Refused(status)) => return Err((i, status)),
                Some(PreFiltered::Skip) => continue,
                Some(PreFiltered::Nodes(names)) => {
                    let (left, by) = filters.nodes.take().unwrap_or((names.clone(), Vec::new()));
                    let left = left.into_iter().filter(|name| names.contains(name)).collect();
                    let by = by.into_iter().chain([plugin.name()]).collect();
                    filters.nodes = Some((left, by));
                }
                Some(PreFiltered::All) | None => {}
            }
            let Some(filter) = plugin.filter() else { continue };
            if filter.scope() == Scope::Node && filters.rest.is_empty() {
                filters.node.push((i, filter));
            } else {
                filters.rest.push((i, filter));
            }
        }
        Ok(filters)
    }

    /// Tells the plugins of a pod that is thought to have come to a node.
    pub fn add_pod(
        &self,
        cycle: &Cycle<'_>,
        state: &mut CycleState,
        pod: &PodInfo,
        info: &NodeInfo,
    ) {
        let points = self.active().filter_map(Plugin::pre_filter);
        points.for_each(|point| point.change(cycle, state, pod, info, 1));
    }

    /// The same of a pod that is thought to have left it.
    pub fn remove_pod(
        &self,
        cycle: &Cycle<'_>,
        state: &mut CycleState,
        pod: &PodInfo,
        info: &NodeInfo,
    ) {
        let points = self.active().filter_map(Plugin::pre_filter);
        points.for_each(|point| point.change(cycle, state, pod, info, -1));
    }

    /// The node that a `PostFilter` plugin can make room on, or the words of all of them.
    pub fn post_filter(
        &self,
        cycle: &Cycle<'_>,
        state: &mut CycleState,
        refusals: &mut Refusals<'_>,
    ) -> Result<Nomination, NoHelp> {
        let mut reasons = Vec::new();
        let mut clears = false;
        for plugin in self.active() {
            let Some(point) = plugin.post_filter() else { continue };
            match point.post_filter(cycle, state, refusals) {
                Ok(nomination) => return Ok(nomination),
                Err(said) if said.status.code == Code::Unschedulable => {
                    clears |= said.clears;
                    reasons.push(said.status.message());
                }
                Err(said) => return Err(said),
            }
        }
        let status = Status::new(Code::Unschedulable, reasons.join(", "));
        Err(NoHelp { status, clears })
    }

    pub fn pre_score(
        &self,
        cycle: &Cycle<'_>,
        state: &mut CycleState,
        nodes: &[&NodeInfo],
    ) -> Vec<Scorer<'_>> {
        let mut scorers = Vec::with_capacity(self.plugins.len());
        for (_, Registered { plugin, weight, .. }) in self.enabled() {
            let Some(score) = plugin.score().filter(|_| *weight > 0) else { continue };
            if plugin.pre_score().is_some_and(|point| !point.pre_score(cycle, state, nodes)) {
                continue;
            }
            scorers.push(Scorer {
                name: plugin.name(),
                score,
                weight: *weight,
                scope: score.scope(),
                normalizes: score.normalizes(),
            });
        }
        scorers
    }

    /// What all plugins must have written before the pod can be bound.
    pub fn reserve(&self, cycle: &Cycle<'_>, node: &Node) -> Result<Vec<Assumed>, Status> {
        let mut all = Vec::new();
        for point in self.active().filter_map(Plugin::reserve) {
            all.extend(point.reserve(cycle, node)?);
        }
        Ok(all)
    }

    /// Whether everything that was written has been done.
    pub fn is_done(&self, lookup: &Lookup, node: &Node, all: &[Assumed]) -> Result<bool, Status> {
        for plugin in self.active() {
            let Some(point) = plugin.pre_bind() else { continue };
            let done = point.is_done(lookup, node, all).map_err(|status| {
                let name = plugin.name();
                let why = format!("running PreBind plugin {name:?}: {}", status.message());
                Status::new(status.code, why)
            })?;
            if !done {
                return Ok(false);
            }
        }
        Ok(true)
    }

    pub fn bind(&self, api: &mut dyn client::Api, pod: &PodInfo, node: &str) -> Verdict {
        for point in self.active().filter_map(Plugin::permit) {
            point.permit(pod, node)?;
        }
        let mut binders = self.active().filter_map(Plugin::bind);
        let bound = binders.find_map(|point| point.bind(api, pod, node));
        let none = || Err(Status::new(crate::framework::Code::Error, "no plugin binds"));
        bound.unwrap_or_else(none)?;
        let points = self.active().filter_map(Plugin::post_bind);
        points.for_each(|point| point.post_bind(pod, node));
        Ok(())
    }

    /// The names of scorers, shared between attempts.
    pub fn names(scorers: &[Scorer<'_>]) -> Arc<[&'static str]> {
        scorers.iter().map(|scorer| scorer.name).collect()
    }
}
