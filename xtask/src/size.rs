//! `size`: the files of dist/, raw and compressed.

use crate::{Result, shell};
use serde_json::Value;
use std::path::Path;
use std::process::ExitCode;

/// Node has both compressors, and is here anyway.
const SCRIPT: &str = r#"
import { readdirSync, readFileSync } from "node:fs";
import { brotliCompressSync, gzipSync, constants as c } from "node:zlib";
const dist = process.argv[1];
const files = readdirSync(dist, { recursive: true, withFileTypes: true }).filter((f) => f.isFile());
const rows = files.map((f) => {
  const path = `${f.parentPath ?? f.path}/${f.name}`;
  const raw = readFileSync(path);
  const hint = { [c.BROTLI_PARAM_QUALITY]: 11, [c.BROTLI_PARAM_SIZE_HINT]: raw.length };
  const brotli = brotliCompressSync(raw, { params: hint }).length;
  const gzip = gzipSync(raw, { level: 9 }).length;
  return { file: path.slice(dist.length + 1), raw: raw.length, gzip, brotli };
});
console.log(JSON.stringify(rows.sort((a, b) => b.raw - a.raw)));
"#;

/// One file of the site, in bytes.
pub struct Size {
    pub file: String,
    pub raw: u64,
    pub gzip: u64,
    pub brotli: u64,
}

pub fn command(_: lexopt::Parser) -> Result<ExitCode> {
    let dist = shell::root().join("dist");
    let sizes = measure(&dist)?;
    println!("{:<32}{:>12}{:>12}{:>12}", "file", "raw", "gzip", "brotli");
    for size in &sizes {
        println!("{:<32}{:>12}{:>12}{:>12}", size.file, size.raw, size.gzip, size.brotli);
    }
    let sum = |of: fn(&Size) -> u64| sizes.iter().map(of).sum::<u64>();
    let (raw, gzip, brotli) = (sum(|s| s.raw), sum(|s| s.gzip), sum(|s| s.brotli));
    println!("{:<32}{raw:>12}{gzip:>12}{brotli:>12}", "sum");
    Ok(ExitCode::SUCCESS)
}

pub fn measure(dist: &Path) -> Result<Vec<Size>> {
    if !dist.join("index.html").is_file() {
        return Err("there is no dist/; run: cargo xtask build".to_owned());
    }
    let mut node = shell::cmd("node");
    node.args(["--input-type=module", "--eval", SCRIPT]).arg(dist);
    let rows: Value =
        serde_json::from_str(&shell::output(&mut node)?).map_err(|e| e.to_string())?;
    let rows = rows.as_array().map(Vec::as_slice).unwrap_or_default();
    let number = |row: &Value, key: &str| row[key].as_u64().unwrap_or(0);
    Ok(rows
        .iter()
        .map(|row| Size {
            file: row["file"].as_str().unwrap_or_default().to_owned(),
            raw: number(row, "raw"),
            gzip: number(row, "gzip"),
            brotli: number(row, "brotli"),
        })
        .collect())
}
