//! Servers whose answer names the pod.

use std::sync::Arc;

use apimachinery::time::Time;
use client::fabric::{
    HttpRequest, HttpResponse, Image, Next, Place, Port, Process, Profile, Program, Stop, World,
};
use clock::Duration;

use super::{Catalogued, after, http_date, one};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Style {
    /// google-samples/hello-app
    HelloApp,
    /// echoserver
    Echo,
    /// A line of text: whoami and the like.
    WhoAmI,
}

#[derive(Debug)]
struct Hello {
    style: Style,
    version: String,
    port: [Port; 1],
}

type Make = fn(&str, &api::core::container::Container) -> Arc<dyn Program>;

fn version(tag: &str) -> String {
    match tag.trim_start_matches('v') {
        "latest" => "1.0.0".to_owned(),
        tag if tag.matches('.').count() == 1 => format!("{tag}.0"),
        tag => tag.to_owned(),
    }
}

fn hello(tag: &str, style: Style, port: u16) -> Arc<dyn Program> {
    Arc::new(Hello { style, version: version(tag), port: [Port::Http(port)] })
}

pub fn images() -> Vec<Arc<dyn Image>> {
    let list: [(&'static str, u64, Make); 12] = [
        ("gcr.io/google-samples/hello-app", 11_500_000, |t, _| hello(t, Style::HelloApp, 8080)),
        ("gcr.io/google-samples/node-hello", 250_000_000, |t, _| hello(t, Style::HelloApp, 8080)),
        ("us-docker.pkg.dev/google-samples/containers/gke/hello-app", 11_500_000, |t, _| {
            hello(t, Style::HelloApp, 8080)
        }),
        ("gcr.io/google_containers/echoserver", 46_000_000, |t, _| hello(t, Style::Echo, 8080)),
        ("k8s.gcr.io/echoserver", 46_000_000, |t, _| hello(t, Style::Echo, 8080)),
        ("registry.k8s.io/echoserver", 46_000_000, |t, _| hello(t, Style::Echo, 8080)),
        ("kicbase/echo-server", 4_900_000, |t, _| hello(t, Style::Echo, 8080)),
        ("ealen/echo-server", 47_000_000, |t, _| hello(t, Style::Echo, 80)),
        ("hashicorp/http-echo", 5_500_000, |t, _| hello(t, Style::WhoAmI, 5678)),
        ("traefik/whoami", 2_900_000, |t, _| hello(t, Style::WhoAmI, 80)),
        ("kubarium/hello", 4_000_000, |t, _| hello(t, Style::HelloApp, 8080)),
        ("nginxdemos/hello", 17_000_000, |t, _| hello(t, Style::WhoAmI, 80)),
    ];
    list.into_iter()
        .map(|(repository, size_bytes, make)| {
            one(Catalogued {
                repository,
                size_bytes,
                uniform: true,
                binaries: &["hello-app"],
                make,
            })
        })
        .collect()
}

impl Program for Hello {
    fn ports(&self) -> &[Port] {
        &self.port
    }

    fn step(&self, _: &mut World<'_>) -> Next {
        Next::Serve(Duration::from_millis(20))
    }

    fn boot_log(&self, _: &Place, _: &Process, started: Time) -> Vec<(Duration, String)> {
        let port = self.port.first().map_or(0, |port| port.number());
        let at = Duration::from_millis(18);
        let c = after(started, at).civil();
        let line = format!(
            "{:04}/{:02}/{:02} {:02}:{:02}:{:02} Server listening on port {port}",
            c.year, c.month, c.day, c.hour, c.minute, c.second
        );
        vec![(at, line)]
    }

    fn http(&self, world: &mut World<'_>, request: &HttpRequest<'_>) -> HttpResponse {
        let time = world.time();
        let c = time.civil();
        let (host, ip) = match world.place() {
            Some(place) => (place.hostname().to_owned(), place.address.to_string()),
            None => return HttpResponse::new(500, "", Duration::ZERO),
        };
        world.log(format!(
            "{:04}/{:02}/{:02} {:02}:{:02}:{:02} Serving request: {}",
            c.year, c.month, c.day, c.hour, c.minute, c.second, request.path
        ));
        let version = &self.version;
        let body = match self.style {
            Style::HelloApp => format!("Hello, world!\nVersion: {version}\nHostname: {host}\n"),
            Style::Echo => format!(
                "\n\nHostname: {host}\n\nPod Information:\n\tpod name:\t{host}\n\tpod IP:\t{ip}\n\n\
                 Request Information:\n\tclient_address={}\n\tmethod={}\n\treal path={}\n\
                 \trequest_version=1.1\n\trequest_uri=http://{}{}\n\nRequest Headers:\n\
                 \thost={}\n\tuser-agent={}\n\nRequest Body:\n\t-no body in request-\n\n",
                request.client,
                request.method,
                request.path,
                request.host,
                request.path,
                request.host,
                request.user_agent
            ),
            Style::WhoAmI => {
                let container = world.place().and_then(|place| place.container(world.container));
                let text = container.and_then(|container| {
                    container.args.iter().find_map(|arg| arg.strip_prefix("-text="))
                });
                match text {
                    Some(text) => format!("{text}\n"),
                    None => format!(
                        "Hostname: {host}\nIP: 127.0.0.1\nIP: {ip}\nRemoteAddr: {}\n{} {} \
                         HTTP/1.1\nHost: {}\nUser-Agent: {}\n",
                        request.client,
                        request.method,
                        request.path,
                        request.host,
                        request.user_agent
                    ),
                }
            }
        };
        let took = Duration::from_micros(world.rng.between(100, 400));
        let mut answer = HttpResponse::new(200, body, took);
        answer.headers = vec![
            ("Date", http_date(time)),
            ("Content-Length", answer.body.len().to_string()),
            ("Content-Type", "text/plain; charset=utf-8".to_owned()),
        ];
        answer
    }

    fn stop(&self) -> Stop {
        Stop::After(Duration::from_millis(100), 2)
    }

    fn profile(&self) -> Profile {
        Profile { idle_cpu_milli: 1, memory_bytes: 4 << 20, cpu_micros_per_request: 60 }
    }
}
