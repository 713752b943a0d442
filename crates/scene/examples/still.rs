//! Writes pictures of hand-made clusters as SVG into the folder given, to look at.

#[path = "../tests/still/mod.rs"]
mod still;

use std::path::Path;

use api::{EndpointSlice, Pod, Service};
use scene::{DisplayList, Lang, Model, Target, Theme, View, frame, svg};
use still::{added, messages, nodes, pod, rollout, service, slice, stats};

fn save(folder: &Path, name: &str, model: &mut Model, view: &View, theme: Theme) {
    let mut out = DisplayList::default();
    frame(model, view, 10_000.0, &mut out);
    messages(model, 10_000.0);
    for step in 1..=36 {
        frame(model, view, 10_000.0 + f64::from(step) * 16.0, &mut out);
    }
    let text = svg(&out, theme);
    if let Err(error) = std::fs::write(folder.join(format!("{name}.svg")), text) {
        eprintln!("{name}: {error}");
    }
    println!("{name} {}x{} {} items", out.size.0, out.size.1, out.state.items.len());
}

fn many(workers: usize, pods: usize, services: usize) -> Model {
    let mut model = Model::new();
    nodes(&mut model, workers);
    model.set_stats(stats());
    let states =
        ["Running", "Running", "Running", "Creating", "Running", "CrashLoopBackOff", "Running"];
    let mut changes = Vec::new();
    for i in 0..pods {
        let name = format!("api-gateway-6d5f8c9b7d-{:05}", i * 7919 % 100_000);
        let node = format!("node-{}", i % workers + 1);
        let state = states[i * 31 % states.len()];
        changes.push(added::<Pod>(pod(&name, &node, i as u32 + 1, &["app"], state)));
    }
    for i in 0..services {
        let name = if i == 0 { "web".to_owned() } else { format!("service-number-{i}") };
        let ip = format!("10.96.1.{i}");
        changes.push(added::<Service>(service(&name, "ClusterIP", &ip, 80)));
        let behind: Vec<String> = (i..pods)
            .step_by(services.max(1))
            .take(6)
            .map(|i| format!("api-gateway-6d5f8c9b7d-{:05}", i * 7919 % 100_000))
            .collect();
        let behind: Vec<&str> = behind.iter().map(String::as_str).collect();
        changes.push(added::<EndpointSlice>(slice(&name, &behind)));
    }
    model.apply(&changes, false);
    model
}

fn main() {
    let folder = std::env::args().nth(1).unwrap_or_else(|| "target/still".to_owned());
    let folder = Path::new(&folder);
    if let Err(error) = std::fs::create_dir_all(folder) {
        eprintln!("{}: {error}", folder.display());
    }
    let (light, dark) = (Theme::Light, Theme::Dark);
    let wide = View::default();
    let korean = View { lang: Lang::Ko, ..View::default() };
    let phone = View { size: (390.0, 844.0), ..View::default() };
    let selected = Target::Pod { namespace: "default".into(), name: "web-7887448d46-mm5vd".into() };
    let still = || {
        let mut model = Model::new();
        rollout(&mut model);
        model
    };
    save(folder, "light-en", &mut still(), &wide, light);
    save(folder, "dark-ko", &mut still(), &korean, dark);
    save(folder, "phone", &mut still(), &phone, light);
    save(folder, "phone-ko", &mut still(), &View { lang: Lang::Ko, ..phone.clone() }, dark);
    let picked = View { selected: Some(selected), ..wide.clone() };
    save(folder, "selected", &mut still(), &picked, light);
    let mut empty = Model::new();
    nodes(&mut empty, 3);
    save(folder, "empty", &mut empty, &wide, light);
    let flow = View { speed: 1000.0, ..wide.clone() };
    save(folder, "flow", &mut still(), &flow, light);
    for (name, workers, pods, services) in [
        ("half", 3, 12, 2),
        ("line", 3, 21, 5),
        ("chip", 3, 60, 8),
        ("six", 6, 24, 3),
        ("glyph", 8, 400, 2),
        ("thirty", 30, 300, 4),
        ("hundred", 100, 1400, 4),
        ("large", 5000, 20_000, 3),
    ] {
        save(folder, name, &mut many(workers, pods, services), &wide, dark);
    }
    save(folder, "phone-many", &mut many(3, 30, 3), &phone, light);
}
