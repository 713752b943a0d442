//! Apache httpd.

use std::sync::Arc;

use apimachinery::time::Time;
use client::fabric::{
    HttpRequest, HttpResponse, Image, Next, Output, Place, Port, Process, Profile, Program, Stop,
    World,
};
use clock::Duration;

use super::{Catalogued, clf_time, http_date, one};
use crate::shell;

const ROOT: &str = "/usr/local/apache2/htdocs";
const VERSION: &str = "Apache/2.4.66 (Unix)";

#[derive(Debug)]
struct Httpd;

pub fn images() -> Vec<Arc<dyn Image>> {
    vec![one(Catalogued {
        repository: "httpd",
        size_bytes: 59_000_000,
        uniform: true,
        binaries: &["httpd-foreground", "httpd"],
        make: |_, _| Arc::new(Httpd),
    })]
}

impl Program for Httpd {
    fn ports(&self) -> &[Port] {
        &[Port::Http(80)]
    }

    fn step(&self, _: &mut World<'_>) -> Next {
        Next::Serve(Duration::from_millis(60))
    }

    fn boot_log(&self, place: &Place, _: &Process, started: Time) -> Vec<(Duration, String)> {
        let ip = place.address;
        let c = started.civil();
        let stamp = format!(
            "[{} {} {:02} {:02}:{:02}:{:02}.184213 {}]",
            c.weekday_name(),
            c.month_name(),
            c.day,
            c.hour,
            c.minute,
            c.second,
            c.year
        );
        let name = format!(
            "AH00558: httpd: Could not reliably determine the server's fully qualified domain \
             name, using {ip}. Set the 'ServerName' directive globally to suppress this message"
        );
        let ready = format!(
            "{stamp} [mpm_event:notice] [pid 1:tid 1] AH00489: {VERSION} configured -- resuming \
             normal operations"
        );
        let line = format!(
            "{stamp} [core:notice] [pid 1:tid 1] AH00094: Command line: 'httpd -D FOREGROUND'"
        );
        let ms = Duration::from_millis;
        vec![(ms(20), name), (ms(58), ready), (ms(59), line)]
    }

    fn http(&self, world: &mut World<'_>, request: &HttpRequest<'_>) -> HttpResponse {
        let path = request.path.split('?').next().unwrap_or("/");
        let file = if path == "/" { "/index.html" } else { path };
        let (status, body) = match shell::read(world, &format!("{ROOT}{file}")) {
            Some(text) => (200, text),
            None if file == "/index.html" => {
                (200, "<html><body><h1>It works!</h1></body></html>\n".to_owned())
            }
            None => (
                404,
                "<!DOCTYPE HTML PUBLIC \"-//IETF//DTD HTML 2.0//EN\">\n<html><head>\n\
                 <title>404 Not Found</title>\n</head><body>\n<h1>Not Found</h1>\n\
                 <p>The requested URL was not found on this server.</p>\n</body></html>\n"
                    .to_owned(),
            ),
        };
        let time = world.time();
        world.log(format!(
            "{} - - [{}] \"{} {} HTTP/1.1\" {status} {}",
            request.client,
            clf_time(time),
            request.method,
            request.path,
            body.len()
        ));
        let took = Duration::from_micros(world.rng.between(200, 700));
        let mut answer = HttpResponse::new(status, body, took);
        answer.headers = vec![
            ("Date", http_date(time)),
            ("Server", VERSION.to_owned()),
            ("Content-Length", answer.body.len().to_string()),
            ("Content-Type", "text/html".to_owned()),
        ];
        answer
    }

    fn exec(&self, _: &mut World<'_>, argv: &[&str]) -> Option<Output> {
        matches!(argv, ["httpd", "-v"]).then(|| Output::ok(format!("Server version: {VERSION}\n")))
    }

    fn stop(&self) -> Stop {
        Stop::After(Duration::from_millis(400), 0)
    }

    fn profile(&self) -> Profile {
        Profile { idle_cpu_milli: 2, memory_bytes: 24 << 20, cpu_micros_per_request: 140 }
    }
}
