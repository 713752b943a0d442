//! What people do to the cluster, and the log of it.

use client::Component;
use clock::SimTime;
use kubectl::Session;

use super::Cluster;
use crate::command::{Command, Logged};
use crate::config::Config;
use crate::process::ProcessId;

impl Cluster {
    /// The cluster that a log makes, at `until`: equal to the one that wrote the log.
    pub fn replay(config: Config, log: &[Logged], until: SimTime) -> Self {
        let mut cluster = Cluster::new(config);
        for logged in log {
            cluster.run_until(logged.at);
            cluster.execute(logged.command.clone());
        }
        cluster.run_until(until);
        cluster
    }

    /// Does what a person asks, now. The command joins the log.
    pub fn execute(&mut self, command: Command) -> Option<ProcessId> {
        // Whatever else belongs to this moment comes first, so that the log needs no finer order.
        self.run_until(self.now);
        self.log.push(Logged { at: self.now, command: command.clone() });
        let started = match command {
            Command::Line { terminal, line } => Some(self.start_process(terminal, &line)),
            Command::Interrupt { terminal } => {
                self.interrupt(terminal);
                None
            }
            Command::WriteFile { name, text } => {
                self.session.files.write(&name, text);
                None
            }
            Command::RemoveFile { name } => {
                self.session.files.remove(&name);
                None
            }
            Command::Request { user, request } => {
                // Its answer, a refusal included, was for whoever sent it.
                let _ = self.perform(&user, request);
                None
            }
            other => {
                self.physical(other);
                None
            }
        };
        self.wake_watchers();
        started
    }

    /// Commands that touch machines and wires rather than the API.
    fn physical(&mut self, command: Command) {
        match command {
            Command::Fault(fault) => self.break_or_mend(&fault),
            Command::StopKubelet { node } => self.set_kubelet(&node, true),
            Command::StartKubelet { node } => self.set_kubelet(&node, false),
            Command::Traffic { client, target, per_second } => {
                self.with_concrete::<network::Clients>("clients", |clients, ctx| {
                    clients.remove(&client);
                    if per_second > 0 {
                        let rate_milli = u64::from(per_second) * 1000;
                        let generator =
                            network::Generator { name: client, target, rate_milli, from: None };
                        clients.add(ctx, generator);
                    }
                });
            }
            Command::Send { target } => {
                // From a node, so that cluster addresses can be asked too.
                let worker = self.config.nodes.iter().find(|node| !node.control_plane);
                let from =
                    network::Client::Node(worker.map(|node| node.name.clone()).unwrap_or_default());
                self.with_concrete::<network::Clients>("clients", |clients, ctx| {
                    clients.ask(ctx, "browser", &from, &target);
                });
            }
            _ => {}
        }
    }

    pub(super) fn set_kubelet(&mut self, node: &str, stopped: bool) {
        let name = format!("kubelet/{node}");
        self.with_concrete::<kubelet::Kubelet>(&name, |kubelet, ctx| {
            kubelet.set_stopped(stopped);
            if !stopped {
                kubelet.on_timer(ctx, kubelet::WAKE);
            }
        });
    }

    /// Everything that was commanded so far: with the configuration, the whole history.
    pub fn log(&self) -> &[Logged] {
        &self.log
    }

    /// The log, taken out: for hosts that keep it elsewhere.
    pub fn take_log(&mut self) -> Vec<Logged> {
        std::mem::take(&mut self.log)
    }

    pub fn session(&self) -> &Session {
        &self.session
    }
}
