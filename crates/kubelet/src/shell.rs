//! Commands that run in containers: what `kubectl exec`, probes, hooks and scripts call.

mod files;
mod web;

use std::collections::BTreeMap;

use client::fabric::{Output, World};
use clock::Duration;
use smol_str::SmolStr;

use crate::script;
use files::{cat, ls, mkdir, rm, touch};
pub(crate) use files::{read, write};

/// Runs one command to its end. Endless ones end after a simulated hour.
pub fn run_command(world: &mut World<'_>, argv: &[&str]) -> Output {
    let Some((name, args)) = argv.split_first() else { return Output::default() };
    let base = name.rsplit('/').next().unwrap_or(name);
    let program = world.process().and_then(|process| process.program.clone());
    let Some(program) = program else { return Output::fail(1, "container is not running\n") };
    if let Some(output) = program.exec(world, argv) {
        return output;
    }
    if !program.has_shell() {
        return not_found(name);
    }
    match base {
        "sh" | "bash" | "ash" => match args {
            ["-c" | "-ec" | "-lc" | "-xc", text, ..] => script::run_to_end(world, text),
            [] => Output::default(),
            _ => Output::fail(2, format!("{base}: can't open '{}'\n", args.join(" "))),
        },
        _ => builtin(world, base, args).unwrap_or_else(|| not_found(name)),
    }
}

/// As the container runtime says it.
fn not_found(name: &str) -> Output {
    let why = format!(
        "OCI runtime exec failed: exec failed: unable to start container process: exec: \
         \"{name}\": executable file not found in $PATH: unknown\n"
    );
    Output::fail(127, why)
}

/// The common commands; `None`: there is no such command.
pub(crate) fn builtin(world: &mut World<'_>, name: &str, args: &[&str]) -> Option<Output> {
    Some(match name {
        "echo" => echo(args),
        "printf" => Output::ok(args.join(" ").replace("\\n", "\n")),
        "true" | ":" | "exec" | "set" | "trap" | "export" | "wait" | "chmod" | "sync" => {
            Output::default()
        }
        "touch" => touch(world, args),
        "mkdir" => mkdir(world, args),
        "false" => Output::fail(1, ""),
        "hostname" => {
            let place = world.place();
            let ip = place.map_or(String::new(), |place| place.address.to_string());
            let host = place.map_or(String::new(), |place| place.hostname().to_owned());
            Output::ok(if args.contains(&"-i") { ip } else { host } + "\n")
        }
        "env" => env(world),
        "printenv" => printenv(world, args),
        "date" => Output::ok(date(world, args) + "\n"),
        "whoami" => Output::ok("root\n"),
        "id" => Output::ok("uid=0(root) gid=0(root) groups=0(root)\n"),
        "pwd" => Output::ok("/\n"),
        "uname" => uname(world, args),
        "cat" => cat(world, args),
        "ls" => ls(world, args),
        "rm" => rm(world, args),
        "test" | "[" => test(world, args),
        "sleep" => sleep(args),
        "wget" => web::wget(world, args),
        "curl" => web::curl(world, args),
        "nslookup" => web::nslookup(world, args),
        "ps" => ps(world),
        "kill" => Output::default(),
        _ => return None,
    })
}

fn echo(args: &[&str]) -> Output {
    match args {
        ["-n", rest @ ..] => Output::ok(rest.join(" ")),
        ["-e", rest @ ..] => Output::ok(rest.join(" ").replace("\\n", "\n") + "\n"),
        _ => Output::ok(args.join(" ") + "\n"),
    }
}

/// The environment: the spec's, then the usual.
pub(crate) fn variable(world: &World<'_>, name: &str) -> Option<SmolStr> {
    let place = world.place()?;
    let env = place.container(world.container).and_then(|container| {
        container.env.iter().find(|env| env.name == name).map(|env| env_value(world, env))
    });
    env.flatten().or_else(|| env_from(world, name)).or_else(|| match name {
        "HOSTNAME" => Some(place.hostname().into()),
        "HOME" => Some("/root".into()),
        "PATH" => Some("/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin".into()),
        "KUBERNETES_SERVICE_HOST" => Some("10.96.0.1".into()),
        "KUBERNETES_SERVICE_PORT" => Some("443".into()),
        _ => None,
    })
}

/// What `envFrom` brings: data and prefix of each source, later ones first.
fn env_sources<'a>(world: &'a World<'_>) -> Vec<(&'a str, &'a BTreeMap<SmolStr, String>)> {
    let container = world.place().and_then(|place| place.container(world.container));
    let settings = world.sandbox().and_then(|sandbox| sandbox.settings.as_ref());
    let (Some(container), Some(settings)) = (container, settings) else { return Vec::new() };
    let named = |from: &'a serde_json::Value| {
        let map = from["configMapRef"]["name"].as_str().map(|name| format!("configmap/{name}"));
        let key =
            map.or_else(|| Some(format!("secret/{}", from["secretRef"]["name"].as_str()?)))?;
        let prefix = from["prefix"].as_str().unwrap_or("");
        settings.get(key.as_str()).map(|data| (prefix, data))
    };
    container.env_from.iter().rev().filter_map(named).collect()
}

fn env_from(world: &World<'_>, name: &str) -> Option<SmolStr> {
    env_sources(world)
        .into_iter()
        .find_map(|(prefix, data)| data.get(name.strip_prefix(prefix)?).map(SmolStr::from))
}

/// A plain value, or one that the downward API gives.
fn env_value(world: &World<'_>, env: &api::core::container::EnvVar) -> Option<SmolStr> {
    let Some(from) = &env.value_from else { return Some(env.value.clone()) };
    let place = world.place()?;
    for (kind, field) in [("configmap", "configMapKeyRef"), ("secret", "secretKeyRef")] {
        if let Some(name) = from[field]["name"].as_str() {
            let settings = world.sandbox()?.settings.as_ref()?;
            let data = settings.get(format!("{kind}/{name}").as_str())?;
            return data.get(from[field]["key"].as_str()?).map(SmolStr::from);
        }
    }
    match from["fieldRef"]["fieldPath"].as_str()? {
        "metadata.name" => Some(place.pod.name.clone()),
        "metadata.namespace" => Some(place.pod.namespace.clone()),
        "metadata.uid" => Some(smol_str::format_smolstr!("{}", world.uid)),
        "spec.nodeName" => Some(place.node.clone()),
        "status.podIP" => Some(smol_str::format_smolstr!("{}", place.address)),
        "status.hostIP" => {
            let machine = world.fabric.machines.get(&place.node)?;
            Some(smol_str::format_smolstr!("{}", machine.address))
        }
        _ => None,
    }
}

fn printenv(world: &World<'_>, args: &[&str]) -> Output {
    let all = env(world);
    if args.is_empty() {
        return all;
    }
    let found: String = args
        .iter()
        .filter_map(|name| {
            all.stdout.lines().find_map(|l| l.strip_prefix(*name)?.strip_prefix('='))
        })
        .map(|value| format!("{value}\n"))
        .collect();
    if found.is_empty() { Output::fail(1, "") } else { Output::ok(found) }
}

fn env(world: &World<'_>) -> Output {
    let mut names: Vec<SmolStr> =
        ["PATH", "HOSTNAME"].iter().map(|name| SmolStr::new_static(name)).collect();
    if let Some(container) = world.place().and_then(|place| place.container(world.container)) {
        names.extend(container.env.iter().map(|env| env.name.clone()));
    }
    for (prefix, data) in env_sources(world) {
        names.extend(data.keys().map(|key| smol_str::format_smolstr!("{prefix}{key}")));
    }
    for name in ["KUBERNETES_SERVICE_HOST", "KUBERNETES_SERVICE_PORT", "HOME"] {
        names.push(SmolStr::new_static(name));
    }
    let line = |name: &SmolStr| variable(world, name).map(|value| format!("{name}={value}\n"));
    Output::ok(names.iter().filter_map(line).collect::<String>())
}

fn date(world: &World<'_>, args: &[&str]) -> String {
    let time = world.time();
    let civil = time.civil();
    let (day, clock) =
        (civil.day, format!("{:02}:{:02}:{:02}", civil.hour, civil.minute, civil.second));
    match args.first().and_then(|arg| arg.strip_prefix('+')) {
        Some(format) => format
            .replace("%s", &time.0.to_string())
            .replace("%T", &clock)
            .replace("%F", &format!("{:04}-{:02}-{:02}", civil.year, civil.month, day))
            .replace("%Y", &format!("{:04}", civil.year))
            .replace("%m", &format!("{:02}", civil.month))
            .replace("%d", &format!("{day:02}"))
            .replace("%H", &format!("{:02}", civil.hour))
            .replace("%M", &format!("{:02}", civil.minute))
            .replace("%S", &format!("{:02}", civil.second)),
        None => format!(
            "{} {} {day:2} {clock} UTC {}",
            civil.weekday_name(),
            civil.month_name(),
            civil.year
        ),
    }
}

fn uname(world: &World<'_>, args: &[&str]) -> Output {
    let host = world.place().map_or(String::new(), |place| place.hostname().to_owned());
    Output::ok(match args {
        ["-a"] => format!("Linux {host} 6.1.0 #1 SMP x86_64 GNU/Linux\n"),
        ["-n"] => host + "\n",
        ["-r"] => "6.1.0\n".to_owned(),
        _ => "Linux\n".to_owned(),
    })
}

fn test(world: &World<'_>, args: &[&str]) -> Output {
    let args = match args {
        [rest @ .., "]"] => rest,
        _ => args,
    };
    let number = |text: &str| text.parse::<i64>().unwrap_or(0);
    let holds = match args {
        ["-f" | "-e" | "-s" | "-r", path] => read(world, path).is_some(),
        ["!", "-f" | "-e", path] => read(world, path).is_none(),
        ["-d", _] => true,
        ["-z", text] => text.is_empty(),
        ["-n", text] => !text.is_empty(),
        [a, "=" | "==", b] => a == b,
        [a, "!=", b] => a != b,
        [a, "-lt", b] => number(a) < number(b),
        [a, "-le", b] => number(a) <= number(b),
        [a, "-gt", b] => number(a) > number(b),
        [a, "-ge", b] => number(a) >= number(b),
        [a, "-eq", b] => number(a) == number(b),
        [a, "-ne", b] => number(a) != number(b),
        [text] => !text.is_empty(),
        _ => false,
    };
    Output { code: i32::from(!holds), ..Output::default() }
}

fn sleep(args: &[&str]) -> Output {
    match args.first().and_then(|text| sleep_span(text)) {
        Some(took) => Output { took, ..Output::default() },
        None => Output::fail(1, format!("sleep: invalid number '{}'\n", args.join(" "))),
    }
}

/// `5`, `0.5`, `2m`, `infinity`.
pub(crate) fn sleep_span(text: &str) -> Option<Duration> {
    const FOREVER: Duration = Duration::from_secs(100 * 365 * 86_400);
    if matches!(text, "infinity" | "inf") {
        return Some(FOREVER);
    }
    let (number, scale) = match text.as_bytes().last()? {
        b's' => (text.strip_suffix('s')?, 1),
        b'm' => (text.strip_suffix('m')?, 60),
        b'h' => (text.strip_suffix('h')?, 3600),
        b'd' => (text.strip_suffix('d')?, 86_400),
        _ => (text, 1),
    };
    let (whole, part) = number.split_once('.').unwrap_or((number, ""));
    let whole: u64 = if whole.is_empty() { 0 } else { whole.parse().ok()? };
    let part: u64 = format!("{part:0<3}").get(..3)?.parse().ok()?;
    let millis = whole.saturating_mul(1000).saturating_add(part).saturating_mul(scale);
    Some(Duration::from_millis(millis).min(FOREVER))
}

pub(crate) fn status_words(status: u16) -> &'static str {
    match status {
        200 => "OK",
        301 => "Moved Permanently",
        302 => "Found",
        400 => "Bad Request",
        403 => "Forbidden",
        404 => "Not Found",
        405 => "Method Not Allowed",
        500 => "Internal Server Error",
        502 => "Bad Gateway",
        503 => "Service Unavailable",
        504 => "Gateway Timeout",
        _ => "",
    }
}

fn ps(world: &World<'_>) -> Output {
    let container = world.place().and_then(|place| place.container(world.container));
    let command = container.map_or(String::new(), |container| {
        let words: Vec<&str> =
            container.command.iter().chain(&container.args).map(SmolStr::as_str).collect();
        if words.is_empty() { container.image.to_string() } else { words.join(" ") }
    });
    Output::ok(format!("PID   USER     TIME  COMMAND\n    1 root      0:00 {command}\n"))
}
