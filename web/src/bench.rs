//! `?bench`: the page measures itself and leaves rows at `window.__bench`.

use clock::Duration;
use cluster::{Cluster, Command, Config, measure};
use gloo::timers::future::TimeoutFuture;
use js_sys::{Object, Reflect};
use scene::{DisplayList, Model, View};
use serde_json::{Value, json};
use wasm_bindgen::JsCast;
use wasm_bindgen_futures::spawn_local;
use web_sys::HtmlCanvasElement;

use crate::engine::now_ms;
use crate::painter::Painter;
use crate::theme::Palette;

const NODES: u32 = 100;
const PODS: u32 = 5_000;
const LISTED: u32 = 10_000;
const FRAME_PODS: u32 = 300;
const FRAMES: usize = 600;

pub fn start_if_asked() {
    let search = gloo::utils::window().location().search().unwrap_or_default();
    if !search.trim_start_matches('?').split('&').any(|word| word == "bench") {
        return;
    }
    report(false, &[]);
    spawn_local(async {
        // The page's own first frames are not part of it.
        TimeoutFuture::new(1_500).await;
        let mut rows = frames().await;
        TimeoutFuture::new(50).await;
        rows.extend(to_ready());
        TimeoutFuture::new(50).await;
        rows.extend(api());
        report(true, &rows);
    });
}

fn report(done: bool, rows: &[Value]) {
    let text = json!({"done": done, "rows": rows}).to_string();
    let value = js_sys::JSON::parse(&text).unwrap_or_else(|_| Object::new().into());
    let _ = Reflect::set(&gloo::utils::window(), &"__bench".into(), &value);
}

fn heap_bytes() -> f64 {
    let memory = wasm_bindgen::memory();
    let buffer = Reflect::get(&memory, &"buffer".into()).unwrap_or_default();
    let bytes = Reflect::get(&buffer, &"byteLength".into()).unwrap_or_default();
    bytes.as_f64().unwrap_or(0.0)
}

/// Twice, on a cluster of its own each: the browser compiles hot code only while it runs, so the
/// first run is a person's first minute and the second is the engine's pace.
fn to_ready() -> Vec<Value> {
    let before = heap_bytes();
    let mut rows = Vec::new();
    for (run, aim) in [("first run", Value::Null), ("second run", json!(">= 10000"))] {
        let mut cluster = measure::ready_nodes(NODES);
        let Some(found) = measure::to_ready(&mut cluster, PODS, &now_ms) else { return rows };
        let name = format!("pods to Ready, 100 nodes, 5,000 pods, {run}");
        let rate = f64::from(found.pods) * 1000.0 / found.wall_ms.max(1.0);
        rows.push(json!({"name": name, "value": rate, "unit": "pods/s", "aim": aim}));
    }
    let heap = heap_bytes() - before;
    rows.push(
        json!({"name": "growth of wasm memory a pod, the burst's history and events included",
        "value": heap / f64::from(PODS), "unit": "B", "aim": "<= 1024"}),
    );
    rows
}

/// What the API server alone answers.
fn api() -> Vec<Value> {
    let rates = measure::api_rates(LISTED, &now_ms).unwrap_or_default();
    let row = |rate: &measure::Rate| json!({"name": rate.name, "value": rate.per_s, "unit": "/s"});
    rates.iter().map(row).collect()
}

fn canvas() -> Option<HtmlCanvasElement> {
    let canvas = gloo::utils::document().create_element("canvas").ok()?;
    canvas.dyn_into::<HtmlCanvasElement>().ok()
}

/// A picture of its own with 300 pods, of which a rollout replaces each: what one frame takes from
/// its beginning to its last stroke, at 60 frames a second of virtual time at speed 1.
async fn frames() -> Vec<Value> {
    let sheets = [canvas(), canvas(), canvas()];
    let [Some(ground), Some(state), Some(motion)] = sheets else { return Vec::new() };
    let palette = Palette(scene::Theme::Light);
    let Ok(mut painter) = Painter::new([ground, state, motion], palette) else { return Vec::new() };
    let mut cluster = Cluster::new(Config { traces: true, ..Config::workers(12, "32", "64Gi") });
    cluster.run_until(cluster.now() + Duration::from_secs(5));
    let line = |line: &str| Command::Line { terminal: 0, line: line.to_owned() };
    cluster.execute(line(&format!(
        "kubectl create deployment web --image=nginx:1.28 --replicas={FRAME_PODS}"
    )));
    cluster.run_until(cluster.now() + Duration::from_secs(60));
    cluster.execute(line("kubectl set image deployment/web nginx=nginx:1.29"));
    let (mut feed, mut model, mut list) =
        (cluster::Feed::default(), Model::new(), DisplayList::default());
    let view = View::default();
    let mut times = Vec::with_capacity(FRAMES);
    for frame in 0..FRAMES {
        let begun = now_ms();
        cluster.run_until(cluster.now() + Duration::from_micros(16_667));
        let update = cluster.update(&mut feed);
        model.apply(&update.changes, update.relisted);
        model.traces(&update.traces, begun);
        scene::frame(&mut model, &view, begun, &mut list);
        painter.paint(&list);
        times.push(now_ms() - begun);
        // Lets the browser present it, as it would on the page.
        if frame % 4 == 3 {
            TimeoutFuture::new(0).await;
        }
    }
    // The first frames lay everything out.
    times.drain(..10);
    times.sort_by(f64::total_cmp);
    let at = |share: usize| times.get(times.len() * share / 100).copied().unwrap_or(0.0);
    vec![
        json!({"name": "frame, 300 pods in a rollout, median", "value": at(50), "unit": "ms"}),
        json!({"name": "frame, 300 pods in a rollout, 95th", "value": at(95), "unit": "ms",
               "aim": "<= 16.7"}),
    ]
}
