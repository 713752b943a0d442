//! The page as a whole: one owner for each concern, handed down as contexts and narrow props.

use yew::prelude::*;

use crate::console::Console;
use crate::cx::{Dispatch, DocumentsHandle, Tr};
use crate::documents::Documents;
use crate::engine::Engine;
use crate::keys::Keys;
use crate::overlays::Overlays;
use crate::panel::{Below, Beside};
use crate::session::{Action, Narrow, Session};
use crate::stage::{AccountForReaders, Stage};
use crate::theme::Palette;
use crate::topbar::TopBar;
use crate::welcome::Welcome;

#[hook]
fn use_engine_of_page() -> (Engine, Console) {
    let made = use_memo((), |()| {
        let engine = Engine::new(cluster::Config::default());
        let console = Console::new(engine.clone());
        crate::debug::install(&engine, &console);
        (engine, console)
    });
    (made.0.clone(), made.1.clone())
}

/// Hands what the session says to the engine and to the document.
#[hook]
fn use_effects_of(session: &Session, engine: &Engine) {
    use_effect_with(
        (session.playing, session.speed, engine.clone()),
        |(playing, speed, engine)| {
            let speed = crate::session::SPEEDS.get(*speed).copied().unwrap_or(1.0);
            engine.set_pace(*playing, speed);
        },
    );
    use_effect_with((session.theme, engine.clone()), |(theme, engine)| {
        engine.set_palette(Palette(*theme));
        if let Some(root) = gloo::utils::document().document_element() {
            let name = if *theme == scene::Theme::Dark { "dark" } else { "light" };
            let _ = root.set_attribute("data-theme", name);
        }
    });
    use_effect_with((session.lang, engine.clone()), |(lang, engine)| {
        let lang = *lang;
        engine.set_view(|view| view.lang = lang);
        if let Some(root) = gloo::utils::document().document_element() {
            let _ = root.set_attribute("lang", if lang == scene::Lang::Ko { "ko" } else { "en" });
        }
    });
    use_effect_with((session.selected.clone(), engine.clone()), |(selected, engine)| {
        let selected = selected.clone();
        engine.set_view(|view| view.selected = selected);
    });
}

#[component]
pub fn App() -> Html {
    let session = use_reducer(Session::load);
    let documents = use_reducer(Documents::load);
    let (engine, console) = use_engine_of_page();
    use_effects_of(&session, &engine);
    let restart = {
        let (engine, console, session) = (engine.clone(), console.clone(), session.dispatcher());
        Callback::from(move |()| {
            engine.reset(cluster::Config::default());
            console.forget_running();
            session.dispatch(Action::Select(None));
        })
    };
    let narrow = match session.narrow {
        Narrow::Below => "below",
        Narrow::Beside => "beside",
    };
    let (theme, selected) = (session.theme, session.selected.clone());
    html! {
        <ContextProvider<Engine> context={engine}>
        <ContextProvider<Console> context={console}>
        <ContextProvider<Tr> context={Tr(session.lang)}>
        <ContextProvider<Dispatch> context={session.dispatcher()}>
        <ContextProvider<DocumentsHandle> context={documents}>
            <div class="page" data-narrow={narrow}>
                <TopBar playing={session.playing} speed={session.speed} {theme} {restart} />
                <main class="picture">
                    <Stage {theme} selected={selected.clone()} />
                    if !session.welcomed { <Welcome /> }
                </main>
                <Below shown={session.below} {theme} />
                <Beside shown={session.beside} {theme} {selected} />
            </div>
            <Overlays overlay={session.overlay} />
            <Keys overlay={session.overlay} />
            <AccountForReaders />
        </ContextProvider<DocumentsHandle>>
        </ContextProvider<Dispatch>>
        </ContextProvider<Tr>>
        </ContextProvider<Console>>
        </ContextProvider<Engine>>
    }
}
