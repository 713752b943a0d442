//! `kubarium render`: the picture of a cluster at a moment, as SVG.

use std::fs;
use std::path::Path;

use cluster::transcript::{Runner, parse};
use cluster::{Cluster, Feed};
use clock::Duration;

use crate::{Shape, run};

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
    let svg = picture(&cluster, size, look)?;
    match output {
        Some(path) => fs::write(path, svg).map_err(|e| format!("{}: {e}", path.display())),
        None => {
            print!("{svg}");
            Ok(())
        }
    }
}
