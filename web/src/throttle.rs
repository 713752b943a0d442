//! Calls at most once in a while; the last call is never lost.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use gloo::timers::callback::Timeout;

struct Inner {
    every_ms: u32,
    act: Box<dyn Fn()>,
    last_ms: Cell<f64>,
    timer: RefCell<Option<Timeout>>,
}

/// Dropping it cancels what is due.
pub struct Throttle(Rc<Inner>);

impl Throttle {
    pub fn new(every_ms: u32, act: impl Fn() + 'static) -> Self {
        Throttle(Rc::new(Inner {
            every_ms,
            act: Box::new(act),
            last_ms: Cell::new(f64::NEG_INFINITY),
            timer: RefCell::new(None),
        }))
    }

    pub fn call(&self) {
        let now = crate::engine::now_ms();
        let wait = self.0.last_ms.get() + f64::from(self.0.every_ms) - now;
        if wait <= 0.0 {
            self.0.last_ms.set(now);
            (self.0.act)();
        } else if self.0.timer.borrow().is_none() {
            let weak = Rc::downgrade(&self.0);
            *self.0.timer.borrow_mut() = Some(Timeout::new(wait.ceil() as u32, move || {
                let Some(inner) = weak.upgrade() else { return };
                if let Some(fired) = inner.timer.borrow_mut().take() {
                    fired.forget();
                }
                inner.last_ms.set(crate::engine::now_ms());
                (inner.act)();
            }));
        }
    }
}
