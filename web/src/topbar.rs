//! The bar on top: time and its speed, faults, language and theme.

use clock::SimTime;
use cluster::{Command, Fault};
use scene::{Lang, Theme};
use wasm_bindgen::JsCast;
use web_sys::HtmlSelectElement;
use yew::prelude::*;

use crate::cx::{use_act, use_console, use_engine, use_topic, use_tr};
use crate::engine::Topic;
use crate::i18n::Word;
use crate::session::{Action, Overlay, SPEEDS};

#[derive(PartialEq, Properties)]
pub struct TopBarProps {
    pub playing: bool,
    pub speed: usize,
    pub theme: Theme,
    pub restart: Callback<()>,
}

#[component]
pub fn TopBar(props: &TopBarProps) -> Html {
    let (tr, act, engine) = (use_tr(), use_act(), use_engine());
    let does = |action: Action| {
        let act = act.clone();
        Callback::from(move |_: MouseEvent| act.emit(action.clone()))
    };
    let step = {
        let act = act.clone();
        Callback::from(move |_: MouseEvent| {
            act.emit(Action::Pause);
            engine.step();
        })
    };
    let restart = props.restart.reform(|_: MouseEvent| ());
    let play = if props.playing { Word::Pause } else { Word::Play };
    let language = if tr.0 == Lang::En { Lang::Ko } else { Lang::En };
    let other = if language == Lang::Ko { "ko" } else { "en" };
    html! {
        <header class="top">
            <h1 class="name">{ "Kub" }<b>{ "a" }</b>{ "rium" }</h1>
            <div class="time">
                <button type="button" class="icon" onclick={restart} title={tr.t(Word::Restart)}
                    aria-label={tr.t(Word::Restart)}>{ "⟲" }</button>
                <button type="button" class="primary play" onclick={does(Action::TogglePlay)}>
                    { tr.t(play) }</button>
                <button type="button" onclick={step} title={tr.t(Word::StepHint)}>
                    { tr.t(Word::Step) }</button>
                <Speed speed={props.speed} />
                <ClockFace />
            </div>
            <div class="tools">
                <button type="button" class="code" onclick={does(Action::Open(Overlay::Palette))}
                    title={tr.t(Word::Palette)} aria-label={tr.t(Word::Palette)}>{ "Ctrl K" }</button>
                <Faults />
                <button type="button" class="icon" onclick={does(Action::Open(Overlay::Shortcuts))}
                    title={tr.t(Word::Shortcuts)} aria-label={tr.t(Word::Shortcuts)}>{ "?" }</button>
                <button type="button" lang={other} onclick={does(Action::SetLang(language))}>
                    { tr.t(Word::OtherLanguage) }</button>
                <button type="button" class="icon" onclick={does(Action::ToggleTheme)}
                    title={tr.t(Word::Theme)} aria-label={tr.t(Word::Theme)}
                    aria-pressed={(props.theme == Theme::Dark).to_string()}>{ "◐" }</button>
            </div>
        </header>
    }
}

#[derive(PartialEq, Properties)]
struct SpeedProps {
    speed: usize,
}

#[component]
fn Speed(props: &SpeedProps) -> Html {
    let (tr, act) = (use_tr(), use_act());
    let onchange = Callback::from(move |event: Event| {
        let select = event.target().and_then(|target| target.dyn_into::<HtmlSelectElement>().ok());
        if let Some(index) = select.and_then(|select| select.value().parse().ok()) {
            act.emit(Action::SetSpeed(index));
        }
    });
    let options = SPEEDS.iter().enumerate().map(|(index, speed)| {
        html! {
            <option value={index.to_string()} selected={index == props.speed}>
                { format!("{speed}×") }</option>
        }
    });
    html! {
        <select class="speed" aria-label={tr.t(Word::Speed)} {onchange}>{ for options }</select>
    }
}

/// `00:02:14.350`
pub fn clock_text(now: SimTime) -> String {
    let millis = now.millis();
    let (s, ms) = (millis / 1000, millis % 1000);
    format!("{:02}:{:02}:{:02}.{ms:03}", s / 3600, s / 60 % 60, s % 60)
}

/// Alone, so that a tick draws nothing else again.
#[component]
fn ClockFace() -> Html {
    let (tr, engine) = (use_tr(), use_engine());
    use_topic(Topic::Clock, 90.0);
    html! {
        <time class="clock" title={tr.t(Word::VirtualTime)}>{ clock_text(engine.now()) }</time>
    }
}

/// What can be broken: kubelets, and a pod.
#[component]
fn Faults() -> Html {
    let (tr, engine, console) = (use_tr(), use_engine(), use_console());
    let open = use_state(|| false);
    let root = use_node_ref();
    let toggle = {
        let open = open.clone();
        Callback::from(move |_: MouseEvent| open.set(!*open))
    };
    let close = {
        let open = open.clone();
        Callback::from(move |_: ()| open.set(false))
    };
    let onfocusout = {
        let (close, root) = (close.clone(), root.clone());
        Callback::from(move |event: FocusEvent| {
            let to = event.related_target().and_then(|to| to.dyn_into::<web_sys::Node>().ok());
            if !root.get().is_some_and(|root| root.contains(to.as_ref())) {
                close.emit(());
            }
        })
    };
    let onkeydown = {
        let (close, root) = (close.clone(), root.clone());
        Callback::from(move |event: KeyboardEvent| {
            if event.key() == "Escape" {
                close.emit(());
                let button = root.cast::<web_sys::Element>();
                crate::keys::focus(button.and_then(|root| root.first_element_child()));
            }
        })
    };
    let items = if *open { fault_items(&engine) } else { Vec::new() };
    let items = items.into_iter().map(|(word, name, fault)| {
        let (engine, console, close) = (engine.clone(), console.clone(), close.clone());
        let onclick = Callback::from(move |_: MouseEvent| {
            match &fault {
                Act::Command(command) => {
                    engine.execute(command.clone());
                }
                Act::Line(line) => console.run(line, None),
            }
            close.emit(());
        });
        html! {
            <button type="button" role="menuitem" {onclick}>
                { tr.t(word) }{ " " }<code>{ name }</code></button>
        }
    });
    html! {
        <div class="menu" ref={root} {onfocusout} {onkeydown}>
            <button type="button" aria-haspopup="menu" aria-expanded={open.to_string()}
                onclick={toggle}>{ tr.t(Word::Break) }{ " ▾" }</button>
            if *open { <div class="menu-items" role="menu">{ for items }</div> }
        </div>
    }
}

#[derive(Clone)]
enum Act {
    Command(Command),
    Line(String),
}

/// What can be broken now, after what is broken and can be mended.
fn fault_items(engine: &crate::engine::Engine) -> Vec<(Word, String, Act)> {
    const NODES_MAX: usize = 4;
    const PODS_MAX: usize = 4;
    let standing = engine.with(|cluster| cluster.standing_faults().to_vec());
    let mut items = Vec::new();
    for fault in &standing {
        if let Some(undo) = fault.undo() {
            items.push((Word::Mend, undo.to_string(), Act::Command(Command::Fault(undo))));
        }
    }
    let (nodes, pods) = engine.with_model(|model| {
        let workers = model.nodes().filter(|node| !node.control_plane);
        let nodes: Vec<_> = workers.take(NODES_MAX).map(|node| node.name.clone()).collect();
        let mut pods: Vec<_> =
            model.pods().filter(|pod| !pod.system).map(|pod| pod.key.clone()).collect();
        pods.sort();
        pods.truncate(PODS_MAX);
        (nodes, pods)
    });
    let breaks = [
        (Word::StopKubelet, "kubelet-off"),
        (Word::PowerOff, "node-off"),
        (Word::CutOff, "partition"),
        (Word::MemoryShort, "memory-pressure"),
    ];
    let of_nodes = breaks
        .into_iter()
        .flat_map(|(word, verb)| nodes.iter().map(move |node| (word, verb, node.to_string())));
    let of_programs = ["kube-apiserver", "kube-scheduler", "kube-controller-manager"]
        .map(|program| (Word::TakeDown, "down", program.to_owned()));
    let of_all = [
        (Word::PullsFail, "pull-fails", String::new()),
        (Word::ReadOnly, "read-only", String::new()),
    ];
    for (word, verb, name) in of_nodes.chain(of_programs).chain(of_all) {
        let Ok(fault) = Fault::parse(&format!("{verb} {name}")) else { continue };
        if !standing.contains(&fault) {
            items.push((word, name, Act::Command(Command::Fault(fault))));
        }
    }
    for pod in pods {
        let line = format!("kubectl delete pod {} -n {} --wait=false", pod.name, pod.namespace);
        items.push((Word::DeletePod, pod.name.to_string(), Act::Line(line)));
        let fault = Fault::KillContainer { pod: pod.clone(), container: Default::default() };
        let command = Act::Command(Command::Fault(fault));
        items.push((Word::KillContainer, pod.name.to_string(), command));
    }
    items
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_clock_counts_hours() {
        assert_eq!(clock_text(SimTime::from_millis(134_350)), "00:02:14.350");
        assert_eq!(clock_text(SimTime::from_secs(360_000)), "100:00:00.000");
    }
}
