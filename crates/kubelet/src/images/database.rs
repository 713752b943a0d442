//! Databases: they take a while to come up and accept connections.

use std::sync::Arc;

use apimachinery::time::Time;
use client::fabric::{Image, Next, Output, Place, Port, Process, Profile, Program, Stop, World};
use clock::Duration;

use super::{Catalogued, after, one};
use crate::shell;

#[derive(Debug)]
struct Database {
    name: &'static str,
    port: [Port; 1],
    boot: Duration,
    memory_bytes: u64,
    /// One of these must be set, as the entry points demand.
    wants: &'static [&'static str],
    ready: &'static str,
}

type Make = fn(&str, &api::core::container::Container) -> Arc<dyn Program>;

fn mysql(_: &str, _: &api::core::container::Container) -> Arc<dyn Program> {
    Arc::new(Database {
        name: "mysqld",
        port: [Port::Tcp(3306)],
        boot: Duration::from_secs(6),
        memory_bytes: 420 << 20,
        wants: &[
            "MYSQL_ROOT_PASSWORD",
            "MYSQL_ALLOW_EMPTY_PASSWORD",
            "MYSQL_RANDOM_ROOT_PASSWORD",
            "MARIADB_ROOT_PASSWORD",
        ],
        ready: "0 [System] [MY-010931] [Server] /usr/sbin/mysqld: ready for connections. \
                Version: '8.4.7'  socket: '/var/run/mysqld/mysqld.sock'  port: 3306  MySQL \
                Community Server - GPL.",
    })
}

fn postgres(_: &str, _: &api::core::container::Container) -> Arc<dyn Program> {
    Arc::new(Database {
        name: "postgres",
        port: [Port::Tcp(5432)],
        boot: Duration::from_secs(2),
        memory_bytes: 40 << 20,
        wants: &[],
        ready: "UTC [1] LOG:  database system is ready to accept connections",
    })
}

fn mongo(_: &str, _: &api::core::container::Container) -> Arc<dyn Program> {
    Arc::new(Database {
        name: "mongod",
        port: [Port::Tcp(27017)],
        boot: Duration::from_secs(3),
        memory_bytes: 180 << 20,
        wants: &[],
        ready: "Waiting for connections on port 27017",
    })
}

pub fn images() -> Vec<Arc<dyn Image>> {
    let list: [(&'static str, u64, Make); 5] = [
        ("mariadb", 120_000_000, mysql),
        ("mongo", 290_000_000, mongo),
        ("mysql", 230_000_000, mysql),
        ("postgres", 160_000_000, postgres),
        ("bitnami/postgresql", 110_000_000, postgres),
    ];
    list.into_iter()
        .map(|(repository, size_bytes, make)| {
            let binaries = &["mysqld", "postgres", "mongod", "docker-entrypoint.sh"];
            one(Catalogued { repository, size_bytes, uniform: true, binaries, make })
        })
        .collect()
}

impl Program for Database {
    fn ports(&self) -> &[Port] {
        &self.port
    }

    fn step(&self, world: &mut World<'_>) -> Next {
        let set = |name: &&str| shell::variable(world, name).is_some();
        if !self.wants.is_empty() && !self.wants.iter().any(set) {
            world.log(
                "[ERROR] [Entrypoint]: Database is uninitialized and password option is not \
                 specified",
            );
            world.log("    You need to specify one of the following as an environment variable:");
            for name in self.wants.iter().take(3) {
                world.log(format!("    - {name}"));
            }
            return Next::Exit(1);
        }
        Next::Serve(self.boot)
    }

    fn boot_log(&self, _: &Place, _: &Process, started: Time) -> Vec<(Duration, String)> {
        let line = |at: Duration, text: &str| {
            let stamp = after(started, at).civil();
            let date = format!("{:04}-{:02}-{:02}", stamp.year, stamp.month, stamp.day);
            let clock = format!("{:02}:{:02}:{:02}", stamp.hour, stamp.minute, stamp.second);
            (at, format!("{date} {clock}.000 {text}"))
        };
        let begin = format!("{} starting", self.name);
        vec![line(Duration::from_millis(300), &begin), line(self.boot, self.ready)]
    }

    fn exec(&self, world: &mut World<'_>, argv: &[&str]) -> Option<Output> {
        let now = world.now;
        let up = world.process().is_some_and(|process| process.listening <= now);
        let port = self.port.first().map_or(0, |port| port.number());
        let name = argv.first()?.rsplit('/').next()?;
        match (name, up) {
            ("pg_isready", true) => {
                Some(Output::ok("/var/run/postgresql:5432 - accepting connections\n"))
            }
            ("pg_isready", false) => {
                Some(Output { code: 2, ..Output::ok("/var/run/postgresql:5432 - no response\n") })
            }
            ("mysqladmin", true) => Some(Output::ok("mysqld is alive\n")),
            ("mysqladmin", false) => {
                Some(Output::fail(1, "mysqladmin: connect to server at 'localhost' failed\n"))
            }
            ("psql" | "mysql" | "mongosh", _) => Some(Output::fail(
                1,
                format!("{name}: queries are not simulated (the server listens on {port})\n"),
            )),
            _ => None,
        }
    }

    fn stop(&self) -> Stop {
        Stop::After(Duration::from_millis(900), 0)
    }

    fn profile(&self) -> Profile {
        Profile { idle_cpu_milli: 5, memory_bytes: self.memory_bytes, cpu_micros_per_request: 400 }
    }
}
