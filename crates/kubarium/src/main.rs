//! The native program: the API over HTTP, transcripts in virtual time, pictures, benchmarks.

mod bench;
mod drive;
mod render;
mod run;
mod serve;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Parser, Subcommand};

/// Kubernetes in one deterministic program.
#[derive(Parser)]
#[command(name = "kubarium", version)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Execute the commands of steps files in virtual time and print the transcript.
    Run {
        /// Files in the form of a recording's steps.txt, or folders that hold one.
        #[arg(required = true)]
        steps: Vec<PathBuf>,
        /// By this kubectl over HTTP instead of the project's own.
        #[arg(long)]
        kubectl: Option<PathBuf>,
        #[command(flatten)]
        shape: Shape,
    },
    /// Write the picture of a cluster at a moment as SVG.
    Render {
        /// A steps file to run first.
        steps: Option<PathBuf>,
        /// Seconds of virtual time to let pass after the steps.
        #[arg(long, default_value_t = 5.0)]
        after: f64,
        #[arg(long, default_value = "1440x900")]
        size: String,
        #[arg(long)]
        dark: bool,
        /// `en` or `ko`.
        #[arg(long, default_value = "en")]
        lang: String,
        /// Where to write; standard output if absent.
        #[arg(long, short)]
        output: Option<PathBuf>,
        #[command(flatten)]
        shape: Shape,
    },
    /// Serve the Kubernetes API of a cluster, and the page beside it.
    Serve {
        #[command(flatten)]
        options: serve::Options,
        #[command(flatten)]
        shape: Shape,
    },
    /// Measure the engine.
    Bench {
        /// Print JSON instead of a table.
        #[arg(long)]
        json: bool,
    },
}

/// What the cluster is made of.
#[derive(Args, Clone)]
pub struct Shape {
    /// Number of workers.
    #[arg(long, default_value_t = 3)]
    nodes: u32,
    #[arg(long, default_value = "4")]
    node_cpu: String,
    #[arg(long, default_value = "8Gi")]
    node_memory: String,
    /// Add a node for the control plane, with its pods.
    #[arg(long)]
    control_plane: bool,
    /// Behave as the recorded clusters: all images preloaded, statuses as their emulated kubelets
    /// left them.
    #[arg(long)]
    as_recorded: bool,
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// A KubeSchedulerConfiguration: profiles, plugins, weights, scoring strategies.
    #[arg(long, value_name = "FILE", value_parser = scheduler_config)]
    scheduler_config: Option<serde_json::Value>,
}

fn scheduler_config(path: &str) -> Result<serde_json::Value, String> {
    let text = std::fs::read_to_string(path).map_err(|e| e.to_string())?;
    let parsed = yaml::parse(&text, &yaml::Limits::default());
    let document = parsed.documents.first().ok_or("the file holds no configuration")?;
    cluster::SchedulerConfig::from_value(&document.value)?;
    Ok(document.value.clone())
}

impl Shape {
    fn config(&self) -> cluster::Config {
        let mut config = cluster::Config::workers(self.nodes, &self.node_cpu, &self.node_memory);
        for (number, node) in config.nodes.iter_mut().enumerate() {
            if self.nodes <= 3 {
                node.zone = format!("zone-{}", number + 1).into();
            }
        }
        if self.control_plane {
            config.nodes.insert(0, cluster::NodeSpec::control_plane());
            config.system_pods = true;
            config.metrics_server = true;
        }
        config.as_recorded = self.as_recorded;
        config.metrics_server &= !self.as_recorded;
        config.seed = self.seed;
        if let Some(scheduler) = &self.scheduler_config {
            config.scheduler = scheduler.clone();
        }
        config
    }
}

fn main() -> ExitCode {
    let result = match Cli::parse().command {
        Command::Run { steps, kubectl, shape } => run::run(&steps, kubectl.as_deref(), &shape),
        Command::Render { steps, after, size, dark, lang, output, shape } => {
            let look = render::Look { size, dark, lang };
            render::render(steps.as_deref(), after, &look, output.as_deref(), &shape)
        }
        Command::Serve { options, shape } => serve::serve(&options, &shape),
        Command::Bench { json } => {
            bench::bench(json);
            Ok(())
        }
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            eprintln!("kubarium: {message}");
            ExitCode::FAILURE
        }
    }
}
