//! The volumes of pods and templates.

use serde_json::Value;

use crate::describe::{Pen, source};
use crate::path::Look;

pub fn volumes(pen: &mut Pen, volumes: &[Value], is_template: bool) {
    let (space, indent) = if is_template { ("  ", " ") } else { ("", "") };
    if volumes.is_empty() {
        pen.line(0, &format!("{space}Volumes:\t<none>"));
        return;
    }
    pen.line(0, &format!("{space}Volumes:"));
    for volume in volumes {
        pen.line(1, &format!("{indent}{}:", volume.text("name")));
        if !source::print(pen, volume) {
            pen.line(1, "<unknown>");
        }
    }
}
