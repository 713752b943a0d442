//! `kubarium serve`: the Kubernetes REST API over one engine, with the page beside it.

#![allow(clippy::disallowed_types, reason = "here the wall clock decides how far to run")]

mod connection;
mod control;
mod engine;
mod handler;
mod identity;
mod journal;
mod pace;
mod page;
mod users;
mod watch;

use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use clap::Args;
use cluster::Cluster;
use cluster::transcript::settle;
use tokio::net::TcpListener;

use crate::Shape;
use engine::Engine;
use identity::Identity;
use journal::Journal;
use pace::Speed;

#[derive(Args)]
pub struct Options {
    #[arg(long, default_value_t = 8001)]
    port: u16,
    /// Where to listen; others than this machine can only connect if this says so.
    #[arg(long, default_value = "127.0.0.1")]
    address: IpAddr,
    /// Virtual seconds in one second: a number, or `max` to run until nothing happens any more.
    #[arg(long, default_value = "1")]
    speed: Speed,
    /// Keep the cluster here, and go on with it if it is there already.
    #[arg(long)]
    state: Option<PathBuf>,
    /// Where to write the kubeconfig.
    #[arg(long, default_value = "kubarium.kubeconfig")]
    kubeconfig: PathBuf,
    /// Further users, a line `token,user,uid,"group,group"` each.
    #[arg(long)]
    token_auth_file: Option<PathBuf>,
    /// The administrator's token; a random one if absent.
    #[arg(long)]
    token: Option<String>,
    /// The built page, served beside the API.
    #[arg(long, default_value = "dist")]
    page: PathBuf,
    /// Unix seconds at the cluster's birth; now if absent.
    #[arg(long)]
    epoch: Option<i64>,
}

/// What every connection shares.
pub struct Server {
    engine: Engine,
    catalog: rest::Catalog,
    page: PathBuf,
}

fn unix_now() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_secs()).unwrap_or(i64::MAX)
}

/// A cluster that has come up.
fn fresh(config: cluster::Config) -> Cluster {
    let mut cluster = Cluster::new(config);
    settle(&mut cluster, clock::Duration::from_millis(1_600), clock::Duration::from_secs(60));
    cluster
}

/// The identity, the state on disk, and how the cluster is made on its own thread.
struct Beginning {
    identity: Identity,
    journal: Option<Journal>,
    make: Box<dyn FnOnce() -> Cluster + Send>,
}

fn begin(options: &Options, shape: &Shape) -> Result<Beginning, String> {
    let names = ["localhost", "127.0.0.1", "kubernetes", "kubernetes.default.svc"];
    let mut names: Vec<String> = names.map(str::to_owned).into();
    names.push(options.address.to_string());
    let new_identity = || {
        let mut identity = Identity::new(&names)?;
        if let Some(token) = &options.token {
            identity.token.clone_from(token);
        }
        Ok::<_, String>(identity)
    };
    if let Some(path) = options.state.as_deref().filter(|path| path.exists()) {
        let saved = journal::read(path)?;
        let journal = Journal::reopen(path, &saved)?;
        let identity = saved.identity.clone().map_or_else(new_identity, Ok)?;
        println!("state {}: {} commands are played again", path.display(), saved.log.len());
        return Ok(Beginning {
            identity,
            journal: Some(journal),
            make: Box::new(|| saved.cluster()),
        });
    }
    let identity = new_identity()?;
    let mut config = shape.config();
    config.epoch = options.epoch.unwrap_or_else(unix_now);
    config.tokens = users::tokens(&identity.token, options.token_auth_file.as_deref())?;
    let journal = match &options.state {
        Some(path) => Some(Journal::create(path, &config, &identity)?),
        None => None,
    };
    Ok(Beginning { identity, journal, make: Box::new(|| fresh(config)) })
}

/// Serves until it is told to stop.
pub fn serve(options: &Options, shape: &Shape) -> Result<(), String> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(|e| e.to_string())?;
    let begun = begin(options, shape)?;
    let (engine, thread) =
        Engine::start(begun.make, begun.journal, options.speed).map_err(|e| e.to_string())?;
    let stopping = engine.clone();
    let server = Server { engine, catalog: rest::Catalog::builtin(), page: options.page.clone() };
    let identity = begun.identity;
    let result = runtime.block_on(run(options, Arc::new(server), &identity));
    runtime.shutdown_timeout(std::time::Duration::from_millis(200));
    stopping.stop();
    if thread.join().is_err() {
        return Err("the engine stopped with a fault".to_owned());
    }
    result
}

async fn run(options: &Options, server: Arc<Server>, identity: &Identity) -> Result<(), String> {
    let at = SocketAddr::new(options.address, options.port);
    let listener = TcpListener::bind(at).await.map_err(|e| format!("{at}: {e}"))?;
    let at = listener.local_addr().map_err(|e| e.to_string())?;
    let tls = identity.tls()?;
    // Requests are answered once the cluster has come up.
    server.engine.ask(|_| ()).await.map_err(|status| status.message)?;
    let text = identity.kubeconfig(&format!("https://{at}"), "kubernetes-admin", &identity.token);
    identity::write_private(&options.kubeconfig, &text)?;
    println!("the API and the page: https://{at}/ and http://{at}/");
    println!("export KUBECONFIG={}", options.kubeconfig.display());
    tokio::select! {
        () = connection::accept(listener, tls, server) => Ok(()),
        () = told_to_stop() => Ok(()),
    }
}

#[cfg(unix)]
async fn told_to_stop() {
    use tokio::signal::unix::{SignalKind, signal};
    let (Ok(mut interrupt), Ok(mut terminate)) =
        (signal(SignalKind::interrupt()), signal(SignalKind::terminate()))
    else {
        return std::future::pending().await;
    };
    tokio::select! {
        _ = interrupt.recv() => {}
        _ = terminate.recv() => {}
    }
}

#[cfg(not(unix))]
async fn told_to_stop() {
    let _ = tokio::signal::ctrl_c().await;
}
