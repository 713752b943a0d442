//! The one owner of the cluster on the page: it lets virtual time pass inside animation frames,
//! under a budget, and tells the panels what they asked to hear.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::rc::Rc;

use clock::{Duration, SimTime};
use cluster::{Chunk, Cluster, Command, Config, Feed, Logged};
use gloo::render::{AnimationFrame, request_animation_frame};
use gloo::timers::callback::Timeout;
use scene::display::Point;
use scene::{DisplayList, Hit, Model, Stats, View};
use web_sys::HtmlCanvasElement;
use yew::Callback;

use crate::event_log::EventLog;
use crate::painter::Painter;
use crate::samples::Samples;
use crate::theme::Palette;

/// Of 16.7 ms, what virtual time may take; the rest is for drawing and the browser.
const BUDGET_MS: f64 = 8.0;
/// A tab that slept does not catch up.
const FRAME_MS_MAX: f64 = 100.0;
/// How often the clock and the panels are told while nothing moves on the picture.
const IDLE_TICK_MS: u32 = 100;
/// The terminal of the page.
pub const TERMINAL: u32 = 0;

/// What panels can listen to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Topic {
    /// Virtual time moved; at most ten times a second.
    Clock,
    /// Objects changed; at most ten times a second.
    Objects,
    /// The terminal printed something or a command ended.
    Terminal,
    /// What lies on the picture moved: hits changed.
    Picture,
}

/// Tells when to stop hearing: drop it.
pub struct Subscription {
    engine: Engine,
    id: u32,
}

impl Drop for Subscription {
    fn drop(&mut self) {
        self.engine.0.listeners.borrow_mut().remove(&self.id);
    }
}

struct Inner {
    state: RefCell<State>,
    listeners: RefCell<BTreeMap<u32, (Topic, Callback<()>)>>,
    next_listener: Cell<u32>,
    frame: RefCell<Option<AnimationFrame>>,
    timeout: RefCell<Option<Timeout>>,
}

struct State {
    cluster: Cluster,
    feed: Feed,
    model: Model,
    view: View,
    list: DisplayList,
    painter: Option<Painter>,
    painted: bool,
    playing: bool,
    speed: f64,
    last_wall_ms: Option<f64>,
    told_ms: f64,
    objects_dirty: bool,
    events: EventLog,
    samples: Samples,
    words: crate::figures::LastWords,
    meter: crate::figures::Meter,
    output: Vec<Chunk>,
    was_busy: bool,
    requests: u64,
    rate: f64,
    rate_at_ms: f64,
}

/// A handle to the engine; equal handles are the same engine.
#[derive(Clone)]
pub struct Engine(Rc<Inner>);

impl PartialEq for Engine {
    fn eq(&self, other: &Self) -> bool {
        Rc::ptr_eq(&self.0, &other.0)
    }
}

pub fn now_ms() -> f64 {
    web_sys::window().and_then(|window| window.performance()).map_or(0.0, |p| p.now())
}

impl Engine {
    /// A new cluster whose nodes have just become Ready.
    pub fn new(config: Config) -> Self {
        let engine = Engine(Rc::new(Inner {
            state: RefCell::new(State::new(config)),
            listeners: RefCell::new(BTreeMap::new()),
            next_listener: Cell::new(0),
            frame: RefCell::new(None),
            timeout: RefCell::new(None),
        }));
        engine.wake();
        engine
    }

    /// Starts over with another cluster.
    pub fn reset(&self, config: Config) {
        {
            let mut state = self.0.state.borrow_mut();
            let mut fresh = State::new(config);
            fresh.painter = state.painter.take();
            fresh.painted = state.painted;
            fresh.view = state.view.clone();
            (fresh.playing, fresh.speed) = (state.playing, state.speed);
            *state = fresh;
        }
        for topic in [Topic::Clock, Topic::Objects, Topic::Terminal, Topic::Picture] {
            self.tell(topic);
        }
        self.wake();
    }

    /// Hears of a topic until the subscription is dropped.
    pub fn listen(&self, topic: Topic, callback: Callback<()>) -> Subscription {
        let id = self.0.next_listener.get();
        self.0.next_listener.set(id + 1);
        self.0.listeners.borrow_mut().insert(id, (topic, callback));
        Subscription { engine: self.clone(), id }
    }

    fn tell(&self, topic: Topic) {
        let callbacks: Vec<Callback<()>> = self
            .0
            .listeners
            .borrow()
            .values()
            .filter(|(heard, _)| *heard == topic)
            .map(|(_, callback)| callback.clone())
            .collect();
        for callback in callbacks {
            callback.emit(());
        }
    }

    // ---- commands ----

    pub fn execute(&self, command: Command) {
        {
            let cluster = &mut self.0.state.borrow_mut().cluster;
            cluster.execute(command);
            crate::journal::keep(cluster.log());
        }
        self.wake();
    }

    /// Starts over and gives the same commands at the same moments.
    pub fn replay(&self, log: Vec<Logged>) {
        self.reset(Config::default());
        {
            let cluster = &mut self.0.state.borrow_mut().cluster;
            for logged in log {
                cluster.run_until(logged.at);
                cluster.execute(logged.command);
            }
            cluster.take_output(TERMINAL);
            crate::journal::keep(cluster.log());
        }
        self.wake();
    }

    /// Runs a command line that only reads and gives its output.
    pub fn read(&self, line: &str) -> String {
        self.0.state.borrow_mut().cluster.read(line)
    }

    /// Looks into the cluster. The closure must not call the engine.
    pub fn with<T>(&self, look: impl FnOnce(&mut Cluster) -> T) -> T {
        look(&mut self.0.state.borrow_mut().cluster)
    }

    /// Looks at the model of the picture. The closure must not call the engine.
    pub fn with_model<T>(&self, look: impl FnOnce(&Model) -> T) -> T {
        look(&self.0.state.borrow().model)
    }

    /// Looks at the last events. The closure must not call the engine.
    pub fn with_events<T>(&self, look: impl FnOnce(&EventLog) -> T) -> T {
        look(&self.0.state.borrow().events)
    }

    /// Looks at what was measured. The closure must not call the engine.
    pub fn with_samples<T>(&self, look: impl FnOnce(&Samples) -> T) -> T {
        look(&self.0.state.borrow().samples)
    }

    /// What the terminal printed since the last call.
    pub fn take_output(&self) -> Vec<Chunk> {
        let mut state = self.0.state.borrow_mut();
        let mut output = std::mem::take(&mut state.output);
        output.extend(state.cluster.take_output(TERMINAL));
        output
    }

    pub fn is_busy(&self) -> bool {
        self.0.state.borrow().cluster.is_busy(TERMINAL)
    }

    pub fn now(&self) -> SimTime {
        self.0.state.borrow().cluster.now()
    }

    pub fn set_pace(&self, playing: bool, speed: f64) {
        {
            let mut state = self.0.state.borrow_mut();
            (state.playing, state.speed) = (playing, speed);
            state.view.paused = !playing;
            state.view.speed = speed;
            state.last_wall_ms = None;
        }
        self.wake();
    }

    /// Runs to the next message, whether playing or not.
    pub fn step(&self) {
        self.0.state.borrow_mut().cluster.step(Duration::from_secs(3600));
        self.wake();
        self.tell(Topic::Clock);
    }

    // ---- picture ----

    pub fn attach(&self, canvases: [HtmlCanvasElement; 3], palette: Palette) {
        if let Ok(mut painter) = Painter::new(canvases, palette) {
            painter.set_ratio(web_sys::window().map_or(1.0, |window| window.device_pixel_ratio()));
            self.0.state.borrow_mut().painter = Some(painter);
        }
        self.wake();
    }

    pub fn set_palette(&self, palette: Palette) {
        if let Some(painter) = self.0.state.borrow_mut().painter.as_mut() {
            painter.set_palette(palette);
        }
        self.wake();
    }

    pub fn set_view(&self, change: impl FnOnce(&mut View)) {
        change(&mut self.0.state.borrow_mut().view);
        self.wake();
    }

    pub fn set_hover(&self, hover: Option<scene::Target>) {
        if self.0.state.borrow().view.hover != hover {
            self.set_view(|view| view.hover = hover);
        }
    }

    pub fn hit(&self, at: Point) -> Option<Hit> {
        self.0.state.borrow().list.hit(at).cloned()
    }

    pub fn hits(&self) -> Vec<Hit> {
        self.0.state.borrow().list.hits.clone()
    }

    /// The picture as it is now, for saving.
    pub fn svg(&self, theme: scene::Theme) -> String {
        scene::svg(&self.0.state.borrow().list, theme)
    }

    // ---- frames ----

    /// Asks for a frame if none is on its way.
    pub fn wake(&self) {
        self.0.timeout.borrow_mut().take();
        if self.0.frame.borrow().is_some() {
            return;
        }
        let engine = self.clone();
        *self.0.frame.borrow_mut() =
            Some(request_animation_frame(move |wall_ms| engine.on_frame(wall_ms)));
    }

    fn on_frame(&self, wall_ms: f64) {
        let finished = self.0.frame.borrow_mut().take();
        let outcome = self.0.state.borrow_mut().frame(wall_ms);
        if outcome.first_picture {
            let window = web_sys::window().and_then(|window| window.performance());
            let _ = window.map(|performance| performance.mark("kubarium:first-picture"));
        }
        for topic in outcome.tell {
            self.tell(topic);
        }
        match outcome.next {
            Next::Frame => self.wake(),
            Next::In(delay_ms) => {
                let engine = self.clone();
                *self.0.timeout.borrow_mut() = Some(Timeout::new(delay_ms, move || {
                    // It has fired: it may not be cleared from inside.
                    if let Some(fired) = engine.0.timeout.borrow_mut().take() {
                        fired.forget();
                    }
                    // Between animations a timer is enough: no frame is asked for.
                    if engine.0.frame.borrow().is_none() {
                        engine.on_frame(now_ms());
                    }
                }));
            }
            Next::Never => {}
        }
        drop(finished);
    }
}

/// What a frame leads to.
struct Outcome {
    first_picture: bool,
    tell: Vec<Topic>,
    next: Next,
}

enum Next {
    Frame,
    In(u32),
    Never,
}

impl State {
    fn new(config: Config) -> Self {
        let mut cluster = Cluster::new(config);
        cluster.run_until(SimTime::from_secs(2));
        State {
            cluster,
            feed: Feed::default(),
            model: Model::new(),
            view: View::default(),
            list: DisplayList::default(),
            painter: None,
            painted: false,
            playing: true,
            speed: 1.0,
            last_wall_ms: None,
            told_ms: 0.0,
            objects_dirty: false,
            events: EventLog::default(),
            samples: Samples::default(),
            words: crate::figures::LastWords::default(),
            meter: crate::figures::Meter::default(),
            output: Vec::new(),
            was_busy: false,
            requests: 0,
            rate: 0.0,
            rate_at_ms: 0.0,
        }
    }

    fn frame(&mut self, wall_ms: f64) -> Outcome {
        let begun = now_ms();
        self.pass_time(wall_ms, begun);
        let changed = self.take_changes(wall_ms);
        self.set_stats(wall_ms);
        scene::frame(&mut self.model, &self.view, wall_ms, &mut self.list);
        let mut first_picture = false;
        if let Some(painter) = self.painter.as_mut() {
            painter.paint(&self.list);
            first_picture = !std::mem::replace(&mut self.painted, true);
        }
        Outcome { first_picture, ..self.outcome(wall_ms, changed) }
    }

    /// Lets virtual time pass, as much as the wall clock and the budget allow.
    fn pass_time(&mut self, wall_ms: f64, begun: f64) {
        let elapsed_ms = self.last_wall_ms.map_or(0.0, |last| wall_ms - last);
        self.last_wall_ms = Some(wall_ms);
        if !self.playing || elapsed_ms <= 0.0 {
            return;
        }
        let span_ms = elapsed_ms.min(FRAME_MS_MAX.max(f64::from(IDLE_TICK_MS) * 1.5)) * self.speed;
        let until = self.cluster.now() + Duration::from_nanos((span_ms * 1e6) as u64);
        self.cluster.run_within(until, &mut || now_ms() - begun < BUDGET_MS);
    }

    /// Brings the model up to date; true if objects changed.
    fn take_changes(&mut self, wall_ms: f64) -> bool {
        let update = self.cluster.update(&mut self.feed);
        let changed = update.relisted || !update.changes.is_empty();
        self.requests += update
            .traces
            .iter()
            .filter(|trace| matches!(trace.kind, client::TraceKind::Request(_)))
            .count() as u64;
        self.events.apply(&update.changes, update.relisted);
        self.model.apply(&update.changes, update.relisted);
        self.model.traces(&update.traces, wall_ms);
        let mut packets = Vec::new();
        self.cluster.fabric_mut().packets.take(&mut packets);
        self.model.packets(&packets, wall_ms);
        self.words.hear(&update.changes, &packets, &self.model);
        self.samples.take(&self.cluster, &self.model);
        changed
    }

    fn set_stats(&mut self, wall_ms: f64) {
        if wall_ms - self.rate_at_ms >= 1000.0 {
            self.rate = self.requests as f64 * 1000.0 / (wall_ms - self.rate_at_ms);
            self.requests = 0;
            self.rate_at_ms = wall_ms;
        }
        let mut stats = Stats {
            now: self.cluster.now(),
            epoch: self.cluster.config().epoch,
            revision: self.cluster.server().revision(),
            objects: self.cluster.server().object_count() as u64,
            api_rate: self.rate,
            ..Stats::default()
        };
        crate::figures::fill(&self.cluster, &mut stats);
        self.words.fill(&mut stats);
        self.meter.read(&self.cluster);
        stats.usage = self.meter.usage().to_vec();
        self.model.set_stats(stats);
    }

    fn outcome(&mut self, wall_ms: f64, changed: bool) -> Outcome {
        let mut tell = Vec::new();
        self.objects_dirty |= changed;
        if wall_ms - self.told_ms >= 100.0 {
            self.told_ms = wall_ms;
            tell.push(Topic::Clock);
            if std::mem::take(&mut self.objects_dirty) {
                tell.extend([Topic::Objects, Topic::Picture]);
            }
        }
        let output = self.cluster.take_output(TERMINAL);
        self.output.extend(output);
        let busy = self.cluster.is_busy(TERMINAL);
        if !self.output.is_empty() || busy != self.was_busy {
            self.was_busy = busy;
            tell.push(Topic::Terminal);
        }
        let next = if self.list.moving || self.objects_dirty {
            Next::Frame
        } else if self.playing {
            self.sleep()
        } else {
            Next::Never
        };
        Outcome { first_picture: false, tell, next }
    }

    /// While playing and nothing moves: until the next event, at most one tick of the clock.
    fn sleep(&self) -> Next {
        let due_ms = self
            .cluster
            .next_event_at()
            .map_or(f64::INFINITY, |at| at.since(self.cluster.now()).as_secs_f64() * 1e3)
            / self.speed;
        if due_ms < 17.0 {
            Next::Frame
        } else {
            Next::In(due_ms.min(f64::from(IDLE_TICK_MS)) as u32)
        }
    }
}
