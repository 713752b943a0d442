//! Why a pod is where it is: the scheduler's last attempt, node by node and plugin by plugin.

use scene::Target;
use scheduler::{Attempt, Outcome, Scheduler};
use yew::prelude::*;

use crate::cx::{Tr, use_engine, use_tr};
use crate::i18n::Word;
use crate::target;

const ROWS_MAX: usize = 30;

#[derive(PartialEq, Properties)]
pub struct WhyProps {
    pub selected: Target,
}

#[component]
pub fn Why(props: &WhyProps) -> Html {
    let (tr, engine) = (use_tr(), use_engine());
    let Some((pod, _)) = target::pod(&props.selected) else { return Html::default() };
    let attempt = engine.with(|cluster| {
        let scheduler = cluster.component::<Scheduler>("kube-scheduler")?;
        scheduler.attempts(&pod.namespace, &pod.name).last().cloned()
    });
    let Some(attempt) = attempt else {
        return html! { <p class="quiet">{ tr.t(Word::NoAttempt) }</p> };
    };
    html! {
        <section class="box why">
            <h3>{ heading(&attempt, tr) }{ " " }<code>{ attempt.pod.name.as_str() }</code></h3>
            if let Outcome::Unschedulable { message } | Outcome::Error { message } = &attempt.outcome {
                <p class="is-failed">{ message }</p>
            }
            { table(&attempt, tr) }
            if attempt.plugins.is_empty() && matches!(attempt.outcome, Outcome::Bound { .. }) {
                <p class="quiet">{ tr.t(Word::OnlyOne) }</p>
            }
        </section>
    }
}

fn heading(attempt: &Attempt, tr: Tr) -> String {
    match &attempt.outcome {
        Outcome::Bound { node } => {
            format!("{} {node}{}", tr.t(Word::WhyNode), tr.t(Word::WhyNodeEnd))
        }
        _ => tr.t(Word::WhyNowhere).to_owned(),
    }
}

/// `NodeResourcesFit` is `Fit` in a narrow column; the whole name is its title.
fn short(plugin: &str) -> &str {
    match plugin {
        "NodeResourcesFit" => "Fit",
        "NodeResourcesBalancedAllocation" => "Balanced",
        "PodTopologySpread" => "Spread",
        "TaintToleration" => "Taint",
        "NodeAffinity" => "Affinity",
        "InterPodAffinity" => "PodAffinity",
        "ImageLocality" => "Image",
        other => other,
    }
}

fn table(attempt: &Attempt, tr: Tr) -> Html {
    // A plugin that gave every node the same zero explains nothing.
    let tells = |at: &usize| {
        attempt.scores.iter().any(|row| row.plugins.get(*at).is_some_and(|s| s.weighted != 0))
    };
    let columns: Vec<usize> = (0..attempt.plugins.len()).filter(tells).collect();
    let head = columns.iter().filter_map(|at| attempt.plugins.get(*at)).map(|plugin| {
        html! { <th class="number" title={*plugin}>{ short(plugin) }</th> }
    });
    let bound = match &attempt.outcome {
        Outcome::Bound { node } => node.as_str(),
        _ => "",
    };
    let mut rows: Vec<_> = attempt.scores.iter().collect();
    rows.sort_by_key(|row| (row.node != bound, -row.total));
    let scored = rows.into_iter().take(ROWS_MAX).map(|row| {
        let cells = columns.iter().map(|at| {
            let score = row.plugins.get(*at).map_or(0, |score| score.weighted);
            html! { <td class="number">{ score }</td> }
        });
        html! {
            <tr class={classes!((row.node == bound).then_some("chosen"))}>
                <td class="code">{ row.node.as_str() }</td>{ for cells }
                <td class="number total">{ row.total }</td></tr>
        }
    });
    let span = (columns.len() + 1).to_string();
    let filtered = attempt.refused_nodes.iter().take(ROWS_MAX).filter_map(|refused| {
        let refusal = attempt.refusals.get(refused.refusal as usize)?;
        let reasons: Vec<&str> = refusal.status.reasons().map(|reason| reason.as_str()).collect();
        Some(html! {
            <tr><td class="code">{ refused.node.as_str() }</td>
                <td class="is-failed" colspan={span.clone()}>
                    { format!("{}: {} ({})", tr.t(Word::Filtered), reasons.join(", "), refusal.plugin) }
                </td></tr>
        })
    });
    html! {
        <div class="wide"><table>
            if !attempt.scores.is_empty() && !columns.is_empty() {
                <thead><tr><th></th>{ for head }<th class="number">{ tr.t(Word::Total) }</th></tr></thead>
            }
            <tbody>{ for scored }{ for filtered }</tbody>
        </table></div>
    }
}
