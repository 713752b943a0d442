//! Packs data/*.json (structure of the Kubernetes 1.36 API) into one deflated line format.
//!
//! definitions.json, discovery.json and columns.json are the API's own documents without prose;
//! go_types.json names the Go types of the fields whose type the documents do not tell
//! (`RestartPolicy` is a plain string there), because decode errors print them; value_structs.json
//! names the fields that are always there in Go, because they are structs and no pointers.

use serde_json::{Map, Value};
use std::error::Error;
use std::fmt::Write;
use std::path::Path;

type Doc = Map<String, Value>;

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo::rerun-if-changed=data");
    println!("cargo::rerun-if-changed=build.rs");
    let definitions: Doc = read("definitions")?;
    let go_types: Doc = read("go_types")?;
    let value_structs: Doc = read("value_structs")?;
    let resources: Vec<Value> = read("discovery")?;
    let columns: Doc = read("columns")?;

    let mut out = String::new();
    for (name, definition) in &definitions {
        let go = (go_types.get(name), value_structs.get(name));
        pack_type(&mut out, &definitions, name, definition, go)?;
    }
    for resource in &resources {
        pack_resource(&mut out, resource)?;
    }
    for (plural, list) in &columns {
        writeln!(out, "C\t{plural}")?;
        for column in array(list) {
            let cells: Vec<String> = array(column).iter().map(cell).collect();
            writeln!(out, "c\t{}", cells.join("\t"))?;
        }
    }
    let packed = miniz_oxide::deflate::compress_to_vec(out.as_bytes(), 10);
    let dir = std::env::var_os("OUT_DIR").ok_or("OUT_DIR is not set")?;
    std::fs::write(Path::new(&dir).join("schema.bin"), packed)?;
    Ok(())
}

fn read<T: serde::de::DeserializeOwned>(name: &str) -> Result<T, Box<dyn Error>> {
    Ok(serde_json::from_slice(&std::fs::read(format!("data/{name}.json"))?)?)
}

/// `T name flags group/version/Kind …`, then one `f name kind attributes [enum|values]` a field.
fn pack_type(
    out: &mut String,
    definitions: &Doc,
    name: &str,
    definition: &Value,
    (go_types, value_structs): (Option<&Value>, Option<&Value>),
) -> Result<(), Box<dyn Error>> {
    let atomic = definition["x-kubernetes-map-type"] == "atomic";
    write!(out, "T\t{name}\t{}", if atomic { "a" } else { "" })?;
    for gvk in array(&definition["x-kubernetes-group-version-kind"]) {
        write!(out, "\t{}/{}/{}", text(&gvk["group"]), text(&gvk["version"]), text(&gvk["kind"]))?;
    }
    out.push('\n');
    let required = strings(&definition["required"]);
    let Some(fields) = definition["properties"].as_object() else { return Ok(()) };
    for (field, value) in fields {
        let mut attributes = Vec::new();
        if required.contains(&field.as_str()) {
            attributes.push("!".to_owned());
        }
        for (mark, key) in [
            ("s", "x-kubernetes-patch-strategy"),
            ("k", "x-kubernetes-patch-merge-key"),
            ("l", "x-kubernetes-list-type"),
        ] {
            if let Some(value) = value[key].as_str() {
                attributes.push(format!("{mark}{value}"));
            }
        }
        if value_structs.is_some_and(|fields| strings(fields).contains(&field.as_str())) {
            attributes.push("z".to_owned());
        }
        match value["x-kubernetes-map-type"].as_str() {
            Some("atomic") => attributes.push("a".to_owned()),
            Some("granular") => attributes.push("G".to_owned()),
            _ => {}
        }
        let keys = strings(&value["x-kubernetes-list-map-keys"]);
        if !keys.is_empty() {
            attributes.push(format!("m{}", keys.join(",")));
        }
        if let Some(go) = go_types.and_then(|types| types[field].as_str()) {
            attributes.push(format!("g{go}"));
        }
        write!(out, "f\t{field}\t{}\t{}", kind(definitions, value)?, attributes.join(" "))?;
        let element = ["items", "additionalProperties"].iter().find_map(|key| value.get(key));
        let values = strings(&element.unwrap_or(value)["enum"]);
        if !values.is_empty() {
            write!(out, "\t{}", values.join("|"))?;
        }
        out.push('\n');
    }
    Ok(())
}

fn kind(definitions: &Doc, value: &Value) -> Result<String, Box<dyn Error>> {
    if let Some(reference) = value["$ref"].as_str() {
        let name = reference.trim_start_matches("#/definitions/");
        let index = definitions.keys().position(|key| key == name).ok_or("dangling $ref")?;
        return Ok(match name.rsplit('.').next().unwrap_or("") {
            "IntOrString" => "I".to_owned(),
            "Quantity" => "Q".to_owned(),
            "Time" => "T".to_owned(),
            "MicroTime" => "U".to_owned(),
            "CustomResourceSubresourceStatus" => format!("R{index}"),
            _ if definitions[name].get("properties").is_none() => format!("X{index}"),
            _ => format!("R{index}"),
        });
    }
    Ok(match (text(&value["type"]), text(&value["format"])) {
        ("string", "byte") => "y".to_owned(),
        ("string", _) => "s".to_owned(),
        ("integer", "int32") => "i".to_owned(),
        ("integer", _) => "l".to_owned(),
        ("number", _) => "n".to_owned(),
        ("boolean", _) => "b".to_owned(),
        ("array", _) => format!("A{}", kind(definitions, &value["items"])?),
        ("object", _) => format!("M{}", kind(definitions, &value["additionalProperties"])?),
        other => return Err(format!("field type {other:?}").into()),
    })
}

/// `R group version kind plural singular short,… n verbs,… categories,…`, then `r` a subresource.
fn pack_resource(out: &mut String, resource: &Value) -> Result<(), Box<dyn Error>> {
    let list = |key: &str| strings(&resource[key]).join(",");
    let namespaced = if resource["scope"] == "Namespaced" { "n" } else { "" };
    writeln!(
        out,
        "R\t{}\t{}\t{}\t{}\t{}\t{}\t{namespaced}\t{}\t{}",
        text(&resource["group"]),
        text(&resource["version"]),
        text(&resource["responseKind"]["kind"]),
        text(&resource["resource"]),
        text(&resource["singularResource"]),
        list("shortNames"),
        list("verbs"),
        list("categories"),
    )?;
    for sub in array(&resource["subresources"]) {
        let kind = &sub["responseKind"];
        let or = |key: &str| match text(&kind[key]) {
            "" => text(&resource[key]).to_owned(),
            own => own.to_owned(),
        };
        let verbs = strings(&sub["verbs"]).join(",");
        let name = text(&sub["subresource"]);
        writeln!(out, "r\t{name}\t{}\t{}\t{}\t{verbs}", or("group"), or("version"), or("kind"))?;
    }
    Ok(())
}

fn array(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

fn strings(value: &Value) -> Vec<&str> {
    array(value).iter().filter_map(Value::as_str).collect()
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or("")
}

fn cell(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}
