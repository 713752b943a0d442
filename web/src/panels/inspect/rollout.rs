//! A deployment's arithmetic: how many pods there may be, how few may serve, and what comes next.

use api::{Deployment, ReplicaSet, object::to_kind};
use apimachinery::gvk::GroupResource;
use cluster::Cluster;
use controller::{Rollout, Share};
use scene::Target;
use yew::prelude::*;

use crate::cx::{Tr, use_engine, use_tr};
use crate::i18n::Word;
use crate::target;

#[derive(PartialEq, Properties)]
pub struct ArithmeticProps {
    pub selected: Target,
}

#[component]
pub fn Arithmetic(props: &ArithmeticProps) -> Html {
    let (tr, engine) = (use_tr(), use_engine());
    if target::resource(&props.selected).as_deref() != Some("deployment") {
        return Html::default();
    }
    let key = target::key(&props.selected);
    let found = engine.with(|cluster| of(cluster, &key.namespace, &key.name));
    let Some(rollout) = found else { return Html::default() };
    html! {
        <section class="box why">
            <h3>{ tr.t(Word::RolloutTitle) }</h3>
            { bounds(&rollout, tr) }
            <div class="wide"><table><tbody>
                { for rollout.shares.iter().map(|share| row(share, tr)) }
            </tbody></table></div>
            <p>{ next(&rollout, tr) }</p>
        </section>
    }
}

/// The deployment's ReplicaSets are few: those of its namespace are looked at, when it is shown.
fn of(cluster: &Cluster, namespace: &str, name: &str) -> Option<Rollout> {
    let server = cluster.server();
    let deployments = GroupResource::fixed("apps", "deployments");
    let d = to_kind::<Deployment>(server.object(&deployments, namespace, name)?)?;
    let sets = GroupResource::fixed("apps", "replicasets");
    let mut owned = Vec::new();
    server.for_each_in(&sets, namespace, &mut |object| {
        let owner = object.meta().controller();
        if owner.is_some_and(|owner| owner.uid == d.metadata.uid) {
            owned.extend(to_kind::<ReplicaSet>(object));
        }
    });
    Some(controller::rollout(&d, owned))
}

fn bounds(rollout: &Rollout, tr: Tr) -> Html {
    if !rollout.rolling {
        return html! { <p>{ tr.t(Word::RolloutRecreate) }</p> };
    }
    let lines = [
        (Word::RolloutDesired, rollout.desired.to_string()),
        (
            Word::RolloutMost,
            format!("{} + maxSurge {} = {}", rollout.desired, rollout.max_surge, rollout.most),
        ),
        (
            Word::RolloutLeast,
            format!(
                "{} − maxUnavailable {} = {}",
                rollout.desired, rollout.max_unavailable, rollout.least
            ),
        ),
    ];
    let rows = lines.into_iter().map(|(word, text)| {
        html! { <tr><td>{ tr.t(word) }</td><td class="code">{ text }</td></tr> }
    });
    html! { <div class="wide"><table><tbody>{ for rows }</tbody></table></div> }
}

fn row(share: &Share, tr: Tr) -> Html {
    let which = if share.is_new { Word::RolloutNew } else { Word::RolloutOld };
    let available =
        format!("{}/{} {}", share.available, share.wanted, tr.t(Word::RolloutAvailable));
    html! {
        <tr class={classes!(share.is_new.then_some("chosen"))}>
            <td>{ tr.t(which) }</td><td class="code">{ share.name.as_str() }</td>
            <td class="number">{ format!("rev {}", share.revision) }</td>
            <td class="number">{ available }</td></tr>
    }
}

fn next(rollout: &Rollout, tr: Tr) -> String {
    let only_new = rollout.shares.iter().all(|share| share.is_new);
    if only_new && rollout.wanted == rollout.desired && rollout.available >= rollout.desired {
        return tr.t(Word::RolloutDone).to_owned();
    }
    let steps =
        [(Word::RolloutCreate, rollout.may_create), (Word::RolloutRemove, rollout.may_remove)];
    let told = steps.into_iter().filter(|(_, count)| *count > 0);
    let told: Vec<String> = told.map(|(word, count)| format!("{} {count}.", tr.t(word))).collect();
    if told.is_empty() { tr.t(Word::RolloutWaits).to_owned() } else { told.join(" ") }
}
