//! Which lines two texts share: the longest common subsequence, for texts of a manifest's size.

/// A line and whether it is gone, new or in both.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Line<'a> {
    Same(&'a str),
    Removed(&'a str),
    Added(&'a str),
}

/// Beyond so many pairs of lines between the first and the last difference, all of them count as
/// changed.
const PAIRS_MAX: usize = 4_000_000;

pub fn lines<'a>(old: &'a str, new: &'a str) -> Vec<Line<'a>> {
    let (old, new): (Vec<&str>, Vec<&str>) = (old.lines().collect(), new.lines().collect());
    let head = old.iter().zip(&new).take_while(|(a, b)| a == b).count();
    let (old_rest, new_rest) = (old.get(head..).unwrap_or(&[]), new.get(head..).unwrap_or(&[]));
    let tail = old_rest.iter().rev().zip(new_rest.iter().rev()).take_while(|(a, b)| a == b).count();
    let old_mid = old_rest.get(..old_rest.len() - tail).unwrap_or(&[]);
    let new_mid = new_rest.get(..new_rest.len() - tail).unwrap_or(&[]);
    let mut found: Vec<Line<'a>> = old.iter().take(head).map(|line| Line::Same(line)).collect();
    middle(old_mid, new_mid, &mut found);
    found.extend(old.iter().skip(old.len() - tail).map(|line| Line::Same(line)));
    found
}

fn middle<'a>(old: &[&'a str], new: &[&'a str], found: &mut Vec<Line<'a>>) {
    let width = new.len() + 1;
    let (mut i, mut j) = (0, 0);
    if old.len().saturating_mul(new.len()) <= PAIRS_MAX {
        let lengths = lengths(old, new);
        let at = |i: usize, j: usize| lengths.get(i * width + j).copied().unwrap_or(0);
        while let (Some(a), Some(b)) = (old.get(i), new.get(j)) {
            if a == b {
                found.push(Line::Same(a));
                (i, j) = (i + 1, j + 1);
            } else if at(i + 1, j) >= at(i, j + 1) {
                found.push(Line::Removed(a));
                i += 1;
            } else {
                found.push(Line::Added(b));
                j += 1;
            }
        }
    }
    found.extend(old.iter().skip(i).map(|line| Line::Removed(line)));
    found.extend(new.iter().skip(j).map(|line| Line::Added(line)));
}

/// At `i * width + j`: how many lines the texts share from line `i` and line `j` on.
fn lengths(old: &[&str], new: &[&str]) -> Vec<u32> {
    let width = new.len() + 1;
    let mut lengths = vec![0_u32; (old.len() + 1) * width];
    for (i, a) in old.iter().enumerate().rev() {
        for (j, b) in new.iter().enumerate().rev() {
            let at = |i: usize, j: usize| lengths.get(i * width + j).copied().unwrap_or(0);
            let best = if a == b { at(i + 1, j + 1) + 1 } else { at(i + 1, j).max(at(i, j + 1)) };
            if let Some(length) = lengths.get_mut(i * width + j) {
                *length = best;
            }
        }
    }
    lengths
}

/// The changed lines with `context` lines around each; `None` stands for lines left out.
pub fn hunks<'a>(lines: &[Line<'a>], context: usize) -> Vec<Option<Line<'a>>> {
    let mut near = vec![false; lines.len()];
    for (at, line) in lines.iter().enumerate() {
        if !matches!(line, Line::Same(_)) {
            let end = (at + context + 1).min(lines.len());
            near.iter_mut().take(end).skip(at.saturating_sub(context)).for_each(|one| *one = true);
        }
    }
    let mut found: Vec<Option<Line<'a>>> = Vec::new();
    for (line, near) in lines.iter().zip(near) {
        match found.last() {
            _ if near => found.push(Some(*line)),
            Some(Some(_)) => found.push(None),
            _ => {}
        }
    }
    if found.last() == Some(&None) {
        found.pop();
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(found: &[Option<Line<'_>>]) -> String {
        let line = |line: &Option<Line<'_>>| match line {
            None => "…".to_owned(),
            Some(Line::Same(line)) => format!(" {line}"),
            Some(Line::Removed(line)) => format!("-{line}"),
            Some(Line::Added(line)) => format!("+{line}"),
        };
        found.iter().map(line).collect::<Vec<_>>().join("\n")
    }

    #[test]
    fn changed_lines_stand_in_their_surroundings() {
        let found = lines("a\nb\nc\nd\ne\nf\ng\n", "a\nb\nc\nD\ne\nf\ng\nh\n");
        assert_eq!(text(&hunks(&found, 1)), " c\n-d\n+D\n e\n…\n g\n+h");
        assert_eq!(text(&hunks(&lines("", "a"), 2)), "+a");
        assert_eq!(hunks(&lines("a\nb", "a\nb"), 2), []);
    }
}
