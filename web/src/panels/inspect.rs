//! The selected thing: what `kubectl describe` says, its YAML, its events, why it is where it is,
//! and for a service the requests one can send it.

use apimachinery::gvk::GroupResource;
use cluster::Command;
use scene::Target;
use yew::prelude::*;

use crate::cx::{use_act, use_engine, use_topic, use_tr};
use crate::engine::{Engine, Topic};
use crate::i18n::Word;
use crate::session::{Action, Beside};
use crate::target;

mod rollout;
mod why;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum View {
    Describe,
    Yaml,
    Events,
    Why,
}

#[derive(PartialEq, Properties)]
pub struct InspectProps {
    pub selected: Option<Target>,
}

#[component]
pub fn Inspect(props: &InspectProps) -> Html {
    let (tr, act, engine) = (use_tr(), use_act(), use_engine());
    use_topic(Topic::Objects, 500.0);
    let view = use_state(|| View::Describe);
    let Some(selected) = &props.selected else {
        return html! { <p class="quiet">{ tr.t(Word::NothingSelected) }</p> };
    };
    let is_pod = target::pod(selected).is_some();
    let mut views = Vec::new();
    if target::words(selected).is_some() {
        views.extend([(View::Describe, Word::Describe), (View::Yaml, Word::Yaml)]);
        views.push((View::Events, Word::Events));
    }
    if is_pod {
        views.push((View::Why, Word::Why));
    }
    let shown = if *view == View::Why && !is_pod { View::Describe } else { *view };
    let buttons = views.into_iter().map(|(which, word)| {
        let view = view.clone();
        let onclick = Callback::from(move |_: MouseEvent| view.set(which));
        html! {
            <button type="button" class="chip" aria-pressed={(which == shown).to_string()} {onclick}>
                { tr.t(word) }</button>
        }
    });
    let logs = Callback::from(move |_: MouseEvent| act.emit(Action::ShowBeside(Beside::Logs)));
    html! {
        <div class="inspect scroll" tabindex="0">
            <h2><code>{ target::title(selected) }</code></h2>
            if let Some(word) = target::about(selected) { <p>{ tr.t(word) }</p> }
            <div class="row chips">
                { for buttons }
                if is_pod {
                    <button type="button" class="chip" onclick={logs}>{ tr.t(Word::ShowLogs) }</button>
                }
            </div>
            <Owners selected={selected.clone()} />
            if let Target::Service { .. } = selected { <Traffic target={selected.clone()} /> }
            if is_pod && shown == View::Describe { <why::Why selected={selected.clone()} /> }
            <rollout::Arithmetic selected={selected.clone()} />
            { body(&engine, selected, shown) }
        </div>
    }
}

fn body(engine: &Engine, selected: &Target, view: View) -> Html {
    let Some(words) = target::words(selected) else { return Html::default() };
    let line = match view {
        View::Describe => format!("kubectl describe {words}"),
        View::Yaml => format!("kubectl get {words} -o yaml"),
        View::Events => {
            let resource = target::resource(selected).unwrap_or_default();
            let key = target::key(selected);
            let namespace = if key.namespace.is_empty() { "default" } else { &key.namespace };
            format!("kubectl events --for {resource}/{} -n {namespace}", key.name)
        }
        View::Why => return html! { <why::Why selected={selected.clone()} /> },
    };
    html! { <pre>{ engine.read(&line) }</pre> }
}

#[derive(PartialEq, Properties)]
struct OfProps {
    selected: Target,
}

/// Who made it, up to the one that a person made.
#[component]
fn Owners(props: &OfProps) -> Html {
    let (tr, act, engine) = (use_tr(), use_act(), use_engine());
    let Some((pod, _)) = target::pod(&props.selected) else { return Html::default() };
    let chain = owners(&engine, &pod);
    if chain.is_empty() {
        return Html::default();
    }
    let links = chain.into_iter().map(|(kind, name)| {
        let target = Target::Object {
            resource: kind.to_ascii_lowercase().into(),
            namespace: pod.namespace.clone(),
            name: name.clone(),
        };
        let act = act.clone();
        let onclick =
            Callback::from(move |_: MouseEvent| act.emit(Action::Select(Some(target.clone()))));
        html! {
            <><span class="quiet">{ " ← " }</span><button type="button" class="link" {onclick}>
                { format!("{} {name}", kind.to_ascii_lowercase()) }</button></>
        }
    });
    html! { <p class="owners">{ tr.t(Word::OwnedBy) }{ for links }</p> }
}

fn owners(
    engine: &Engine,
    pod: &apimachinery::meta::Key,
) -> Vec<(smol_str::SmolStr, smol_str::SmolStr)> {
    const CHAIN_MAX: usize = 5;
    let Some(pod) = engine.with_model(|model| model.pod(pod).map(|state| state.pod.clone())) else {
        return Vec::new();
    };
    let namespace = pod.metadata.namespace.clone();
    let mut next = pod.metadata.controller().map(|o| (o.kind.clone(), o.name.clone()));
    let mut chain = Vec::new();
    while let Some((kind, name)) = next.take() {
        let found = schema::Schema::get().resources().iter().find(|r| r.kind == kind.as_str());
        let above = found.and_then(|resource| {
            let resource = GroupResource::fixed(resource.group, resource.plural);
            engine.with(|cluster| {
                let object = cluster.server().object(&resource, &namespace, &name)?;
                object.meta().controller().map(|o| (o.kind.clone(), o.name.clone()))
            })
        });
        chain.push((kind, name));
        if chain.len() < CHAIN_MAX {
            next = above;
        }
    }
    chain
}

const RATES: [u32; 7] = [0, 1, 5, 10, 50, 200, 1000];

#[derive(PartialEq, Properties)]
struct TrafficProps {
    target: Target,
}

/// Requests to a service, and who answered them.
#[component]
fn Traffic(props: &TrafficProps) -> Html {
    let (tr, engine) = (use_tr(), use_engine());
    use_topic(Topic::Clock, 500.0);
    let key = target::key(&props.target);
    let port = port_of(&engine, &key);
    let url = format!("http://{}.{}.svc{port}/", key.name, key.namespace);
    let send = {
        let (engine, url) = (engine.clone(), url.clone());
        Callback::from(move |_: MouseEvent| {
            engine.execute(Command::Send { target: url.clone() });
        })
    };
    let (client, current, answers) = engine.with(|cluster| {
        let Some(clients) = cluster.component::<network::Clients>("clients") else {
            return (smol_str::SmolStr::default(), 0, Vec::new());
        };
        let mine = clients.generators().find(|g| crate::figures::service_of(&g.target) == key);
        let client = match mine {
            Some(generator) => generator.name.clone(),
            None if clients.generators().all(|other| other.name != "browser") => "browser".into(),
            None => smol_str::format_smolstr!("browser-{}", key.name),
        };
        let stats = clients.stats().get(&key);
        let mut rows: Vec<(String, u64)> = Vec::new();
        for (pod, count) in stats.iter().flat_map(|stats| &stats.by_pod) {
            rows.push((pod.name.to_string(), *count));
        }
        if let Some(stats) = stats.filter(|stats| stats.errors > 0) {
            let why = stats.last_error.clone().unwrap_or_default();
            rows.push((why, stats.errors));
        }
        (client, mine.map_or(0, |generator| generator.rate_milli / 1000), rows)
    });
    let rates = RATES.into_iter().map(|rate| {
        let (engine, client, url) = (engine.clone(), client.clone(), url.clone());
        let onclick = Callback::from(move |_: MouseEvent| {
            let (client, target) = (client.clone(), url.clone());
            engine.execute(Command::Traffic { client, target, per_second: rate });
        });
        let text = if rate == 0 { tr.t(Word::Off).to_owned() } else { rate.to_string() };
        html! {
            <button type="button" class="chip" {onclick}
                aria-pressed={(u64::from(rate) == current).to_string()}>{ text }</button>
        }
    });
    let most = answers.iter().map(|(_, count)| *count).max().unwrap_or(1).max(1);
    let bars = answers.iter().map(|(pod, count)| {
        let style = format!("width:{:.1}%", *count as f64 * 100.0 / most as f64);
        html! {
            <tr><td class="code">{ pod }</td><td><span class="bar" {style}></span></td>
                <td class="number">{ count }</td></tr>
        }
    });
    html! {
        <section class="box traffic">
            <h3>{ tr.t(Word::Traffic) }</h3>
            <div class="row"><button type="button" onclick={send}>{ tr.t(Word::SendOne) }</button>
                <span class="quiet">{ tr.t(Word::Rate) }</span></div>
            <div class="row" role="group" aria-label={tr.t(Word::Rate)}>{ for rates }</div>
            if !answers.is_empty() {
                <h3>{ tr.t(Word::Answers) }</h3>
                <table class="answers"><tbody>{ for bars }</tbody></table>
            }
        </section>
    }
}

/// `:8080`, or nothing where the service listens on 80.
fn port_of(engine: &Engine, key: &apimachinery::meta::Key) -> String {
    let port = engine.with_model(|model| {
        let (_, service) = model.services().find(|(known, _)| *known == key)?;
        service.service.as_ref()?.spec.ports.first().map(|port| port.port)
    });
    port.filter(|port| *port != 80).map(|port| format!(":{port}")).unwrap_or_default()
}
