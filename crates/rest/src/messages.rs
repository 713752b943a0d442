//! The API's Go types as far as their forms on the wire need them: fields in their order, with
//! JSON names and protobuf numbers. data/messages.txt holds them: a `T` line names a type, each
//! line below a field by number, JSON name and kind.

use std::collections::BTreeMap;
use std::sync::OnceLock;

static TEXT: &str = include_str!("../data/messages.txt");

/// One field. Kinds are `s`tring, b`y`tes, `b`ool, `i`nteger, `d`ouble, `q`uantity, `I`ntOrString,
/// `T`ime, `U` for MicroTime, `D`uration, `X` and `F` for raw JSON, `L` for a list in a message of
/// its own, and `R` with the name of a type.
pub(crate) struct Field {
    pub number: u64,
    pub name: &'static str,
    /// `*` list, `m` map, `p` pointer, `!` told even if empty, `~` fields of the parent.
    pub mark: char,
    pub kind: &'static str,
}

impl Field {
    fn parse(line: &'static str) -> Option<Self> {
        let mut words = line.split(' ');
        let (number, name, kind) = (words.next()?.parse().ok()?, words.next()?, words.next()?);
        let mark = kind.chars().next().filter(|c| "*mp!~".contains(*c));
        let kind = if mark.is_some() { kind.get(1..)? } else { kind };
        Some(Field { number, name, mark: mark.unwrap_or(' '), kind })
    }

    /// The type of the field or of its elements, if it is one.
    pub fn type_name(&self) -> Option<&'static str> {
        self.kind.strip_prefix('R')
    }
}

/// The fields of a type, in the order of its declaration.
pub(crate) fn fields(name: &str) -> Option<&'static [Field]> {
    static ALL: OnceLock<BTreeMap<&'static str, Vec<Field>>> = OnceLock::new();
    let all = ALL.get_or_init(|| {
        let (mut all, mut current) = (BTreeMap::new(), "");
        for line in TEXT.lines() {
            if let Some(name) = line.strip_prefix("T ") {
                current = name;
                all.insert(name, Vec::new());
            } else if let (Some(fields), Some(field)) = (all.get_mut(current), Field::parse(line)) {
                fields.push(field);
            }
        }
        all
    });
    all.get(name).map(Vec::as_slice)
}

/// `apps/v1.Deployment` for `apps/v1` and `Deployment`: the type of an object.
pub(crate) fn type_of(api_version: &str, kind: &str) -> String {
    let (group, version) = api_version.split_once('/').unwrap_or(("core", api_version));
    let package = group.split('.').next().unwrap_or(group);
    let own = format!("{package}/{version}.{kind}");
    // What every group has: Status, DeleteOptions, lists of resources.
    if fields(&own).is_some() { own } else { format!("meta/v1.{kind}") }
}
