//! Protobuf bodies, which Go's typed clients send, to the JSON they stand for.
// Models apimachinery/pkg/runtime/serializer/protobuf/protobuf.go.

use std::collections::BTreeMap;

use apimachinery::time::{MicroTime, Time};
use serde_json::{Map, Value};

use crate::messages;

const MAGIC: &[u8] = b"k8s\0";
const DEPTH_MAX: usize = 100;

/// A value as it stands on the wire.
enum Wire<'a> {
    Number(u64),
    Bytes(&'a [u8]),
}

struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    fn varint(&mut self) -> Option<u64> {
        let mut number = 0u64;
        for shift in (0..64).step_by(7) {
            let (byte, rest) = self.0.split_first()?;
            self.0 = rest;
            number |= u64::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return Some(number);
            }
        }
        None
    }

    fn take(&mut self, length: u64) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(usize::try_from(length).ok()?)?;
        self.0 = rest;
        Some(taken)
    }

    fn fixed(&mut self, length: u64) -> Option<Wire<'a>> {
        let bytes = self.take(length)?.iter().rev();
        Some(Wire::Number(bytes.fold(0, |number, byte| number << 8 | u64::from(*byte))))
    }

    fn next(&mut self) -> Option<(u64, Wire<'a>)> {
        let tag = self.varint()?;
        let wire = match tag & 7 {
            0 => Wire::Number(self.varint()?),
            1 => self.fixed(8)?,
            2 => {
                let length = self.varint()?;
                Wire::Bytes(self.take(length)?)
            }
            5 => self.fixed(4)?,
            _ => return None,
        };
        Some((tag >> 3, wire))
    }
}

fn text(bytes: &[u8]) -> Option<Value> {
    std::str::from_utf8(bytes).ok().map(|text| text.into())
}

/// The fields of a small message, by number.
fn numbers(bytes: &[u8]) -> Option<BTreeMap<u64, Wire<'_>>> {
    let (mut reader, mut all) = (Reader(bytes), BTreeMap::new());
    while !reader.0.is_empty() {
        let (number, wire) = reader.next()?;
        all.insert(number, wire);
    }
    Some(all)
}

fn number(fields: &BTreeMap<u64, Wire<'_>>, at: u64) -> i64 {
    match fields.get(&at) {
        Some(Wire::Number(number)) => *number as i64,
        _ => 0,
    }
}

fn part<'a>(fields: &BTreeMap<u64, Wire<'a>>, at: u64) -> &'a [u8] {
    match fields.get(&at) {
        Some(Wire::Bytes(bytes)) => bytes,
        _ => &[],
    }
}

/// A value of a kind; none if the bytes are not of that kind.
fn value(kind: &str, wire: &Wire<'_>, depth: usize) -> Option<Value> {
    let inner = kind.get(1..).unwrap_or_default();
    Some(match (kind.chars().next()?, wire) {
        ('s', Wire::Bytes(bytes)) => text(bytes)?,
        ('y', Wire::Bytes(bytes)) => apimachinery::base64::encode(bytes).into(),
        ('b', Wire::Number(number)) => (*number != 0).into(),
        ('i', Wire::Number(number)) => (*number as i64).into(),
        ('d', Wire::Number(number)) => f64::from_bits(*number).into(),
        ('q', Wire::Bytes(bytes)) => text(part(&numbers(bytes)?, 1))?,
        ('I', Wire::Bytes(bytes)) => {
            let fields = numbers(bytes)?;
            match number(&fields, 1) {
                0 => number(&fields, 2).into(),
                _ => text(part(&fields, 3))?,
            }
        }
        ('T', Wire::Bytes([])) => Value::Null,
        ('T', Wire::Bytes(bytes)) => Time(number(&numbers(bytes)?, 1)).to_string().into(),
        ('U', Wire::Bytes([])) => Value::Null,
        ('U', Wire::Bytes(bytes)) => {
            let fields = numbers(bytes)?;
            let micros = number(&fields, 1).checked_mul(1_000_000)?;
            MicroTime(micros.checked_add(number(&fields, 2) / 1_000)?).to_string().into()
        }
        ('D', Wire::Bytes(bytes)) => {
            let nanos = u64::try_from(number(&numbers(bytes)?, 1)).ok()?;
            format!("{}s", nanos / 1_000_000_000).into()
        }
        ('X' | 'F', Wire::Bytes(bytes)) => {
            serde_json::from_slice(part(&numbers(bytes)?, 1)).ok()?
        }
        ('L', Wire::Bytes(bytes)) => {
            let (mut reader, mut items) = (Reader(bytes), Vec::new());
            while !reader.0.is_empty() {
                items.push(value(inner, &reader.next()?.1, depth)?);
            }
            Value::Array(items)
        }
        ('R', Wire::Bytes(bytes)) => Value::Object(message(inner, bytes, depth + 1)?),
        _ => return None,
    })
}

fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Bool(flag) => !flag,
        Value::Number(number) => number.as_f64() == Some(0.0),
        Value::String(text) => text.is_empty(),
        Value::Array(items) => items.is_empty(),
        Value::Object(map) => map.is_empty(),
    }
}

fn entry(kind: &str, wire: &Wire<'_>, depth: usize) -> Option<(String, Value)> {
    let Wire::Bytes(bytes) = wire else { return None };
    let fields = numbers(bytes)?;
    let key = String::from_utf8(part(&fields, 1).to_vec()).ok()?;
    Some((key, value(kind, fields.get(&2).unwrap_or(&Wire::Bytes(&[])), depth)?))
}

fn message(name: &str, bytes: &[u8], depth: usize) -> Option<Map<String, Value>> {
    let fields = messages::fields(name).filter(|_| depth < DEPTH_MAX)?;
    let (mut map, mut reader) = (Map::new(), Reader(bytes));
    while !reader.0.is_empty() {
        let (number, wire) = reader.next()?;
        let Some(field) = fields.iter().find(|field| field.number == number) else { continue };
        if field.mark == 'm' {
            let (key, value) = entry(field.kind, &wire, depth)?;
            let slot = map.entry(field.name).or_insert_with(|| Value::Object(Map::new()));
            slot.as_object_mut()?.insert(key, value);
            continue;
        }
        let value = value(field.kind, &wire, depth)?;
        match (field.mark, value) {
            ('*', value) => {
                let slot = map.entry(field.name).or_insert_with(|| Value::Array(Vec::new()));
                slot.as_array_mut()?.push(value);
            }
            ('~', Value::Object(own)) => map.extend(own),
            ('p' | '!', value) => drop(map.insert(field.name.to_owned(), value)),
            (_, value) if is_empty(&value) => {}
            (_, value) => drop(map.insert(field.name.to_owned(), value)),
        }
    }
    Some(map)
}

/// The object in a body; none if it is no protobuf or of a type that is not known.
pub(crate) fn decode(body: &[u8]) -> Option<Value> {
    let unknown = numbers(body.strip_prefix(MAGIC)?)?;
    let types = numbers(part(&unknown, 1))?;
    let (api_version, kind) = (text(part(&types, 1))?, text(part(&types, 2))?);
    let name = messages::type_of(api_version.as_str()?, kind.as_str()?);
    let mut map = message(&name, part(&unknown, 2), 0)?;
    map.insert("apiVersion".to_owned(), api_version);
    map.insert("kind".to_owned(), kind);
    Some(Value::Object(map))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn bytes(hex: &str) -> Vec<u8> {
        let digits: Vec<u8> = hex.chars().filter_map(|c| c.to_digit(16)).map(|d| d as u8).collect();
        digits.chunks(2).map(|pair| pair[0] << 4 | pair[1]).collect()
    }

    #[test]
    fn a_deployment_as_kubectl_create_sends_it() {
        let sent = bytes(
            "6b38730 00a150a0761 7070732f7631 120a4465706c6f796d656e74 12ab010a1f0a03776562 \
             12001a0022002a0032003800 42005a0a0a03617070 1203776562127a0803120c0a0a0a03617070 \
             12037765621a600a1c0a0012001a0022002a003200380042005a0a0a0361707012037765621240 \
             12220a056e67696e7812056e67696e782a0042006a0072008001008801009001 00a201001a0032 \
             0042004a00520058006000680082010 08a01009a0100c2010022020a00280038001a0c0800100018 \
             00200028003800 1a002200",
        );
        let labels = json!({ "app": "web" });
        let container = json!({ "name": "nginx", "image": "nginx" });
        assert_eq!(
            decode(&sent),
            Some(json!({
                "apiVersion": "apps/v1", "kind": "Deployment",
                "metadata": { "name": "web", "labels": labels },
                "spec": {
                    "replicas": 3, "selector": { "matchLabels": labels },
                    "template": {
                        "metadata": { "labels": labels }, "spec": { "containers": [container] },
                    },
                },
            }))
        );
        assert_eq!(decode(b"k8s\0\x0a\x05"), None);
        assert_eq!(decode(b"{}"), None);
    }
}
