//! Files as a container sees them: its own disk, its volumes, and what volumes share with others.

use api::core::container::Container;
use client::fabric::sandbox::{Backing, Files};
use client::fabric::{Output, World};
use smol_str::SmolStr;

/// Keeps files small: what a demonstration writes, not what a disk holds.
const FILE_BYTES_MAX: usize = 64 * 1024;
const FILES_MAX: usize = 256;

/// A folder is remembered by an entry with this at its end.
const FOLDER_MARK: char = '/';

const ROOT: [&str; 10] = ["bin", "dev", "etc", "home", "proc", "root", "sys", "tmp", "usr", "var"];
const READ_ONLY: &str = "Read-only file system";
const MISSING: &str = "No such file or directory";

/// Where files lie.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Store {
    Container,
    Volume(SmolStr),
    Host,
    Disk(SmolStr),
}

/// A path of a container, found.
#[derive(Clone, Debug)]
struct Spot {
    store: Store,
    /// The key in the store.
    key: String,
    read_only: bool,
}

fn container<'w>(world: &'w World<'_>) -> Option<&'w Container> {
    world.place().and_then(|place| place.container(world.container))
}

fn absolute(path: &str) -> String {
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop();
            }
            part => parts.push(part),
        }
    }
    format!("/{}", parts.join("/"))
}

fn join(folder: &str, rest: &str) -> String {
    match (folder.trim_end_matches('/'), rest.trim_matches('/')) {
        (folder, "") => folder.to_owned(),
        ("", rest) => rest.to_owned(),
        (folder, rest) => format!("{folder}/{rest}"),
    }
}

/// Which of the container's mounts a path lies in: the innermost.
fn locate(world: &World<'_>, path: &str) -> Spot {
    let path = absolute(path);
    let mounts = container(world).map_or(&[][..], |container| &container.volume_mounts);
    let within = |mount: &str| {
        let rest = path.strip_prefix(mount.trim_end_matches('/'))?;
        (rest.is_empty() || rest.starts_with('/')).then(|| rest.trim_start_matches('/').to_owned())
    };
    let found = mounts.iter().filter_map(|mount| Some((mount, within(&mount.mount_path)?)));
    let Some((mount, rest)) = found.max_by_key(|(mount, _)| mount.mount_path.len()) else {
        return Spot { store: Store::Container, key: path, read_only: false };
    };
    let rest = join(mount.sub_path.trim_matches('/'), &rest);
    let shared = world.sandbox().and_then(|sandbox| sandbox.shared.as_ref()?.get(&mount.name));
    let read_only = mount.read_only || shared.is_some_and(|shared| shared.read_only);
    let (store, key) = match shared.map(|shared| &shared.backing) {
        None => (Store::Volume(mount.name.clone()), rest),
        Some(Backing::Host(folder)) => (Store::Host, absolute(&join(folder, &rest))),
        Some(Backing::Disk(disk)) => (Store::Disk(disk.clone()), rest),
    };
    Spot { store, key, read_only }
}

fn files<'w>(world: &'w World<'_>, store: &Store) -> Option<&'w Files> {
    let sandbox = world.sandbox()?;
    match store {
        Store::Container => {
            let memory = sandbox.processes.get(world.container)?.memory.as_ref()?;
            Some(&memory.files)
        }
        Store::Volume(name) => sandbox.volumes.as_ref()?.get(name),
        Store::Host => Some(&world.fabric.machines.get(&sandbox.place.node)?.files),
        Store::Disk(disk) => world.fabric.disks.get(disk),
    }
}

fn files_mut<'w>(world: &'w mut World<'_>, store: &Store) -> Option<&'w mut Files> {
    let (uid, index) = (world.uid, world.container);
    let fabric = &mut *world.fabric;
    if let Store::Disk(disk) = store {
        return Some(fabric.disks.entry(disk.clone()).or_default());
    }
    let sandbox = fabric.sandboxes.get_mut(&uid)?;
    match store {
        Store::Volume(name) => {
            Some(sandbox.volumes.get_or_insert_default().entry(name.clone()).or_default())
        }
        Store::Host => Some(&mut fabric.machines.get_mut(&sandbox.place.node)?.files),
        _ => Some(&mut sandbox.processes.get_mut(index)?.memory_mut().files),
    }
}

pub(crate) fn read(world: &World<'_>, path: &str) -> Option<String> {
    let spot = locate(world, path);
    let found = files(world, &spot.store).and_then(|files| files.get(&spot.key).cloned());
    if found.is_some() || spot.store != Store::Container {
        return found;
    }
    let place = world.place()?;
    let host = place.hostname();
    match spot.key.as_str() {
        "/etc/hostname" => Some(format!("{host}\n")),
        "/etc/resolv.conf" => Some(resolv_conf(&place.pod.namespace)),
        "/etc/hosts" => Some(format!(
            "# Kubernetes-managed hosts file.\n127.0.0.1\tlocalhost\n{}\t{host}\n",
            place.address
        )),
        _ => None,
    }
}

fn resolv_conf(namespace: &str) -> String {
    format!(
        "search {namespace}.svc.cluster.local svc.cluster.local cluster.local\n\
         nameserver 10.96.0.10\noptions ndots:5\n"
    )
}

/// The error is what the operating system says.
pub(crate) fn write(
    world: &mut World<'_>,
    path: &str,
    text: &str,
    append: bool,
) -> Result<(), &'static str> {
    let spot = locate(world, path);
    if spot.read_only {
        return Err(READ_ONLY);
    }
    let Some(files) = files_mut(world, &spot.store) else { return Err(MISSING) };
    if files.len() >= FILES_MAX && !files.contains_key(&spot.key) {
        return Err("No space left on device");
    }
    let file = files.entry(spot.key).or_default();
    if !append {
        file.clear();
    }
    file.push_str(text);
    if file.len() > FILE_BYTES_MAX {
        let cut = file.len() - FILE_BYTES_MAX;
        let cut = (cut..file.len()).find(|at| file.is_char_boundary(*at)).unwrap_or(0);
        file.drain(..cut);
    }
    Ok(())
}

pub(super) fn touch(world: &mut World<'_>, args: &[&str]) -> Output {
    for path in args.iter().filter(|arg| !arg.starts_with('-')) {
        if let Err(why) = write(world, path, "", true) {
            return Output::fail(1, format!("touch: {path}: {why}\n"));
        }
    }
    Output::default()
}

pub(super) fn mkdir(world: &mut World<'_>, args: &[&str]) -> Output {
    for path in args.iter().filter(|arg| !arg.starts_with('-')) {
        let spot = locate(world, path);
        if spot.read_only {
            let why = format!("mkdir: can't create directory '{path}': {READ_ONLY}\n");
            return Output::fail(1, why);
        }
        let folder = format!("{}{FOLDER_MARK}", spot.key);
        if let Some(files) = files_mut(world, &spot.store).filter(|_| !spot.key.is_empty()) {
            files.entry(folder).or_default();
        }
    }
    Output::default()
}

pub(super) fn cat(world: &World<'_>, args: &[&str]) -> Output {
    let mut output = Output::default();
    for path in args.iter().filter(|arg| !arg.starts_with('-')) {
        match read(world, path) {
            Some(text) => output.stdout.push_str(&text),
            None => {
                output.code = 1;
                output.stderr.push_str(&format!("cat: can't open '{path}': {MISSING}\n"));
            }
        }
    }
    output
}

pub(super) fn ls(world: &World<'_>, args: &[&str]) -> Output {
    let path = args.iter().find(|arg| !arg.starts_with('-')).copied().unwrap_or("/");
    let spot = locate(world, path);
    let prefix = match spot.key.trim_end_matches('/') {
        "" if spot.store != Store::Container => String::new(),
        key => format!("{key}/"),
    };
    let inside = files(world, &spot.store).into_iter().flat_map(|files| files.keys());
    let inside: Vec<&str> = inside.filter_map(|name| name.strip_prefix(&prefix)).collect();
    let is_folder = !inside.is_empty();
    let mut names: Vec<&str> = inside.iter().filter_map(|name| name.split('/').next()).collect();
    if path == "/" {
        names.extend(ROOT);
    }
    // Mounting makes the folders on the way to the mount point.
    let folder = format!("{}/", path.trim_end_matches('/'));
    names.extend(
        container(world)
            .into_iter()
            .flat_map(|container| &container.volume_mounts)
            .filter_map(|mount| mount.mount_path.strip_prefix(&folder)?.split('/').next()),
    );
    names.retain(|name| !name.is_empty());
    names.sort_unstable();
    names.dedup();
    let is_file = read(world, path).is_some();
    if names.is_empty() && spot.store == Store::Container && !is_file && !is_folder {
        return Output::fail(1, format!("ls: {path}: {MISSING}\n"));
    }
    if names.is_empty() && is_file {
        return Output::ok(format!("{path}\n"));
    }
    Output::ok(names.iter().map(|name| format!("{name}\n")).collect::<String>())
}

pub(super) fn rm(world: &mut World<'_>, args: &[&str]) -> Output {
    let flag = |letters: &[char]| {
        let mut flags = args.iter().filter(|arg| arg.starts_with('-'));
        flags.any(|arg| arg.contains(letters))
    };
    let (forced, recursive) = (flag(&['f']), flag(&['r', 'R']));
    for path in args.iter().filter(|arg| !arg.starts_with('-')) {
        let spot = locate(world, path);
        let why = if spot.read_only { READ_ONLY } else { MISSING };
        let mut gone = false;
        if let Some(files) = files_mut(world, &spot.store).filter(|_| !spot.read_only) {
            let folder = format!("{}{FOLDER_MARK}", spot.key);
            let before = files.len();
            files.retain(|name, _| *name != spot.key && !(recursive && name.starts_with(&folder)));
            gone = files.len() < before;
        }
        if !gone && (!forced || spot.read_only) {
            return Output::fail(1, format!("rm: can't remove '{path}': {why}\n"));
        }
    }
    Output::default()
}
