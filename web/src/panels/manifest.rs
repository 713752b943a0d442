//! The manifest editor: named documents, errors while typing, Apply, and what it changed.

use std::cell::RefCell;
use std::rc::Rc;

use cluster::Command;
use gloo::events::EventListener;
use scene::Theme;
use smol_str::SmolStr;
use yew::prelude::*;

use crate::console::{Kind, Line};
use crate::cx::{DocumentsHandle, use_act, use_console, use_engine, use_tr};
use crate::documents::Change as DocumentChange;
use crate::i18n::Word;
use crate::manifest::changes::{self, Change};
use crate::manifest::editor::{Editor, Told, is_there};
use crate::manifest::lint::{self, Problem};
use crate::session::{Action, Below};

mod list;
mod results;

/// A larger text would make every key slow.
const EDITOR_BYTES_MAX: usize = 1_000_000;
/// Lines of the server's refusal that are shown beside the editor.
const REFUSALS_MAX: usize = 6;

/// What the last Apply led to.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Applied {
    pub changes: Vec<Change>,
    pub refusals: Vec<String>,
}

#[derive(PartialEq, Properties)]
pub struct ManifestProps {
    pub theme: Theme,
}

#[component]
pub fn Manifest(props: &ManifestProps) -> Html {
    let Some(documents) = use_context::<DocumentsHandle>() else { return Html::default() };
    html! { <WithDocuments theme={props.theme} {documents} /> }
}

/// Sends the current document as a file and types the command that a person would type.
#[hook]
fn use_apply(documents: &DocumentsHandle, result: UseStateHandle<Option<Applied>>) -> Callback<()> {
    let (engine, console, act) = (use_engine(), use_console(), use_act());
    let documents = documents.clone();
    Callback::from(move |()| {
        let Some(document) = documents.current().cloned() else { return };
        let before = engine.with(|cluster| changes::look(cluster, &document.text));
        let name = SmolStr::new(&document.name);
        engine.execute(Command::WriteFile { name, text: document.text.to_string() });
        act.emit(Action::ShowResult(Below::Terminal));
        let done = {
            let (engine, result, documents) = (engine.clone(), result.clone(), documents.clone());
            Callback::from(move |lines: Vec<Line>| {
                let after = engine.with(|cluster| changes::look(cluster, &document.text));
                let refused = lines.iter().filter(|line| line.kind == Kind::Err);
                let mut refusals: Vec<String> = refused.map(|line| line.text.clone()).collect();
                refusals.retain(|line| !line.starts_with("Warning: "));
                refusals.truncate(REFUSALS_MAX);
                if refusals.is_empty() {
                    documents.dispatch(DocumentChange::Applied);
                }
                result.set(Some(Applied { changes: changes::between(&before, &after), refusals }));
            })
        };
        console.run(
            &format!("kubectl apply -f {}", documents.current().map_or("", |d| &d.name)),
            Some(done),
        );
    })
}

#[derive(PartialEq, Properties)]
struct WithDocumentsProps {
    theme: Theme,
    documents: DocumentsHandle,
}

#[component]
fn WithDocuments(props: &WithDocumentsProps) -> Html {
    let (tr, documents) = (use_tr(), &props.documents);
    let result = use_state(|| None::<Applied>);
    let problems = use_state(|| Rc::<[Problem]>::from([]));
    let differs = use_state(|| false);
    let goto = use_state(|| 0_u32);
    let apply = use_apply(documents, result.clone());
    {
        let (result, problems) = (result.clone(), problems.clone());
        let text = documents.current().map(|document| document.text.clone());
        use_effect_with((documents.current, documents.loaded), move |_| {
            result.set(None);
            let large = text.as_ref().is_some_and(|text| text.len() > EDITOR_BYTES_MAX);
            problems.set(match text {
                Some(text) if large => lint::problems(&text).into(),
                _ => Rc::from([]),
            });
        });
    }
    let large = documents.current().is_some_and(|d| d.text.len() > EDITOR_BYTES_MAX);
    let onclick = apply.reform(|_: MouseEvent| ());
    let toggle = {
        let differs = differs.clone();
        Callback::from(move |_: MouseEvent| differs.set(!*differs))
    };
    let ongoto = {
        let goto = goto.clone();
        Callback::from(move |line: u32| goto.set(line))
    };
    let onproblems = {
        let problems = problems.clone();
        Callback::from(move |found| problems.set(found))
    };
    html! {
        <div class="manifest">
            <list::DocumentList documents={documents.clone()} />
            if large {
                <p class="quiet">{ tr.t(Word::TooLarge) }</p>
            } else {
                <EditorView theme={props.theme} documents={documents.clone()} {onproblems}
                    onapply={apply.clone()} goto={*goto} />
            }
            <div class="under">
                <results::Problems problems={(*problems).clone()} {ongoto} />
                <div class="row">
                    <button type="button" class="primary apply" {onclick}>
                        { tr.t(Word::Apply) }<kbd>{ "Ctrl+Enter" }</kbd></button>
                    <button type="button" aria-pressed={differs.to_string()} onclick={toggle}>
                        { tr.t(Word::Diff) }</button>
                    <results::Summary result={(*result).clone()} />
                </div>
                if let Some(result) = &*result { <results::Results result={result.clone()} /> }
                if crate::storage::is_refused() {
                    <p class="is-pending" role="alert">{ tr.t(Word::NotSaved) }</p>
                }
                if *differs { <results::Difference documents={documents.clone()} /> }
            </div>
        </div>
    }
}

#[derive(PartialEq, Properties)]
struct EditorProps {
    theme: Theme,
    documents: DocumentsHandle,
    onproblems: Callback<Rc<[Problem]>>,
    onapply: Callback<()>,
    goto: u32,
}

/// The newest callbacks: the editor is made once and calls what is in here.
#[derive(Default)]
struct Latest {
    documents: Option<DocumentsHandle>,
    apply: Callback<()>,
}

#[component]
fn EditorView(props: &EditorProps) -> Html {
    let tr = use_tr();
    let parent = use_node_ref();
    let editor = use_mut_ref(|| None::<Editor>);
    let there = use_state(is_there);
    let latest: Rc<RefCell<Latest>> = use_mut_ref(Latest::default);
    *latest.borrow_mut() =
        Latest { documents: Some(props.documents.clone()), apply: props.onapply.clone() };
    {
        let there = there.clone();
        use_effect_with((), move |()| {
            there.set(is_there());
            let arrived =
                EventListener::once(&gloo::utils::window(), "kubarium-editor", move |_| {
                    there.set(true);
                });
            move || drop(arrived)
        });
    }
    {
        let (parent, editor, latest) = (parent.clone(), editor.clone(), latest.clone());
        let text = props.documents.current().map(|d| d.text.clone()).unwrap_or_default();
        let (theme, problems) = (props.theme, props.onproblems.clone());
        use_effect_with(*there, move |there| {
            let change = {
                let latest = latest.clone();
                Callback::from(move |text: String| {
                    let documents = latest.borrow().documents.clone();
                    if let Some(documents) = documents {
                        documents.dispatch(DocumentChange::Edit(text));
                    }
                })
            };
            let apply = Callback::from(move |()| {
                let apply = latest.borrow().apply.clone();
                apply.emit(());
            });
            let told = Told { change, apply, problems };
            let place = parent.cast().filter(|_| *there);
            *editor.borrow_mut() = place.and_then(|place| {
                Editor::new(&place, &text, theme == Theme::Dark, "Manifest", told)
            });
            move || drop(editor.borrow_mut().take())
        });
    }
    {
        let editor = editor.clone();
        let text = props.documents.current().map(|d| d.text.clone()).unwrap_or_default();
        use_effect_with((props.documents.current, props.documents.loaded), move |_| {
            if let Some(editor) = &*editor.borrow() {
                editor.set_text(&text);
            }
        });
    }
    {
        let editor = editor.clone();
        use_effect_with(props.theme, move |theme| {
            if let Some(editor) = &*editor.borrow() {
                editor.set_dark(*theme == Theme::Dark);
            }
        });
    }
    use_effect_with(props.goto, move |line| {
        if let (Some(editor), true) = (&*editor.borrow(), *line > 0) {
            editor.go_to_line(*line);
        }
    });
    html! {
        <div class="editor" ref={parent}>
            if !*there { <p class="quiet">{ tr.t(Word::EditorLoading) }</p> }
        </div>
    }
}
