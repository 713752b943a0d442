//! The natural logarithm, the same on every target: only sums, products and quotients.

const LN2_HI: f64 = 6.931_471_803_691_238e-1;
const LN2_LO: f64 = 1.908_214_929_270_587_7e-10;
/// Coefficients of the series in `s = f / (2 + f)`, as in FreeBSD's `e_log.c`.
const ODD: [f64; 4] = [
    6.666_666_666_666_735e-1,
    2.857_142_874_366_239e-1,
    1.818_357_216_161_805e-1,
    1.479_819_860_511_658_6e-1,
];
const EVEN: [f64; 3] =
    [3.999_999_999_940_942e-1, 2.222_219_843_214_978_4e-1, 1.531_383_769_920_937_3e-1];

/// For whole numbers from 1 on.
pub fn ln(number: u32) -> f64 {
    let number = number.max(1);
    let mut exponent = 32 - number.leading_zeros();
    let mut fraction = f64::from(number) / (1u64 << exponent) as f64;
    if fraction < std::f64::consts::FRAC_1_SQRT_2 {
        fraction *= 2.0;
        exponent -= 1;
    }
    let (f, k) = (fraction - 1.0, f64::from(exponent));
    let s = f / (2.0 + f);
    let s2 = s * s;
    let s4 = s2 * s2;
    let t1 = s2 * (ODD[0] + s4 * (ODD[1] + s4 * (ODD[2] + s4 * ODD[3])));
    let t2 = s4 * (EVEN[0] + s4 * (EVEN[1] + s4 * EVEN[2]));
    let half = 0.5 * f * f;
    k * LN2_HI - ((half - (s * (half + (t1 + t2)) + k * LN2_LO)) - f)
}

#[cfg(test)]
mod tests {
    use super::ln;

    #[test]
    fn as_the_logarithm_of_the_library() {
        for number in 1..20_000u32 {
            #[expect(clippy::disallowed_methods, reason = "the referee, on the host only")]
            let want = f64::from(number).ln();
            assert!((ln(number) - want).abs() <= want.abs() * 4e-16, "{number}");
        }
    }
}
