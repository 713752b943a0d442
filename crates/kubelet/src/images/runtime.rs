//! Language runtimes: with a command they run it, without one their prompt has nobody to talk to.

use std::sync::Arc;

use api::core::container::Container;
use client::fabric::{HttpRequest, HttpResponse, Image, Next, Port, Profile, Program, World};
use clock::Duration;

use super::generic::Application;
use super::{Catalogued, one};

/// `python -m http.server [PORT]`.
#[derive(Debug)]
struct FileServer {
    port: [Port; 1],
}

impl Program for FileServer {
    fn ports(&self) -> &[Port] {
        &self.port
    }

    fn step(&self, world: &mut World<'_>) -> Next {
        let port = self.port.first().map_or(0, |port| port.number());
        world.log(format!("Serving HTTP on 0.0.0.0 port {port} (http://0.0.0.0:{port}/) ..."));
        Next::Serve(Duration::from_millis(150))
    }

    fn http(&self, world: &mut World<'_>, request: &HttpRequest<'_>) -> HttpResponse {
        let took = Duration::from_micros(world.rng.between(500, 1500));
        world.log(format!("{} - - \"GET {} HTTP/1.1\" 200 -", request.client, request.path));
        let title = "Directory listing for /";
        HttpResponse::new(200, format!("<!DOCTYPE HTML>\n<title>{title}</title>\n"), took)
    }

    fn profile(&self) -> Profile {
        Profile { idle_cpu_milli: 1, memory_bytes: 12 << 20, cpu_micros_per_request: 500 }
    }
}

#[derive(Debug)]
struct Prompt;

impl Program for Prompt {
    fn step(&self, _: &mut World<'_>) -> Next {
        Next::Exit(0)
    }
}

fn make(_: &str, container: &Container) -> Arc<dyn Program> {
    let words: Vec<&str> =
        container.command.iter().chain(&container.args).map(|word| word.as_str()).collect();
    match words.as_slice() {
        [] => Arc::new(Prompt),
        [_, "-m", "http.server", rest @ ..] => {
            let port = rest.first().and_then(|port| port.parse().ok()).unwrap_or(8000);
            Arc::new(FileServer { port: [Port::Http(port)] })
        }
        _ => Arc::new(Application::new(container)),
    }
}

pub fn images() -> Vec<Arc<dyn Image>> {
    let list = [
        ("golang", 300_000_000),
        ("node", 390_000_000),
        ("openjdk", 240_000_000),
        ("python", 370_000_000),
        ("ruby", 330_000_000),
    ];
    list.into_iter()
        .map(|(repository, size_bytes)| {
            let binaries =
                &["go", "java", "node", "npm", "python", "python3", "ruby", "docker-entrypoint.sh"];
            one(Catalogued { repository, size_bytes, uniform: false, binaries, make })
        })
        .collect()
}
