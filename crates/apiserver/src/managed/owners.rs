//! What a write does to the owners of fields.
// Models structured-merge-diff/merge/update.go and managedfields/internal.

use std::sync::Arc;

use apimachinery::field_set::{FieldSet, PathElement};
use apimachinery::managed::{Operation, Writer};
use apimachinery::time::Time;
use schema::structured::{Comparison, compare, field_set, merge, remove, with_named_fields};
use serde_json::Value;
use smol_str::SmolStr;

use super::forms::Forms;

/// Update managers beyond so many are joined.
const UPDATERS_MAX: usize = 10;
const JOINED: &str = "ancient-changes";

#[derive(Clone, Debug)]
pub(super) struct Owner {
    pub writer: Arc<Writer>,
    pub time: Option<Time>,
    pub set: FieldSet,
}

/// A field that another manager owns.
#[derive(Clone, Debug)]
pub(super) struct Conflict {
    pub writer: Arc<Writer>,
    pub path: Vec<PathElement>,
}

/// Metadata that nobody owns.
fn stripped() -> FieldSet {
    FieldSet::of(&[
        &["apiVersion"],
        &["kind"],
        &["metadata"],
        &["metadata", "name"],
        &["metadata", "namespace"],
        &["metadata", "creationTimestamp"],
        &["metadata", "selfLink"],
        &["metadata", "uid"],
        &["metadata", "clusterName"],
        &["metadata", "generation"],
        &["metadata", "managedFields"],
        &["metadata", "resourceVersion"],
    ])
}

pub(super) fn strip(set: &FieldSet) -> FieldSet {
    set.difference(&stripped())
}

/// One write from one document to another.
pub(super) struct Change<'a> {
    pub forms: Forms<'a>,
    pub old: &'a Value,
    pub new: &'a Value,
    pub subresource: &'a str,
}

impl Change<'_> {
    fn comparison(&self) -> Comparison {
        let found = compare(self.old, self.new, self.forms.place());
        found.excluding(&self.forms.ignored(self.subresource))
    }

    /// The same comparison in the version that an owner speaks; none if that is served no more.
    fn for_owner(&self, own: &Comparison, owner: &Owner) -> Option<Comparison> {
        let version = &owner.writer.api_version;
        if self.forms.resource().info().gvk.api_version() == *version {
            return Some(own.clone());
        }
        let forms = self.forms.in_version(version)?;
        let (old, new) =
            (self.forms.convert(self.old, &forms), self.forms.convert(self.new, &forms));
        let found = compare(&old, &new, forms.place());
        Some(found.excluding(&forms.ignored(self.subresource)))
    }

    /// Takes from everybody but one what changed, or tells whose it is.
    fn take(
        &self,
        own: &Comparison,
        owners: &mut Vec<Owner>,
        except: Option<&Writer>,
        force: bool,
    ) -> Result<(), Vec<Conflict>> {
        let mut conflicts = Vec::new();
        let mut left = Vec::new();
        for owner in owners.iter() {
            if except.is_some_and(|writer| owner.writer.same_as(writer)) {
                left.push(owner.clone());
                continue;
            }
            let Some(found) = self.for_owner(own, owner) else { continue };
            let taken = owner.set.intersection(&found.modified.union(&found.added));
            taken.for_each(&mut |path| {
                let (writer, path) = (Arc::clone(&owner.writer), path.to_vec());
                conflicts.push(Conflict { writer, path });
            });
            let set = owner.set.difference(&taken).difference(&found.removed);
            left.push(Owner { set, ..owner.clone() });
        }
        if !force && !conflicts.is_empty() {
            return Err(conflicts);
        }
        left.retain(|owner| !owner.set.is_empty());
        *owners = left;
        Ok(())
    }

    /// An update: who changed a field owns it alone.
    pub fn update(&self, owners: &mut Vec<Owner>, writer: &Arc<Writer>, now: Time) {
        // The way of a Scale to its object loses the time. Models managedfields/scalehandler.go.
        let time = (self.subresource != "scale").then_some(now);
        let found = self.comparison();
        let _ = self.take(&found, owners, None, true);
        let set = strip(&found.modified.union(&found.added));
        if !set.is_empty() {
            match owners.iter_mut().find(|owner| owner.writer.same_as(writer)) {
                Some(owner) => {
                    owner.set = owner.set.union(&set);
                    owner.time = time;
                }
                None => {
                    owners.push(Owner { writer: Arc::clone(writer), time, set });
                }
            }
        }
        join_oldest(owners);
    }
}

/// An apply: what the configuration says is owned, what it says no more is removed unless others
/// own it. Gives the new document, or none if nothing changed.
pub(super) fn apply(
    forms: Forms<'_>,
    (live, config): (&Value, &Value),
    owners: &mut Vec<Owner>,
    (writer, subresource, force): (&Arc<Writer>, &str, bool),
    now: Time,
) -> Result<Option<Value>, Vec<Conflict>> {
    let merged = merge(live, config, forms.place());
    let last = owners.iter().position(|owner| owner.writer.same_as(writer));
    let last = last.map(|at| owners.remove(at));
    let set = field_set(config, forms.place());
    let set = set.recursive_difference(&forms.ignored(subresource));
    let time = last.as_ref().and_then(|owner| owner.time);
    owners.push(Owner { writer: Arc::clone(writer), time, set });
    let new = prune(forms, merged, owners, last.as_ref());
    let change = Change { forms, old: live, new: &new, subresource };
    change.take(&change.comparison(), owners, Some(writer), force)?;
    let is_new = *live != new;
    if let Some(owner) = owners.iter_mut().find(|owner| owner.writer.same_as(writer)) {
        owner.set = strip(&owner.set);
        if is_new {
            owner.time = Some(now);
        }
    }
    owners.retain(|owner| !owner.set.is_empty());
    Ok(is_new.then_some(new))
}

/// Removes what the manager applied last time and not this time, if nobody else owns it.
fn prune(forms: Forms<'_>, merged: Value, owners: &[Owner], last: Option<&Owner>) -> Value {
    let Some(last) = last.filter(|owner| !owner.set.is_empty()) else { return merged };
    let Some(then) = forms.in_version(&last.writer.api_version) else { return merged };
    let place = then.place();
    let merged = forms.convert(&merged, &then);
    let named = |set: &FieldSet| with_named_fields(set, place);
    let mut pruned = remove(&merged, &named(&last.set), place);
    let mut owned: Vec<(SmolStr, FieldSet)> = Vec::new();
    for owner in owners {
        let version = &owner.writer.api_version;
        match owned.iter_mut().find(|(known, _)| known == version) {
            Some((_, set)) => *set = set.union(&owner.set),
            None => owned.push((version.clone(), owner.set.clone())),
        }
    }
    owned.sort_by_key(|(version, _)| *version != last.writer.api_version);
    for (version, set) in &owned {
        pruned = add_back(then, &merged, pruned, version, set);
    }
    let all = named(&field_set(&merged, place));
    let kept = named(&field_set(&pruned, place));
    let gone = all.difference(&kept).intersection(&named(&last.set));
    then.convert(&remove(&merged, &gone, place), &forms)
}

/// Puts back what somebody owns in a version.
fn add_back(
    then: Forms<'_>,
    merged: &Value,
    pruned: Value,
    version: &str,
    owned: &FieldSet,
) -> Value {
    let Some(forms) = then.in_version(version) else { return pruned };
    let place = forms.place();
    let named = |set: &FieldSet| with_named_fields(set, place);
    let (merged, pruned) = (then.convert(merged, &forms), then.convert(&pruned, &forms));
    let kept = named(&field_set(&pruned, place)).union(&named(owned));
    let gone = named(&field_set(&merged, place)).difference(&kept);
    forms.convert(&remove(&merged, &gone, place), &then)
}

/// Joins the oldest updaters of a version. Models managedfields/internal/capmanagers.go.
fn join_oldest(owners: &mut Vec<Owner>) {
    let is_updater = |owner: &Owner| owner.writer.operation == Operation::Update;
    let mut count = owners.iter().filter(|owner| is_updater(owner)).count();
    if count <= UPDATERS_MAX {
        return;
    }
    let (mut updaters, others): (Vec<Owner>, Vec<Owner>) = owners.drain(..).partition(is_updater);
    updaters.sort_by(|a, b| (a.time, &a.writer).cmp(&(b.time, &b.writer)));
    let mut kept: Vec<Owner> = Vec::new();
    for owner in updaters {
        let version = owner.writer.api_version.clone();
        let first = kept.iter_mut().find(|other| other.writer.api_version == version);
        match first {
            Some(first) if count > UPDATERS_MAX => {
                first.writer = Arc::new(Writer {
                    manager: SmolStr::new_static(JOINED),
                    operation: Operation::Update,
                    api_version: version,
                    subresource: SmolStr::default(),
                });
                first.set = first.set.union(&owner.set);
                first.time = owner.time;
                count -= 1;
            }
            _ => kept.push(owner),
        }
    }
    owners.extend(others);
    owners.extend(kept);
}
