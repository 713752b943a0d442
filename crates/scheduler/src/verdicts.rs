//! What the filters said of the nodes in one cycle. Refusals that are equal are kept once.

use std::sync::Arc;

use crate::algorithm::Decision;
use crate::attempts::{NodeRefusal, Refusal};
use crate::cache::NodeId;
use crate::framework::{Cycle, CycleState, Filter, Status};
use crate::node_info::NodeInfo;
use crate::nominated;
use crate::profile::{Filters, PluginIndex, Profile, bit};
use crate::queue::PluginSet;
use crate::reuse::Cells;

/// A refusal that was seen.
#[derive(Clone, Debug)]
struct Seen {
    plugin: PluginIndex,
    status: Arc<Status>,
}

#[derive(Default)]
pub struct Verdicts {
    seen: Vec<Seen>,
    refused: Vec<(NodeId, u32)>,
    /// What is known of nodes that have not changed; none where reuse is off.
    pub cells: Option<Box<Cells>>,
}

impl Verdicts {
    pub const FEASIBLE: u32 = 0;

    pub fn clear(&mut self) {
        self.refused.clear();
    }

    pub fn refused(&self) -> &[(NodeId, u32)] {
        &self.refused
    }

    pub fn refuse(&mut self, node: NodeId, verdict: u32) {
        self.refused.push((node, verdict));
    }

    /// What all filters say of a node.
    pub fn verdict(
        &mut self,
        profile: &Profile,
        cycle: &Cycle<'_>,
        state: &mut CycleState,
        filters: &Filters<'_>,
        id: NodeId,
    ) -> u32 {
        let Some(info) = cycle.cache.node(id) else { return Verdicts::FEASIBLE };
        if !cycle.nominated.is_empty() && !cycle.nominated.on(&info.name).is_empty() {
            let said = nominated::refusal(profile, cycle, state, filters, info);
            return said.map_or(Verdicts::FEASIBLE, |(plugin, s)| self.number(plugin, s));
        }
        let verdict = self.node_verdict(cycle, state, filters, id);
        if verdict != Verdicts::FEASIBLE || filters.rest.is_empty() {
            return verdict;
        }
        self.first_refusal(cycle, state, &filters.rest, info)
    }

    /// What the filters say that look at one node alone: zero, or the number of a refusal.
    fn node_verdict(
        &mut self,
        cycle: &Cycle<'_>,
        state: &CycleState,
        filters: &Filters<'_>,
        id: NodeId,
    ) -> u32 {
        let generation = cycle.cache.generations().get(id as usize).copied().unwrap_or(0);
        let known = self.cells.as_ref().and_then(|cells| cells.verdict(id, generation));
        if let Some(verdict) = known {
            return verdict;
        }
        let Some(info) = cycle.cache.node(id) else { return Verdicts::FEASIBLE };
        let verdict = self.first_refusal(cycle, state, &filters.node, info);
        if let Some(cells) = &mut self.cells {
            cells.set_verdict(id, generation, verdict);
        }
        verdict
    }

    fn first_refusal(
        &mut self,
        cycle: &Cycle<'_>,
        state: &CycleState,
        filters: &[(PluginIndex, &dyn Filter)],
        info: &NodeInfo,
    ) -> u32 {
        for (plugin, filter) in filters {
            if let Err(status) = filter.filter(cycle, state, info) {
                return self.number(*plugin, status);
            }
        }
        Verdicts::FEASIBLE
    }

    fn number(&mut self, plugin: PluginIndex, status: Status) -> u32 {
        let same = |seen: &Seen| seen.plugin == plugin && *seen.status == status;
        let at = self.seen.iter().position(same).unwrap_or_else(|| {
            self.seen.push(Seen { plugin, status: Arc::new(status) });
            self.seen.len() - 1
        });
        at as u32 + 1
    }

    fn get(&self, verdict: u32) -> Option<&Seen> {
        self.seen.get((verdict as usize).checked_sub(1)?)
    }

    pub fn statuses(&self) -> impl Iterator<Item = (NodeId, &Status)> {
        self.refused.iter().filter_map(|(node, n)| Some((*node, &*self.get(*n)?.status)))
    }

    /// The plugins that refused a node.
    pub fn plugins(&self) -> PluginSet {
        let refused = self.refused.iter().filter_map(|(_, verdict)| self.get(*verdict));
        refused.fold(0, |set, seen| set | bit(seen.plugin))
    }

    /// Counts the refusals and, if asked, keeps them node by node.
    pub fn tell(
        &self,
        profile: &Profile,
        cycle: &Cycle<'_>,
        each_node: bool,
        decision: &mut Decision,
    ) {
        let mut counts = vec![0u32; self.seen.len()];
        for (_, verdict) in &self.refused {
            if let Some(count) = counts.get_mut((*verdict as usize).wrapping_sub(1)) {
                *count += 1;
            }
        }
        let mut places = vec![0u32; counts.len()];
        for ((seen, nodes), place) in self.seen.iter().zip(counts).zip(&mut places) {
            if nodes == 0 {
                continue;
            }
            *place = decision.refusals.len() as u32;
            let plugin = profile.name(seen.plugin);
            decision.refusals.push(Refusal { plugin, status: Arc::clone(&seen.status), nodes });
        }
        decision.evaluated = self.refused.len() as u32;
        if !each_node {
            return;
        }
        for (id, verdict) in &self.refused {
            let place = places.get((*verdict as usize).wrapping_sub(1));
            let (Some(info), Some(refusal)) = (cycle.cache.node(*id), place) else { continue };
            decision.refused_nodes.push(NodeRefusal { node: info.name.clone(), refusal: *refusal });
        }
    }
}
