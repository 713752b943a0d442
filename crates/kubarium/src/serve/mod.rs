//! `kubarium serve`: the Kubernetes REST API over one engine, with the page beside it.

#![allow(clippy::disallowed_types, reason = "here the wall clock decides how far to run")]

mod connection;
mod control;
mod engine;
mod handler;
mod host;
mod identity;
mod journal;
mod pace;
mod page;
mod streams;
mod terminal;
mod users;
mod watch;

use std::io::Write;
use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::time::{SystemTime, UNIX_EPOCH};

use clap::Args;
use cluster::Cluster;
use cluster::transcript::settle;

use crate::Shape;
pub use engine::Goal;
use host::Server;
pub use host::{Beginning, Host};
pub use identity::{Access, Identity, write_private};
use journal::Journal;
pub use pace::Speed;
pub use users::tokens;

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

pub fn unix_now() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_secs()).unwrap_or(i64::MAX)
}

/// Says something to whoever still reads.
fn tell(line: &str) {
    let _ = writeln!(std::io::stdout(), "{line}");
}

/// A cluster that has come up.
pub fn fresh(config: cluster::Config) -> Cluster {
    let mut cluster = Cluster::new(config);
    settle(&mut cluster, clock::Duration::from_millis(1_600), clock::Duration::from_secs(60));
    cluster
}

fn begin(options: &Options, shape: &Shape) -> Result<Beginning, String> {
    let new_identity = || {
        let mut identity = Identity::new(options.address)?;
        if let Some(token) = &options.token {
            identity.token.clone_from(token);
        }
        Ok::<_, String>(identity)
    };
    if let Some(path) = options.state.as_deref().filter(|path| path.exists()) {
        let saved = journal::read(path)?;
        let journal = Journal::reopen(path, &saved)?;
        let identity = saved.identity.clone().map_or_else(new_identity, Ok)?;
        let count = saved.log.len();
        tell(&format!("state {}: {count} commands are played again", path.display()));
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
    let at = SocketAddr::new(options.address, options.port);
    let host = Host::start(begin(options, shape)?, at, options.speed, &options.page)?;
    let server = format!("https://{}", host.address);
    let administrator = Access { server: &server, user: "kubernetes-admin", ..Access::default() };
    let text = host.identity.kubeconfig(&administrator, &host.identity.token);
    identity::write_private(&options.kubeconfig, &text)?;
    tell(&format!("the API and the page: {server}/ and http://{}/", host.address));
    tell(&format!("export KUBECONFIG={}", options.kubeconfig.display()));
    host.runtime.block_on(told_to_stop());
    host.stop()
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
