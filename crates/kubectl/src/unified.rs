//! What `diff -u` says of two texts.
// Models GNU diffutils: src/context.c for the form, lib/diffseq.h and src/analyze.c for which of
// several shortest edits it takes.

/// Unchanged lines around a change.
const CONTEXT: usize = 3;
/// Pairs of lines the search for common lines may look at.
const PAIRS_MAX: usize = 9_000_000;

/// Which lines of both texts are not in the other.
struct Changes {
    removed: Vec<bool>,
    added: Vec<bool>,
}

/// Lengths of the longest common subsequences of all pairs of tails, row by row.
fn tails(old: &[&str], new: &[&str]) -> Vec<u32> {
    let width = new.len() + 1;
    let mut table = vec![0u32; (old.len() + 1) * width];
    for (i, a) in old.iter().enumerate().rev() {
        for (j, b) in new.iter().enumerate().rev() {
            let at = |i: usize, j: usize| table.get(i * width + j).copied().unwrap_or(0);
            let best = if a == b { at(i + 1, j + 1) + 1 } else { at(i + 1, j).max(at(i, j + 1)) };
            if let Some(cell) = table.get_mut(i * width + j) {
                *cell = best;
            }
        }
    }
    table
}

fn changes(old: &[&str], new: &[&str]) -> Changes {
    let mut found = Changes { removed: vec![true; old.len()], added: vec![true; new.len()] };
    if old.len().saturating_mul(new.len()) > PAIRS_MAX {
        return found;
    }
    let table = tails(old, new);
    let at = |i: usize, j: usize| table.get(i * (new.len() + 1) + j).copied().unwrap_or(0);
    let (mut i, mut j) = (0, 0);
    while let (Some(a), Some(b)) = (old.get(i), new.get(j)) {
        if a == b {
            if let (Some(x), Some(y)) = (found.removed.get_mut(i), found.added.get_mut(j)) {
                (*x, *y) = (false, false);
            }
            (i, j) = (i + 1, j + 1);
        } else if at(i + 1, j) >= at(i, j + 1) {
            i += 1;
        } else {
            j += 1;
        }
    }
    shift(old, &mut found.removed, &found.added);
    shift(new, &mut found.added, &found.removed);
    found
}

/// Slides runs of changed lines down as far as they go, so that they end where a block ends: a
/// run may move by a line if the line behind it equals its first.
fn shift(lines: &[&str], changed: &mut [bool], other: &[bool]) {
    let is = |list: &[bool], at: usize| list.get(at).copied().unwrap_or(false);
    let mut start = 0;
    // The line of the other text that stands at the same place.
    let mut across = 0;
    while start < lines.len() {
        if !is(changed, start) {
            while is(other, across) {
                across += 1;
            }
            (start, across) = (start + 1, across + 1);
            continue;
        }
        let mut end = start;
        while is(changed, end) {
            end += 1;
        }
        while end < lines.len() && lines.get(start) == lines.get(end) && !is(other, across) {
            if let Some(first) = changed.get_mut(start) {
                *first = false;
            }
            if let Some(last) = changed.get_mut(end) {
                *last = true;
            }
            (start, end, across) = (start + 1, end + 1, across + 1);
            while is(changed, end) {
                end += 1;
            }
        }
        start = end;
    }
}

/// One line of the result: what stands before it, and the line.
type Edit<'a> = (char, &'a str);

fn edits<'a>(old: &[&'a str], new: &[&'a str]) -> Vec<Edit<'a>> {
    let found = changes(old, new);
    let mut added = new.iter().zip(found.added);
    let mut next = added.next();
    let mut edits = Vec::new();
    for (line, is_removed) in old.iter().zip(found.removed) {
        if is_removed {
            edits.push(('-', *line));
            continue;
        }
        while let Some((line, true)) = next {
            edits.push(('+', *line));
            next = added.next();
        }
        edits.push((' ', *line));
        next = added.next();
    }
    while let Some((line, _)) = next {
        edits.push(('+', *line));
        next = added.next();
    }
    edits
}

/// `3,7`, `5` or `0,0`, as a hunk's head counts lines; `before` lines stand above.
fn range(before: usize, count: usize) -> String {
    match count {
        0 => format!("{before},0"),
        1 => format!("{}", before + 1),
        _ => format!("{},{count}", before + 1),
    }
}

fn hunk(edits: &[Edit<'_>], (old_before, new_before): (usize, usize)) -> String {
    let count = |other: char| edits.iter().filter(|(mark, _)| *mark != other).count();
    let mut text =
        format!("@@ -{} +{} @@\n", range(old_before, count('+')), range(new_before, count('-')));
    edits.iter().for_each(|(mark, line)| text.push_str(&format!("{mark}{line}\n")));
    text
}

/// The hunks, without the two lines that name the files. Nothing if the texts are the same.
pub fn unified(old: &str, new: &str) -> String {
    let (old, new): (Vec<&str>, Vec<&str>) = (old.lines().collect(), new.lines().collect());
    let edits = edits(&old, &new);
    let is_change = |at: usize| edits.get(at).is_some_and(|(mark, _)| *mark != ' ');
    let mut out = String::new();
    let mut at = 0;
    while let Some(first) = (at..edits.len()).find(|at| is_change(*at)) {
        let start = first.saturating_sub(CONTEXT).max(at);
        let mut last = first;
        while let Some(next) =
            (last + 1..edits.len().min(last + 2 * CONTEXT + 2)).find(|next| is_change(*next))
        {
            last = next;
        }
        let end = edits.len().min(last + CONTEXT + 1);
        let above = edits.get(..start).unwrap_or(&[]);
        let lines = |other: char| above.iter().filter(|(mark, _)| *mark != other).count();
        out.push_str(&hunk(edits.get(start..end).unwrap_or(&[]), (lines('+'), lines('-'))));
        at = end;
    }
    out
}

#[cfg(test)]
mod tests {
    use super::unified;

    #[test]
    fn hunks_are_those_of_diff() {
        let old = "a\nb\nc\nd\ne\nf\ng\nh\ni\nj\nk\nl\nm\n";
        assert_eq!(unified(old, old), "");
        assert_eq!(unified("", "x\ny\n"), "@@ -0,0 +1,2 @@\n+x\n+y\n");
        assert_eq!(unified("x\n", ""), "@@ -1 +0,0 @@\n-x\n");
        let far = old.replace("a\n", "A\n").replace("m\n", "M\n");
        assert_eq!(
            unified(old, &far),
            "@@ -1,4 +1,4 @@\n-a\n+A\n b\n c\n d\n@@ -10,4 +10,4 @@\n j\n k\n l\n-m\n+M\n"
        );
        let near = old.replace("b\n", "").replace("i\n", "i\nx\n");
        assert_eq!(
            unified(old, &near),
            "@@ -1,5 +1,4 @@\n a\n-b\n c\n d\n e\n@@ -7,6 +6,7 @@\n g\n h\n i\n+x\n j\n k\n l\n"
        );
    }

    #[test]
    fn a_run_of_equal_lines_changes_at_its_end() {
        let (old, new) = ("- a: 1\n  b: 2\n- a: 1\n  b: 2\n", "- a: 1\n  b: 2\n");
        assert_eq!(unified(old, new), "@@ -1,4 +1,2 @@\n - a: 1\n   b: 2\n-- a: 1\n-  b: 2\n");
    }
}
