//! nginx: the entry point's log, access lines, files of the document root.

use std::sync::Arc;

use apimachinery::time::Time;
use client::fabric::{
    HttpRequest, HttpResponse, Image, Next, Output, Place, Port, Process, Profile, Program, Stop,
    World,
};
use clock::Duration;

use super::{Catalogued, after, clf_time, http_date, one};
use crate::shell;

const ROOT: &str = "/usr/share/nginx/html";

#[derive(Debug)]
struct Nginx {
    version: String,
}

pub fn images() -> Vec<Arc<dyn Image>> {
    let make = |repository, size_bytes| {
        one(Catalogued {
            repository,
            size_bytes,
            uniform: true,
            binaries: &["nginx", "nginx-debug", "docker-entrypoint.sh"],
            make: |tag, _| Arc::new(Nginx { version: version(tag) }),
        })
    };
    vec![make("nginx", 72_000_000), make("nginxinc/nginx-unprivileged", 71_000_000)]
}

/// The version that a tag's nginx says it is.
fn version(tag: &str) -> String {
    let number = tag.split('-').next().unwrap_or(tag);
    let numeric = number.bytes().all(|b| b.is_ascii_digit() || b == b'.');
    match number.matches('.').count() {
        _ if !numeric || number.is_empty() => "1.29.3".to_owned(),
        0 => format!("{number}.29.3"),
        1 => format!("{number}.5"),
        _ => number.to_owned(),
    }
}

const ENTRYPOINT: [&str; 9] = [
    "/docker-entrypoint.sh: /docker-entrypoint.d/ is not empty, will attempt to perform \
     configuration",
    "/docker-entrypoint.sh: Looking for shell scripts in /docker-entrypoint.d/",
    "/docker-entrypoint.sh: Launching /docker-entrypoint.d/10-listen-on-ipv6-by-default.sh",
    "10-listen-on-ipv6-by-default.sh: info: Getting the checksum of \
     /etc/nginx/conf.d/default.conf",
    "10-listen-on-ipv6-by-default.sh: info: Enabled listen on IPv6 in \
     /etc/nginx/conf.d/default.conf",
    "/docker-entrypoint.sh: Sourcing /docker-entrypoint.d/15-local-resolvers.envsh",
    "/docker-entrypoint.sh: Launching /docker-entrypoint.d/20-envsubst-on-templates.sh",
    "/docker-entrypoint.sh: Launching /docker-entrypoint.d/30-tune-worker-processes.sh",
    "/docker-entrypoint.sh: Configuration complete; ready for start up",
];

pub(super) const WELCOME: &str = "<!DOCTYPE html>
<html>
<head>
<title>Welcome to nginx!</title>
<style>
html { color-scheme: light dark; }
body { width: 35em; margin: 0 auto;
font-family: Tahoma, Verdana, Arial, sans-serif; }
</style>
</head>
<body>
<h1>Welcome to nginx!</h1>
<p>If you see this page, the nginx web server is successfully installed and
working. Further configuration is required.</p>
</body>
</html>
";

fn error_page(status: u16, version: &str) -> String {
    let words = shell::status_words(status);
    format!(
        "<html>\r\n<head><title>{status} {words}</title></head>\r\n<body>\r\n<center><h1>{status} \
         {words}</h1></center>\r\n<hr><center>nginx/{version}</center>\r\n</body>\r\n</html>\r\n"
    )
}

impl Program for Nginx {
    fn ports(&self) -> &[Port] {
        &[Port::Http(80)]
    }

    fn step(&self, _: &mut World<'_>) -> Next {
        Next::Serve(Duration::from_millis(40))
    }

    fn boot_log(&self, _: &Place, _: &Process, started: Time) -> Vec<(Duration, String)> {
        let mut lines: Vec<(Duration, String)> = Vec::with_capacity(20);
        let mut at = Duration::from_millis(2);
        for line in ENTRYPOINT {
            lines.push((at, line.to_owned()));
            at += Duration::from_millis(4);
        }
        let c = after(started, at).civil();
        let stamp = format!(
            "{:04}/{:02}/{:02} {:02}:{:02}:{:02} [notice] 1#1:",
            c.year, c.month, c.day, c.hour, c.minute, c.second
        );
        let notices = [
            "using the \"epoll\" event method".to_owned(),
            format!("nginx/{}", self.version),
            "built by gcc 14.2.0 (Debian 14.2.0-19)".to_owned(),
            "OS: Linux 6.1.0".to_owned(),
            "getrlimit(RLIMIT_NOFILE): 1048576:1048576".to_owned(),
            "start worker processes".to_owned(),
            "start worker process 29".to_owned(),
            "start worker process 30".to_owned(),
        ];
        lines.extend(notices.iter().map(|text| (at, format!("{stamp} {text}"))));
        lines
    }

    fn http(&self, world: &mut World<'_>, request: &HttpRequest<'_>) -> HttpResponse {
        let path = request.path.split('?').next().unwrap_or("/");
        let file = match path {
            "/" | "" => format!("{ROOT}/index.html"),
            path => format!("{ROOT}{path}"),
        };
        let mounted =
            world.place().and_then(|place| place.container(world.container)).is_some_and(|c| {
                c.volume_mounts.iter().any(|m| m.mount_path.trim_end_matches('/') == ROOT)
            });
        let (status, body) = match shell::read(world, &file) {
            Some(text) => (200, text),
            None if (path == "/" || path == "/index.html") && !mounted => (200, WELCOME.to_owned()),
            None if path == "/" => (403, error_page(403, &self.version)),
            None => (404, error_page(404, &self.version)),
        };
        let time = world.time();
        world.log(format!(
            "{} - - [{}] \"{} {} HTTP/1.1\" {status} {} \"-\" \"{}\" \"-\"",
            request.client,
            clf_time(time),
            request.method,
            request.path,
            body.len(),
            request.user_agent
        ));
        let took = Duration::from_micros(world.rng.between(150, 600));
        let mut answer = HttpResponse::new(status, body, took);
        answer.headers = vec![
            ("Server", format!("nginx/{}", self.version)),
            ("Date", http_date(time)),
            ("Content-Type", "text/html".to_owned()),
            ("Content-Length", answer.body.len().to_string()),
            ("Connection", "keep-alive".to_owned()),
        ];
        answer
    }

    fn exec(&self, _: &mut World<'_>, argv: &[&str]) -> Option<Output> {
        let nginx = argv.first()?.rsplit('/').next()? == "nginx";
        match argv.get(1) {
            Some(&"-v") if nginx => Some(Output {
                stderr: format!("nginx version: nginx/{}\n", self.version),
                ..Output::default()
            }),
            Some(&"-t") if nginx => Some(Output {
                stderr: "nginx: the configuration file /etc/nginx/nginx.conf syntax is ok\n\
                         nginx: configuration file /etc/nginx/nginx.conf test is successful\n"
                    .to_owned(),
                ..Output::default()
            }),
            _ => None,
        }
    }

    fn stop(&self) -> Stop {
        Stop::After(Duration::from_millis(600), 0)
    }

    fn profile(&self) -> Profile {
        Profile { idle_cpu_milli: 1, memory_bytes: 9 << 20, cpu_micros_per_request: 90 }
    }
}
