//! The page in a real browser, without a server.
#![cfg(target_arch = "wasm32")]
#![allow(clippy::unwrap_used)]

use wasm_bindgen_test::{wasm_bindgen_test, wasm_bindgen_test_configure};

wasm_bindgen_test_configure!(run_in_browser);

#[wasm_bindgen_test]
async fn the_page_mounts_into_its_element() {
    let document = gloo::utils::document();
    let app = document.create_element("div").unwrap();
    app.set_id("app");
    document.body().unwrap().append_child(&app).unwrap();
    web::start();
    gloo::timers::future::TimeoutFuture::new(50).await;
    let title = app.query_selector("h1").unwrap().map(|h1| h1.text_content());
    assert_eq!(title, Some(Some("Kubarium".to_owned())));
}
