//! The yew page: the only crate that knows the browser.

mod app;
mod bench;
mod clipboard;
mod console;
mod crash;
mod cx;
mod debug;
mod documents;
mod engine;
mod event_log;
mod examples;
mod figures;
mod i18n;
mod journal;
mod keys;
mod manifest;
mod overlays;
mod painter;
mod panel;
mod panels;
mod samples;
mod session;
mod stage;
mod storage;
mod target;
mod theme;
mod throttle;
mod topbar;
mod welcome;

use wasm_bindgen::prelude::wasm_bindgen;

/// Mounts the page into the element `app`.
#[wasm_bindgen(start)]
pub fn start() {
    crash::set_hook();
    if let Some(root) = gloo::utils::document().get_element_by_id("app") {
        yew::Renderer::<app::App>::with_root(root).render();
    }
    bench::start_if_asked();
}
