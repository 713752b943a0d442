//! The known name nearest to an unknown one.

const NAME_LENGTH_MAX: usize = 64;

/// The candidate with the smallest edit distance, if it is small enough to be meant: at most 1 for
/// names of up to three letters, 2 up to seven, 3 above. Upper and lower case count as equal.
pub fn nearest<'a>(name: &str, candidates: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let letters = lower(name)?;
    let limit = match letters.len() {
        0..=3 => 1,
        4..=7 => 2,
        _ => 3,
    };
    candidates
        .filter_map(|candidate| Some((distance(&letters, &lower(candidate)?), candidate)))
        .filter(|(distance, _)| *distance <= limit)
        .min()
        .map(|(_, candidate)| candidate)
}

fn lower(name: &str) -> Option<Vec<char>> {
    let letters: Vec<char> = name.chars().take(NAME_LENGTH_MAX + 1).collect();
    (letters.len() <= NAME_LENGTH_MAX)
        .then(|| letters.into_iter().map(|c| c.to_ascii_lowercase()).collect())
}

fn distance(a: &[char], b: &[char]) -> usize {
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, left) in a.iter().enumerate() {
        let mut next = vec![i + 1];
        for ((right, pair), last) in b.iter().zip(row.windows(2)).zip(1..) {
            let [diagonal, above] = [pair.first(), pair.last()].map(|n| n.copied().unwrap_or(last));
            let before = next.last().copied().unwrap_or(last);
            let same = usize::from(left != right);
            next.push((diagonal + same).min(above + 1).min(before + 1));
        }
        row = next;
    }
    row.last().copied().unwrap_or(0)
}
