//! redis: its start's log and a handful of commands.

use std::sync::Arc;

use apimachinery::time::Time;
use client::fabric::{Image, Next, Output, Place, Port, Process, Profile, Program, Stop, World};
use clock::Duration;
use smol_str::SmolStr;

use super::{Catalogued, after, one};

#[derive(Debug)]
struct Redis {
    version: String,
}

pub fn images() -> Vec<Arc<dyn Image>> {
    let make = |repository, size_bytes| {
        one(Catalogued {
            repository,
            size_bytes,
            uniform: true,
            binaries: &["redis-server", "docker-entrypoint.sh"],
            make: |tag, _| Arc::new(Redis { version: version(tag) }),
        })
    };
    vec![make("redis", 54_000_000), make("valkey/valkey", 46_000_000)]
}

fn version(tag: &str) -> String {
    let number = tag.split('-').next().unwrap_or(tag);
    let numeric = !number.is_empty() && number.bytes().all(|b| b.is_ascii_digit() || b == b'.');
    match number.matches('.').count() {
        _ if !numeric => "8.4.0".to_owned(),
        0 => format!("{number}.4.0"),
        1 => format!("{number}.2"),
        _ => number.to_owned(),
    }
}

impl Program for Redis {
    fn ports(&self) -> &[Port] {
        &[Port::Tcp(6379)]
    }

    fn step(&self, _: &mut World<'_>) -> Next {
        Next::Serve(Duration::from_millis(30))
    }

    fn boot_log(&self, _: &Place, _: &Process, started: Time) -> Vec<(Duration, String)> {
        let at = Duration::from_millis(20);
        let c = after(started, at).civil();
        let stamp = format!(
            "{:02} {} {:04} {:02}:{:02}:{:02}",
            c.day,
            c.month_name(),
            c.year,
            c.hour,
            c.minute,
            c.second
        );
        let v = &self.version;
        [
            format!("1:C {stamp}.021 * oO0OoO0OoO0Oo Redis is starting oO0OoO0OoO0Oo"),
            format!(
                "1:C {stamp}.021 * Redis version={v}, bits=64, commit=00000000, modified=0, \
                 pid=1, just started"
            ),
            format!(
                "1:C {stamp}.021 # Warning: no config file specified, using the default config. \
                 In order to specify a config file use redis-server /path/to/redis.conf"
            ),
            format!("1:M {stamp}.022 * monotonic clock: POSIX clock_gettime"),
            format!("1:M {stamp}.023 * Running mode=standalone, port=6379."),
            format!("1:M {stamp}.024 * Server initialized"),
            format!("1:M {stamp}.024 * Ready to accept connections tcp"),
        ]
        .into_iter()
        .map(|line| (at, line))
        .collect()
    }

    fn exec(&self, world: &mut World<'_>, argv: &[&str]) -> Option<Output> {
        let (name, args) = argv.split_first()?;
        match name.rsplit('/').next()? {
            "redis-cli" => {
                let args: Vec<&str> = match args {
                    ["-h", _, "-p", _, rest @ ..] | ["-h" | "-p", _, rest @ ..] => rest.to_vec(),
                    rest => rest.to_vec(),
                };
                Some(command(world, &args))
            }
            "redis-server" if args.first() == Some(&"--version") => Some(Output::ok(format!(
                "Redis server v={} sha=00000000:0 malloc=jemalloc-5.3.0 bits=64\n",
                self.version
            ))),
            _ => None,
        }
    }

    fn stop(&self) -> Stop {
        Stop::After(Duration::from_millis(200), 0)
    }

    fn profile(&self) -> Profile {
        Profile { idle_cpu_milli: 2, memory_bytes: 8 << 20, cpu_micros_per_request: 20 }
    }
}

/// A few of the server's commands, answered as redis-cli prints without a terminal.
fn command(world: &mut World<'_>, args: &[&str]) -> Output {
    let Some((name, args)) = args.split_first() else { return Output::default() };
    let Some(process) = world.process() else {
        return Output::fail(1, "Could not connect to Redis at 127.0.0.1:6379\n");
    };
    let values = &mut process.memory_mut().values;
    let text = match (name.to_ascii_uppercase().as_str(), args) {
        ("PING", []) => "PONG".to_owned(),
        ("PING" | "ECHO", [text]) => (*text).to_owned(),
        ("SET", [key, value, ..]) => {
            values.insert((*key).into(), (*value).into());
            "OK".to_owned()
        }
        ("GET", [key]) => values.get(*key).map_or(String::new(), SmolStr::to_string),
        ("DEL", keys) => {
            keys.iter().filter(|key| values.remove(**key).is_some()).count().to_string()
        }
        ("EXISTS", keys) => {
            keys.iter().filter(|key| values.contains_key(**key)).count().to_string()
        }
        ("INCR", [key]) => {
            let old = values.get(*key).map_or(Ok(0), |value| value.parse::<i64>());
            match old {
                Ok(old) => {
                    let new = old.saturating_add(1).to_string();
                    values.insert((*key).into(), new.as_str().into());
                    new
                }
                Err(_) => "ERR value is not an integer or out of range".to_owned(),
            }
        }
        ("KEYS", _) => values.keys().map(SmolStr::as_str).collect::<Vec<_>>().join("\n"),
        ("DBSIZE", _) => values.len().to_string(),
        ("FLUSHALL" | "FLUSHDB", _) => {
            values.clear();
            "OK".to_owned()
        }
        ("SET" | "GET" | "INCR", _) => {
            format!("ERR wrong number of arguments for '{}' command", name.to_ascii_lowercase())
        }
        _ => format!("ERR unknown command '{name}', with args beginning with: "),
    };
    Output::ok(text + "\n")
}
