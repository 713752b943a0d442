//! The bridge to CodeMirror, which web/editor/editor.mjs puts at `window.kubariumEditor`.

use std::rc::Rc;

use js_sys::{Array, Function, Object, Reflect};
use wasm_bindgen::closure::Closure;
use wasm_bindgen::{JsCast, JsValue};
use web_sys::Element;
use yew::Callback;

use super::complete;
use super::lint::{self, Problem};
use crate::panels::terminal::byte_of_utf16;

/// What the editor tells the page.
pub struct Told {
    pub change: Callback<String>,
    pub apply: Callback<()>,
    pub problems: Callback<Rc<[Problem]>>,
}

/// An editor in the document; dropping it takes it away.
pub struct Editor {
    handle: JsValue,
    /// JavaScript calls these as long as the editor lives.
    _kept: Vec<Box<dyn std::any::Any>>,
}

fn set(object: &Object, key: &str, value: &JsValue) {
    let _ = Reflect::set(object, &key.into(), value);
}

/// Whether the editor's bundle has arrived.
pub fn is_there() -> bool {
    Reflect::get(&gloo::utils::window(), &"kubariumEditor".into()).is_ok_and(|e| e.is_object())
}

impl Editor {
    pub fn new(parent: &Element, text: &str, dark: bool, label: &str, told: Told) -> Option<Self> {
        let options = Object::new();
        set(&options, "doc", &text.into());
        set(&options, "dark", &dark.into());
        set(&options, "label", &label.into());
        let change = Closure::<dyn FnMut(String)>::new(move |text| told.change.emit(text));
        set(&options, "onChange", change.as_ref());
        let apply = Closure::<dyn FnMut()>::new(move || told.apply.emit(()));
        set(&options, "onApply", apply.as_ref());
        let problems = told.problems;
        let lint = Closure::<dyn FnMut(String) -> Array>::new(move |text: String| {
            let found: Rc<[Problem]> = lint::problems(&text).into();
            problems.emit(Rc::clone(&found));
            found.iter().map(mark).collect()
        });
        set(&options, "lint", lint.as_ref());
        let offer = Closure::<dyn FnMut(String, u32) -> JsValue>::new(offer);
        set(&options, "complete", offer.as_ref());
        let maker = Reflect::get(&gloo::utils::window(), &"kubariumEditor".into()).ok()?;
        let create: Function = Reflect::get(&maker, &"create".into()).ok()?.dyn_into().ok()?;
        let handle = create.call2(&maker, parent, &options).ok()?;
        let kept: Vec<Box<dyn std::any::Any>> =
            vec![Box::new(change), Box::new(apply), Box::new(lint), Box::new(offer)];
        Some(Editor { handle, _kept: kept })
    }

    fn call(&self, name: &str, arguments: &[JsValue]) {
        let method = Reflect::get(&self.handle, &name.into()).ok();
        if let Some(method) = method.and_then(|method| method.dyn_into::<Function>().ok()) {
            let arguments: Array = arguments.iter().collect();
            let _ = method.apply(&self.handle, &arguments);
        }
    }

    pub fn set_text(&self, text: &str) {
        self.call("set", &[text.into()]);
        self.call("refreshLint", &[]);
    }

    pub fn set_dark(&self, dark: bool) {
        self.call("setDark", &[dark.into()]);
    }

    pub fn go_to_line(&self, line: u32) {
        self.call("gotoLine", &[line.into()]);
    }
}

impl Drop for Editor {
    fn drop(&mut self) {
        self.call("destroy", &[]);
    }
}

fn mark(problem: &Problem) -> JsValue {
    let object = Object::new();
    let (start, end) = (problem.span.start, problem.span.end);
    set(&object, "from_line", &start.line.into());
    set(&object, "from_col", &start.col.into());
    set(&object, "to_line", &end.line.into());
    set(&object, "to_col", &end.col.into());
    set(&object, "severity", &(if problem.warning { "warning" } else { "error" }).into());
    let message = match &problem.suggestion {
        Some(meant) => format!("{} → {meant}", problem.message),
        None => problem.message.clone(),
    };
    set(&object, "message", &message.into());
    object.into()
}

fn offer(text: String, position: u32) -> JsValue {
    let found = complete::complete(&text, byte_of_utf16(&text, position as usize));
    if found.options.is_empty() {
        return JsValue::NULL;
    }
    let options: Array = found
        .options
        .iter()
        .map(|choice| {
            let option = Object::new();
            set(&option, "label", &choice.label.as_str().into());
            set(&option, "detail", &choice.detail.as_str().into());
            set(&option, "apply", &choice.insert.as_str().into());
            set(&option, "type", &"property".into());
            JsValue::from(option)
        })
        .collect();
    let units = text.get(..found.from).unwrap_or("").encode_utf16().count() as u32;
    let object = Object::new();
    set(&object, "from", &units.into());
    set(&object, "options", &options);
    object.into()
}
