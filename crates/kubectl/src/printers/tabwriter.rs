//! Aligned columns, as Go's text/tabwriter sets them: a column is a run of lines that have a cell
//! in it, and the last cell of a line is not part of any column.
// Models Go's text/tabwriter/tabwriter.go with spaces as padding.

/// Lines cut into cells by tabs.
#[derive(Clone, Debug)]
pub struct TabWriter {
    min_width: usize,
    padding: usize,
    /// Widths kept from one flush to the next, for tables that grow while one watches.
    remembered: Option<Vec<usize>>,
}

fn width(cell: &str) -> usize {
    cell.chars().count()
}

impl TabWriter {
    /// As `describe` and `rollout history` use it.
    pub fn describe() -> Self {
        TabWriter { min_width: 0, padding: 2, remembered: None }
    }

    /// As tables use it.
    pub fn table() -> Self {
        TabWriter { min_width: 6, padding: 3, remembered: Some(Vec::new()) }
    }

    /// Sets text whose cells end with tabs.
    pub fn format(&mut self, text: &str) -> String {
        let lines: Vec<Vec<&str>> =
            text.split('\n').map(|line| line.split('\t').collect()).collect();
        let mut out = String::with_capacity(text.len() * 2);
        let mut widths = Vec::new();
        self.block(&lines, &mut widths, &mut out);
        out
    }

    /// Sets a block of lines that all have a cell in each of the columns before this one.
    fn block(&mut self, lines: &[Vec<&str>], widths: &mut Vec<usize>, out: &mut String) {
        let column = widths.len();
        let has = |line: &Vec<&str>| column + 1 < line.len();
        let mut start = 0;
        while start < lines.len() {
            let rest = lines.get(start..).unwrap_or(&[]);
            let plain = rest.iter().take_while(|line| !has(line)).count();
            let (before, rest) = rest.split_at_checked(plain).unwrap_or((rest, &[]));
            write_lines(before, widths, out, start + plain == lines.len());
            let run = rest.iter().take_while(|line| has(line)).count();
            let (block, _) = rest.split_at_checked(run).unwrap_or((rest, &[]));
            if !block.is_empty() {
                let cells = block.iter().filter_map(|line| line.get(column));
                let widest = cells.map(|cell| width(cell) + self.padding).max().unwrap_or(0);
                widths.push(self.remember(column, widest.max(self.min_width)));
                let last = start + plain + run == lines.len();
                let mut inner = String::new();
                self.block(block, widths, &mut inner);
                // Only the very last line of the text has no line break behind it.
                if !last && !inner.ends_with('\n') {
                    inner.push('\n');
                }
                out.push_str(&inner);
                widths.pop();
            }
            start += plain + run;
        }
    }

    fn remember(&mut self, column: usize, width: usize) -> usize {
        let Some(widths) = &mut self.remembered else { return width };
        if widths.len() <= column {
            widths.resize(column + 1, 0);
        }
        match widths.get_mut(column) {
            Some(known) => {
                *known = width.max(*known);
                *known
            }
            None => width,
        }
    }
}

fn write_lines(lines: &[Vec<&str>], widths: &[usize], out: &mut String, ends: bool) {
    for (number, line) in lines.iter().enumerate() {
        for (column, cell) in line.iter().enumerate() {
            out.push_str(cell);
            if let Some(wide) = widths.get(column).filter(|_| column + 1 < line.len()) {
                out.extend(std::iter::repeat_n(' ', wide.saturating_sub(width(cell))));
            } else if column + 1 < line.len() {
                out.push_str("  ");
            }
        }
        if !(ends && number + 1 == lines.len()) {
            out.push('\n');
        }
    }
}

#[cfg(test)]
mod tests {
    use super::TabWriter;

    #[test]
    fn columns_end_where_a_line_has_no_cell() {
        let text = "a\tb\tc\nlong\tx\tc\nplain\nq\tw\n";
        let want = "a     b  c\nlong  x  c\nplain\nq  w\n";
        assert_eq!(TabWriter::describe().format(text), want);
    }

    #[test]
    fn inner_blocks_have_their_own_widths() {
        let text = "Name:\tweb\nLabels:\t<none>\nSpec:\n  Labels:\ta=b\n   n:\n    Image:\tx\n";
        let want = [
            "Name:    web",
            "Labels:  <none>",
            "Spec:",
            "  Labels:  a=b",
            "   n:",
            "    Image:  x\n",
        ];
        assert_eq!(TabWriter::describe().format(text), want.join("\n"));
    }

    #[test]
    fn tables_have_narrowest_columns_and_trailing_blanks() {
        let text = "NAME\tAPP\tTIER\nx\tb\t\n";
        assert_eq!(TabWriter::table().format(text), "NAME   APP   TIER\nx      b     \n");
    }
}
