//! Columns: as wide as their widest cell, some spaces apart.

use unicode_width::UnicodeWidthStr;

/// How far apart columns are, and how wide at least.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Layout {
    pub gap: usize,
    /// With the gap.
    pub narrowest: usize,
}

impl Layout {
    pub const USUAL: Self = Self { gap: 3, narrowest: 10 };
    /// Lists of images, of projects and of variables.
    pub const WIDE: Self = Self { gap: 3, narrowest: 20 };
    /// Processes.
    pub const TIGHT: Self = Self { gap: 2, narrowest: 4 };
}

/// A header line and one line for each row, in the usual layout.
pub fn table<const COLUMNS: usize>(header: [&str; COLUMNS], rows: &[[String; COLUMNS]]) -> String {
    let header = header.map(str::to_owned).to_vec();
    let rows = rows.iter().map(|row| row.to_vec());
    aligned(Layout::USUAL, &std::iter::once(header).chain(rows).collect::<Vec<_>>())
}

/// One line for each row. The last cell of a row is never padded.
pub fn aligned(layout: Layout, rows: &[Vec<String>]) -> String {
    let columns = rows.iter().map(Vec::len).max().unwrap_or(0);
    let width = |column: usize| rows.iter().filter_map(|row| row.get(column)).map(|cell| cell.width()).max();
    let widths: Vec<usize> = (0..columns).map(|column| width(column).unwrap_or(0)).collect();
    let mut text = String::new();
    for row in rows {
        for (index, (cell, width)) in row.iter().zip(&widths).enumerate() {
            text.push_str(cell);
            if index + 1 < row.len() {
                let column = (width + layout.gap).max(layout.narrowest);
                text.extend(std::iter::repeat_n(' ', column.saturating_sub(cell.width())));
            }
        }
        text.push('\n');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_at_least_ten_wide_and_three_apart() {
        let rows = [["shop-db-1-long".to_owned(), "x".to_owned(), "Up".to_owned()]];
        assert_eq!(
            table(["NAME", "IMAGE", "STATUS"], &rows),
            "NAME             IMAGE     STATUS\nshop-db-1-long   x         Up\n"
        );
        assert_eq!(table(["NAME", "IMAGE"], &[]), "NAME      IMAGE\n");
    }

    #[test]
    fn wide_letters_count_for_what_they_take() {
        let rows = [["日本語日本語".to_owned(), "x".to_owned()], ["ascii".to_owned(), "y".to_owned()]];
        assert_eq!(table(["A", "B"], &rows), "A              B\n日本語日本語   x\nascii          y\n");
    }

    #[test]
    fn rows_may_be_of_different_lengths() {
        let rows = [vec!["SERVICE", "#", "CMD"], vec!["db", "1"], vec!["web", "12", "run it"]];
        let rows: Vec<Vec<String>> =
            rows.iter().map(|row| row.iter().map(|cell| (*cell).to_owned()).collect()).collect();
        assert_eq!(aligned(Layout::TIGHT, &rows), "SERVICE  #   CMD\ndb       1\nweb      12  run it\n");
    }
}
