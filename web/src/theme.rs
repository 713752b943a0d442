//! The theme's colours for the canvas, as CSS text and as bytes.

use scene::Theme;
use scene::display::Token;

/// The colours of a theme.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Palette(pub Theme);

impl Palette {
    pub fn css(self, token: Token) -> String {
        scene::hex(scene::theme(self.0, token))
    }

    pub fn rgba(self, token: Token) -> [u8; 4] {
        let [r, g, b] = scene::theme(self.0, token);
        [r, g, b, 255]
    }
}
