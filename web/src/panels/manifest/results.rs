//! What is wrong with the document, what Apply changed, and how it differs from what was applied.

use std::rc::Rc;

use yew::prelude::*;

use super::Applied;
use crate::cx::{DocumentsHandle, Tr, use_tr};
use crate::i18n::Word;
use crate::manifest::changes::{Change, Named};
use crate::manifest::diff::{self, Line};
use crate::manifest::lint::Problem;

const SHOWN_MAX: usize = 3;
const DIFF_LINES_MAX: usize = 400;
const DIFF_BYTES_MAX: usize = 200_000;

#[derive(PartialEq, Properties)]
pub struct ProblemsProps {
    pub problems: Rc<[Problem]>,
    pub ongoto: Callback<u32>,
}

#[component]
pub fn Problems(props: &ProblemsProps) -> Html {
    let tr = use_tr();
    let shown = props.problems.iter().take(SHOWN_MAX).map(|problem| {
        let line = problem.span.start.line;
        let ongoto = props.ongoto.clone();
        let onclick = Callback::from(move |_: MouseEvent| ongoto.emit(line));
        html! {
            <li class={if problem.warning { "warning" } else { "error" }}>
                <button type="button" class="link" {onclick}>{ line_text(tr, line) }</button>
                { " · " }<code>{ &problem.message }</code>
                if let Some(meant) = &problem.suggestion {
                    <span class="meant">{ tr.t(Word::DidYouMean) }{ " " }<code>{ meant }</code>
                        { if tr.0 == scene::Lang::En { "?" } else { "" } }</span>
                }
            </li>
        }
    });
    let more = props.problems.len().saturating_sub(SHOWN_MAX);
    html! {
        <ul class="problems" role="status">
            { for shown }
            if more > 0 { <li class="quiet">{ format!("+ {more} {}", tr.t(Word::MoreProblems)) }</li> }
        </ul>
    }
}

fn line_text(tr: Tr, line: u32) -> String {
    match tr.0 {
        scene::Lang::En => format!("Line {line}"),
        scene::Lang::Ko => format!("{line}번째 줄"),
    }
}

#[derive(PartialEq, Properties)]
pub struct SummaryProps {
    pub result: Option<Applied>,
}

/// The first change, beside the button.
#[component]
pub fn Summary(props: &SummaryProps) -> Html {
    let tr = use_tr();
    let first = props.result.as_ref().filter(|result| result.refusals.is_empty());
    let first = first.and_then(|result| result.changes.first());
    let text = first.map(|change| match change {
        Change::Created(of) => format!("{} {}", of.name, tr.t(Word::Created)),
        Change::Unchanged(of) => format!("{} {}", of.name, tr.t(Word::Unchanged)),
        Change::Field { field, from, to, .. } => format!("{field} {from} → {to}"),
    });
    html! { <span class="summary" role="status">{ text.unwrap_or_default() }</span> }
}

#[derive(PartialEq, Properties)]
pub struct ResultsProps {
    pub result: Applied,
}

fn name(of: &Named) -> String {
    format!("{}/{}", of.kind.to_ascii_lowercase(), of.name)
}

#[component]
pub fn Results(props: &ResultsProps) -> Html {
    let tr = use_tr();
    let refusals = props
        .result
        .refusals
        .iter()
        .map(|line| html! { <li class="error"><code>{ line }</code></li> });
    let changes = props.result.changes.iter().map(|change| match change {
        Change::Created(of) => html! {
            <li><code>{ name(of) }</code>{ " " }<span class="is-running">{ tr.t(Word::Created) }</span></li>
        },
        Change::Unchanged(of) => html! {
            <li><code>{ name(of) }</code>{ " " }<span class="quiet">{ tr.t(Word::Unchanged) }</span></li>
        },
        Change::Field { of, field, from, to } => html! {
            <li><code>{ name(of) }</code>{ " " }<span class="quiet">{ field }</span>{ " " }
                <code class="is-failed">{ from }</code>{ " → " }<code class="is-running">{ to }</code></li>
        },
    });
    html! {
        <>
            if !props.result.refusals.is_empty() {
                <ul class="problems" role="alert">{ for refusals }</ul>
            }
            if !props.result.changes.is_empty() {
                <section class="box changed"><h3>{ tr.t(Word::Changed) }</h3><ul>{ for changes }</ul></section>
            }
        </>
    }
}

#[derive(PartialEq, Properties)]
pub struct DifferenceProps {
    pub documents: DocumentsHandle,
}

#[component]
pub fn Difference(props: &DifferenceProps) -> Html {
    let tr = use_tr();
    let Some(document) = props.documents.current() else { return Html::default() };
    let Some(applied) = &document.applied else {
        return html! { <p class="quiet">{ tr.t(Word::NotApplied) }</p> };
    };
    if *applied == document.text || document.text.len() > DIFF_BYTES_MAX {
        return html! { <p class="quiet">{ tr.t(Word::SameAsApplied) }</p> };
    }
    let lines = diff::lines(applied, &document.text);
    let hunks = diff::hunks(&lines, 2);
    let lines = hunks.iter().take(DIFF_LINES_MAX).map(|line| {
        let (class, sign, text) = match line {
            Some(Line::Removed(text)) => ("removed", "- ", *text),
            Some(Line::Added(text)) => ("added", "+ ", *text),
            Some(Line::Same(text)) => ("same", "  ", *text),
            None => ("same", "", "⋯"),
        };
        html! { <div {class}>{ sign }{ text }</div> }
    });
    html! { <pre class="difference box" tabindex="0">{ for lines }</pre> }
}
