//! The thread that owns the cluster. Requests come to it by a channel and are answered at once, at
//! the virtual time that the wall clock has reached; in between virtual time follows.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use apimachinery::status::{Reason, Status};
use apimachinery::time::Time;
use client::WatchEvent;
use clock::SimTime;
use cluster::{Cluster, Command, Tail};
use tokio::sync::oneshot;

use super::journal::Journal;
use super::pace::{Pace, Speed};

/// How long events run before the inbox is looked at again.
const SLICE: Duration = Duration::from_millis(10);
const NAP_MAX: Duration = Duration::from_millis(500);
/// At full speed: how long whoever was told something has to react before time goes on.
const REACTION: Duration = Duration::from_millis(10);
/// At a patient speed: a client that said something so long ago waits for something.
const SILENCE: Duration = Duration::from_millis(400);
/// How long a reader that was given news may hold up time at full speed.
const PATIENCE: Duration = Duration::from_secs(1);
/// At full speed, a cluster in which nothing happened for so long is at rest: longer than every
/// deadline of its controllers' defaults.
const REST: clock::Duration = clock::Duration::from_secs(15 * 60);
/// Changes given to a reader at once.
const BATCH_MAX: usize = 256;

type Work = Box<dyn FnOnce(&mut Cluster) -> Box<dyn FnOnce() + Send> + Send>;

/// Where time is to jump to.
#[derive(Clone, Copy, Debug)]
pub enum Goal {
    Until(SimTime),
    /// Until nothing has changed for `quiet`, at most until `end`.
    Calm {
        quiet: clock::Duration,
        end: SimTime,
    },
}

/// News for a reader, and the virtual time at which it was told.
pub struct News {
    pub tail: Tail,
    pub events: Vec<WatchEvent>,
    pub time: Time,
    /// Kept until the news have been passed on.
    _away: Away,
}

/// A reader that was told something and has not come back for more.
struct Away(Arc<AtomicUsize>);

impl Away {
    fn new(count: &Arc<AtomicUsize>) -> Self {
        count.fetch_add(1, Ordering::Relaxed);
        Away(Arc::clone(count))
    }
}

impl Drop for Away {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

/// A reader that wants to be told what comes next.
pub struct Pull {
    pub tail: Tail,
    pub reply: oneshot::Sender<Result<News, Box<Status>>>,
}

enum Message {
    Work(Work),
    /// The same by somebody who only waits.
    Look(Work),
    Pull(Pull),
    Jump(Goal, oneshot::Sender<()>),
    Stop,
}

/// The way to the engine.
#[derive(Clone)]
pub struct Engine {
    inbox: Sender<Message>,
}

fn gone() -> Box<Status> {
    Status::new(Reason::ServiceUnavailable, "the server is shutting down")
}

fn with_answer<T: Send + 'static>(
    work: impl FnOnce(&mut Cluster) -> T + Send + 'static,
) -> (Work, oneshot::Receiver<T>) {
    let (reply, answer) = oneshot::channel();
    let work: Work = Box::new(move |cluster| {
        let result = work(cluster);
        Box::new(move || drop(reply.send(result)))
    });
    (work, answer)
}

impl Engine {
    pub fn start(
        cluster: impl FnOnce() -> Cluster + Send + 'static,
        journal: Option<Journal>,
        speed: Speed,
    ) -> std::io::Result<(Self, JoinHandle<()>)> {
        let (sender, inbox) = channel();
        let thread = std::thread::Builder::new().name("engine".to_owned()).spawn(move || {
            Room::new(cluster(), journal, speed, inbox).run();
        })?;
        Ok((Engine { inbox: sender }, thread))
    }

    /// Does something with the cluster; the answer comes when what it changed is written down.
    pub async fn ask<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Cluster) -> T + Send + 'static,
    ) -> Result<T, Box<Status>> {
        let (work, answer) = with_answer(work);
        self.inbox.send(Message::Work(work)).map_err(|_| gone())?;
        answer.await.map_err(|_| gone())
    }

    /// The same for who looks again and again until something has changed.
    pub async fn look<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Cluster) -> T + Send + 'static,
    ) -> Result<T, Box<Status>> {
        let (work, answer) = with_answer(work);
        self.inbox.send(Message::Look(work)).map_err(|_| gone())?;
        answer.await.map_err(|_| gone())
    }

    /// What happened after the tail's place, as soon as something did.
    pub async fn pull(&self, tail: Tail) -> Result<News, Box<Status>> {
        let (reply, answer) = oneshot::channel();
        self.inbox.send(Message::Pull(Pull { tail, reply })).map_err(|_| gone())?;
        answer.await.map_err(|_| gone())?
    }

    pub async fn jump(&self, goal: Goal) -> Result<(), Box<Status>> {
        let (reply, answer) = oneshot::channel();
        self.inbox.send(Message::Jump(goal, reply)).map_err(|_| gone())?;
        answer.await.map_err(|_| gone())
    }

    pub async fn command(&self, command: Command) -> Result<(), Box<Status>> {
        self.ask(move |cluster| {
            cluster.execute(command);
        })
        .await
    }

    pub fn stop(&self) {
        // If it is gone already, that is what was wanted.
        let _ = self.inbox.send(Message::Stop);
    }
}

/// The engine's own side.
struct Room {
    cluster: Cluster,
    journal: Option<Journal>,
    pace: Pace,
    inbox: Receiver<Message>,
    parked: Vec<Pull>,
    /// The revision up to which the parked readers were looked after.
    looked_after: u64,
    /// When somebody outside was told something last, and how many have not come back since.
    told: Option<Instant>,
    away: Arc<AtomicUsize>,
    jumps: Vec<(Goal, oneshot::Sender<()>)>,
}

impl Room {
    fn new(
        cluster: Cluster,
        journal: Option<Journal>,
        speed: Speed,
        inbox: Receiver<Message>,
    ) -> Self {
        let pace = Pace::new(speed, Instant::now(), cluster.now());
        Room {
            cluster,
            journal,
            pace,
            inbox,
            parked: Vec::new(),
            looked_after: 0,
            told: None,
            away: Arc::default(),
            jumps: Vec::new(),
        }
    }

    fn run(mut self) {
        loop {
            self.advance();
            self.look_after_readers();
            let first = match self.inbox.recv_timeout(self.nap()) {
                Ok(message) => Some(message),
                Err(RecvTimeoutError::Timeout) => None,
                Err(RecvTimeoutError::Disconnected) => break,
            };
            let waiting: Vec<Message> = first.into_iter().chain(self.inbox.try_iter()).collect();
            let mut stops = false;
            for message in waiting {
                stops |= matches!(message, Message::Stop);
                self.take(message);
            }
            if stops {
                break;
            }
        }
        self.save();
        if let Some(journal) = &mut self.journal {
            journal.mark(self.cluster.now());
        }
    }

    // ---- time ----

    /// Runs a slice towards where virtual time should be.
    fn advance(&mut self) {
        let wall = Instant::now();
        let slice = wall + SLICE;
        let mut go_on = || Instant::now() < slice;
        if let Some((goal, _)) = self.jumps.first() {
            if !self.holds_for_readers(wall) {
                let end = goal_end(&self.cluster, *goal);
                self.cluster.run_within(end, &mut go_on);
                self.pace.rebase(Instant::now(), self.cluster.now());
                self.finish_jump();
            }
            return;
        }
        match self.pace.target(wall) {
            Some(_) if self.is_talked_to(wall) => self.pace.rebase(wall, self.cluster.now()),
            Some(target) => {
                if target > self.cluster.now() {
                    self.cluster.run_within(target, &mut go_on);
                }
                let wall = Instant::now();
                if self.pace.is_too_slow(self.cluster.now(), wall) {
                    self.pace.rebase(wall, self.cluster.now());
                }
            }
            None if self.is_at_rest() || self.holds_for_readers(wall) => {}
            None => {
                let (revision, until) = (self.cluster.server().revision(), self.rest_at());
                let cluster = &mut self.cluster;
                // Whoever reads is told of each change before the next happens.
                while cluster.server().revision() == revision && Instant::now() < slice {
                    let Some(at) = cluster.next_event_at().filter(|at| *at <= until) else {
                        cluster.run_until(until);
                        break;
                    };
                    cluster.run_until(at);
                }
            }
        }
    }

    fn rest_at(&self) -> SimTime {
        self.cluster.changed_at() + REST
    }

    fn is_at_rest(&self) -> bool {
        self.rest_at() <= self.cluster.now()
    }

    /// Whether readers that were told something have not had the time to react.
    fn holds_for_readers(&self, wall: Instant) -> bool {
        let patience = if self.away.load(Ordering::Relaxed) > 0 { PATIENCE } else { REACTION };
        self.told.is_some_and(|told| wall < told + patience)
    }

    /// Whether a patient clock stands still: somebody talks and nobody waits.
    fn is_talked_to(&self, wall: Instant) -> bool {
        self.pace.speed == Speed::Patient
            && self.parked.is_empty()
            && self.told.is_some_and(|told| wall < told + SILENCE)
    }

    fn finish_jump(&mut self) {
        let now = self.cluster.now();
        let is_there = self.jumps.first().is_some_and(|(goal, _)| match goal {
            Goal::Until(until) => now >= *until,
            Goal::Calm { quiet, end } => now >= *end || self.cluster.changed_at() + *quiet <= now,
        });
        if is_there {
            self.save();
            let (_, reply) = self.jumps.remove(0);
            let _ = reply.send(());
        }
    }

    /// How long nothing can happen unless somebody asks.
    fn nap(&self) -> Duration {
        let wall = Instant::now();
        if !self.jumps.is_empty() {
            return if self.holds_for_readers(wall) { REACTION } else { Duration::ZERO };
        }
        match self.pace.speed {
            Speed::Max if self.is_at_rest() => NAP_MAX,
            Speed::Max if self.holds_for_readers(wall) => Duration::from_millis(1),
            Speed::Max => Duration::ZERO,
            Speed::Patient if self.is_talked_to(wall) => SLICE,
            Speed::Times(_) | Speed::Patient => {
                let next = self.cluster.next_event_at();
                next.map_or(NAP_MAX, |at| self.pace.wait_for(at, wall)).min(NAP_MAX)
            }
        }
    }

    // ---- messages ----

    fn take(&mut self, message: Message) {
        match message {
            Message::Work(work) => {
                self.work(work);
                self.told = Some(Instant::now());
            }
            Message::Look(work) => self.work(work),
            Message::Pull(pull) => {
                if let Some(pull) = self.answer(pull) {
                    self.parked.push(pull);
                }
            }
            Message::Jump(goal, reply) => self.jumps.push((goal, reply)),
            Message::Stop => {}
        }
    }

    fn work(&mut self, work: Work) {
        if self.jumps.is_empty() {
            self.catch_up();
        }
        let done = work(&mut self.cluster);
        self.save();
        // Who is told of a revision has been told of everything up to it.
        self.look_after_readers();
        done();
    }

    /// A request is answered at the moment at which it came.
    fn catch_up(&mut self) {
        if self.is_talked_to(Instant::now()) {
            return;
        }
        if let Some(target) = self.pace.target(Instant::now())
            && target > self.cluster.now()
        {
            let slice = Instant::now() + SLICE;
            self.cluster.run_within(target, &mut || Instant::now() < slice);
        }
    }

    fn save(&mut self) {
        let log = self.cluster.take_log();
        if let Some(journal) = &mut self.journal {
            journal.append(&log, self.cluster.now());
        }
    }

    // ---- readers ----

    fn look_after_readers(&mut self) {
        let revision = self.cluster.server().revision();
        if revision == self.looked_after {
            return;
        }
        self.looked_after = revision;
        let parked = std::mem::take(&mut self.parked);
        for pull in parked {
            if let Some(pull) = self.answer(pull) {
                self.parked.push(pull);
            }
        }
    }

    /// Gives a reader its news; without any it comes back to wait. One that left is dropped.
    fn answer(&mut self, mut pull: Pull) -> Option<Pull> {
        if pull.reply.is_closed() {
            return None;
        }
        let mut events = Vec::new();
        let read = self.cluster.read_tail(&mut pull.tail, BATCH_MAX, &mut events);
        let answer = match read {
            Err(error) => Err(error.status()),
            Ok(()) if events.is_empty() => return Some(pull),
            Ok(()) => {
                let (time, away) = (self.cluster.time(), Away::new(&self.away));
                Ok(News { tail: pull.tail, events, time, _away: away })
            }
        };
        // One that left meanwhile needs no news.
        if pull.reply.send(answer).is_ok() {
            self.told = Some(Instant::now());
        }
        None
    }
}

fn goal_end(cluster: &Cluster, goal: Goal) -> SimTime {
    match goal {
        Goal::Until(until) => until,
        Goal::Calm { quiet, end } => (cluster.changed_at() + quiet).max(cluster.now()).min(end),
    }
}
