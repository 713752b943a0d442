//! Commands that send requests: wget, curl, nslookup.

use std::net::Ipv4Addr;

use client::fabric::{Client, DnsZone, Output, World, travel};

use super::{status_words, write};

fn fetch(world: &mut World<'_>, url: &str, agent: &str) -> travel::Exchange {
    let from = Client::Pod(world.uid);
    let localhost = ["localhost", "127.0.0.1"];
    let here = world.place().map_or(Ipv4Addr::UNSPECIFIED, |place| place.address).to_string();
    let url = match travel::split_url(url) {
        Some((host, port, path)) if localhost.contains(&host) => {
            format!("http://{here}:{port}{path}")
        }
        _ => url.to_owned(),
    };
    travel::travel(world.fabric, &from, &url, agent, world.now, world.epoch, world.rng)
}

pub(super) fn wget(world: &mut World<'_>, args: &[&str]) -> Output {
    let Some(url) = args.iter().rfind(|arg| !arg.starts_with('-')).copied() else {
        return Output::fail(1, "BusyBox v1.37.0 multi-call binary.\n\nUsage: wget [-qO-] URL\n");
    };
    let got = fetch(world, url, "Wget");
    let took = got.latency;
    let output = match &got.error {
        Some(error) => Output::fail(1, error.wget() + "\n"),
        None if got.status >= 400 => {
            let words = status_words(got.status);
            Output::fail(
                1,
                format!("wget: server returned error: HTTP/1.1 {} {words}\n", got.status),
            )
        }
        None if args.iter().any(|arg| arg.contains("O-")) || args.contains(&"-") => {
            Output::ok(got.body)
        }
        None if args.contains(&"--spider") => Output::default(),
        None => {
            let name =
                url.rsplit('/').next().filter(|name| !name.is_empty() && !url.ends_with(name));
            let _ = write(world, name.unwrap_or("index.html"), &got.body, false);
            Output::default()
        }
    };
    Output { took, ..output }
}

pub(super) fn curl(world: &mut World<'_>, args: &[&str]) -> Output {
    let takes_value = ["-H", "-X", "-m", "--max-time", "-o", "-w", "-A", "-d", "--connect-timeout"];
    let mut url = "";
    let mut skip = false;
    for arg in args {
        if !std::mem::take(&mut skip) && !arg.starts_with('-') {
            url = arg;
        }
        skip = takes_value.contains(arg);
    }
    if url.is_empty() {
        return Output::fail(2, "curl: (2) no URL specified\n");
    }
    let short = |letter: char| {
        args.iter()
            .any(|arg| arg.starts_with('-') && !arg.starts_with("--") && arg.contains(letter))
    };
    let got = fetch(world, url, "curl/8.14.1");
    let took = got.latency;
    let output = match &got.error {
        Some(error) => {
            let (message, code) = error.curl();
            let quiet = short('s') && !short('S');
            Output::fail(code, if quiet { String::new() } else { message + "\n" })
        }
        None if short('f') && got.status >= 400 => Output::fail(
            22,
            format!("curl: (22) The requested URL returned error: {}\n", got.status),
        ),
        None => {
            let mut text = String::new();
            if short('i') || short('I') {
                text = format!("HTTP/1.1 {} {}\r\n", got.status, status_words(got.status));
                for (name, value) in &got.headers {
                    text.push_str(&format!("{name}: {value}\r\n"));
                }
                text.push_str("\r\n");
            }
            if !short('I') && !args.windows(2).any(|pair| pair == ["-o", "/dev/null"]) {
                text.push_str(&got.body);
            }
            if let Some(format) = args.iter().skip_while(|arg| **arg != "-w").nth(1) {
                let code = got.status.to_string();
                text.push_str(&format.replace("%{http_code}", &code).replace("\\n", "\n"));
            }
            Output::ok(text)
        }
    };
    Output { took, ..output }
}

pub(super) fn nslookup(world: &World<'_>, args: &[&str]) -> Output {
    let Some(name) = args.iter().find(|arg| !arg.starts_with('-')) else {
        return Output::fail(1, "Usage: nslookup HOST\n");
    };
    let namespace = world.place().map_or("", |place| &place.pod.namespace);
    let found = world.fabric.dns.resolve(name, namespace);
    let mut text = "Server:\t\t10.96.0.10\nAddress:\t10.96.0.10:53\n\n".to_owned();
    if found.is_empty() {
        text.push_str(&format!("** server can't find {name}: NXDOMAIN\n\n"));
        return Output { stdout: text, code: 1, ..Output::default() };
    }
    let name = DnsZone::full_name(name, namespace);
    for address in found {
        text.push_str(&format!("Name:\t{name}\nAddress: {address}\n\n"));
    }
    Output::ok(text)
}
