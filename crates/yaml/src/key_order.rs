//! The order of keys in printed YAML: numbers inside names count as numbers, so `a2` < `a10`.
//!
//! Models go.yaml.in/yaml/v2 sorter.go.

/// Sorts entries by key. The order is not total for odd names, which the standard sort may
/// answer with a panic, so this is a merge sort that takes any answer.
pub(crate) fn sort<T: Copy>(entries: &mut Vec<(&str, T)>) {
    let mut width = 1;
    while width < entries.len() {
        let mut merged = Vec::with_capacity(entries.len());
        for pair in entries.chunks(width * 2) {
            let (left, right) = pair.split_at(width.min(pair.len()));
            merge(left, right, &mut merged);
        }
        *entries = merged;
        width *= 2;
    }
}

fn merge<'a, T: Copy>(
    mut left: &[(&'a str, T)],
    mut right: &[(&'a str, T)],
    into: &mut Vec<(&'a str, T)>,
) {
    while let ([l, left_rest @ ..], [r, right_rest @ ..]) = (left, right) {
        if less(r.0, l.0) {
            into.push(*r);
            right = right_rest;
        } else {
            into.push(*l);
            left = left_rest;
        }
    }
    into.extend_from_slice(left);
    into.extend_from_slice(right);
}

fn less(a: &str, b: &str) -> bool {
    let shared = a.chars().zip(b.chars()).take_while(|(x, y)| x == y);
    let at: usize = shared.map(|(x, _)| x.len_utf8()).sum();
    let (head, a_rest) = a.split_at_checked(at).unwrap_or((a, ""));
    let b_rest = b.get(at..).unwrap_or("");
    let (Some(x), Some(y)) = (a_rest.chars().next(), b_rest.chars().next()) else {
        return b_rest.len() > a_rest.len();
    };
    match (x.is_alphabetic(), y.is_alphabetic()) {
        (true, true) => return x < y,
        (false, false) => {}
        (_, y_is_letter) => return y_is_letter,
    }
    // Zeros that differ after a digit other than zero are digits of a longer number.
    let continues = (x == '0' || y == '0') && ends_in_number(head);
    let start = i64::from(continues);
    let (a_number, a_digits) = leading_number(a_rest, start);
    let (b_number, b_digits) = leading_number(b_rest, start);
    (a_number, a_digits, x) < (b_number, b_digits, y)
}

fn ends_in_number(head: &str) -> bool {
    head.chars().rev().take_while(char::is_ascii_digit).any(|c| c != '0')
}

fn leading_number(rest: &str, start: i64) -> (i64, usize) {
    let digits = rest.bytes().take_while(u8::is_ascii_digit);
    digits.fold((start, 0), |(number, count), digit| {
        (number.wrapping_mul(10).wrapping_add(i64::from(digit - b'0')), count + 1)
    })
}

#[cfg(test)]
mod tests {
    use super::sort;

    #[test]
    fn numbers_count_as_numbers_and_letters_come_last() {
        let want = ["", "1", "2", "10", "a", "a-b", "a.b", "a1", "a2", "a10", "a10b", "aB", "ab"];
        let mut keys: Vec<(&str, ())> = want.iter().rev().map(|key| (*key, ())).collect();
        sort(&mut keys);
        assert_eq!(keys.iter().map(|(key, ())| *key).collect::<Vec<_>>(), want);
    }
}
