//! Runs the shared session natively, so that the same test in the browser has something to be
//! equal to.

#[path = "src/session.rs"]
mod session;

fn main() {
    println!("cargo::rerun-if-changed=src/session.rs");
    let (hash, printed) = session::run();
    println!("cargo::rustc-env=KUBARIUM_NATIVE_HASH={hash:016x}");
    println!("cargo::rustc-env=KUBARIUM_NATIVE_LINES={}", printed.lines().count());
}
