//! A server that runs: the engine on its thread, the connections on theirs.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

use cluster::Cluster;
use tokio::net::TcpListener;
use tokio::runtime::{Builder, Runtime};

use super::connection;
use super::engine::Engine;
use super::identity::Identity;
use super::journal::Journal;
use super::pace::Speed;

/// How long open connections may take to end.
const FAREWELL: Duration = Duration::from_millis(200);

/// What every connection shares.
pub struct Server {
    pub engine: Engine,
    pub catalog: rest::Catalog,
    pub page: PathBuf,
    /// Where clients are told that the server is.
    pub address: String,
}

/// The identity, the state on disk, and how the cluster is made on its own thread.
pub struct Beginning {
    pub identity: Identity,
    pub journal: Option<Journal>,
    pub make: Box<dyn FnOnce() -> Cluster + Send>,
}

pub struct Host {
    pub runtime: Runtime,
    pub engine: Engine,
    pub address: SocketAddr,
    pub identity: Identity,
    thread: JoinHandle<()>,
}

impl Host {
    /// Listens, and returns when the cluster has come up.
    pub fn start(
        begun: Beginning,
        at: SocketAddr,
        speed: Speed,
        page: &Path,
    ) -> Result<Self, String> {
        let runtime =
            Builder::new_multi_thread().enable_all().build().map_err(|e| e.to_string())?;
        let listener = runtime.block_on(TcpListener::bind(at)).map_err(|e| format!("{at}: {e}"))?;
        let address = listener.local_addr().map_err(|e| e.to_string())?;
        let tls = begun.identity.tls()?;
        let (engine, thread) =
            Engine::start(begun.make, begun.journal, speed).map_err(|e| e.to_string())?;
        runtime.block_on(engine.ask(|_| ())).map_err(|status| status.message)?;
        let (catalog, page) = (rest::Catalog::builtin(), page.to_owned());
        let server = Arc::new(Server {
            engine: engine.clone(),
            catalog,
            page,
            address: address.to_string(),
        });
        runtime.spawn(connection::accept(listener, tls, server));
        Ok(Host { runtime, engine, address, identity: begun.identity, thread })
    }

    /// Ends the connections, then the engine, which writes down the rest of the state.
    pub fn stop(self) -> Result<(), String> {
        self.runtime.shutdown_timeout(FAREWELL);
        self.engine.stop();
        self.thread.join().map_err(|_| "the engine stopped with a fault".to_owned())
    }
}
