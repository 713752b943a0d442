//! Who asks: the tokens that the server is started with, and what a request's head says of its
//! sender.
// Models apiserver/pkg/authentication/token/tokenfile and endpoints/filters/impersonation.

use std::path::Path;

use axum::http::HeaderMap;
use client::{Credentials, Impersonate, User};
use cluster::StaticToken;
use smol_str::SmolStr;

/// The cells of a line of comma-separated values, quoted ones included.
fn cells(line: &str) -> Vec<String> {
    let (mut all, mut cell, mut quoted) = (Vec::new(), String::new(), false);
    for c in line.chars() {
        match c {
            '"' => quoted = !quoted,
            ',' if !quoted => all.push(std::mem::take(&mut cell)),
            _ => cell.push(c),
        }
    }
    all.push(cell);
    all.into_iter().map(|cell| cell.trim().to_owned()).collect()
}

fn token_line(line: &str) -> Option<StaticToken> {
    let all = cells(line);
    let (token, name, uid) = (all.first()?, all.get(1)?, all.get(2)?);
    let groups = all.get(3).map_or("", String::as_str).split(',').map(str::trim);
    let user = User {
        uid: uid.into(),
        groups: groups.filter(|group| !group.is_empty()).map(SmolStr::from).collect(),
        ..User::new(name.as_str(), &[])
    };
    Some(StaticToken { token: token.into(), user })
}

/// The administrator's token and those of a file.
pub fn tokens(administrator: &str, file: Option<&Path>) -> Result<Vec<StaticToken>, String> {
    let user = User::new("kubernetes-admin", &["system:masters"]);
    let mut tokens = vec![StaticToken { token: administrator.into(), user }];
    let Some(path) = file else { return Ok(tokens) };
    let text = std::fs::read_to_string(path).map_err(|e| format!("{}: {e}", path.display()))?;
    for line in text.lines().filter(|line| !line.trim().is_empty()) {
        let bad = || format!("{}: {line:?} is no token,user,uid", path.display());
        tokens.push(token_line(line).ok_or_else(bad)?);
    }
    Ok(tokens)
}

/// The certificate that a client showed when it connected, as PEM.
#[derive(Clone, Debug, Default)]
pub struct Shown(pub String);

fn values<'a>(headers: &'a HeaderMap, name: &str) -> impl Iterator<Item = SmolStr> + use<'a> {
    let all = headers.get_all(name).into_iter();
    all.filter_map(|value| value.to_str().ok()).map(SmolStr::from)
}

fn bearer(headers: &HeaderMap) -> SmolStr {
    let text = values(headers, "authorization").next().unwrap_or_default();
    match text.split_once(' ') {
        Some((kind, token)) if kind.eq_ignore_ascii_case("bearer") => token.trim().into(),
        _ => SmolStr::default(),
    }
}

/// What a request says of its sender.
pub fn credentials(headers: &HeaderMap, shown: &Shown) -> Credentials {
    const EXTRA: &str = "impersonate-extra-";
    let mut wanted = Impersonate {
        user: values(headers, "impersonate-user").next().unwrap_or_default(),
        uid: values(headers, "impersonate-uid").next().unwrap_or_default(),
        groups: values(headers, "impersonate-group").collect(),
        ..Impersonate::default()
    };
    for name in headers.keys().filter_map(|name| name.as_str().strip_prefix(EXTRA)) {
        let key = rest::decode(name, false).into();
        let all = values(headers, &format!("{EXTRA}{name}")).collect();
        wanted.extra.insert(key, all);
    }
    Credentials {
        token: bearer(headers),
        certificate: shown.0.clone(),
        impersonate: (wanted != Impersonate::default()).then_some(wanted),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_token_user_uid_and_groups() {
        let made = token_line("t1,alice,7,\"dev, ops\"").unwrap();
        assert_eq!((made.token.as_str(), made.user.name.as_str()), ("t1", "alice"));
        assert_eq!(made.user.uid, "7");
        assert_eq!(made.user.groups, ["dev", "ops"]);
        assert!(token_line("t1,alice").is_none());
    }
}
