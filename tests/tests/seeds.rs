//! What the seeds teach runs on the real cluster, in kubectl's words: the stories in `stories/`.

#![cfg(not(target_arch = "wasm32"))]
#![allow(clippy::expect_used)]

use std::fs;
use std::path::Path;

use cluster::Config;
use tests::story;
use tests::terminal::Terminal;

fn text(path: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
    fs::read_to_string(&path).unwrap_or_else(|why| panic!("{}: {why}", path.display()))
}

fn play(name: &str) {
    let mut terminal = Terminal::new(Config::default());
    let files = |name: &str| text(&format!("data/{name}"));
    story::play(&mut terminal, &text(&format!("stories/{name}.txt")), &files);
}

macro_rules! stories {
    ($($test:ident $name:literal),* $(,)?) => {
        $(#[test] fn $test() { play($name); })*

        #[test]
        fn every_story_is_played() {
            let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("stories");
            let mut names: Vec<String> = fs::read_dir(folder)
                .expect("the folder")
                .flatten()
                .map(|entry| entry.file_name().to_string_lossy().replace(".txt", ""))
                .collect();
            names.sort();
            assert_eq!(names, [$($name),*]);
        }
    };
}

stories! {
    autoscaling "autoscaling",
    declarative "declarative",
    images "images",
    imperative "imperative",
    lasting_volumes "lasting-volumes",
    shared_volumes "shared-volumes",
}
