//! The documents as tabs, and what can be done with them.

use gloo::utils::window;
use wasm_bindgen::JsCast;
use wasm_bindgen_futures::{JsFuture, spawn_local};
use web_sys::{DragEvent, File, FileList, HtmlInputElement, HtmlSelectElement};
use yew::prelude::*;

use crate::cx::{DocumentsHandle, use_tr};
use crate::documents::Change;
use crate::examples::EXAMPLES;
use crate::i18n::Word;

const FILES_MAX: u32 = 20;
/// Larger files are not even read.
const FILE_BYTES_MAX: f64 = 20_000_000.0;

fn open(documents: &DocumentsHandle, files: Option<FileList>) {
    let Some(files) = files else { return };
    let files = (0..files.length().min(FILES_MAX)).filter_map(|index| files.item(index));
    for file in files.filter(|file| file.size() <= FILE_BYTES_MAX) {
        let documents = documents.clone();
        spawn_local(async move {
            if let Some(text) = read(&file).await {
                documents.dispatch(Change::Add { name: file.name(), text });
            }
        });
    }
}

async fn read(file: &File) -> Option<String> {
    JsFuture::from(file.text()).await.ok()?.as_string()
}

#[derive(PartialEq, Properties)]
pub struct DocumentListProps {
    pub documents: DocumentsHandle,
}

#[component]
pub fn DocumentList(props: &DocumentListProps) -> Html {
    let (tr, documents) = (use_tr(), props.documents.clone());
    let tabs = documents.all.iter().enumerate().map(|(index, document)| {
        let documents = documents.clone();
        let onclick =
            Callback::from(move |_: MouseEvent| documents.dispatch(Change::Select(index)));
        let current = index == props.documents.current;
        let edited = document.applied.as_ref().is_some_and(|applied| *applied != document.text);
        html! {
            <button type="button" class="file" aria-current={current.then_some("true")} {onclick}>
                { &document.name }if edited { <span aria-hidden="true">{ " •" }</span> }</button>
        }
    });
    html! {
        <div class="documents">
            <div class="files" role="group" aria-label={tr.t(Word::Documents)}>{ for tabs }</div>
            <Menu documents={props.documents.clone()} />
            <DropTarget documents={props.documents.clone()} />
        </div>
    }
}

/// Everything that is done with documents, in one select: it is short and known on every device.
#[component]
fn Menu(props: &DocumentListProps) -> Html {
    let (tr, documents) = (use_tr(), props.documents.clone());
    let picker = use_node_ref();
    let onchange = {
        let (documents, picker) = (documents.clone(), picker.clone());
        Callback::from(move |event: Event| {
            let select = event.target().and_then(|t| t.dyn_into::<HtmlSelectElement>().ok());
            let Some(select) = select else { return };
            let value = select.value();
            select.set_value("");
            match value.as_str() {
                "new" => {
                    let name = "manifest.yaml".to_owned();
                    documents.dispatch(Change::Add { name, text: String::new() });
                }
                "open" => {
                    if let Some(picker) = picker.cast::<HtmlInputElement>() {
                        picker.click();
                    }
                }
                "rename" => rename(&documents, tr.t(Word::DocumentName)),
                "delete" => {
                    if window().confirm_with_message(tr.t(Word::ReallyDelete)).unwrap_or(false) {
                        documents.dispatch(Change::Delete);
                    }
                }
                other => add_example(&documents, other),
            }
        })
    };
    let onpick = Callback::from(move |event: Event| {
        let input = event.target().and_then(|t| t.dyn_into::<HtmlInputElement>().ok());
        if let Some(input) = input {
            open(&documents, input.files());
            input.set_value("");
        }
    });
    let examples = EXAMPLES.iter().map(|example| {
        html! { <option value={example.name}>{ example.name }</option> }
    });
    html! {
        <>
            <select class="more" aria-label={tr.t(Word::Documents)} {onchange}>
                <option value="" selected=true disabled=true hidden=true>{ "＋" }</option>
                <option value="new">{ tr.t(Word::New) }</option>
                <option value="open">{ tr.t(Word::Open) }</option>
                <option value="rename">{ tr.t(Word::Rename) }</option>
                <option value="delete">{ tr.t(Word::Delete) }</option>
                <optgroup label={tr.t(Word::Examples)}>{ for examples }</optgroup>
            </select>
            <input ref={picker} type="file" hidden=true multiple=true accept=".yaml,.yml,.json,.txt"
                onchange={onpick} />
        </>
    }
}

fn rename(documents: &DocumentsHandle, question: &str) {
    let now = documents.current().map(|document| document.name.clone()).unwrap_or_default();
    let answer = window().prompt_with_message_and_default(question, &now).ok().flatten();
    if let Some(name) = answer.filter(|name| !name.trim().is_empty()) {
        documents.dispatch(Change::Rename(name));
    }
}

fn add_example(documents: &DocumentsHandle, name: &str) {
    let Some(example) = EXAMPLES.iter().find(|example| example.name == name) else { return };
    let same = documents.all.iter().position(|d| d.name == name && *d.text == *example.text);
    documents.dispatch(match same {
        Some(index) => Change::Select(index),
        None => Change::Add { name: name.to_owned(), text: example.text.to_owned() },
    });
}

/// Files may be dropped anywhere on the page.
#[component]
fn DropTarget(props: &DocumentListProps) -> Html {
    let tr = use_tr();
    let over = use_state(|| false);
    {
        let (documents, over) = (props.documents.clone(), over.clone());
        use_effect_with((), move |()| {
            use gloo::events::{EventListener, EventListenerOptions};
            let options = EventListenerOptions::enable_prevent_default();
            let body = gloo::utils::body();
            let listen = |name: &'static str, act: Box<dyn Fn(&DragEvent)>| {
                EventListener::new_with_options(&body, name, options, move |event| {
                    if let Some(event) = event.dyn_ref::<DragEvent>() {
                        event.prevent_default();
                        act(event);
                    }
                })
            };
            let (enter, leave) = (over.clone(), over.clone());
            let heard = [
                listen("dragover", Box::new(move |_| enter.set(true))),
                listen(
                    "dragleave",
                    Box::new(move |event| {
                        if event.related_target().is_none() {
                            leave.set(false);
                        }
                    }),
                ),
                listen(
                    "drop",
                    Box::new(move |event| {
                        over.set(false);
                        open(&documents, event.data_transfer().and_then(|data| data.files()));
                    }),
                ),
            ];
            move || drop(heard)
        });
    }
    if *over {
        html! { <div class="drop">{ tr.t(Word::DropHere) }</div> }
    } else {
        Html::default()
    }
}
