//! The card of a first visit: three ways to begin, each typed visibly into the terminal.

use yew::prelude::*;

use crate::cx::{use_act, use_console, use_engine, use_tr};
use crate::examples::SHARED;
use crate::i18n::Word;
use crate::session::{Action, Below};

const WEB: &str = "kubectl create deployment web --image=nginx --replicas=3\n\
                   kubectl rollout status deployment/web";

#[component]
pub fn Welcome() -> Html {
    let (tr, act, console, engine) = (use_tr(), use_act(), use_console(), use_engine());
    let start = |begin: fn(&crate::console::Console, &crate::engine::Engine)| {
        let (act, console, engine) = (act.clone(), console.clone(), engine.clone());
        Callback::from(move |_: MouseEvent| {
            act.emit(Action::Welcomed);
            act.emit(Action::ShowBelow(Below::Terminal));
            begin(&console, &engine);
        })
    };
    let close = {
        let act = act.clone();
        Callback::from(move |_: MouseEvent| act.emit(Action::Welcomed))
    };
    html! {
        <section class="welcome" aria-label={tr.t(Word::Welcome)}>
            <button type="button" class="icon close" onclick={close} aria-label={tr.t(Word::Close)}>
                { "×" }</button>
            <h2>{ tr.t(Word::Welcome) }</h2>
            <p>{ tr.t(Word::WelcomeText) }</p>
            <div class="row">
                <button type="button" class="primary" onclick={start(deploy_web)}>
                    { tr.t(Word::StartWeb) }</button>
                <button type="button" onclick={start(shared_pod)}>{ tr.t(Word::StartShared) }</button>
                <button type="button" onclick={start(send_requests)}>
                    { tr.t(Word::StartRequests) }</button>
            </div>
        </section>
    }
}

fn deploy_web(console: &crate::console::Console, _: &crate::engine::Engine) {
    console.type_text(WEB);
}

fn shared_pod(console: &crate::console::Console, _: &crate::engine::Engine) {
    let text = SHARED.text;
    console.type_text(&format!("cat <<EOF | kubectl apply -f -\n{text}EOF"));
}

/// A service needs pods behind it, so these come first; `web` may be there already.
fn send_requests(console: &crate::console::Console, engine: &crate::engine::Engine) {
    let has = |words: &str| {
        let listed = engine.read(&format!("kubectl get {words} -o name --ignore-not-found"));
        listed.contains("/web")
    };
    if !has("deployment web") {
        console.type_text(WEB);
    }
    if !has("service web") {
        console.type_text("kubectl expose deployment web --port=80");
    }
    engine.execute(cluster::Command::Traffic {
        client: "browser".into(),
        target: "http://web.default.svc/".into(),
        per_second: 10,
    });
}
