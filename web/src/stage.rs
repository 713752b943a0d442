//! The picture: three canvases over each other, and beside them the same things as buttons for
//! the keyboard and for screen readers.

use scene::display::Point;
use scene::{Hit, Target, Theme};
use wasm_bindgen::JsCast;
use wasm_bindgen::closure::Closure;
use web_sys::{Element, HtmlCanvasElement, ResizeObserver};
use yew::prelude::*;

use crate::cx::{use_act, use_engine, use_topic, use_tr};
use crate::engine::{Engine, Topic};
use crate::i18n::Word;
use crate::session::{Action, matches_media};
use crate::theme::Palette;

#[derive(PartialEq, Properties)]
pub struct StageProps {
    pub theme: Theme,
    pub selected: Option<Target>,
}

/// Tells the engine how large the picture may be, for as long as the page lives.
#[hook]
fn use_size_of(area: &NodeRef, engine: &Engine) {
    let area = area.clone();
    use_effect_with(engine.clone(), move |engine| {
        let engine = engine.clone();
        let element = area.cast::<Element>();
        let observed = element.clone();
        let resized = Closure::<dyn FnMut()>::new(move || {
            let Some(area) = &observed else { return };
            let size = (area.client_width().max(1) as f32, area.client_height().max(1) as f32);
            engine.set_view(|view| {
                view.size = size;
                view.reduced_motion = matches_media("(prefers-reduced-motion: reduce)");
            });
        });
        let observer = ResizeObserver::new(resized.as_ref().unchecked_ref()).ok();
        if let (Some(observer), Some(element)) = (&observer, &element) {
            observer.observe(element);
        }
        move || {
            if let Some(observer) = observer {
                observer.disconnect();
            }
            drop(resized);
        }
    });
}

#[component]
pub fn Stage(props: &StageProps) -> Html {
    let (tr, act, engine) = (use_tr(), use_act(), use_engine());
    let area = use_node_ref();
    let sheets = [use_node_ref(), use_node_ref(), use_node_ref()];
    {
        let (sheets, theme) = (sheets.clone(), props.theme);
        use_effect_with(engine.clone(), move |engine| {
            let canvases = sheets.map(|sheet| sheet.cast::<HtmlCanvasElement>());
            if let [Some(ground), Some(state), Some(motion)] = canvases {
                engine.attach([ground, state, motion], Palette(theme));
            }
        });
    }
    use_size_of(&area, &engine);
    let top = sheets[2].clone();
    let under = {
        let engine = engine.clone();
        move |event: &MouseEvent| {
            let rect = top.cast::<Element>()?.get_bounding_client_rect();
            let x = f64::from(event.client_x()) - rect.left();
            let y = f64::from(event.client_y()) - rect.top();
            engine.hit(Point { x: x as f32, y: y as f32 })
        }
    };
    let onmousemove = {
        let (engine, under, area) = (engine.clone(), under.clone(), area.clone());
        Callback::from(move |event: MouseEvent| {
            let hit = under(&event);
            let title = hit.as_ref().map(|hit| hit.label.to_string()).unwrap_or_default();
            if let Some(area) = area.cast::<web_sys::HtmlElement>() {
                let _ = area
                    .style()
                    .set_property("cursor", if hit.is_some() { "pointer" } else { "default" });
                if area.title() != title {
                    area.set_title(&title);
                }
            }
            engine.set_hover(hit.map(|hit| hit.target));
        })
    };
    let onmouseleave = {
        let engine = engine.clone();
        Callback::from(move |_: MouseEvent| engine.set_hover(None))
    };
    let onclick = {
        let act = act.clone();
        Callback::from(move |event: MouseEvent| {
            act.emit(Action::Select(under(&event).map(|hit| hit.target)));
        })
    };
    let [ground, state, motion] = sheets;
    html! {
        <div class="stage" ref={area} {onmousemove} {onmouseleave}>
            <div class="sheets">
                <canvas ref={ground} aria-hidden="true" />
                <canvas ref={state} aria-hidden="true" />
                <canvas ref={motion} {onclick} role="img" aria-label={tr.t(Word::Picture)} />
                <Spots selected={props.selected.clone()} />
            </div>
        </div>
    }
}

#[derive(PartialEq, Properties)]
struct SpotsProps {
    selected: Option<Target>,
}

/// So many buttons at once; the window moves with the focus.
const SPOTS_MAX: usize = 300;

/// One tab stop for the whole picture: the arrow keys walk to the nearest thing that way.
#[component]
fn Spots(props: &SpotsProps) -> Html {
    let (tr, act, engine) = (use_tr(), use_act(), use_engine());
    use_topic(Topic::Picture, 400.0);
    let current = use_state(|| None::<Target>);
    let list = use_node_ref();
    let hits = engine.hits();
    let wanted = current.as_ref().or(props.selected.as_ref());
    let at = hits.iter().position(|hit| Some(&hit.target) == wanted).unwrap_or(0);
    let first = at.saturating_sub(SPOTS_MAX / 2).min(hits.len().saturating_sub(SPOTS_MAX));
    let onkeydown = {
        let (engine, current, list) = (engine.clone(), current.clone(), list.clone());
        Callback::from(move |event: KeyboardEvent| {
            let hits = engine.hits();
            let Some(next) = neighbour(&hits, at, &event.key()) else { return };
            event.prevent_default();
            current.set(hits.get(next).map(|hit| hit.target.clone()));
            let spots = list.cast::<Element>().map(|list| list.children());
            let spot = spots.and_then(|spots| spots.item(next.saturating_sub(first) as u32));
            crate::keys::focus(spot);
        })
    };
    let onfocusout = {
        let engine = engine.clone();
        Callback::from(move |_: FocusEvent| engine.set_hover(None))
    };
    let spots = hits.iter().enumerate().skip(first).take(SPOTS_MAX).map(|(index, hit)| {
        let (target, rect) = (hit.target.clone(), hit.rect);
        let onclick = {
            let (act, target) = (act.clone(), target.clone());
            Callback::from(move |event: MouseEvent| {
                event.stop_propagation();
                act.emit(Action::Select(Some(target.clone())));
            })
        };
        let onfocus = {
            let (engine, current) = (engine.clone(), current.clone());
            Callback::from(move |_: FocusEvent| {
                engine.set_hover(Some(target.clone()));
                current.set(Some(target.clone()));
            })
        };
        let style = format!(
            "left:{:.0}px;top:{:.0}px;width:{:.0}px;height:{:.0}px",
            rect.x, rect.y, rect.w, rect.h
        );
        html! {
            <button type="button" {style} {onclick} {onfocus} key={index}
                tabindex={if index == at { "0" } else { "-1" }}
                aria-pressed={(props.selected.as_ref() == Some(&hit.target)).to_string()}>
                { hit.label.as_str() }</button>
        }
    });
    html! {
        <div class="spots" role="group" aria-label={tr.t(Word::PictureHint)} ref={list}
            {onkeydown} {onfocusout}>{ for spots }</div>
    }
}

/// Where an arrow key leads: the nearest centre in that direction.
fn neighbour(hits: &[Hit], at: usize, key: &str) -> Option<usize> {
    let (dx, dy) = match key {
        "ArrowRight" => (1.0, 0.0),
        "ArrowLeft" => (-1.0, 0.0),
        "ArrowDown" => (0.0, 1.0),
        "ArrowUp" => (0.0, -1.0),
        "Home" => return (!hits.is_empty()).then_some(0),
        "End" => return hits.len().checked_sub(1),
        _ => return None,
    };
    let here = hits.get(at)?.rect.center();
    let mut best: Option<(usize, f32)> = None;
    for (index, hit) in hits.iter().enumerate() {
        let there = hit.rect.center();
        let (x, y) = (there.x - here.x, there.y - here.y);
        let along = x * dx + y * dy;
        let across = (x * dy).abs() + (y * dx).abs();
        let cost = along + 2.0 * across;
        if index != at && along > 1.0 && best.is_none_or(|(_, least)| cost < least) {
            best = Some((index, cost));
        }
    }
    best.map(|(index, _)| index)
}

/// What happens, for screen readers: the last few sentences, not too often.
#[component]
pub fn AccountForReaders() -> Html {
    const SENTENCES_MAX: usize = 5;
    let (tr, engine) = (use_tr(), use_engine());
    let told = use_mut_ref(|| engine.with_model(scene::Model::account_end));
    use_topic(Topic::Objects, 2_000.0);
    let (mut sentences, end) = engine
        .with_model(|model| (scene::account(model, tr.0, *told.borrow()), model.account_end()));
    *told.borrow_mut() = end;
    let more = sentences.len().saturating_sub(SENTENCES_MAX);
    sentences.drain(..more);
    html! {
        <div class="for-readers" role="log" aria-live="polite" aria-label={tr.t(Word::ForReaders)}>
            { for sentences.iter().map(|sentence| html! { <p>{ sentence }</p> }) }
        </div>
    }
}

#[cfg(test)]
mod tests {
    use scene::display::Rect;

    use super::*;

    #[test]
    fn arrow_keys_find_the_next_thing_that_way() {
        let at = |x: f32, y: f32| Hit {
            rect: Rect::new(x, y, 10.0, 10.0),
            target: Target::Node("n".into()),
            label: "n".into(),
        };
        let hits = [at(0.0, 0.0), at(100.0, 5.0), at(50.0, 200.0), at(0.0, 40.0)];
        assert_eq!(neighbour(&hits, 0, "ArrowRight"), Some(1));
        assert_eq!(neighbour(&hits, 0, "ArrowDown"), Some(3));
        assert_eq!(neighbour(&hits, 0, "ArrowLeft"), None);
        assert_eq!(neighbour(&hits, 0, "End"), Some(3));
        assert_eq!(neighbour(&[], 0, "Home"), None);
    }
}
