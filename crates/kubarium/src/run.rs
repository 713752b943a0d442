//! `kubarium run`: a steps file in, its transcript out.

use std::fs;
use std::path::{Path, PathBuf};

use cluster::Cluster;
use cluster::transcript::{Runner, Step, parse};

use crate::{Shape, drive};

/// Runs each file on a cluster of its own.
pub fn run(steps: &[PathBuf], kubectl: Option<&Path>, shape: &Shape) -> Result<(), String> {
    for path in steps {
        let text = match kubectl {
            Some(kubectl) => {
                let file = steps_file(path);
                let text = fs::read_to_string(&file);
                let text = text.map_err(|e| format!("{}: {e}", file.display()))?;
                drive::transcript(&file, &parsed(path, &text)?, kubectl, shape)?
            }
            None => transcript(path, shape)?,
        };
        print!("{text}");
    }
    Ok(())
}

fn parsed(path: &Path, text: &str) -> Result<Vec<Step>, String> {
    parse(text).map_err(|bad| format!("{}:{}: {:?} is no step", path.display(), bad.line, bad.text))
}

/// The file itself, or `steps.txt` in a folder.
fn steps_file(path: &Path) -> PathBuf {
    if path.is_dir() { path.join("steps.txt") } else { path.to_owned() }
}

/// A runner that has the files beside the steps in its working directory.
pub fn runner(path: &Path, shape: &Shape) -> Result<(Runner, String), String> {
    let file = steps_file(path);
    let text = fs::read_to_string(&file).map_err(|e| format!("{}: {e}", file.display()))?;
    let mut runner = Runner::new(Cluster::new(shape.config()));
    // The parent of a bare file name is the empty path, which no one can list.
    let parent = file.parent().filter(|parent| !parent.as_os_str().is_empty());
    let folder = parent.unwrap_or(Path::new("."));
    let entries = fs::read_dir(folder).map_err(|e| format!("{}: {e}", folder.display()))?;
    let mut beside: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
    beside.sort();
    for other in beside {
        let is_manifest =
            other.extension().is_some_and(|ext| ext == "yaml" || ext == "yml" || ext == "json");
        let name = other.file_name().map(|name| name.to_string_lossy().into_owned());
        if let (true, Some(name)) = (other.is_dir(), &name) {
            runner.make_folder(name);
        }
        if let (true, Some(name), Ok(text)) = (is_manifest, name, fs::read_to_string(&other)) {
            runner.write_file(&name, text);
        }
    }
    Ok((runner, text))
}

fn transcript(path: &Path, shape: &Shape) -> Result<String, String> {
    let (runner, text) = runner(path, shape)?;
    Ok(runner.run(&parsed(path, &text)?))
}
