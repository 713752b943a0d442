//! registry.k8s.io/hpa-example: Apache with a page of PHP that computes a million square roots.

use std::sync::Arc;

use client::fabric::{HttpRequest, HttpResponse, Image, Next, Port, Profile, Program, Stop, World};
use clock::Duration;

use super::{Catalogued, clf_time, http_date, one};

/// What one request takes of a core.
const CPU_MICROS: u32 = 5_000;

#[derive(Debug)]
struct PhpApache;

pub fn images() -> Vec<Arc<dyn Image>> {
    let image = |repository| {
        one(Catalogued {
            repository,
            size_bytes: 172_000_000,
            uniform: true,
            binaries: &["apache2-foreground"],
            make: |_, _| Arc::new(PhpApache),
        })
    };
    vec![image("registry.k8s.io/hpa-example"), image("k8s.gcr.io/hpa-example")]
}

impl Program for PhpApache {
    fn ports(&self) -> &[Port] {
        &[Port::Http(80)]
    }

    fn step(&self, _: &mut World<'_>) -> Next {
        Next::Serve(Duration::from_millis(120))
    }

    fn http(&self, world: &mut World<'_>, request: &HttpRequest<'_>) -> HttpResponse {
        let time = world.time();
        world.log(format!(
            "{} - - [{}] \"{} {} HTTP/1.1\" 200 194 \"-\" \"{}\"",
            request.client,
            clf_time(time),
            request.method,
            request.path,
            request.user_agent
        ));
        let took = Duration::from_micros(u64::from(CPU_MICROS) + world.rng.between(0, 900));
        let mut answer = HttpResponse::new(200, "OK!", took);
        answer.headers = vec![
            ("Date", http_date(time)),
            ("Server", "Apache/2.4.10 (Debian)".to_owned()),
            ("X-Powered-By", "PHP/5.6.14".to_owned()),
            ("Content-Length", answer.body.len().to_string()),
            ("Content-Type", "text/html; charset=UTF-8".to_owned()),
        ];
        answer
    }

    fn stop(&self) -> Stop {
        Stop::After(Duration::from_millis(400), 0)
    }

    fn profile(&self) -> Profile {
        Profile { idle_cpu_milli: 1, memory_bytes: 12 << 20, cpu_micros_per_request: CPU_MICROS }
    }
}
