//! The colours of both themes: the only place besides the page's style sheet that names them.

use crate::display::Token;

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Theme {
    #[default]
    Light,
    Dark,
}

/// A colour as red, green and blue.
pub type Rgb = [u8; 3];

/// What a token looks like in a theme.
pub const fn theme(theme: Theme, token: Token) -> Rgb {
    let (light, dark): (u32, u32) = match token {
        Token::Paper => (0xfa_fa_f7, 0x10_13_11),
        Token::Surface => (0xff_ff_ff, 0x17_1b_18),
        Token::Sunk => (0xf1_f2_ee, 0x0c_0f_0d),
        Token::Line => (0xdf_e1_da, 0x2a_30_2b),
        Token::StrongLine => (0xb9_bd_b2, 0x46_50_48),
        Token::Ink => (0x1c_1f_1a, 0xe9_ec_e6),
        Token::Second => (0x56_5b_52, 0xa9_b0_a6),
        Token::Third => (0x87_8c_81, 0x7a_82_78),
        Token::Accent | Token::Message => (0x2f_5f_d0, 0x7f_a4_ff),
        Token::AccentSoft => (0xe6_ed_fc, 0x1c_27_40),
        Token::Running | Token::Request => (0x0a_8f_6a, 0x3e_cb_9d),
        Token::RunningSoft => (0xdf_f3_ec, 0x12_35_2b),
        Token::Pending => (0xb9_7a_00, 0xf0_b4_40),
        Token::PendingSoft => (0xfd_f0_d3, 0x3a_2c_0e),
        Token::Creating => (0x1f_77_b4, 0x67_b2_ee),
        Token::CreatingSoft => (0xe1_ee_f8, 0x10_29_3c),
        Token::Failed | Token::Dropped => (0xc8_50_1c, 0xf5_85_56),
        Token::FailedSoft => (0xfb_e4_d9, 0x40_20_0f),
        Token::Terminating => (0x9a_5b_88, 0xd5_92_bf),
        Token::TerminatingSoft => (0xf4_e6_f0, 0x37_20_2f),
        Token::Succeeded => (0x6b_72_80, 0x9a_a3_ad),
        Token::SucceededSoft => (0xec_ee_f1, 0x23_28_2c),
        Token::Watch => (0x7a_6f_f0, 0xa9_a1_ff),
        Token::OnAccent => (0xff_ff_ff, 0x10_13_11),
    };
    let value = match theme {
        Theme::Light => light,
        Theme::Dark => dark,
    };
    [(value >> 16) as u8, (value >> 8) as u8, value as u8]
}

/// `#rrggbb`.
pub fn hex(rgb: Rgb) -> String {
    let [r, g, b] = rgb;
    format!("#{r:02x}{g:02x}{b:02x}")
}
