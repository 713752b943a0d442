//! The Event objects of the cluster, newest first. Only the rows in sight are in the document.

use api::Event as ApiEvent;
use scene::Target;
use web_sys::Element;
use yew::prelude::*;

use crate::cx::{use_act, use_engine, use_topic, use_tr};
use crate::engine::Topic;
use crate::event_log::said_at;
use crate::i18n::Word;
use crate::session::Action;
use crate::topbar::clock_text;

const ROW_PX: usize = 24;
/// Rows beyond what is in sight.
const SPARE: usize = 8;

#[component]
pub fn Events() -> Html {
    let (tr, engine) = (use_tr(), use_engine());
    use_topic(Topic::Objects, 250.0);
    let area = use_node_ref();
    let top = use_state(|| 0_usize);
    let onscroll = {
        let (area, top) = (area.clone(), top.clone());
        Callback::from(move |_: Event| {
            if let Some(area) = area.cast::<Element>() {
                top.set(usize::try_from(area.scroll_top()).unwrap_or(0) / ROW_PX);
            }
        })
    };
    let height = area.cast::<Element>().map_or(400, |area| area.client_height().max(100));
    let rows = usize::try_from(height).unwrap_or(400) / ROW_PX + 2 * SPARE;
    let count = engine.with_events(|events| events.len());
    let first = top.saturating_sub(SPARE).min(count);
    let epoch = engine.with(|cluster| cluster.config().epoch);
    let shown: Vec<_> =
        engine.with_events(|events| events.newest().skip(first).take(rows).cloned().collect());
    if count == 0 {
        return html! { <p class="quiet">{ tr.t(Word::NoEvents) }</p> };
    }
    let body = shown.iter().map(|event| html! {
        <Row key={event.metadata.uid.to_string()} event={std::sync::Arc::clone(event)} {epoch} />
    });
    let (above, below) = (first * ROW_PX, count.saturating_sub(first + shown.len()) * ROW_PX);
    html! {
        <div class="scroll events" ref={area} {onscroll} tabindex="0">
            <table aria-rowcount={count.to_string()}>
                <thead><tr>
                    <th>{ tr.t(Word::Time) }</th><th>{ tr.t(Word::Type) }</th>
                    <th>{ tr.t(Word::Reason) }</th><th>{ tr.t(Word::Object) }</th>
                    <th>{ tr.t(Word::Message) }</th>
                </tr></thead>
                <tbody>
                    if above > 0 { <tr style={format!("height:{above}px")}></tr> }
                    { for body }
                    if below > 0 { <tr style={format!("height:{below}px")}></tr> }
                </tbody>
            </table>
        </div>
    }
}

#[derive(Properties)]
struct RowProps {
    event: std::sync::Arc<ApiEvent>,
    epoch: i64,
}

impl PartialEq for RowProps {
    fn eq(&self, other: &Self) -> bool {
        std::sync::Arc::ptr_eq(&self.event, &other.event) && self.epoch == other.epoch
    }
}

#[component]
fn Row(props: &RowProps) -> Html {
    let act = use_act();
    let event = &props.event;
    let second = u64::try_from(said_at(event).saturating_sub(props.epoch)).unwrap_or(0);
    let clock = clock_text(clock::SimTime::from_secs(second));
    let about = &event.involved_object;
    let target = match about.kind.as_str() {
        "Pod" => Target::Pod { namespace: about.namespace.clone(), name: about.name.clone() },
        "Node" => Target::Node(about.name.clone()),
        "Service" => {
            Target::Service { namespace: about.namespace.clone(), name: about.name.clone() }
        }
        kind => Target::Object {
            resource: kind.to_ascii_lowercase().into(),
            namespace: about.namespace.clone(),
            name: about.name.clone(),
        },
    };
    let onclick = Callback::from(move |_: MouseEvent| {
        act.emit(Action::Select(Some(target.clone())));
    });
    let class = if event.type_ == "Warning" { "is-failed" } else { "" };
    let times = if event.count > 1 { format!("×{} ", event.count) } else { String::new() };
    html! {
        <tr>
            <td class="code">{ clock.get(..8).unwrap_or("").to_owned() }</td>
            <td class={class}>{ event.type_.as_str() }</td>
            <td>{ event.reason.as_str() }</td>
            <td class="code"><button type="button" class="link" {onclick}>
                { format!("{}/{}", about.kind.to_ascii_lowercase(), about.name) }</button></td>
            <td title={event.message.to_string()}>{ times }{ event.message.as_str() }</td>
        </tr>
    }
}
