//! The hash in `pod-template-hash`: FNV-32a over Go's dump of the template's struct, field by
//! field in Go's order, which `template_hash/go_types.txt` records from k8s.io/api/core/v1.
// Models pkg/controller/controller_utils.go (ComputeHash), k8s.io/utils/dump and spew's `%#v`.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use serde_json::Value;

use crate::encode::{FNV32A_START, fnv32a_more, safe_encode_string};
use crate::quantity::Quantity;

struct Field {
    name: &'static str,
    /// `-` where the field's own fields stand in the parent's JSON object.
    json: &'static str,
    ty: &'static str,
}

enum GoType {
    Named(&'static str),
    Struct(Vec<Field>),
}

static GO_TYPES: LazyLock<BTreeMap<&'static str, GoType>> = LazyLock::new(|| {
    let mut types = BTreeMap::new();
    let mut current = "";
    for line in include_str!("template_hash/go_types.txt").lines() {
        let mut words = line.split_ascii_whitespace();
        let (Some(first), Some(second)) = (words.next(), words.next()) else { continue };
        match (first, words.next()) {
            ("type", Some(underlying)) => {
                types.insert(second, GoType::Named(underlying));
            }
            ("struct", None) => {
                current = second;
                types.insert(current, GoType::Struct(Vec::new()));
            }
            (name, Some(ty)) => {
                if let Some(GoType::Struct(fields)) = types.get_mut(current) {
                    fields.push(Field { name, json: second, ty });
                }
            }
            _ => {}
        }
    }
    types
});

/// The hash of a template in wire form with its defaults filled in.
pub fn pod_template_hash(template: &Value, collision_count: Option<i32>) -> String {
    let mut dump = String::new();
    dump_value(&mut dump, "v1.PodTemplateSpec", Some(template), true);
    let mut hash = fnv32a_more(FNV32A_START, dump.as_bytes());
    if let Some(count) = collision_count {
        hash = fnv32a_more(hash, &count.to_le_bytes());
        hash = fnv32a_more(hash, &[0; 4]);
    }
    safe_encode_string(&hash.to_string())
}

fn dump_value(out: &mut String, ty: &'static str, value: Option<&Value>, show_type: bool) {
    let value = value.filter(|value| !value.is_null());
    if let Some(target) = ty.strip_prefix('*') {
        match (show_type, value) {
            (true, _) => out.push_str(&format!("({ty})")),
            (false, Some(_)) => out.push_str("<*>"),
            (false, None) => {}
        }
        return match value {
            Some(_) => dump_value(out, target, value, false),
            None => out.push_str("<nil>"),
        };
    }
    if show_type {
        out.push_str(&format!("({ty})"));
    }
    dump_content(out, ty, value);
}

fn dump_content(out: &mut String, ty: &'static str, value: Option<&Value>) {
    if let Some(element) = ty.strip_prefix("[]") {
        return dump_slice(out, element, value);
    }
    if let Some((_, element)) = ty.strip_prefix("map[").and_then(|rest| rest.split_once(']')) {
        return dump_map(out, element, value);
    }
    match (ty, GO_TYPES.get(ty)) {
        (_, Some(GoType::Named(underlying))) => dump_content(out, underlying, value),
        (_, Some(GoType::Struct(fields))) => dump_struct(out, fields, value),
        ("resource.Quantity", _) => dump_quantity(out, value),
        ("intstr.IntOrString", _) => dump_int_or_string(out, value),
        ("string", _) => out.push_str(value.and_then(Value::as_str).unwrap_or("")),
        ("bool", _) => {
            out.push_str(&format!("{}", value.and_then(Value::as_bool).unwrap_or(false)))
        }
        _ => out.push_str(&format!("{}", value.and_then(Value::as_i64).unwrap_or(0))),
    }
}

/// What comes over the wire empty is nil in the controller.
fn dump_slice(out: &mut String, element: &'static str, value: Option<&Value>) {
    let items = value.and_then(Value::as_array).filter(|items| !items.is_empty());
    let Some(items) = items else { return out.push_str("<nil>") };
    out.push('[');
    for (i, item) in items.iter().enumerate() {
        if i > 0 {
            out.push(' ');
        }
        dump_value(out, element, Some(item), false);
    }
    out.push(']');
}

fn dump_map(out: &mut String, element: &'static str, value: Option<&Value>) {
    let map = value.and_then(Value::as_object).filter(|map| !map.is_empty());
    let Some(map) = map else { return out.push_str("<nil>") };
    out.push_str("map[");
    for (i, (key, item)) in map.iter().enumerate() {
        out.push_str(&format!("{}{key}:", if i > 0 { " " } else { "" }));
        dump_value(out, element, Some(item), false);
    }
    out.push(']');
}

fn dump_struct(out: &mut String, fields: &[Field], value: Option<&Value>) {
    out.push('{');
    for (i, field) in fields.iter().enumerate() {
        out.push_str(&format!("{}{}:", if i > 0 { " " } else { "" }, field.name));
        // A pointer or number without a JSON name is Go's own and stays at its zero.
        let inner = match field.json {
            "-" if field.ty.contains('.') && !field.ty.starts_with('*') => value,
            "-" => None,
            json => value.and_then(|value| value.get(json)),
        };
        dump_value(out, field.ty, inner, true);
    }
    out.push('}');
}

fn dump_quantity(out: &mut String, value: Option<&Value>) {
    let text = match value {
        Some(Value::String(text)) => text.trim().to_owned(),
        Some(number) => number.to_string(),
        None => String::new(),
    };
    const ZERO: &str = "{i:(resource.int64Amount){value:(int64)0 scale:(resource.Scale)0} \
                        d:(resource.infDecAmount){Dec:(*inf.Dec)<nil>} s:(string) \
                        Format:(resource.Format)}";
    out.push_str(Quantity::go_dump(&text).as_deref().unwrap_or(ZERO));
}

fn dump_int_or_string(out: &mut String, value: Option<&Value>) {
    let (ty, int, text) = match value {
        Some(Value::String(text)) => (1, 0, text.as_str()),
        Some(number) => (0, number.as_i64().unwrap_or(0), ""),
        None => (0, 0, ""),
    };
    out.push_str(&format!("{{Type:(intstr.Type){ty} IntVal:(int32){int} StrVal:(string){text}}}"));
}
