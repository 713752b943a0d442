//! Exact decimals for the few quantities that leave 64 bits: a sign, a natural number in limbs
//! of nine decimal digits, and a scale (the value is `unscaled * 10^-scale`).

use std::cmp::Ordering;

const BASE: u64 = 1_000_000_000;
const POW10: [u32; 9] = [1, 10, 100, 1_000, 10_000, 100_000, 1_000_000, 10_000_000, 100_000_000];
/// Numbers further apart than this many digits are not aligned: the smaller one cannot matter
/// to anybody, and aligning them would need unbounded memory.
const ALIGN_DIGITS_MAX: i64 = 20_000;

/// A natural number, least significant limb first, without leading zero limbs.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Natural(Vec<u32>);

impl Natural {
    pub fn from_u64(mut value: u64) -> Self {
        let mut limbs = Vec::new();
        while value > 0 {
            limbs.push((value % BASE) as u32);
            value /= BASE;
        }
        Natural(limbs)
    }

    /// Reads ASCII digits; anything else in the text is skipped.
    pub fn from_digits(text: &str) -> Self {
        let digits: Vec<u32> =
            text.bytes().filter(u8::is_ascii_digit).map(|b| u32::from(b - b'0')).collect();
        let limbs =
            digits.rchunks(9).map(|chunk| chunk.iter().fold(0, |n, d| n * 10 + d)).collect();
        Natural(limbs).trimmed()
    }

    fn trimmed(mut self) -> Self {
        while self.0.last() == Some(&0) {
            self.0.pop();
        }
        self
    }

    pub fn is_zero(&self) -> bool {
        self.0.is_empty()
    }

    /// The number modulo 2^64.
    pub fn low_u64(&self) -> u64 {
        self.0
            .iter()
            .rev()
            .fold(0u64, |n, limb| n.wrapping_mul(BASE).wrapping_add(u64::from(*limb)))
    }

    pub fn mul_small(&self, factor: u32) -> Self {
        let mut carry = 0u64;
        let mut limbs = Vec::with_capacity(self.0.len() + 1);
        for limb in &self.0 {
            let n = u64::from(*limb) * u64::from(factor) + carry;
            limbs.push((n % BASE) as u32);
            carry = n / BASE;
        }
        while carry > 0 {
            limbs.push((carry % BASE) as u32);
            carry /= BASE;
        }
        Natural(limbs).trimmed()
    }

    pub fn mul_pow10(&self, digits: u32) -> Self {
        if self.is_zero() {
            return Natural::default();
        }
        let mut shifted = vec![0; (digits / 9) as usize];
        shifted.extend(self.mul_small(pow10_small(digits)).0);
        Natural(shifted)
    }

    fn divrem_small(&self, divisor: u32) -> (Self, u32) {
        let mut rest = 0u64;
        let mut limbs = vec![0; self.0.len()];
        for (out, limb) in limbs.iter_mut().zip(&self.0).rev() {
            let n = rest * BASE + u64::from(*limb);
            *out = (n / u64::from(divisor)) as u32;
            rest = n % u64::from(divisor);
        }
        (Natural(limbs).trimmed(), rest as u32)
    }

    /// The quotient by `10^digits`, and whether the division left nothing over.
    fn div_pow10(&self, digits: u32) -> (Self, bool) {
        let limbs = (digits / 9) as usize;
        let dropped_zero = self.0.iter().take(limbs).all(|limb| *limb == 0);
        let kept = Natural(self.0.iter().skip(limbs).copied().collect());
        let (quotient, rest) = kept.divrem_small(pow10_small(digits));
        (quotient, dropped_zero && rest == 0)
    }

    fn add(&self, other: &Self) -> Self {
        let mut carry = 0;
        let mut limbs = Vec::new();
        for i in 0..self.0.len().max(other.0.len()) {
            let sum = carry
                + u64::from(self.0.get(i).copied().unwrap_or(0))
                + u64::from(other.0.get(i).copied().unwrap_or(0));
            limbs.push((sum % BASE) as u32);
            carry = sum / BASE;
        }
        limbs.push(carry as u32);
        Natural(limbs).trimmed()
    }

    /// `self - other` for `other <= self`.
    fn sub(&self, other: &Self) -> Self {
        let mut borrow = 0i64;
        let mut limbs = Vec::with_capacity(self.0.len());
        for (i, limb) in self.0.iter().enumerate() {
            let n = i64::from(*limb) - borrow - i64::from(other.0.get(i).copied().unwrap_or(0));
            borrow = i64::from(n < 0);
            limbs.push((n + borrow * BASE as i64) as u32);
        }
        Natural(limbs).trimmed()
    }

    /// Takes out every factor of 1024 and counts them.
    fn without_factors_of_1024(mut self) -> (Self, i32) {
        let mut times = 0;
        while !self.is_zero() {
            let (quotient, rest) = self.divrem_small(1024);
            if rest != 0 {
                break;
            }
            self = quotient;
            times += 1;
        }
        (self, times)
    }

    /// The number to the base 2^64, least significant word first.
    pub fn words(&self) -> Vec<u64> {
        let mut rest = self.clone();
        let mut words = Vec::new();
        while !rest.is_zero() {
            let mut word = 0;
            for shift in [0, 16, 32, 48] {
                let (quotient, part) = rest.divrem_small(1 << 16);
                word |= u64::from(part) << shift;
                rest = quotient;
            }
            words.push(word);
        }
        words
    }

    fn digits(&self) -> String {
        let mut limbs = self.0.iter().rev();
        let mut text = limbs.next().map_or_else(|| "0".to_owned(), u32::to_string);
        for limb in limbs {
            text.push_str(&format!("{limb:09}"));
        }
        text
    }
}

impl Ord for Natural {
    fn cmp(&self, other: &Self) -> Ordering {
        self.0.len().cmp(&other.0.len()).then_with(|| self.0.iter().rev().cmp(other.0.iter().rev()))
    }
}

impl PartialOrd for Natural {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

fn pow10_small(digits: u32) -> u32 {
    POW10.get((digits % 9) as usize).copied().unwrap_or(1)
}

#[derive(Clone, Debug)]
pub struct Decimal {
    pub negative: bool,
    pub unscaled: Natural,
    pub scale: i32,
}

impl Decimal {
    pub fn from_i64(value: i64, scale: i32) -> Self {
        let unscaled = Natural::from_u64(value.unsigned_abs());
        Decimal { negative: value < 0, unscaled, scale }
    }

    pub fn signum(&self) -> i32 {
        match (self.unscaled.is_zero(), self.negative) {
            (true, _) => 0,
            (_, true) => -1,
            _ => 1,
        }
    }

    pub fn negated(mut self) -> Self {
        self.negative = !self.negative && !self.unscaled.is_zero();
        self
    }

    /// The fields of Go's `inf.Dec`, as spew dumps them.
    pub fn go_dump(&self) -> String {
        let words: Vec<String> = self.unscaled.words().iter().map(u64::to_string).collect();
        let words =
            if words.is_empty() { "<nil>".to_owned() } else { format!("[{}]", words.join(" ")) };
        format!(
            "{{unscaled:(big.Int){{neg:(bool){} abs:(big.nat){words}}} scale:(inf.Scale){}}}",
            self.negative, self.scale
        )
    }

    /// Brings the number to `scale` digits after the point, away from zero where digits fall off.
    pub fn rounded_up(&self, scale: i32) -> Self {
        let shift = i64::from(scale) - i64::from(self.scale);
        let digits = u32::try_from(shift.abs()).unwrap_or(u32::MAX);
        let unscaled = if shift >= 0 {
            self.unscaled.mul_pow10(digits.min(ALIGN_DIGITS_MAX as u32))
        } else {
            match self.unscaled.div_pow10(digits) {
                (quotient, true) => quotient,
                (quotient, false) => quotient.add(&Natural::from_u64(1)),
            }
        };
        Decimal { negative: self.negative, unscaled, scale }
    }

    pub fn add(&self, other: &Self) -> Self {
        if let Some(bigger) = self.dwarfs(other) {
            return bigger.clone();
        }
        let scale = self.scale.max(other.scale);
        let (a, b) = (self.rounded_up(scale), other.rounded_up(scale));
        if a.negative == b.negative {
            let unscaled = a.unscaled.add(&b.unscaled);
            return Decimal { negative: a.negative, unscaled, scale };
        }
        let (negative, unscaled) = match a.unscaled.cmp(&b.unscaled) {
            Ordering::Less => (b.negative, b.unscaled.sub(&a.unscaled)),
            Ordering::Equal => (false, Natural::default()),
            Ordering::Greater => (a.negative, a.unscaled.sub(&b.unscaled)),
        };
        Decimal { negative, unscaled, scale }
    }

    /// The one that alone decides a sum or comparison: the other is zero or out of reach.
    fn dwarfs<'a>(&'a self, other: &'a Self) -> Option<&'a Self> {
        if other.unscaled.is_zero() {
            return Some(self);
        }
        if self.unscaled.is_zero() {
            return Some(other);
        }
        let apart = i64::from(other.scale) - i64::from(self.scale);
        let limbs = (self.unscaled.0.len() + other.unscaled.0.len()) as i64;
        if apart.abs() <= ALIGN_DIGITS_MAX.max(limbs * 9) {
            return None;
        }
        Some(if apart > 0 { self } else { other })
    }

    pub fn compare(&self, other: &Self) -> Ordering {
        let signs = self.signum().cmp(&other.signum());
        if signs != Ordering::Equal {
            return signs;
        }
        let difference = self.add(&other.clone().negated());
        difference.signum().cmp(&0)
    }

    /// The low 64 bits of the unscaled number, with its sign.
    fn unscaled_i64(&self) -> i64 {
        let low = self.unscaled.low_u64() as i64;
        if self.negative { low.wrapping_neg() } else { low }
    }

    /// The value at another scale, rounded up and, past 64 bits, wrapped.
    // Models apimachinery/pkg/api/resource/scale_int.go, its overflow included.
    pub fn scaled_value(&self, new_scale: i32) -> i64 {
        let digits = i64::from(self.scale) - i64::from(new_scale);
        if digits == 0 {
            return self.unscaled_i64();
        }
        if digits < 0 {
            let factor = u32::try_from(-digits).ok().and_then(|n| 10i64.checked_pow(n));
            return self.unscaled_i64().wrapping_mul(factor.unwrap_or(i64::MIN));
        }
        let fits = self.negative || self.unscaled < Natural::from_u64(i64::MAX as u64);
        if let (true, Some(divisor)) = (fits, 10i64.checked_pow(digits.min(99) as u32)) {
            let unscaled = self.unscaled_i64();
            return unscaled / divisor + i64::from(unscaled % divisor != 0);
        }
        let (quotient, exact) = self.unscaled.div_pow10(u32::try_from(digits).unwrap_or(u32::MAX));
        let low = quotient.low_u64() as i64;
        if self.negative { low.wrapping_neg() } else { low.wrapping_add(i64::from(!exact)) }
    }

    /// Mantissa digits and a decimal exponent divisible by three.
    pub fn canonical(&self) -> (String, i32) {
        let digits = self.unscaled.digits();
        let kept = digits.trim_end_matches('0');
        let zeros = i32::try_from(digits.len() - kept.len()).unwrap_or(i32::MAX);
        let exponent = zeros.saturating_sub(self.scale);
        let pad = exponent.rem_euclid(3);
        let sign = if self.negative { "-" } else { "" };
        let padding = "00".get(..pad as usize).unwrap_or("");
        (format!("{sign}{kept}{padding}"), exponent.saturating_sub(pad))
    }

    /// Mantissa digits and an exponent to the base 1024, of the number rounded up to a whole one.
    pub fn canonical_base_1024(&self) -> (String, i32) {
        let (rest, times) = self.rounded_up(0).unscaled.without_factors_of_1024();
        let sign = if self.negative { "-" } else { "" };
        (format!("{sign}{}", rest.digits()), times)
    }
}
