//! Columns: as wide as their widest cell, three spaces apart, at least ten wide.

use unicode_width::UnicodeWidthStr;

const GAP: usize = 3;
const NARROWEST: usize = 10;

/// A header line and one line for each row. The last column is never padded.
pub fn table<const COLUMNS: usize>(header: [&str; COLUMNS], rows: &[[String; COLUMNS]]) -> String {
    let mut widths = header.map(UnicodeWidthStr::width);
    for row in rows {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = (*width).max(cell.width());
        }
    }
    let mut text = String::new();
    line(&mut text, &widths, header.iter().copied());
    for row in rows {
        line(&mut text, &widths, row.iter().map(String::as_str));
    }
    text
}

fn line<'c>(text: &mut String, widths: &[usize], cells: impl Iterator<Item = &'c str>) {
    for (index, (cell, width)) in cells.zip(widths).enumerate() {
        text.push_str(cell);
        if index + 1 < widths.len() {
            let column = (width + GAP).max(NARROWEST);
            text.extend(std::iter::repeat_n(' ', column.saturating_sub(cell.width())));
        }
    }
    text.push('\n');
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
}
