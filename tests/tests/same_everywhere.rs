//! The same input gives the same bytes natively and in the browser: these run in both.
#![allow(clippy::unwrap_used)]

#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::{wasm_bindgen_test as test, wasm_bindgen_test_configure};

#[cfg(target_arch = "wasm32")]
wasm_bindgen_test_configure!(run_in_browser);

const TEMPLATE: &str = "\
metadata:
  creationTimestamp: null
  labels: {app: web}
spec:
  containers:
  - image: nginx:1.29
    name: nginx
    resources:
      limits: {memory: 0x10}
    ports:
    - {containerPort: 0o120, protocol: TCP}
  hostNetwork: yes
";

const PRINTED: &str = "\
metadata:
  creationTimestamp: null
  labels:
    app: web
spec:
  containers:
  - image: nginx:1.29
    name: nginx
    ports:
    - containerPort: 80
      protocol: TCP
    resources:
      limits:
        memory: 16
  hostNetwork: true
";

#[test]
fn one_seed_draws_the_same_numbers() {
    let drawn = [0, 42, u64::MAX].map(|seed| {
        let mut rng = clock::Rng::new(seed);
        [rng.next_u64(), rng.below(1_000_000), rng.between(30, 32_767)]
    });
    let expected = [
        [6_024_258_779_542_272_926, 288_772, 20_536],
        [14_747_692_588_814_811_332, 904_295, 31_277],
        [17_213_421_101_149_627_700, 376_911, 27_238],
    ];
    assert_eq!(drawn, expected);
}

#[test]
fn a_template_has_the_same_hash_and_text() {
    let parsed = yaml::parse(TEMPLATE, &yaml::Limits::default());
    assert!(parsed.diagnostics.is_empty(), "{:?}", parsed.diagnostics);
    let template = &parsed.documents.first().unwrap().value;
    assert_eq!(apimachinery::template_hash::pod_template_hash(template, None), "5c68569cd7");
    assert_eq!(yaml::to_yaml(template), PRINTED);
}

#[test]
fn an_error_in_a_manifest_has_the_same_words_and_place() {
    let parsed = yaml::parse("kind: Pod\nspec:\n  - a\n b: 1\n", &yaml::Limits::default());
    let found: Vec<_> =
        parsed.diagnostics.iter().map(|d| (d.span.start.line, &*d.message)).collect();
    assert_eq!(found, [(4, "yaml: line 3: did not find expected key")]);
}
