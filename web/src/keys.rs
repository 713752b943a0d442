//! The page's keyboard: shortcuts that work wherever the focus is outside of text.

use gloo::events::{EventListener, EventListenerOptions};
use wasm_bindgen::JsCast;
use web_sys::{Element, HtmlElement};
use yew::prelude::*;

use crate::cx::{use_act, use_engine};
use crate::session::{Action, Overlay};

/// Puts the focus on an element.
pub fn focus(element: Option<Element>) {
    if let Some(element) = element.and_then(|element| element.dyn_into::<HtmlElement>().ok()) {
        let _ = element.focus();
    }
}

/// Puts the focus on what a CSS selector finds, once the page shows it.
pub fn focus_on(selector: &'static str) {
    const RENDERED_MS: u32 = 30;
    let now = move || focus(gloo::utils::document().query_selector(selector).ok().flatten());
    gloo::timers::callback::Timeout::new(RENDERED_MS, now).forget();
}

fn is_text(element: &Element) -> bool {
    let tag = element.tag_name();
    ["INPUT", "TEXTAREA", "SELECT"].contains(&tag.as_str())
        || element.closest("[contenteditable=true]").is_ok_and(|found| found.is_some())
}

fn is_pressable(element: &Element) -> bool {
    ["BUTTON", "A", "SUMMARY"].contains(&element.tag_name().as_str())
}

#[derive(PartialEq, Properties)]
pub struct KeysProps {
    pub overlay: Overlay,
}

#[component]
pub fn Keys(props: &KeysProps) -> Html {
    let (act, engine) = (use_act(), use_engine());
    use_effect_with(props.overlay, move |overlay| {
        let overlay = *overlay;
        let options = EventListenerOptions::enable_prevent_default();
        let document = gloo::utils::document();
        let listener =
            EventListener::new_with_options(&document, "keydown", options, move |event| {
                let Some(event) = event.dyn_ref::<KeyboardEvent>() else { return };
                let target = event.target().and_then(|target| target.dyn_into::<Element>().ok());
                let (text, pressable) =
                    target.as_ref().map_or((false, false), |e| (is_text(e), is_pressable(e)));
                let action = match event.key().as_str() {
                    "k" | "K" if event.ctrl_key() || event.meta_key() => {
                        Action::Open(Overlay::Palette)
                    }
                    "Escape" if overlay != Overlay::None => Action::Open(Overlay::None),
                    _ if text || event.ctrl_key() || event.meta_key() || event.alt_key() => return,
                    _ if overlay != Overlay::None => return,
                    " " if !pressable => Action::TogglePlay,
                    "." => {
                        engine.step();
                        Action::Pause
                    }
                    "[" => Action::Slower,
                    "]" => Action::Faster,
                    "?" => Action::Open(Overlay::Shortcuts),
                    _ => return,
                };
                event.prevent_default();
                act.emit(action);
            });
        move || drop(listener)
    });
    Html::default()
}
