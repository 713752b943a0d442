//! The live tail of the selected pod's container.

use std::rc::Rc;

use apimachinery::meta::Key;
use scene::Target;
use wasm_bindgen::JsCast;
use web_sys::{Element, HtmlSelectElement};
use yew::prelude::*;

use crate::cx::{use_engine, use_topic, use_tr};
use crate::engine::{Engine, Topic};
use crate::i18n::Word;

const LINES_MAX: u32 = 300;

#[derive(PartialEq, Properties)]
pub struct LogsProps {
    pub selected: Option<Target>,
}

fn containers(engine: &Engine, pod: &Key) -> Vec<String> {
    engine.with_model(|model| {
        let pod = model.pod(pod).map(|state| Rc::new(state.pod.clone()));
        let spec = pod.iter().flat_map(|pod| pod.spec.containers.iter());
        spec.map(|container| container.name.to_string()).collect()
    })
}

#[component]
pub fn Logs(props: &LogsProps) -> Html {
    let (tr, engine) = (use_tr(), use_engine());
    use_topic(Topic::Clock, 500.0);
    let chosen = use_state(|| None::<(Key, String)>);
    let area = use_node_ref();
    {
        let area = area.clone();
        use_effect(move || {
            if let Some(area) = area.cast::<Element>() {
                area.set_scroll_top(area.scroll_height());
            }
        });
    }
    let Some((pod, named)) = props.selected.as_ref().and_then(crate::target::pod) else {
        return html! { <p class="quiet">{ tr.t(Word::SelectPod) }</p> };
    };
    let containers = containers(&engine, &pod);
    let picked = chosen.as_ref().filter(|(key, _)| *key == pod).map(|(_, name)| name.clone());
    let container = picked.or(named).or(containers.first().cloned()).unwrap_or_default();
    let line =
        format!("kubectl logs {} -n {} -c {container} --tail={LINES_MAX}", pod.name, pod.namespace);
    let text = engine.read(&line);
    let onchange = {
        let (chosen, pod) = (chosen.clone(), pod.clone());
        Callback::from(move |event: Event| {
            let select = event.target().and_then(|t| t.dyn_into::<HtmlSelectElement>().ok());
            chosen.set(select.map(|select| (pod.clone(), select.value())));
        })
    };
    let options = containers.iter().map(|name| {
        html! { <option value={name.clone()} selected={*name == container}>{ name }</option> }
    });
    html! {
        <div class="logs">
            <div class="row head">
                <code>{ pod.name.as_str() }</code>
                <select aria-label={tr.t(Word::Container)} {onchange}>{ for options }</select>
            </div>
            <pre class="scroll" ref={area} tabindex="0">
                { if text.is_empty() { tr.t(Word::NoLogs).to_owned() } else { text } }</pre>
        </div>
    }
}
