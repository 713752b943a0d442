//! What a person made survives a reload: small JSON texts in the browser's storage. A storage
//! that is full, forbidden or holds nonsense never stops the page.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;

use gloo::timers::callback::Timeout;
use serde::Serialize;
use serde::de::DeserializeOwned;

const DELAY_MS: u32 = 300;

thread_local! {
    /// What is still to be written, by key.
    static WAITING: RefCell<BTreeMap<&'static str, String>> = const { RefCell::new(BTreeMap::new()) };
    static TIMER: RefCell<Option<Timeout>> = const { RefCell::new(None) };
    static REFUSED: Cell<bool> = const { Cell::new(false) };
}

fn storage() -> Option<web_sys::Storage> {
    web_sys::window()?.local_storage().ok().flatten()
}

/// The text under a key.
pub fn text(key: &str) -> Option<String> {
    storage()?.get_item(key).ok().flatten()
}

/// The value under a key, if it can be read.
pub fn load<T: DeserializeOwned>(key: &str) -> Option<T> {
    serde_json::from_str(&text(key)?).ok()
}

/// Writes after a short while, so that typing does not write at every key.
pub fn save<T: Serialize>(key: &'static str, value: &T) {
    if let Ok(text) = serde_json::to_string(value) {
        save_text(key, text);
    }
}

pub fn save_text(key: &'static str, text: String) {
    WAITING.with_borrow_mut(|waiting| waiting.insert(key, text));
    TIMER.with_borrow_mut(|timer| {
        if timer.is_none() {
            *timer = Some(Timeout::new(DELAY_MS, || {
                // The timer is running this very closure: it may not be cleared from inside.
                if let Some(fired) = TIMER.with_borrow_mut(Option::take) {
                    fired.forget();
                }
                flush();
            }));
        }
    });
}

/// Writes what waits; also called when the page goes away.
pub fn flush() {
    let waiting = WAITING.with_borrow_mut(std::mem::take);
    let Some(storage) = storage() else { return };
    for (key, text) in waiting {
        if storage.set_item(key, &text).is_err() {
            REFUSED.set(true);
        }
    }
}

/// Whether the browser refused to keep something.
pub fn is_refused() -> bool {
    REFUSED.get()
}

pub fn forget(key: &str) {
    if let Some(storage) = storage() {
        let _ = storage.remove_item(key);
    }
}
