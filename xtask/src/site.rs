//! The static site: the page's wasm and glue, the editor's bundle, styles and index.html.

use crate::{Result, need, shell, trunk};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

const TARGET: &str = "wasm32-unknown-unknown";
/// The page's files carry this name; what wasm-bindgen writes beside it adds `_bg`.
const NAME: &str = "kubarium";

#[derive(Clone, Copy, PartialEq)]
pub enum Profile {
    /// What is published: link-time optimisation, then wasm-opt.
    Release,
    /// As fast to run within a few percent, much faster to build: what the tests drive.
    Quick,
    /// The fastest to build.
    Dev,
}

impl Profile {
    fn cargo(self) -> &'static str {
        match self {
            Profile::Release => "web",
            Profile::Quick => "release-dev",
            Profile::Dev => "dev",
        }
    }

    fn folder(self) -> &'static str {
        if self == Profile::Dev { "debug" } else { self.cargo() }
    }
}

pub fn command(mut parser: lexopt::Parser) -> Result<ExitCode> {
    let mut profile = Profile::Release;
    while let Some(arg) = parser.next().map_err(|e| e.to_string())? {
        profile = match arg {
            lexopt::Arg::Long("quick") => Profile::Quick,
            lexopt::Arg::Long("dev") => Profile::Dev,
            other => return Err(other.unexpected().to_string()),
        };
    }
    let dist = shell::root().join("dist");
    build(profile, &dist)?;
    println!("{}", dist.display());
    Ok(ExitCode::SUCCESS)
}

/// Where the site that the tests drive is built, so that dist/ stays what was published.
pub fn quick_dist() -> Result<PathBuf> {
    Ok(shell::target_dir()?.join("site").join("quick"))
}

/// Builds the whole site into `dist`, which it replaces.
pub fn build(profile: Profile, dist: &Path) -> Result<()> {
    need::wasm_target()?;
    need::npm_packages()?;
    let root = shell::root();
    let glue = glue(profile)?;
    let editor = root.join("web/editor/dist/editor.js");
    if newest(&root.join("web/editor")) > newest(&editor) {
        shell::run(shell::cmd("node").arg("web/editor/build.mjs"))?;
    }
    if dist.exists() {
        std::fs::remove_dir_all(dist).map_err(|e| format!("{}: {e}", dist.display()))?;
    }
    copy(&glue, dist)?;
    let html = read(&root.join("index.html"))?;
    let page = trunk::replace(&html, |link| place(link, &root, dist))?;
    std::fs::write(dist.join("index.html"), page).map_err(|e| e.to_string())
}

/// Compiles the page and writes its wasm and JavaScript into a folder, which it returns.
fn glue(profile: Profile) -> Result<PathBuf> {
    let mut cargo = shell::cargo();
    cargo.args(["build", "--package", "web", "--lib", "--target", TARGET]);
    shell::run(cargo.args(["--profile", profile.cargo()]))?;

    let target = shell::target_dir()?;
    let compiled = target.join(TARGET).join(profile.folder()).join("web.wasm");
    let out = target.join("site").join(format!("glue-{}", profile.folder()));
    let stamp = out.join(".stamp");
    let fingerprint = fingerprint(&compiled)?.to_string();
    if std::fs::read_to_string(&stamp).is_ok_and(|text| text == fingerprint) {
        return Ok(out);
    }
    if out.exists() {
        std::fs::remove_dir_all(&out).map_err(|e| e.to_string())?;
    }
    let (input, folder) = (compiled.display().to_string(), out.display().to_string());
    let mut args = vec!["wasm-bindgen", &input, "--target", "web", "--no-typescript"];
    args.extend(["--out-dir", &folder, "--out-name", NAME]);
    wasm_bindgen_cli::wasm_bindgen::run_cli_with_args(args).map_err(|e| format!("{e:#}"))?;
    if profile == Profile::Release {
        optimise(&out.join(format!("{NAME}_bg.wasm")))?;
    }
    std::fs::write(stamp, fingerprint).map_err(|e| e.to_string())?;
    Ok(out)
}

fn optimise(wasm: &Path) -> Result<()> {
    let mut wasm_opt = shell::cmd("node");
    wasm_opt.arg("node_modules/binaryen/bin/wasm-opt");
    wasm_opt.args(["-Oz", "--strip-debug", "--strip-producers"]).arg(wasm).arg("-o").arg(wasm);
    shell::run(&mut wasm_opt)
}

/// What stands in the built page where index.html has a link for Trunk.
fn place(link: &trunk::Link<'_>, root: &Path, dist: &Path) -> Result<String> {
    let source = root.join(link.href);
    let name = source.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let target = dist.join(&name);
    match link.rel {
        "rust" => start_script(dist),
        "css" | "icon" => {
            copy(&source, &target)?;
            let rel = if link.rel == "css" { "stylesheet" } else { "icon" };
            Ok(format!(r#"<link rel="{rel}" href="./{name}?v={:x}">"#, fingerprint(&target)?))
        }
        "copy-file" | "copy-dir" => copy(&source, &target).map(|()| String::new()),
        other => Err(format!("index.html: no rule for data-trunk rel={other:?}")),
    }
}

/// The addresses carry a fingerprint: a cached script must never meet another build's wasm.
fn start_script(dist: &Path) -> Result<String> {
    let script = format!("{NAME}.js?v={:x}", fingerprint(&dist.join(format!("{NAME}.js")))?);
    let file = format!("{NAME}_bg.wasm");
    let wasm = format!("{file}?v={:x}", fingerprint(&dist.join(&file))?);
    Ok(format!(
        r#"<link rel="modulepreload" href="./{script}">
    <link rel="preload" href="./{wasm}" as="fetch" type="application/wasm" crossorigin>
    <script type="module">
      import init from "./{script}";
      init({{ module_or_path: new URL("./{wasm}", document.baseURI) }});
    </script>"#
    ))
}

fn fingerprint(file: &Path) -> Result<u64> {
    let bytes = std::fs::read(file).map_err(|e| format!("{}: {e}", file.display()))?;
    let mut hasher = DefaultHasher::new();
    bytes.hash(&mut hasher);
    Ok(hasher.finish())
}

fn read(file: &Path) -> Result<String> {
    std::fs::read_to_string(file).map_err(|e| format!("{}: {e}", file.display()))
}

/// Copies a file or a folder; files whose name starts with a dot stay behind.
fn copy(from: &Path, to: &Path) -> Result<()> {
    let fail = |e: std::io::Error| format!("{}: {e}", from.display());
    if !from.is_dir() {
        return std::fs::copy(from, to).map(|_| ()).map_err(fail);
    }
    std::fs::create_dir_all(to).map_err(fail)?;
    for entry in std::fs::read_dir(from).map_err(fail)? {
        let entry = entry.map_err(fail)?;
        if !entry.file_name().to_string_lossy().starts_with('.') {
            copy(&entry.path(), &to.join(entry.file_name()))?;
        }
    }
    Ok(())
}

/// When the file, or the newest source file below the folder, was last changed.
fn newest(path: &Path) -> Option<std::time::SystemTime> {
    if !path.is_dir() {
        return path.metadata().and_then(|m| m.modified()).ok();
    }
    let entries = std::fs::read_dir(path).ok()?.flatten();
    entries.filter(|e| e.file_name() != "dist").filter_map(|e| newest(&e.path())).max()
}
