//! Who may come to the cluster from outside: fixed tokens, and the kubeconfig files with them.

use apiserver::StaticToken;
use client::User;
use kubectl::{Kubeconfig, Session};

use crate::config::Config;

/// File, cluster, user, token and groups. The administrator comes first.
struct Identity {
    file: &'static str,
    context: &'static str,
    entry: &'static str,
    user: &'static str,
    token: &'static str,
    groups: &'static [&'static str],
}

const ADMIN: Identity = Identity {
    file: "",
    context: "kubarium",
    entry: "kubernetes-admin",
    user: "kubernetes-admin",
    token: "kubarium-admin",
    groups: &["system:masters"],
};

/// The users of the recorded clusters, with their files in the working directory.
const RECORDED: [Identity; 2] = [
    Identity {
        file: "admin.kubeconfig",
        context: "cluster",
        entry: "admin",
        user: "admin",
        token: "TOKEN",
        groups: &["system:masters"],
    },
    Identity {
        file: "alice.kubeconfig",
        context: "cluster",
        entry: "alice",
        user: "alice",
        token: "alicetok",
        groups: &[],
    },
];

fn identities(config: &Config) -> &'static [Identity] {
    if config.as_recorded { &RECORDED } else { &[ADMIN] }
}

/// The token of an administrator that the configuration brings along.
fn administrator(config: &Config) -> Option<&StaticToken> {
    config.tokens.iter().find(|fixed| fixed.user.is_in("system:masters"))
}

/// The API server's token file. Who brings an administrator gets no well-known one.
pub(crate) fn tokens(config: &Config) -> Vec<StaticToken> {
    let fixed = |one: &Identity| {
        let user = User { uid: one.user.into(), ..User::new(one.user, one.groups) };
        StaticToken { token: one.token.into(), user }
    };
    let well_known = match administrator(config) {
        Some(_) if !config.as_recorded => &[],
        _ => identities(config),
    };
    well_known.iter().map(fixed).chain(config.tokens.iter().cloned()).collect()
}

/// A terminal session with the kubeconfig files.
pub(crate) fn session(config: &Config) -> Session {
    let mut session = Session::default();
    for (number, one) in identities(config).iter().enumerate() {
        let brought = administrator(config).filter(|_| !config.as_recorded);
        let token = brought.map_or(one.token, |fixed| fixed.token.as_str());
        let file = Kubeconfig::new(one.context, one.entry, token);
        if !one.file.is_empty() {
            session.files.write(one.file, file.to_text());
        }
        if number == 0 {
            session.kubeconfig = file;
        }
    }
    session
}
