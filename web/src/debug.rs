//! `window.kubarium`: read-only JSON about the cluster, and typing into the terminal, for tests
//! and for the curious.

use js_sys::{Object, Reflect};
use scene::PHASES;
use serde_json::{Map, json};
use wasm_bindgen::JsValue;
use wasm_bindgen::closure::Closure;

use crate::console::Console;
use crate::engine::Engine;

pub fn install(engine: &Engine, console: &Console) {
    let object = Object::new();
    let state = {
        let engine = engine.clone();
        Closure::<dyn Fn() -> String>::new(move || state(&engine))
    };
    let put = |name: &str, value: JsValue| {
        let _ = Reflect::set(&object, &name.into(), &value);
    };
    put("state", state.into_js_value());
    let type_text = {
        let console = console.clone();
        Closure::<dyn Fn(String)>::new(move |text: String| console.type_text(&text))
    };
    put("type", type_text.into_js_value());
    let screen = {
        let console = console.clone();
        Closure::<dyn Fn() -> String>::new(move || console.text())
    };
    put("screen", screen.into_js_value());
    let busy = {
        let console = console.clone();
        Closure::<dyn Fn() -> bool>::new(move || console.is_busy())
    };
    put("busy", busy.into_js_value());
    let _ = Reflect::set(&gloo::utils::window(), &"kubarium".into(), &object);
}

/// `{"now", "phases": {"Running": 3, …}, "pods": […], "services": {…}, "requests": {…}}`
fn state(engine: &Engine) -> String {
    let now = engine.now().secs_f64();
    let requests = engine.with(|cluster| {
        let clients = cluster.component::<network::Clients>("clients");
        let stats = clients.map(|clients| clients.stats().clone()).unwrap_or_default();
        let rows = stats.into_iter().map(|(service, stats)| {
            let by_pod = stats.by_pod.iter().map(|(pod, n)| (pod.name.to_string(), json!(n)));
            (service.name.to_string(), json!(by_pod.collect::<Map<_, _>>()))
        });
        rows.collect::<Map<_, _>>()
    });
    let hash = engine.with(|cluster| format!("{:016x}", cluster.hash()));
    let value = engine.with_model(|model| {
        let mut phases = Map::new();
        let mut pods = Vec::new();
        for pod in model.pods().filter(|pod| !pod.system) {
            let phase = format!("{:?}", pod.phase());
            let count = phases.get(&phase).and_then(serde_json::Value::as_u64).unwrap_or(0);
            phases.insert(phase.clone(), json!(count + 1));
            pods.push(json!({"name": pod.key.name.as_str(), "node": pod.node(), "phase": phase}));
        }
        debug_assert!(PHASES.len() >= phases.len());
        let nodes: Vec<_> = model
            .nodes()
            .map(|node| json!({"name": node.name.as_str(), "ready": format!("{:?}", node.ready)}))
            .collect();
        let services: Map<_, _> = model
            .services()
            .map(|(key, service)| (key.name.to_string(), json!(service.ready_endpoints())))
            .collect();
        json!({"now": now, "phases": phases, "pods": pods, "nodes": nodes, "services": services,
               "requests": requests, "hash": hash})
    });
    value.to_string()
}
