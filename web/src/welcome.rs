//! The card of a first visit: three ways to begin, each typed visibly into the terminal.

use cluster::Command;
use yew::prelude::*;

use crate::console::{Console, Line};
use crate::cx::{use_act, use_console, use_engine, use_tr};
use crate::engine::Engine;
use crate::examples::SHARED;
use crate::i18n::Word;
use crate::session::{Action, Below};

const WEB: &str = "kubectl create deployment web --image=nginx --replicas=3\n\
                   kubectl rollout status deployment/web";

#[component]
pub fn Welcome() -> Html {
    let (tr, act, console, engine) = (use_tr(), use_act(), use_console(), use_engine());
    let start = |begin: fn(&Console, &Engine)| {
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

fn deploy_web(console: &Console, _: &Engine) {
    console.type_text(WEB);
}

fn shared_pod(console: &Console, _: &Engine) {
    let text = SHARED.text;
    console.type_text(&format!("cat <<EOF | kubectl apply -f -\n{text}EOF"));
}

/// A service needs pods behind it, so these come first; `web` may be there already.
fn send_requests(console: &Console, engine: &Engine) {
    let has = |words: &str| {
        let listed = engine.read(&format!("kubectl get {words} -o name --ignore-not-found"));
        listed.contains("/web")
    };
    if !has("deployment web") {
        console.type_text(WEB);
    }
    let begin = {
        let engine = engine.clone();
        Callback::from(move |_: Vec<Line>| {
            engine.execute(Command::Traffic {
                client: "browser".into(),
                target: "http://web.default.svc/".into(),
                per_second: 10,
            });
        })
    };
    if has("service web") {
        begin.emit(Vec::new());
    } else {
        console.run("kubectl expose deployment web --port=80", Some(begin));
    }
}
