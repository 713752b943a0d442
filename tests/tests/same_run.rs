//! One seed and one list of commands give the same run natively and in the browser: the build
//! script ran the session natively, this runs it here.

#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::{wasm_bindgen_test as test, wasm_bindgen_test_configure};

#[cfg(target_arch = "wasm32")]
wasm_bindgen_test_configure!(run_in_browser);

#[test]
fn the_same_commands_give_the_same_cluster() {
    let (hash, printed) = tests::session::run();
    assert!(printed.contains("deployment.apps/web created"), "{printed}");
    assert_eq!(printed.lines().count().to_string(), env!("KUBARIUM_NATIVE_LINES"), "{printed}");
    assert_eq!(format!("{hash:016x}"), env!("KUBARIUM_NATIVE_HASH"));
}
