//! The image registry: which images exist, how large they are and what they run.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use api::core::container::Container;
use clock::Duration;
use smol_str::SmolStr;

use super::program::Program;
use super::pushed::{Build, Layer, Pushed};

/// An image family of the registry.
pub trait Image: fmt::Debug + Send + Sync {
    /// Repository as people write it: `nginx`, `registry.k8s.io/pause`.
    fn repository(&self) -> &str;

    fn size_bytes(&self) -> u64;

    /// Whether a tag exists.
    fn has_tag(&self, tag: &str) -> bool {
        plausible_tag(tag)
    }

    /// Whether containers that name no command of their own all run the same.
    fn is_uniform(&self) -> bool {
        false
    }

    /// What a container of this image runs.
    fn program(&self, tag: &str, container: &Container) -> Arc<dyn Program>;
}

/// Tags that nobody would have pushed do not exist.
pub fn plausible_tag(tag: &str) -> bool {
    let bogus = ["nonexistent", "nosuch", "does-not-exist", "doesnotexist", "invalid", "bogus"];
    let first = tag.bytes().next();
    first.is_some_and(|b| b.is_ascii_alphanumeric() || b == b'_')
        && tag.len() <= 128
        && tag.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-'))
        && !bogus.contains(&tag)
}

/// Why a reference gives no image, in containerd's words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PullError {
    /// The reference is no reference at all.
    InvalidName(String),
    NotFound(String),
    /// No way to the registry.
    Unreachable(String),
}

/// What can be wrong with the way to the registry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PullFault {
    Fails,
    Slow,
}

pub struct Registry {
    /// What was pushed, by its short name.
    pushed: BTreeMap<SmolStr, Pushed>,
    images: BTreeMap<SmolStr, Arc<dyn Image>>,
    /// Programs of uniform images by reference: one for all their containers.
    programs: BTreeMap<SmolStr, Arc<dyn Program>>,
    /// Speed of the wire to the registry.
    pub bytes_per_second: u64,
    /// What a pull takes before its first byte, and at least.
    pub latency: Duration,
    /// Every image counts as present on every node, whatever the pull policy says.
    pub preloaded: bool,
    /// What is wrong with pulls, by reference; the empty one stands for all.
    faults: BTreeMap<SmolStr, PullFault>,
}

impl fmt::Debug for Registry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.images.keys()).finish()
    }
}

impl Default for Registry {
    fn default() -> Self {
        Registry {
            pushed: BTreeMap::new(),
            images: BTreeMap::new(),
            programs: BTreeMap::new(),
            bytes_per_second: 60_000_000,
            latency: Duration::from_millis(500),
            preloaded: false,
            faults: BTreeMap::new(),
        }
    }
}

/// Splits `repository[:tag][@digest]`; the tag is `latest` where none is given.
pub fn split_reference(reference: &str) -> (&str, &str) {
    let reference = reference.split_once('@').map_or(reference, |(name, _)| name);
    match reference.rsplit_once(':') {
        Some((repository, tag)) if !tag.contains('/') => (repository, tag),
        _ => (reference, "latest"),
    }
}

/// The short form under which images are registered.
fn short_name(repository: &str) -> &str {
    let repository = repository
        .strip_prefix("docker.io/")
        .or_else(|| repository.strip_prefix("index.docker.io/"))
        .unwrap_or(repository);
    repository.strip_prefix("library/").unwrap_or(repository)
}

/// `docker.io/library/nginx` for `nginx`.
pub fn full_name(repository: &str) -> SmolStr {
    let short = short_name(repository);
    match short.split_once('/') {
        None => smol_str::format_smolstr!("docker.io/library/{short}"),
        Some((host, _)) if host.contains(['.', ':']) || host == "localhost" => short.into(),
        Some(_) => smol_str::format_smolstr!("docker.io/{short}"),
    }
}

fn valid_repository(repository: &str) -> bool {
    let (host, path) = match repository.split_once('/') {
        Some((host, path)) if host.contains(['.', ':']) || host == "localhost" => (host, path),
        _ => ("", repository),
    };
    let part_ok = |part: &str| {
        let ends = part.bytes().next().zip(part.bytes().last());
        let alnum = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit();
        ends.is_some_and(|(first, last)| alnum(first) && alnum(last))
            && part.bytes().all(|b| alnum(b) || matches!(b, b'.' | b'_' | b'-'))
    };
    host.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b':' | b'-'))
        && path.split('/').all(part_ok)
}

impl Registry {
    pub fn register(&mut self, image: Arc<dyn Image>) {
        self.programs.clear();
        self.images.insert(short_name(image.repository()).into(), image);
    }

    /// Puts an image under a tag: a layer on a base that exists. What listens on a port runs as an
    /// application that does.
    pub fn push(&mut self, reference: &str, base: &str, layer: Layer) -> Result<(), PullError> {
        const LISTENS: &str = "kubarium/app";
        let (repository, tag) = split_reference(reference);
        let mut layer = layer;
        let is_application = !layer.ports.is_empty() && !layer.command.is_empty();
        let base = match self.find(LISTENS) {
            Ok(_) if is_application => {
                layer.command.clear();
                LISTENS
            }
            _ => base,
        };
        let (base, base_tag) = self.find(base)?;
        let build = Build { base, base_tag: base_tag.into(), layer };
        let name = SmolStr::new(short_name(repository));
        let mut tags = match self.pushed.remove(&name) {
            Some(before) => before.tags,
            None => BTreeMap::new(),
        };
        tags.insert(tag.into(), build.clone());
        let image = Pushed { repository: name.clone(), last: build, tags };
        self.images.insert(name.clone(), Arc::new(image.clone()));
        self.pushed.insert(name, image);
        self.programs.clear();
        Ok(())
    }

    /// An empty reference stands for all images.
    pub fn set_fault(&mut self, reference: &str, fault: Option<PullFault>) {
        match fault {
            Some(fault) => self.faults.insert(reference.into(), fault),
            None => self.faults.remove(reference),
        };
    }

    fn fault_of(&self, reference: &str) -> Option<PullFault> {
        let whole = |name: &str| {
            let (repository, tag) = split_reference(name);
            (full_name(repository), SmolStr::from(tag))
        };
        let is_it = |name: &SmolStr| name.is_empty() || whole(name) == whole(reference);
        let mut found = self.faults.iter().filter(|(name, _)| is_it(name)).map(|(_, fault)| *fault);
        let first = found.next()?;
        Some(if found.any(|one| one == PullFault::Fails) { PullFault::Fails } else { first })
    }

    /// Whether a pull would succeed now, and how large the image is.
    pub fn pull(&self, reference: &str) -> Result<u64, PullError> {
        let (image, tag) = self.find(reference)?;
        if self.fault_of(reference) != Some(PullFault::Fails) {
            return Ok(image.size_bytes());
        }
        let name = full_name(split_reference(reference).0);
        let (host, path) = match name.split_once('/') {
            Some(("docker.io", path)) => ("registry-1.docker.io", path),
            Some(parts) => parts,
            None => ("registry-1.docker.io", name.as_str()),
        };
        Err(PullError::Unreachable(format!(
            "failed to pull and unpack image \"{name}:{tag}\": failed to resolve reference \
             \"{name}:{tag}\": failed to do request: Head \
             \"https://{host}/v2/{path}/manifests/{tag}\": dial tcp: lookup {host}: i/o timeout"
        )))
    }

    /// How many times longer than usual a pull takes.
    pub fn slowness(&self, reference: &str) -> u32 {
        if self.fault_of(reference) == Some(PullFault::Slow) { 20 } else { 1 }
    }

    pub fn is_empty(&self) -> bool {
        self.images.is_empty()
    }

    /// Repositories in alphabetical order.
    pub fn repositories(&self) -> impl Iterator<Item = &SmolStr> {
        self.images.keys()
    }

    /// The image behind a reference, and its tag.
    pub fn find<'a>(&self, reference: &'a str) -> Result<(Arc<dyn Image>, &'a str), PullError> {
        let (repository, tag) = split_reference(reference);
        let tag_ok = tag.bytes().all(|b| b.is_ascii_graphic()) && !tag.is_empty();
        if !valid_repository(repository) || !tag_ok {
            return Err(PullError::InvalidName(format!(
                "Failed to apply default image tag \"{reference}\": couldn't parse image name \
                 \"{reference}\": invalid reference format"
            )));
        }
        match self.images.get(short_name(repository)) {
            Some(image) if image.has_tag(tag) => Ok((Arc::clone(image), tag)),
            _ => Err(PullError::NotFound(format!(
                "failed to pull and unpack image \"{reference}\": failed to resolve reference \
                 \"{reference}\": {reference}: not found"
            ))),
        }
    }

    /// What a container runs, if its image exists.
    pub fn program(&mut self, container: &Container) -> Option<Arc<dyn Program>> {
        let reference = &container.image;
        let plain = container.command.is_empty() && container.args.is_empty();
        if let Some(program) = self.programs.get(reference).filter(|_| plain) {
            return Some(Arc::clone(program));
        }
        let (image, tag) = self.find(reference).ok()?;
        let program = image.program(tag, container);
        if plain && image.is_uniform() {
            self.programs.insert(reference.clone(), Arc::clone(&program));
        }
        Some(program)
    }

    /// How long the wire is busy with an image.
    pub fn transfer(&self, size_bytes: u64) -> Duration {
        Duration::from_millis(size_bytes.saturating_mul(1000) / self.bytes_per_second.max(1))
    }
}

/// 64 hexadecimal digits made of a text: digests, boot ids.
pub fn digest(text: &str) -> String {
    let mut state = text.bytes().fold(0xcbf2_9ce4_8422_2325u64, |hash, b| {
        (hash ^ u64::from(b)).wrapping_mul(0x100_0000_01b3)
    });
    let mut out = String::with_capacity(64);
    for _ in 0..4 {
        state = mix(state);
        out.push_str(&format!("{state:016x}"));
    }
    out
}

/// One step of splitmix64.
pub fn mix(state: u64) -> u64 {
    let z = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}
