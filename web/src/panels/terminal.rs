//! The terminal: what was printed as lines of text, and a prompt.

use std::rc::Rc;

use wasm_bindgen::JsCast;
use web_sys::{Element, HtmlInputElement};
use yew::prelude::*;

use crate::console::{Block, Kind, Line, prefix};
use crate::cx::{use_console, use_engine, use_tr};
use crate::i18n::Word;

/// Words whose colour says how something is.
const STATES: &[(&str, &[&str])] = &[
    ("is-running", &["Running", "Ready", "Active", "Bound", "True"]),
    ("is-creating", &["ContainerCreating", "PodInitializing"]),
    ("is-pending", &["Pending", "SchedulingDisabled"]),
    (
        "is-failed",
        &[
            "CrashLoopBackOff",
            "Error",
            "ErrImagePull",
            "ImagePullBackOff",
            "NotReady",
            "OOMKilled",
            "Failed",
            "Evicted",
            "Unknown",
        ],
    ),
    ("is-terminating", &["Terminating"]),
    ("is-succeeded", &["Completed", "Succeeded"]),
];

#[derive(PartialEq, Properties)]
struct BlockProps {
    block: Rc<Block>,
    /// The line before the block: tells whether a table goes on.
    table: bool,
}

/// Fifty lines; drawn again only when they change.
#[component]
fn BlockView(props: &BlockProps) -> Html {
    let mut table = props.table;
    let lines = props.block.lines.iter().map(|line| {
        let in_table = table;
        table = goes_on(line, table);
        view(line, in_table)
    });
    html! { <div class="block">{ for lines }</div> }
}

/// Whether the next line is a row of a table, whose first word is a name.
fn goes_on(line: &Line, table: bool) -> bool {
    if line.kind != Kind::Out {
        return false;
    }
    let head = line.text.starts_with("NAME ") || line.text.starts_with("NAMESPACE ");
    head || (table && !line.text.trim().is_empty())
}

fn view(line: &Line, in_table: bool) -> Html {
    let class = match line.kind {
        Kind::Prompt => "typed",
        Kind::Out => "out",
        Kind::Err if line.text.starts_with("Warning: ") => "err is-pending",
        Kind::Err => "err",
        Kind::Note => "note",
    };
    let text = match line.kind {
        Kind::Out if line.text.len() < 400 => coloured(&line.text, in_table),
        _ => html! { <>{ &line.text }</> },
    };
    html! {
        <div class={class}>
            if line.kind == Kind::Prompt { <span class="dollar">{ prefix(line.kind) }</span> }
            { text }{ "\n" }
        </div>
    }
}

fn coloured(text: &str, in_table: bool) -> Html {
    let mut parts: Vec<Html> = Vec::new();
    let mut plain = String::new();
    for (number, piece) in text.split_inclusive(' ').enumerate() {
        let word = piece.trim_end();
        let state = STATES.iter().find(|(_, words)| words.contains(&word));
        let class = match state {
            Some((class, _)) if in_table => Some(*class),
            _ if in_table && number == 0 && !word.is_empty() => Some("is-name"),
            _ => None,
        };
        match class {
            Some(class) => {
                parts.push(html! { { std::mem::take(&mut plain) } });
                parts.push(html! { <span {class}>{ word }</span> });
                plain.push_str(piece.get(word.len()..).unwrap_or(""));
            }
            None => plain.push_str(piece),
        }
    }
    parts.push(html! { { plain } });
    html! { <>{ for parts }</> }
}

#[derive(PartialEq, Properties)]
pub struct TerminalProps {
    pub visible: bool,
}

/// Where in the history the prompt stands, and what was being typed before.
#[derive(Default)]
struct Recall {
    back: usize,
    draft: String,
}

#[component]
pub fn Terminal(props: &TerminalProps) -> Html {
    let (tr, console) = (use_tr(), use_console());
    let update = use_force_update();
    let scroll = use_node_ref();
    let input = use_node_ref();
    use_effect_with(console.clone(), move |console| {
        console.set_listener(Some(Callback::from(move |()| update.force_update())));
        let console = console.clone();
        move || console.set_listener(None)
    });
    // Stays at the end, unless the person has scrolled up.
    let follows = use_mut_ref(|| true);
    {
        let (scroll, follows) = (scroll.clone(), follows.clone());
        use_effect(move || {
            if let Some(area) = scroll.cast::<Element>().filter(|_| *follows.borrow()) {
                area.set_scroll_top(area.scroll_height());
            }
        });
    }
    let onscroll = {
        let scroll = scroll.clone();
        Callback::from(move |_: Event| {
            if let Some(area) = scroll.cast::<Element>() {
                let rest = area.scroll_height() - area.scroll_top() - area.client_height();
                *follows.borrow_mut() = rest < 40;
            }
        })
    };
    let onclick = {
        let input = input.clone();
        Callback::from(move |_: MouseEvent| {
            if crate::clipboard::selected_text().is_empty() {
                crate::keys::focus(input.cast());
            }
        })
    };
    let blocks = console.blocks();
    let mut table = false;
    let views: Vec<Html> = blocks
        .iter()
        .map(|block| {
            let starts = table;
            table = block.lines.iter().fold(table, |table, line| goes_on(line, table));
            html! { <BlockView key={block.number} block={block.clone()} table={starts} /> }
        })
        .collect();
    let busy = console.is_busy();
    html! {
        <div class="terminal" ref={scroll} {onscroll} {onclick} data-busy={busy.to_string()}>
            if blocks.is_empty() { <p class="note">{ tr.t(Word::TerminalHello) }</p> <Restore /> }
            { for views }
            <Prompt {input} {busy} visible={props.visible} />
        </div>
    }
}

/// Offers the last session until something else is begun.
#[component]
fn Restore() -> Html {
    let (tr, engine, console) = (use_tr(), use_engine(), use_console());
    let log = use_state(crate::journal::last);
    if log.is_empty() {
        return Html::default();
    }
    let onclick = {
        let log = log.clone();
        Callback::from(move |_: MouseEvent| {
            console.forget_running();
            engine.replay((*log).clone());
            log.set(Vec::new());
        })
    };
    html! {
        <p class="note">{ tr.t(Word::RestoreText) }{ " " }
            <button type="button" class="link restore" {onclick}>{ tr.t(Word::Restore) }</button></p>
    }
}

#[derive(PartialEq, Properties)]
struct PromptProps {
    input: NodeRef,
    busy: bool,
    visible: bool,
}

#[component]
fn Prompt(props: &PromptProps) -> Html {
    let (tr, console, engine) = (use_tr(), use_console(), use_engine());
    let recall = use_mut_ref(Recall::default);
    let candidates = use_state(Vec::<String>::new);
    let onpaste = {
        let console = console.clone();
        Callback::from(move |event: Event| {
            let Some(event) = event.dyn_ref::<web_sys::ClipboardEvent>() else { return };
            let data = event.clipboard_data().and_then(|data| data.get_data("text").ok());
            let Some(text) = data.filter(|text| text.trim_end().contains('\n')) else { return };
            event.prevent_default();
            console.type_text(&text);
        })
    };
    let onkeydown = {
        let (input, candidates) = (props.input.clone(), candidates.clone());
        Callback::from(move |event: KeyboardEvent| {
            let Some(input) = input.cast::<HtmlInputElement>() else { return };
            let ctrl = event.ctrl_key();
            let mut recall = recall.borrow_mut();
            match event.key().as_str() {
                "Enter" => {
                    let line = input.value();
                    input.set_value("");
                    *recall = Recall::default();
                    console.run(&line, None);
                }
                "ArrowUp" => go_back(&input, &mut recall, &console.history(), 1),
                "ArrowDown" => go_back(&input, &mut recall, &console.history(), -1),
                "Tab" if !event.shift_key() && !input.value().trim().is_empty() => {
                    candidates.set(complete(&engine, &input));
                    event.prevent_default();
                    return;
                }
                "c" if ctrl && crate::clipboard::selected_text().is_empty() => {
                    input.set_value("");
                    console.interrupt();
                }
                "l" if ctrl => console.clear(),
                "u" if ctrl => input.set_value(""),
                "Escape" => {}
                _ => return,
            }
            candidates.set(Vec::new());
            event.prevent_default();
        })
    };
    html! {
        <>
            if !candidates.is_empty() {
                <div class="candidates">{ candidates.join("  ") }</div>
            }
            <div class="prompt">
                <span class="dollar" aria-hidden="true">{ "$ " }</span>
                <input ref={props.input.clone()} type="text" {onkeydown} {onpaste}
                    aria-label={tr.t(Word::TerminalInput)} autocomplete="off" autocapitalize="off"
                    spellcheck="false" />
                if props.busy { <span class="busy">{ tr.t(Word::TerminalBusy) }</span> }
            </div>
        </>
    }
}

fn go_back(input: &HtmlInputElement, recall: &mut Recall, history: &[String], by: isize) {
    if recall.back == 0 {
        recall.draft = input.value();
    }
    recall.back = recall.back.saturating_add_signed(by).min(history.len());
    let value = match recall.back {
        0 => Some(&recall.draft),
        back => history.get(history.len() - back),
    };
    if let Some(value) = value {
        // The prompt is one line: what was pasted with breaks comes back with spaces.
        input.set_value(&value.replace('\n', " "));
    }
}

/// Puts in what all candidates share; gives the candidates if there are several.
fn complete(engine: &crate::engine::Engine, input: &HtmlInputElement) -> Vec<String> {
    const SHOWN_MAX: usize = 60;
    let line = input.value();
    let chars = input.selection_start().ok().flatten().unwrap_or(u32::MAX) as usize;
    let cursor = byte_of_utf16(&line, chars);
    let found = engine.with(|cluster| cluster.complete(&line, cursor));
    let Some(first) = found.candidates.first() else { return Vec::new() };
    let shared =
        found.candidates.iter().fold(first.as_str(), |shared, other| common(shared, other));
    let mut word = shared.to_owned();
    if found.candidates.len() == 1 && !word.ends_with(['/', '=']) {
        word.push(' ');
    }
    let head = line.get(..found.start).unwrap_or("").to_owned() + &word;
    let tail = line.get(cursor..).unwrap_or("");
    let at = head.encode_utf16().count() as u32;
    input.set_value(&(head + tail));
    let _ = input.set_selection_range(at, at);
    if found.candidates.len() == 1 {
        return Vec::new();
    }
    found.candidates.into_iter().take(SHOWN_MAX).collect()
}

fn common<'a>(a: &'a str, b: &str) -> &'a str {
    let same = a.chars().zip(b.chars()).take_while(|(x, y)| x == y);
    let bytes: usize = same.map(|(c, _)| c.len_utf8()).sum();
    a.get(..bytes).unwrap_or("")
}

/// Browsers count in UTF-16 units, the engine in bytes.
pub fn byte_of_utf16(text: &str, units: usize) -> usize {
    let mut seen = 0;
    for (at, c) in text.char_indices() {
        if seen >= units {
            return at;
        }
        seen += c.len_utf16();
    }
    text.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn positions_and_prefixes_are_those_of_characters() {
        assert_eq!(byte_of_utf16("한a😀b", 1), 3);
        assert_eq!(byte_of_utf16("한a😀b", 4), 8);
        assert_eq!(byte_of_utf16("ab", 99), 2);
        assert_eq!(common("한국", "한글"), "한");
    }

    #[test]
    fn rows_of_a_table_have_names() {
        let line = |text: &str| Line { kind: Kind::Out, text: text.into() };
        assert!(goes_on(&line("NAME   READY"), false));
        assert!(goes_on(&line("web-1  1/1"), true));
        assert!(!goes_on(&line("web-1  1/1"), false));
        assert!(!goes_on(&line(""), true));
    }
}
