//! Who asks: the administrator's token and those of a file, as kube-apiserver's --token-auth-file.

use std::collections::BTreeMap;
use std::path::Path;

use apimachinery::status::{Reason, Status};
use client::User;

#[derive(Debug, Default)]
pub struct Users {
    by_token: BTreeMap<String, User>,
}

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

impl Users {
    pub fn new(token: &str, file: Option<&Path>) -> Result<Self, String> {
        let mut users = Users::default();
        let groups = vec!["system:masters".into(), "system:authenticated".into()];
        users.by_token.insert(token.to_owned(), User { name: "kubernetes-admin".into(), groups });
        let Some(path) = file else { return Ok(users) };
        let text = std::fs::read_to_string(path).map_err(|e| format!("{}: {e}", path.display()))?;
        for line in text.lines().filter(|line| !line.trim().is_empty()) {
            let all = cells(line);
            let (Some(token), Some(name), Some(_)) = (all.first(), all.get(1), all.get(2)) else {
                return Err(format!("{}: {line:?} is no token,user,uid", path.display()));
            };
            let groups = all.get(3).map_or("", String::as_str).split(',');
            let mut groups: Vec<_> =
                groups.map(str::trim).filter(|group| !group.is_empty()).map(Into::into).collect();
            groups.push("system:authenticated".into());
            users.by_token.insert(token.clone(), User { name: name.as_str().into(), groups });
        }
        Ok(users)
    }

    /// The user behind an Authorization header.
    pub fn identify(&self, authorization: Option<&str>) -> Result<User, Box<Status>> {
        let unauthorized = || Status::new(Reason::Unauthorized, "Unauthorized");
        let Some(text) = authorization else { return Err(unauthorized()) };
        let token = text.split_once(' ').filter(|(kind, _)| kind.eq_ignore_ascii_case("bearer"));
        let user = token.and_then(|(_, token)| self.by_token.get(token.trim()));
        user.cloned().ok_or_else(unauthorized)
    }
}
