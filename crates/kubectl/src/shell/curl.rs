//! `curl`: one GET from this terminal, which stands outside of the cluster, through the simulated
//! network. Ports that `kubectl port-forward` keeps open are local ones.

use client::fabric::{Client, Exchange};

use crate::session::Cx;

#[derive(Default)]
struct Options {
    url: String,
    silent: bool,
    show_errors: bool,
    fails: bool,
    head_only: bool,
    include: bool,
    output: Option<String>,
    write_out: String,
}

/// Short options whose value is read and not needed.
const WITH_VALUE: &str = "HXdAumebFTrC";
const LONG_WITH_VALUE: [&str; 10] = [
    "--header",
    "--request",
    "--data",
    "--user-agent",
    "--user",
    "--max-time",
    "--connect-timeout",
    "--resolve",
    "--retry",
    "--cacert",
];

fn read(args: &[String]) -> Result<Options, String> {
    let mut options = Options::default();
    let mut args = args.iter();
    while let Some(arg) = args.next() {
        match arg.as_str() {
            "--silent" => options.silent = true,
            "--show-error" => options.show_errors = true,
            "--fail" => options.fails = true,
            "--head" => options.head_only = true,
            "--include" => options.include = true,
            "--output" => options.output = args.next().cloned(),
            "--write-out" => options.write_out = args.next().cloned().unwrap_or_default(),
            long if LONG_WITH_VALUE.contains(&long) => {
                args.next();
            }
            "--insecure" | "--location" | "--verbose" => {}
            long if long.starts_with("--") => {
                return Err(format!("curl: option {long}: is unknown\n"));
            }
            short if short.starts_with('-') && short.len() > 1 => {
                let mut letters = short.chars().skip(1);
                while let Some(letter) = letters.next() {
                    let mut value = || {
                        let joined: String = letters.by_ref().collect();
                        if joined.is_empty() { args.next().cloned() } else { Some(joined) }
                    };
                    match letter {
                        's' => options.silent = true,
                        'S' => options.show_errors = true,
                        'f' => options.fails = true,
                        'I' => options.head_only = true,
                        'i' => options.include = true,
                        'o' => options.output = value(),
                        'w' => options.write_out = value().unwrap_or_default(),
                        'k' | 'L' | 'v' | 'g' | '4' => {}
                        letter if WITH_VALUE.contains(letter) => {
                            value();
                        }
                        letter => return Err(format!("curl: option -{letter}: is unknown\n")),
                    }
                }
            }
            url => options.url = url.to_owned(),
        }
    }
    if options.url.is_empty() {
        return Err("curl: (2) no URL specified\n".to_owned());
    }
    Ok(options)
}

/// A local port that nothing listens on.
fn closed<'a>(cx: &Cx<'_>, url: &'a str) -> Option<(&'a str, &'a str)> {
    let rest = url.strip_prefix("http://").unwrap_or(url);
    let authority = rest.split('/').next().unwrap_or(rest);
    let (host, port) = authority.split_once(':').unwrap_or((authority, "80"));
    let is_open = port.parse().is_ok_and(|port: u16| cx.session.forwards.contains_key(&port));
    (["localhost", "127.0.0.1"].contains(&host) && !is_open).then_some((host, port))
}

/// Where a URL leads from here: local ports are those that are forwarded.
fn target(cx: &Cx<'_>, url: &str) -> (Client, String) {
    let outside = Client::External("terminal".into());
    let rest = url.strip_prefix("http://").unwrap_or(url);
    let (authority, path) =
        rest.split_at_checked(rest.find('/').unwrap_or(rest.len())).unwrap_or((rest, ""));
    let (host, port) = authority.split_once(':').unwrap_or((authority, "80"));
    let forward = port.parse().ok().and_then(|port: u16| cx.session.forwards.get(&port));
    match forward {
        Some(forward) if host == "localhost" || host == "127.0.0.1" => {
            (Client::Node(forward.node.as_str().into()), format!("{}{path}", forward.address))
        }
        _ => (outside, url.to_owned()),
    }
}

fn reason(status: u16) -> &'static str {
    match status {
        200 => "OK",
        201 => "Created",
        204 => "No Content",
        301 => "Moved Permanently",
        302 => "Found",
        400 => "Bad Request",
        403 => "Forbidden",
        404 => "Not Found",
        500 => "Internal Server Error",
        502 => "Bad Gateway",
        503 => "Service Unavailable",
        504 => "Gateway Timeout",
        _ => "",
    }
}

fn head(answer: &Exchange) -> String {
    let mut text = format!("HTTP/1.1 {} {}\r\n", answer.status, reason(answer.status));
    for (name, value) in &answer.headers {
        text.push_str(&format!("{name}: {value}\r\n"));
    }
    text + "\r\n"
}

/// What `-w` asks for.
fn written(options: &Options, status: u16) -> String {
    options
        .write_out
        .replace("%{http_code}", &format!("{status:03}"))
        .replace("%{response_code}", &format!("{status:03}"))
        .replace("\\n", "\n")
        .replace("\\t", "\t")
}

pub fn curl(cx: &mut Cx<'_>, args: &[String]) -> i32 {
    let options = match read(args) {
        Ok(options) => options,
        Err(text) => {
            cx.out.stderr(&text);
            cx.complain("curl: try 'curl --help' for more information");
            return 2;
        }
    };
    if options.url.starts_with("https://") {
        cx.complain("curl: https is not supported in this terminal");
        return 1;
    }
    if let Some((host, port)) = closed(cx, &options.url) {
        if !options.silent || options.show_errors {
            let why = "Could not connect to server";
            cx.complain(&format!(
                "curl: (7) Failed to connect to {host} port {port} after 0 ms: {why}"
            ));
        }
        let written = written(&options, 0);
        cx.out.stdout(&written);
        return 7;
    }
    let (from, url) = target(cx, &options.url);
    let Some(answer) = cx.api.send(&from, &url) else {
        cx.complain("curl: (7) this terminal has no network");
        return 7;
    };
    let mut code = 0;
    if let Some(error) = &answer.error {
        let (text, failed) = error.curl();
        if !options.silent || options.show_errors {
            cx.complain(&text);
        }
        code = failed;
    } else if options.fails && answer.status >= 400 {
        if !options.silent || options.show_errors {
            cx.complain(&format!("curl: (22) The requested URL returned error: {}", answer.status));
        }
        code = 22;
    } else {
        let mut text = String::new();
        if options.head_only || options.include {
            text.push_str(&head(&answer));
        }
        if !options.head_only {
            text.push_str(&answer.body);
        }
        match options.output.as_deref() {
            None | Some("-") => cx.out.stdout(&text),
            Some("/dev/null") => {}
            Some(name) => cx.session.files.write(name, text),
        }
    }
    let written = written(&options, answer.status);
    cx.out.stdout(&written);
    code
}
