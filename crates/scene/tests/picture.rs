//! The picture as it is, and what must hold of every picture: nothing lies on text, everything can
//! be pointed at, and what did not change does not move.
#![allow(clippy::unwrap_used)]

mod still;

use std::collections::BTreeMap;
use std::path::Path;

use api::{EndpointSlice, Pod, Service};
use client::WatchKind;
use scene::display::{Align, Item, Point, Rect};
use scene::measure::width;
use scene::{DisplayList, Lang, Model, Target, Theme, View, frame, svg};
use still::{added, event, messages, nodes, picture, pod, rollout, service, slice, stats};

fn golden(name: &str, text: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(name);
    let Ok(want) = std::fs::read_to_string(&path) else {
        std::fs::write(&path, text).unwrap();
        panic!("{name} was not there: it is now; look at it and run again");
    };
    let differ = want.lines().zip(text.lines()).find(|(want, got)| want != got);
    assert!(want == text, "{name} differs, first at {differ:?}; delete it to make it anew");
}

fn at_work() -> Model {
    let mut model = Model::new();
    rollout(&mut model);
    model
}

fn crowd(workers: usize, pods: usize, services: usize) -> Model {
    let mut model = Model::new();
    nodes(&mut model, workers);
    model.set_stats(stats());
    let states =
        ["Running", "Creating", "CrashLoopBackOff", "NotReady", "Terminating", "Succeeded"];
    let name = |i: usize| match i % 3 {
        0 => {
            format!("a-deployment-with-a-very-long-name-indeed-6d5f8c9b7d-{:05}", i * 7919 % 99_991)
        }
        1 => format!("web-7887448d46-{:05}", i * 7919 % 99_991),
        _ => format!("db-{i}"),
    };
    let mut changes: Vec<_> = (0..pods)
        .map(|i| {
            let node = format!("node-{}", i % workers + 1);
            let state = states[i * 31 % states.len()];
            let node = if i % 11 == 10 { "" } else { node.as_str() };
            let state = if node.is_empty() { "Pending" } else { state };
            let containers = ["a-rather-long-container", "sidecar", "log"];
            added::<Pod>(pod(&name(i), node, i as u32 + 1, &containers[..i % 3 + 1], state))
        })
        .collect();
    for i in 0..services {
        let service_name =
            if i == 0 { "web".to_owned() } else { format!("a-service-with-a-long-name-{i}") };
        changes.push(added::<Service>(service(
            &service_name,
            "LoadBalancer",
            "10.96.100.200",
            8080,
        )));
        let behind: Vec<String> = (i..pods).step_by(services).take(7).map(name).collect();
        let behind: Vec<&str> = behind.iter().map(String::as_str).collect();
        changes.push(added::<EndpointSlice>(slice(&service_name, &behind)));
    }
    model.apply(&changes, true);
    nodes_again(&mut model, workers);
    model
}

/// `apply(…, true)` forgot the nodes: tell of them again.
fn nodes_again(model: &mut Model, workers: usize) {
    let all: Vec<_> = (1..=workers)
        .map(|i| added::<api::Node>(still::node(&format!("node-{i}"), false)))
        .collect();
    model.apply(&all, false);
}

/// Every size of cluster in every size of window.
fn everywhere(mut check: impl FnMut(&str, &mut Model, &View)) {
    for (workers, pods, services) in
        [(3, 0, 0), (3, 9, 2), (3, 14, 5), (3, 40, 9), (6, 24, 3), (8, 250, 2), (30, 290, 4)]
    {
        for size in [(390.0, 844.0), (760.0, 600.0), (992.0, 610.0), (1600.0, 1000.0)] {
            for lang in [Lang::En, Lang::Ko] {
                let view = View { size, lang, ..View::default() };
                let what = format!("{workers} nodes, {pods} pods, {services} services, {size:?}");
                check(&what, &mut crowd(workers, pods, services), &view);
            }
        }
    }
}

/// Where text is on the picture: not more than what its letters cover.
fn texts(list: &DisplayList) -> Vec<(Rect, String)> {
    let items = list.ground.items.iter().chain(&list.state.items);
    let one = |item: &Item| {
        let Item::Text { at, text, font, size, weight, align, max_width, .. } = item else {
            return None;
        };
        let w = width(text, *font, *size, *weight);
        assert!(w <= max_width + 0.01 || text == "…", "{text} has no room");
        assert!([11.0, 12.0, 14.0, 18.0, 24.0].contains(size), "{text} is {size} px");
        let x = match align {
            Align::Left => at.x,
            Align::Center => at.x - w / 2.0,
            Align::Right => at.x - w,
        };
        Some((Rect::new(x, at.y - size * 0.74, w, size * 0.92), text.to_string()))
    };
    items.filter_map(one).collect()
}

#[test]
fn pictures_are_as_they_were() {
    let wide = View::default();
    golden("light-en.svg", &svg(&picture(&mut at_work(), &wide), Theme::Light));
    let korean = View { lang: Lang::Ko, ..wide.clone() };
    golden("dark-ko.svg", &svg(&picture(&mut at_work(), &korean), Theme::Dark));
    let phone = View { size: (390.0, 844.0), ..wide };
    golden("phone-en.svg", &svg(&picture(&mut at_work(), &phone), Theme::Light));
}

#[test]
fn text_lies_on_nothing_and_nothing_lies_on_text() {
    everywhere(|what, model, view| {
        let list = picture(model, view);
        let texts = texts(&list);
        assert!(texts.len() > 12, "{what} says nothing");
        for (i, (a, first)) in texts.iter().enumerate() {
            assert!(a.x >= 0.0 && a.x + a.w <= list.size.0, "{first} leaves the picture: {what}");
            for (b, second) in texts.iter().skip(i + 1) {
                assert!(!a.intersects(b), "{first:?} meets {second:?}: {what} {view:?}");
            }
        }
        for item in list.ground.items.iter().chain(&list.state.items) {
            let Item::Line { points, .. } = item else { continue };
            for two in points.windows(2) {
                let piece = segment(two[0], two[1]);
                for (rect, text) in &texts {
                    assert!(!rect.intersects(&piece), "a road crosses {text:?}: {what} {view:?}");
                }
            }
        }
    });
}

fn segment(a: Point, b: Point) -> Rect {
    let (x, y) = (a.x.min(b.x), a.y.min(b.y));
    Rect::new(x, y, (a.x - b.x).abs().max(0.1), (a.y - b.y).abs().max(0.1))
}

#[test]
fn text_stays_in_its_card() {
    everywhere(|what, model, view| {
        let list = picture(model, view);
        let cards = list.hits.iter().filter(|hit| matches!(hit.target, Target::Pod { .. }));
        let cards: Vec<Rect> = cards.map(|hit| hit.rect).filter(|rect| rect.w > 20.0).collect();
        for (rect, text) in texts(&list) {
            for card in cards.iter().filter(|card| card.contains(rect.center())) {
                let inside = rect.x >= card.x && rect.x + rect.w <= card.x + card.w;
                assert!(inside, "{text:?} crosses its card: {what} {view:?}");
            }
        }
    });
}

#[test]
fn every_pod_can_be_pointed_at_once() {
    everywhere(|what, model, view| {
        let list = picture(model, view);
        let mut seen: BTreeMap<&Target, u32> = BTreeMap::new();
        for hit in &list.hits {
            *seen.entry(&hit.target).or_default() += 1;
            assert!(!hit.label.is_empty());
        }
        for pod in model.pods() {
            let target =
                Target::Pod { namespace: pod.key.namespace.clone(), name: pod.key.name.clone() };
            assert_eq!(seen.get(&target), Some(&1), "{}: {what} {view:?}", pod.key);
        }
        assert!(seen.values().all(|count| *count == 1), "{what}");
    });
}

fn rects(list: &DisplayList) -> BTreeMap<Target, Rect> {
    list.hits.iter().map(|hit| (hit.target.clone(), hit.rect)).collect()
}

#[test]
fn a_new_pod_moves_no_other() {
    let mut model = at_work();
    let view = View::default();
    let mut list = DisplayList::default();
    frame(&mut model, &view, 10_000.0, &mut list);
    let before = rects(&list);
    model.apply(&[added::<Pod>(pod("new-0", "node-3", 99, &["nginx"], "Creating"))], false);
    frame(&mut model, &view, 10_100.0, &mut list);
    assert!(list.moving, "a card appears");
    frame(&mut model, &view, 12_000.0, &mut list);
    frame(&mut model, &view, 12_016.0, &mut list);
    let after = rects(&list);
    assert_eq!(after.len(), before.len() + 2, "the pod and its container");
    for (target, rect) in before {
        assert_eq!(after.get(&target), Some(&rect), "{target:?} moved");
    }
}

#[test]
fn a_gone_pod_fades_and_those_below_move_up() {
    let mut model = at_work();
    let view = View::default();
    let mut list = DisplayList::default();
    frame(&mut model, &view, 10_000.0, &mut list);
    let place = |list: &DisplayList, name: &str| {
        let target = Target::Pod { namespace: "default".into(), name: name.into() };
        rects(list).get(&target).copied()
    };
    let first = place(&list, "web-7887448d46-tz2g6");
    let gone = pod("web-7887448d46-tz2g6", "node-1", 3, &["nginx"], "Terminating");
    model.apply(&[event::<Pod>(WatchKind::Deleted, gone)], false);
    for step in 1..=60 {
        frame(&mut model, &view, 10_000.0 + f64::from(step) * 16.0, &mut list);
    }
    assert_eq!(place(&list, "web-7887448d46-tz2g6"), None);
    assert_eq!(place(&list, "web-7887448d46-9xk4p"), first);
    frame(&mut model, &View { paused: true, ..view }, 11_000.0, &mut list);
    frame(&mut model, &View { paused: true, ..View::default() }, 11_016.0, &mut list);
    assert!(!list.moving, "at rest");
}

#[test]
fn at_rest_nothing_is_drawn_again() {
    let mut model = crowd(3, 14, 2);
    let view = View::default();
    let mut list = DisplayList::default();
    for step in 0..40 {
        frame(&mut model, &view, f64::from(step) * 16.0, &mut list);
    }
    let before = (list.ground.version, list.state.version, list.motion.version);
    assert!(!list.moving);
    frame(&mut model, &view, 9_000.0, &mut list);
    assert_eq!(before, (list.ground.version, list.state.version, list.motion.version));
}

#[test]
fn messages_travel_and_arrive() {
    for (reduced_motion, speed) in [(false, 1.0), (true, 1.0), (false, 1000.0)] {
        let mut model = at_work();
        let view = View { reduced_motion, speed, ..View::default() };
        let mut list = DisplayList::default();
        frame(&mut model, &view, 10_000.0, &mut list);
        messages(&mut model, 10_000.0);
        frame(&mut model, &view, 10_200.0, &mut list);
        let dots = list.motion.items.iter().filter(|item| matches!(item, Item::Circle { .. }));
        assert_eq!(dots.count() > 0, !reduced_motion && speed < 100.0);
        assert!(list.moving && !list.motion.items.is_empty());
        for step in 0..400 {
            frame(&mut model, &view, 10_200.0 + f64::from(step) * 16.0, &mut list);
        }
        let paused = View { paused: true, ..view };
        frame(&mut model, &paused, 20_000.0, &mut list);
        frame(&mut model, &paused, 20_016.0, &mut list);
        assert!(!list.moving, "everything has arrived");
    }
}

#[test]
fn one_change_costs_one_object() {
    for pods in [30, 300, 3000] {
        let mut model = crowd(30, pods, 2);
        let before = model.touched();
        let change = |state| added::<Pod>(pod("db-2", "node-3", 3, &["a"], state));
        model.apply(&[change("Running"), change("NotReady")], false);
        assert_eq!(model.touched() - before, 2, "with {pods} pods");
    }
}

#[test]
fn the_account_tells_what_happened() {
    let mut model = at_work();
    let since = model.account_end();
    let ready = pod("web-7887448d46-c8w2q", "node-2", 14, &["nginx"], "Running");
    model.apply(&[event::<Pod>(WatchKind::Modified, ready)], false);
    let said = scene::account(&model, Lang::En, since);
    assert_eq!(said, ["pod web-7887448d46-c8w2q is ready on node-2"]);
    assert_eq!(scene::account(&model, Lang::Ko, since).len(), 1);
    assert!(scene::account(&model, Lang::En, model.account_end()).is_empty());
    assert!(
        scene::account(&model, Lang::En, 0)
            .contains(&"pod web-7887448d46-c8w2q pulls its image on node-2".to_owned())
    );
}

#[test]
fn any_window_can_be_drawn() {
    for size in [(0.0, 0.0), (1.0, 5000.0), (200.0, 80.0), (639.0, 10.0), (5000.0, 40.0)] {
        for (workers, pods) in [(1, 0), (3, 12), (40, 60), (401, 5), (3, 2000)] {
            let view = View { size, zoom: 0.5, scroll: (7.0, 9.0), ..View::default() };
            let list = picture(&mut crowd(workers, pods, 2), &view);
            assert!(svg(&list, Theme::Dark).ends_with("</svg>\n"));
            assert!(list.size.0.is_finite() && list.size.1 >= 0.0);
        }
    }
}
