//! The panels around the picture as records: a new panel is a file in panels/ and a line here.

use scene::{Target, Theme};
use yew::prelude::*;

use crate::cx::{use_act, use_tr};
use crate::i18n::Word;
use crate::panels::{account, events, inspect, logs, manifest, metrics, terminal};
use crate::session::{self, Action};

/// What any panel may be given.
#[derive(Clone, PartialEq)]
pub struct Given {
    pub theme: Theme,
    pub selected: Option<Target>,
    /// Only what is visible draws.
    pub visible: bool,
}

struct Panel<Id> {
    id: Id,
    title: Word,
    /// Stays mounted while another one is shown.
    keeps: bool,
    view: fn(&Given) -> Html,
}

const BELOW: &[Panel<session::Below>] = &[
    Panel {
        id: session::Below::Terminal,
        title: Word::Terminal,
        keeps: true,
        view: |given| html! { <terminal::Terminal visible={given.visible} /> },
    },
    Panel {
        id: session::Below::Events,
        title: Word::Events,
        keeps: false,
        view: |_| html! { <events::Events /> },
    },
    Panel {
        id: session::Below::Metrics,
        title: Word::Metrics,
        keeps: false,
        view: |given| html! { <metrics::Metrics theme={given.theme} /> },
    },
    Panel {
        id: session::Below::Account,
        title: Word::Account,
        keeps: false,
        view: |_| html! { <account::Account /> },
    },
];

const BESIDE: &[Panel<session::Beside>] = &[
    Panel {
        id: session::Beside::Manifest,
        title: Word::Manifest,
        keeps: true,
        view: |given| html! { <manifest::Manifest theme={given.theme} /> },
    },
    Panel {
        id: session::Beside::Inspect,
        title: Word::Inspect,
        keeps: false,
        view: |given| html! { <inspect::Inspect selected={given.selected.clone()} /> },
    },
    Panel {
        id: session::Beside::Logs,
        title: Word::Logs,
        keeps: false,
        view: |given| html! { <logs::Logs selected={given.selected.clone()} /> },
    },
];

#[derive(PartialEq, Properties)]
struct TabsProps {
    label: Word,
    titles: Vec<Word>,
    shown: usize,
    onshow: Callback<usize>,
    /// Which of the two groups this is, for ids and styles.
    group: AttrValue,
}

/// Tabs as screen readers know them: arrow keys move, one tab stop.
#[component]
fn Tabs(props: &TabsProps) -> Html {
    let tr = use_tr();
    let list = use_node_ref();
    let count = props.titles.len();
    let onkeydown = {
        let (onshow, shown, list) = (props.onshow.clone(), props.shown, list.clone());
        Callback::from(move |event: KeyboardEvent| {
            let next = match event.key().as_str() {
                "ArrowRight" => (shown + 1) % count,
                "ArrowLeft" => (shown + count - 1) % count,
                "Home" => 0,
                "End" => count - 1,
                _ => return,
            };
            event.prevent_default();
            onshow.emit(next);
            let tabs = list.cast::<web_sys::Element>().map(|list| list.children());
            let tab = tabs.and_then(|tabs| tabs.item(next as u32));
            crate::keys::focus(tab);
        })
    };
    let tabs = props.titles.iter().enumerate().map(|(index, title)| {
        let (onshow, chosen) = (props.onshow.clone(), index == props.shown);
        html! {
            <button role="tab" type="button" id={format!("{}-tab-{index}", props.group)}
                aria-selected={chosen.to_string()} aria-controls={format!("{}-panel", props.group)}
                tabindex={if chosen { "0" } else { "-1" }}
                onclick={move |_| onshow.emit(index)}>{ tr.t(*title) }</button>
        }
    });
    html! {
        <div class="tabs" role="tablist" aria-label={tr.t(props.label)} ref={list} {onkeydown}>
            { for tabs }
        </div>
    }
}

fn body<Id: Copy + PartialEq>(panels: &[Panel<Id>], shown: Id, given: Given) -> Html {
    let views = panels.iter().filter(|panel| panel.keeps || panel.id == shown).map(|panel| {
        let visible = panel.id == shown;
        let given = Given { visible, ..given.clone() };
        let key = format!("{:?}", panel.title);
        html! { <div class="panel" hidden={!visible} {key}>{ (panel.view)(&given) }</div> }
    });
    html! { <>{ for views }</> }
}

fn place<Id: PartialEq>(panels: &[Panel<Id>], shown: Id) -> usize {
    panels.iter().position(|panel| panel.id == shown).unwrap_or(0)
}

#[derive(PartialEq, Properties)]
pub struct BelowProps {
    pub shown: session::Below,
    pub theme: Theme,
}

#[component]
pub fn Below(props: &BelowProps) -> Html {
    let act = use_act();
    let onshow = Callback::from(move |index: usize| {
        if let Some(panel) = BELOW.get(index) {
            act.emit(Action::ShowBelow(panel.id));
        }
    });
    let titles: Vec<Word> = BELOW.iter().map(|panel| panel.title).collect();
    let shown = place(BELOW, props.shown);
    let given = Given { theme: props.theme, selected: None, visible: true };
    html! {
        <section class="below">
            <Tabs label={Word::PanelsBelow} group="below" {titles} {shown} {onshow} />
            <div class="panels" role="tabpanel" id="below-panel"
                aria-labelledby={format!("below-tab-{shown}")}>
                { body(BELOW, props.shown, given) }
            </div>
        </section>
    }
}

#[derive(PartialEq, Properties)]
pub struct BesideProps {
    pub shown: session::Beside,
    pub theme: Theme,
    pub selected: Option<Target>,
}

#[component]
pub fn Beside(props: &BesideProps) -> Html {
    let act = use_act();
    let onshow = Callback::from(move |index: usize| {
        if let Some(panel) = BESIDE.get(index) {
            act.emit(Action::ShowBeside(panel.id));
        }
    });
    let titles: Vec<Word> = BESIDE.iter().map(|panel| panel.title).collect();
    let shown = place(BESIDE, props.shown);
    let given = Given { theme: props.theme, selected: props.selected.clone(), visible: true };
    html! {
        <aside class="beside">
            <Tabs label={Word::PanelsBeside} group="beside" {titles} {shown} {onshow} />
            <div class="panels" role="tabpanel" id="beside-panel"
                aria-labelledby={format!("beside-tab-{shown}")}>
                { body(BESIDE, props.shown, given) }
            </div>
        </aside>
    }
}
