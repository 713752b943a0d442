//! A bug must not end in silence: a panic shows a card that offers to reload. The documents are
//! in the browser's storage by then.

use wasm_bindgen::JsCast;
use web_sys::HtmlElement;

use crate::i18n::Word;
use crate::session::Session;
use crate::storage;

pub fn set_hook() {
    std::panic::set_hook(Box::new(|panic| {
        gloo::utils::window().console_error(&panic.to_string());
        storage::flush();
        show(&panic.to_string());
    }));
}

trait ConsoleError {
    fn console_error(&self, text: &str);
}

impl ConsoleError for web_sys::Window {
    fn console_error(&self, text: &str) {
        let console = js_sys::Reflect::get(self, &"console".into()).unwrap_or_default();
        let error = js_sys::Reflect::get(&console, &"error".into()).unwrap_or_default();
        if let Ok(error) = error.dyn_into::<js_sys::Function>() {
            let _ = error.call1(&console, &text.into());
        }
    }
}

/// Written straight into the document: yew may be what has stopped.
fn show(details: &str) {
    let document = gloo::utils::document();
    if document.get_element_by_id("crash").is_some() {
        return;
    }
    let tr = |word: Word| word.text(Session::load().lang);
    let make = |tag: &str, text: &str| {
        let element = document.create_element(tag).ok()?;
        element.set_text_content(Some(text));
        Some(element)
    };
    let card = make("div", "").and_then(|card| card.dyn_into::<HtmlElement>().ok());
    let (Some(card), Some(body)) = (card, document.body()) else { return };
    card.set_id("crash");
    let _ = card.set_attribute("role", "alertdialog");
    let button = make("button", tr(Word::Reload));
    if let Some(button) = &button {
        button.set_class_name("primary");
        let _ = button.set_attribute("onclick", "location.reload()");
    }
    let parts = [
        make("h2", tr(Word::Crashed)),
        make("p", tr(Word::CrashedText)),
        make("pre", details),
        button,
    ];
    for part in parts.into_iter().flatten() {
        let _ = card.append_child(&part);
    }
    let _ = body.append_child(&card);
}
