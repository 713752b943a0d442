//! Copying text, and handing text to the person as a file.

use wasm_bindgen::JsCast;
use web_sys::HtmlElement;

/// Offers a text as a file to save.
pub fn save_file(name: &str, kind: &str, text: &str) {
    let document = gloo::utils::document();
    let Ok(link) = document.create_element("a") else { return };
    let encoded = js_sys::encode_uri_component(text);
    let _ = link.set_attribute("href", &format!("data:{kind};charset=utf-8,{encoded}"));
    let _ = link.set_attribute("download", name);
    if let Ok(link) = link.dyn_into::<HtmlElement>() {
        link.click();
    }
}

/// What the person has marked on the page.
pub fn selected_text() -> String {
    let selection = gloo::utils::window().get_selection().ok().flatten();
    selection.map(|selection| String::from(selection.to_string())).unwrap_or_default()
}
