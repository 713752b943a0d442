//! `kubarium render`: the picture of a cluster at a moment, as SVG.

use std::fs;
use std::path::Path;

use clock::Duration;
use cluster::transcript::{Runner, parse};
use cluster::{Cluster, Feed};
use scene::{DisplayList, Lang, Model, Stats, Theme, View};

use crate::{Shape, run};

/// A moment of the picture's own clock at which nothing is appearing any more.
const STILL_MS: f64 = 10_000.0;

pub struct Look {
    /// `WIDTHxHEIGHT` in points.
    pub size: String,
    pub dark: bool,
    pub lang: String,
}

pub fn render(
    steps: Option<&Path>,
    after: f64,
    look: &Look,
    output: Option<&Path>,
    shape: &Shape,
) -> Result<(), String> {
    let size = look
        .size
        .split_once('x')
        .and_then(|(w, h)| Some((w.parse::<f32>().ok()?, h.parse::<f32>().ok()?)))
        .ok_or_else(|| format!("{:?} is no size such as 1440x900", look.size))?;
    let mut cluster = match steps {
        Some(path) => {
            let (runner, text) = run::runner(path, shape)?;
            let steps = parse(&text).map_err(|bad| format!("line {} is no step", bad.line))?;
            runner.run_keeping(&steps).0
        }
        None => Runner::new(Cluster::new(shape.config())).cluster,
    };
    let span = Duration::try_from_secs_f64(after).map_err(|e| e.to_string())?;
    cluster.run_until(cluster.now() + span);
    let svg = picture(&mut cluster, size, look)?;
    match output {
        Some(path) => fs::write(path, svg).map_err(|e| format!("{}: {e}", path.display())),
        None => {
            print!("{svg}");
            Ok(())
        }
    }
}

/// The whole cluster as it is now, everything at rest.
fn picture(cluster: &mut Cluster, size: (f32, f32), look: &Look) -> Result<String, String> {
    let lang = match look.lang.as_str() {
        "en" => Lang::En,
        "ko" => Lang::Ko,
        other => return Err(format!("{other:?} is no language: en or ko")),
    };
    let theme = if look.dark { Theme::Dark } else { Theme::Light };
    let update = cluster.update(&mut Feed::default());
    let mut model = Model::new();
    model.apply(&update.changes, update.relisted);
    model.set_stats(Stats {
        now: cluster.now(),
        epoch: cluster.config().epoch,
        revision: cluster.server().revision(),
        objects: cluster.server().object_count() as u64,
        ..Stats::default()
    });
    let view = View { size, lang, paused: true, reduced_motion: true, ..View::default() };
    let mut list = DisplayList::default();
    scene::frame(&mut model, &view, STILL_MS, &mut list);
    Ok(scene::svg(&list, theme))
}
