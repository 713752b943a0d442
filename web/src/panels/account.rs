//! What happens, told in sentences.

use yew::prelude::*;

use crate::cx::{use_engine, use_topic, use_tr};
use crate::engine::Topic;
use crate::i18n::Word;

const SHOWN_MAX: usize = 120;

#[component]
pub fn Account() -> Html {
    let (tr, engine) = (use_tr(), use_engine());
    use_topic(Topic::Objects, 500.0);
    let told = engine.with_model(|model| scene::account(model, tr.0, 0));
    if told.is_empty() {
        return html! { <p class="quiet">{ tr.t(Word::NoAccount) }</p> };
    }
    let lines = told.iter().rev().take(SHOWN_MAX).map(|line| html! { <li>{ line }</li> });
    html! { <ol class="scroll account" tabindex="0">{ for lines }</ol> }
}
