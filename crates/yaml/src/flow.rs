//! Lets `[`…`]`, `{`…`}` and quoted text run on at any column, as YAML 1.1 allows and the
//! scanner, which follows YAML 1.2, does not: such lines are moved to the right and read again.
//! Likewise a tab behind a colon, which YAML 1.1 takes for a space.

/// The source with its continuation lines moved, and by how many columns each line was.
pub(crate) struct Shifted {
    pub source: String,
    pub columns: Vec<usize>,
}

/// A source in which the scanner will not meet the trouble of `info` again, if it is one of
/// those that only YAML 1.2 knows. `columns` says what was moved already.
pub(crate) fn repair(info: &str, source: &str, columns: &[usize]) -> Option<Shifted> {
    if info.contains("':' must be followed") && source.contains(":\t") {
        let source = source.replace(":\t", ": ");
        return Some(Shifted { source, columns: columns.to_vec() });
    }
    (info.contains("invalid indentation") && columns.is_empty()).then(|| shift(source))
}

fn shift(source: &str) -> Shifted {
    let mut reader = Reader::default();
    let mut shifted = Shifted { source: String::with_capacity(source.len()), columns: Vec::new() };
    for line in source.split_inclusive('\n') {
        let continues = reader.depth > 0 || reader.quote.is_some();
        let columns = if continues { reader.column } else { 0 };
        shifted.source.extend(std::iter::repeat_n(' ', columns));
        shifted.source.push_str(line);
        shifted.columns.push(columns);
        reader.line(line);
    }
    shifted
}

/// Knows, at the end of each line, whether a flow collection or a quoted scalar is open.
#[derive(Default)]
struct Reader {
    depth: usize,
    quote: Option<char>,
    /// One to the right of where the open collection or scalar began.
    column: usize,
    /// The column that the lines of the block scalar being skipped are right of.
    block: Option<usize>,
}

impl Reader {
    fn line(&mut self, line: &str) {
        let line = line.trim_end();
        let indent = line.chars().take_while(|c| *c == ' ').count();
        if self.block.is_some_and(|parent| line.is_empty() || indent > parent) {
            return;
        }
        self.block = None;
        // Whether a value may begin here, so that a quote or bracket is not just a character.
        let mut at_start = true;
        let mut parent = indent;
        let mut previous = ' ';
        let mut chars = line.chars().enumerate().peekable();
        while let Some((column, c)) = chars.next() {
            let next = chars.peek().map(|(_, next)| *next);
            let before_blank = next.is_none_or(|next| next == ' ' || next == '\t');
            match (self.quote, c) {
                (Some('"'), '\\') => {
                    chars.next();
                }
                (Some('\''), '\'') if next == Some('\'') => {
                    chars.next();
                }
                (Some(quote), c) if c == quote => {
                    self.quote = None;
                    at_start = false;
                }
                (Some(_), _) => {}
                (None, '#') if previous == ' ' || previous == '\t' => return,
                (None, ' ' | '\t') => {}
                (None, '\'' | '"') if at_start => {
                    self.quote = Some(c);
                    self.column = if self.depth == 0 { column + 1 } else { self.column };
                }
                (None, '[' | '{') if at_start || self.depth > 0 => {
                    self.column = if self.depth == 0 { column + 1 } else { self.column };
                    self.depth += 1;
                    at_start = true;
                }
                (None, ']' | '}') if self.depth > 0 => {
                    self.depth -= 1;
                    at_start = false;
                }
                (None, ',') if self.depth > 0 => at_start = true,
                (None, ':') if before_blank || self.depth > 0 => at_start = true,
                (None, '-' | '?') if at_start && before_blank => parent = column + 1,
                (None, '|' | '>') if at_start && self.depth == 0 => {
                    // Right of the dash where the dash's item is the scalar itself.
                    let item = line.trim_start_matches([' ', '-']).starts_with(['|', '>']);
                    self.block = Some(if item { parent.saturating_sub(1) } else { parent });
                    return;
                }
                (None, '!' | '&') if at_start => {
                    while chars.next_if(|(_, c)| *c != ' ').is_some() {}
                }
                (None, _) => at_start = false,
            }
            previous = c;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::shift;

    #[test]
    fn only_what_continues_is_moved() {
        let source = "a: [\n1,\n\"]\",\n]\nb: |\n  [\nc: 'x\n''y'\nd: !t {\n}\ne: it's\nf: # [\n";
        let columns = [0, 4, 4, 4, 0, 0, 0, 4, 0, 7, 0, 0];
        assert_eq!(shift(source).columns, columns);
    }
}
