//! What lies over the page: the command palette and the list of shortcuts. An action is a record;
//! palette and list are derived from it.

use scene::Lang;
use wasm_bindgen::JsCast;
use web_sys::HtmlInputElement;
use yew::prelude::*;

use crate::console::Console;
use crate::cx::{use_act, use_console, use_engine, use_tr};
use crate::engine::Engine;
use crate::i18n::Word;
use crate::session::{Action, Below, Beside, Overlay};

struct Entry {
    title: Word,
    keys: &'static str,
    act: fn(&Doer),
}

/// What an entry may use.
#[derive(Clone, PartialEq)]
struct Doer {
    act: Callback<Action>,
    engine: Engine,
    console: Console,
    lang: Lang,
}

const ENTRIES: &[Entry] = &[
    Entry {
        title: Word::FocusTerminal,
        keys: "",
        act: |d| {
            d.act.emit(Action::ShowBelow(Below::Terminal));
            crate::keys::focus_on(".prompt input");
        },
    },
    Entry { title: Word::Events, keys: "", act: |d| d.act.emit(Action::ShowBelow(Below::Events)) },
    Entry {
        title: Word::Metrics,
        keys: "",
        act: |d| d.act.emit(Action::ShowBelow(Below::Metrics)),
    },
    Entry {
        title: Word::Account,
        keys: "",
        act: |d| d.act.emit(Action::ShowBelow(Below::Account)),
    },
    Entry {
        title: Word::Manifest,
        keys: "",
        act: |d| d.act.emit(Action::ShowBeside(Beside::Manifest)),
    },
    Entry {
        title: Word::Inspect,
        keys: "",
        act: |d| d.act.emit(Action::ShowBeside(Beside::Inspect)),
    },
    Entry { title: Word::Logs, keys: "", act: |d| d.act.emit(Action::ShowBeside(Beside::Logs)) },
    Entry { title: Word::Play, keys: "Space", act: |d| d.act.emit(Action::TogglePlay) },
    Entry {
        title: Word::Step,
        keys: ".",
        act: |d| {
            d.act.emit(Action::Pause);
            d.engine.step();
        },
    },
    Entry { title: Word::Slower, keys: "[", act: |d| d.act.emit(Action::Slower) },
    Entry { title: Word::Faster, keys: "]", act: |d| d.act.emit(Action::Faster) },
    Entry { title: Word::ToggleTheme, keys: "", act: |d| d.act.emit(Action::ToggleTheme) },
    Entry {
        title: Word::SwitchLanguage,
        keys: "",
        act: |d| {
            let other = if d.lang == Lang::En { Lang::Ko } else { Lang::En };
            d.act.emit(Action::SetLang(other));
        },
    },
    Entry {
        title: Word::SavePicture,
        keys: "",
        act: |d| {
            let svg = d.engine.svg(crate::session::Session::load().theme);
            crate::clipboard::save_file("kubarium.svg", "image/svg+xml", &svg);
        },
    },
    Entry {
        title: Word::Shortcuts,
        keys: "?",
        act: |d| d.act.emit(Action::Open(Overlay::Shortcuts)),
    },
];

/// Keys that belong to one place of the page.
const KEYS: &[(&str, Word)] = &[
    ("Space", Word::KeySpace),
    (".", Word::KeyStep),
    ("[ ]", Word::KeySpeed),
    ("Ctrl K", Word::Palette),
    ("?", Word::Shortcuts),
    ("← ↑ → ↓", Word::KeyArrows),
    ("Enter", Word::KeyEnter),
    ("Ctrl Enter", Word::KeyApply),
    ("Tab", Word::KeyTab),
    ("Ctrl C, Ctrl L", Word::KeyInterrupt),
];

#[derive(PartialEq, Properties)]
pub struct OverlaysProps {
    pub overlay: Overlay,
}

#[component]
pub fn Overlays(props: &OverlaysProps) -> Html {
    match props.overlay {
        Overlay::None => Html::default(),
        Overlay::Palette => html! { <Palette /> },
        Overlay::Shortcuts => html! { <Shortcuts /> },
    }
}

/// Closes on a click beside the card.
fn backdrop(act: &Callback<Action>, label: &'static str, card: Html) -> Html {
    let act = act.clone();
    let onclick = Callback::from(move |_: MouseEvent| act.emit(Action::Open(Overlay::None)));
    let keep = Callback::from(|event: MouseEvent| event.stop_propagation());
    html! {
        <div class="backdrop" {onclick}>
            <div class="card" role="dialog" aria-modal="true" aria-label={label} onclick={keep}>
                { card }</div>
        </div>
    }
}

#[component]
fn Palette() -> Html {
    let (tr, act) = (use_tr(), use_act());
    let doer = Doer { act: act.clone(), engine: use_engine(), console: use_console(), lang: tr.0 };
    let typed = use_state(String::new);
    let chosen = use_state(|| 0_usize);
    let input = use_node_ref();
    {
        let input = input.clone();
        use_effect_with((), move |()| crate::keys::focus(input.cast()));
    }
    let wanted = typed.to_lowercase();
    let found: Vec<&'static Entry> =
        ENTRIES.iter().filter(|e| tr.t(e.title).to_lowercase().contains(&wanted)).collect();
    let at = (*chosen).min(found.len().saturating_sub(1));
    let run = {
        let doer = doer.clone();
        move |entry: &Entry| {
            doer.act.emit(Action::Open(Overlay::None));
            (entry.act)(&doer);
        }
    };
    let oninput = {
        let (typed, chosen) = (typed.clone(), chosen.clone());
        Callback::from(move |event: InputEvent| {
            let input = event.target().and_then(|t| t.dyn_into::<HtmlInputElement>().ok());
            typed.set(input.map(|input| input.value()).unwrap_or_default());
            chosen.set(0);
        })
    };
    let onkeydown = {
        let (chosen, run, found) = (chosen.clone(), run.clone(), found.clone());
        Callback::from(move |event: KeyboardEvent| {
            match event.key().as_str() {
                "ArrowDown" => chosen.set((at + 1).min(found.len().saturating_sub(1))),
                "ArrowUp" => chosen.set(at.saturating_sub(1)),
                "Enter" => {
                    if let Some(entry) = found.get(at) {
                        run(entry);
                    }
                }
                _ => return,
            }
            event.prevent_default();
        })
    };
    let rows = found.iter().enumerate().map(|(index, entry)| {
        let (run, entry) = (run.clone(), *entry);
        let onclick = Callback::from(move |_: MouseEvent| run(entry));
        html! {
            <li role="option" id={format!("action-{index}")} {onclick}
                aria-selected={(index == at).to_string()}>
                <span>{ tr.t(entry.title) }</span><kbd>{ entry.keys }</kbd></li>
        }
    });
    let card = html! {
        <>
            <input ref={input} type="text" role="combobox" aria-expanded="true"
                aria-controls="actions" aria-activedescendant={format!("action-{at}")}
                aria-label={tr.t(Word::PaletteHint)} placeholder={tr.t(Word::PaletteHint)}
                autocomplete="off" {oninput} {onkeydown} />
            <ul role="listbox" id="actions" class="actions">{ for rows }</ul>
            if found.is_empty() { <p class="quiet">{ tr.t(Word::NothingFound) }</p> }
        </>
    };
    backdrop(&act, tr.t(Word::Palette), card)
}

#[component]
fn Shortcuts() -> Html {
    let (tr, act) = (use_tr(), use_act());
    let close = use_node_ref();
    {
        let close = close.clone();
        use_effect_with((), move |()| crate::keys::focus(close.cast()));
    }
    let onclick = {
        let act = act.clone();
        Callback::from(move |_: MouseEvent| act.emit(Action::Open(Overlay::None)))
    };
    let rows = KEYS.iter().map(|(keys, word)| {
        html! { <><dt><kbd>{ *keys }</kbd></dt><dd>{ tr.t(*word) }</dd></> }
    });
    let card = html! {
        <>
            <div class="row"><h2>{ tr.t(Word::Shortcuts) }</h2>
                <button type="button" class="icon" ref={close} {onclick}
                    aria-label={tr.t(Word::Close)}>{ "×" }</button></div>
            <dl class="keys">{ for rows }</dl>
        </>
    };
    backdrop(&act, tr.t(Word::Shortcuts), card)
}
