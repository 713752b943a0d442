//! `kubectl set image`.

use super::{COMMON, containers, each, pod_spec, split};
use crate::fail::{Outcome, error};
use crate::flags::{Args, LOCAL};
use crate::session::Cx;
use crate::verbs::{Flow, Verb, Words};

pub static VERB: Verb = Verb {
    name: "image",
    about: "Update the image of a pod template",
    usage: "(-f FILENAME | TYPE NAME) CONTAINER_NAME_1=CONTAINER_IMAGE_1 ...",
    flags: &[COMMON[0], COMMON[1], COMMON[2], COMMON[3], COMMON[4], COMMON[5], LOCAL],
    words: Words::Resources,
    run: Some(run),
    ..Verb::NONE
};

fn run(cx: &mut Cx<'_>, args: &Args) -> Outcome<Flow> {
    let (words, settings) = split(args, |word| word.contains('='));
    if words.is_empty() && !args.changed("filename") {
        return error(
            "one or more resources must be specified as <resource> <name> or <resource>/<name>",
        );
    }
    let images: Vec<(&str, &str)> =
        settings.iter().filter_map(|setting| setting.split_once('=')).collect();
    if images.is_empty() {
        return error("at least one image update is required");
    }
    if images.len() > 1 && images.iter().any(|(name, _)| *name == "*") {
        return error(
            "all containers are already specified by *, but saw more than one \
                 container_name=container_image pairs",
        );
    }
    each(cx, args, &words, "image", |object| {
        let spec = pod_spec(object)?;
        for (name, image) in &images {
            let found = containers(spec, name);
            if found.is_empty() {
                return error(format!("unable to find container named {name:?}"));
            }
            found.into_iter().for_each(|container| container["image"] = (*image).into());
        }
        Ok(())
    })
}
