//! Images that somebody built on another one and pushed.

use std::collections::BTreeMap;
use std::sync::Arc;

use api::core::container::{Container, ContainerPort};
use smol_str::SmolStr;

use super::program::Program;
use super::registry::Image;

/// What a build puts on its base.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Layer {
    /// `ENTRYPOINT` and `CMD`.
    pub command: Vec<SmolStr>,
    /// `EXPOSE`
    pub ports: Vec<u16>,
    pub size_bytes: u64,
}

/// A layer on an image and its tag.
#[derive(Clone, Debug)]
pub struct Build {
    pub base: Arc<dyn Image>,
    pub base_tag: SmolStr,
    pub layer: Layer,
}

/// A repository with the tags that were pushed to it.
#[derive(Clone, Debug)]
pub struct Pushed {
    pub repository: SmolStr,
    pub last: Build,
    pub tags: BTreeMap<SmolStr, Build>,
}

impl Image for Pushed {
    fn repository(&self) -> &str {
        &self.repository
    }

    fn size_bytes(&self) -> u64 {
        self.last.base.size_bytes().saturating_add(self.last.layer.size_bytes)
    }

    fn has_tag(&self, tag: &str) -> bool {
        self.tags.contains_key(tag)
    }

    fn program(&self, tag: &str, container: &Container) -> Arc<dyn Program> {
        let build = self.tags.get(tag).unwrap_or(&self.last);
        let mut container = container.clone();
        if container.command.is_empty() && container.args.is_empty() {
            container.command.clone_from(&build.layer.command);
        }
        if container.ports.is_empty() {
            let port = |number: &u16| ContainerPort {
                container_port: i32::from(*number),
                protocol: "TCP".into(),
                ..ContainerPort::default()
            };
            container.ports = build.layer.ports.iter().map(port).collect();
        }
        build.base.program(&build.base_tag, &container)
    }
}
