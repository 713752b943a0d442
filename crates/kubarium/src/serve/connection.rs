//! One port for both: a connection that begins as TLS does is TLS, another is plain HTTP.

use std::sync::Arc;
use std::time::Duration;

use axum::{Extension, Router};
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto::Builder;
use hyper_util::service::TowerToHyperService;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;

use super::Server;
use super::users::Shown;
use super::{handler, identity};

/// The first byte of a TLS handshake.
const HANDSHAKE: u8 = 0x16;
/// How long a client may take to say what it speaks.
const HELLO_MAX: Duration = Duration::from_secs(10);

pub async fn accept(listener: TcpListener, tls: Arc<ServerConfig>, server: Arc<Server>) {
    let acceptor = TlsAcceptor::from(tls);
    let router = Router::new().fallback(handler::handle).with_state(server);
    loop {
        let stream = match listener.accept().await {
            Ok((stream, _)) => stream,
            // Out of file handles, or a client that left: others may do better in a moment.
            Err(_) => {
                tokio::time::sleep(Duration::from_millis(50)).await;
                continue;
            }
        };
        tokio::spawn(serve(stream, acceptor.clone(), router.clone()));
    }
}

async fn serve(stream: TcpStream, acceptor: TlsAcceptor, router: Router) {
    // Watches send small pieces that should not wait for each other.
    let _ = stream.set_nodelay(true);
    let mut first = [0u8];
    match tokio::time::timeout(HELLO_MAX, stream.peek(&mut first)).await {
        Ok(Ok(1)) => {}
        _ => return,
    }
    if first != [HANDSHAKE] {
        return speak(stream, router).await;
    }
    if let Ok(Ok(stream)) = tokio::time::timeout(HELLO_MAX, acceptor.accept(stream)).await {
        let certificate = stream.get_ref().1.peer_certificates().and_then(|all| all.first());
        let shown = Shown(certificate.map(|one| identity::pem(one)).unwrap_or_default());
        speak(stream, router.layer(Extension(shown))).await;
    }
}

async fn speak(stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static, router: Router) {
    let service = TowerToHyperService::new(router);
    let builder = Builder::new(TokioExecutor::new());
    // A connection that breaks off has nobody left to be told.
    let _ = builder.serve_connection_with_upgrades(TokioIo::new(stream), service).await;
}
