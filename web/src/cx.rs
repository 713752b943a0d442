//! What components find in their context, one entry a concern.

use scene::Lang;
use yew::prelude::*;

use crate::console::Console;
use crate::documents::Documents;
use crate::engine::Engine;
use crate::i18n::Word;
use crate::session::{Action, Session};

pub type Dispatch = UseReducerDispatcher<Session>;
pub type DocumentsHandle = UseReducerHandle<Documents>;

/// The language; gives the page's words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tr(pub Lang);

impl Tr {
    pub fn t(self, word: Word) -> &'static str {
        word.text(self.0)
    }
}

#[hook]
pub fn use_tr() -> Tr {
    use_context().unwrap_or(Tr(Lang::En))
}

#[hook]
pub fn use_engine() -> Engine {
    use_context().unwrap_or_else(|| Engine::new(cluster::Config::default()))
}

#[hook]
pub fn use_console() -> Console {
    let engine = use_engine();
    use_context().unwrap_or_else(|| Console::new(engine))
}

/// Changes what the page shows.
#[hook]
pub fn use_act() -> Callback<Action> {
    let dispatch = use_context::<Dispatch>();
    Callback::from(move |action| {
        if let Some(dispatch) = &dispatch {
            dispatch.dispatch(action);
        }
    })
}

/// Renders again when the engine tells of a topic, at most every `every_ms`.
#[hook]
pub fn use_topic(topic: crate::engine::Topic, every_ms: f64) {
    let engine = use_engine();
    let update = use_force_update();
    use_effect_with((topic, every_ms as u32), move |(topic, every_ms)| {
        let throttle = crate::throttle::Throttle::new(*every_ms, move || update.force_update());
        let heard = engine.listen(*topic, Callback::from(move |()| throttle.call()));
        move || drop(heard)
    });
}
