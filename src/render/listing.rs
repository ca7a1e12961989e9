//! Lists of things as people ask for them: a table, JSON, or what a template makes of each.

use serde_json::{Map, Value};

use super::table::{Layout, aligned};
use super::template::{Row, Template, TemplateError, json};

/// How a list is written.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Format {
    #[default]
    Table,
    /// A table whose columns a template tells, with tabs between them.
    TableOf(Template),
    Json,
    /// A line for each thing.
    Lines(Template),
}

impl Format {
    /// Reads `table`, `json`, `table TEMPLATE` or `TEMPLATE`. Nothing means a table.
    ///
    /// # Errors
    /// A template that is none, or a word that no list knows.
    pub fn parse(text: &str) -> Result<Self, TemplateError> {
        match text {
            "" | "table" => Ok(Self::Table),
            "json" => Ok(Self::Json),
            _ => match text.strip_prefix("table ") {
                Some(columns) => Ok(Self::TableOf(Template::parse(columns.trim())?)),
                None if text.contains("{{") => Ok(Self::Lines(Template::parse(text)?)),
                None => Err(TemplateError::new(format!(
                    "{text:?} is no format: it is table, json, or a template like '{{{{.Name}}}}'"
                ))),
            },
        }
    }
}

/// A kind of thing that is listed.
#[derive(Clone, Copy, Debug)]
pub struct Kind {
    /// The headings of the table that is shown when nobody asks for another.
    pub columns: &'static [&'static str],
    /// What heads the column of each field in a table of one's own.
    pub headings: &'static [(&'static str, &'static str)],
    pub layout: Layout,
    /// One JSON array, instead of one object a line.
    pub as_array: bool,
}

/// One of them.
#[derive(Clone, Debug, Default)]
pub struct Entry {
    pub row: Row,
    /// Under the usual headings.
    pub cells: Vec<String>,
}

impl Kind {
    /// The whole list.
    ///
    /// # Errors
    /// A template that asks for what the things do not have.
    pub fn text(&self, format: &Format, entries: &[Entry]) -> Result<String, TemplateError> {
        match format {
            Format::Table => {
                let header = self.columns.iter().map(|column| (*column).to_owned()).collect();
                let rows = entries.iter().map(|entry| entry.cells.clone());
                Ok(aligned(self.layout, &std::iter::once(header).chain(rows).collect::<Vec<Vec<String>>>()))
            }
            Format::TableOf(template) => {
                let header = std::iter::once(template.fill(&self.header()));
                let lines: Vec<String> =
                    header.chain(entries.iter().map(|entry| template.fill(&entry.row))).collect::<Result<_, _>>()?;
                let rows: Vec<Vec<String>> =
                    lines.iter().map(|line| line.split('\t').map(str::to_owned).collect()).collect();
                Ok(aligned(self.layout, &rows))
            }
            Format::Json => Ok(self.json(entries)),
            Format::Lines(template) => {
                entries.iter().map(|entry| Ok(format!("{}\n", template.fill(&entry.row)?))).collect()
            }
        }
    }

    fn json(&self, entries: &[Entry]) -> String {
        let objects = entries.iter().map(|entry| json(&Value::Object(entry.row.fields.clone())));
        if self.as_array {
            format!("[{}]\n", objects.collect::<Vec<_>>().join(","))
        } else {
            objects.map(|object| object + "\n").collect()
        }
    }

    /// A row of headings: what is no plain field has none.
    fn header(&self) -> Row {
        let heading = |(field, heading): &(&str, &str)| ((*field).to_owned(), Value::from(*heading));
        Row { fields: self.headings.iter().map(heading).collect::<Map<_, _>>(), ..Row::default() }
    }
}

/// The fields of a JSON object.
pub fn fields(object: Value) -> Map<String, Value> {
    match object {
        Value::Object(fields) => fields,
        other => Map::from_iter([("Value".to_owned(), other)]),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const KIND: Kind = Kind {
        columns: &["NAME", "SIZE"],
        headings: &[("Name", "NAME"), ("Size", "SIZE"), ("Parts", "PARTS")],
        layout: Layout::USUAL,
        as_array: false,
    };

    fn entries() -> Vec<Entry> {
        let entry = |name: &str, size: u64| Entry {
            row: Row { fields: fields(json!({"Name": name, "Size": size, "Parts": []})), ..Row::default() },
            cells: vec![name.to_owned(), format!("{size}B")],
        };
        vec![entry("a-long-name", 7), entry("b>", 80)]
    }

    fn written(format: &str) -> String {
        match Format::parse(format).and_then(|format| KIND.text(&format, &entries())) {
            Ok(text) => text,
            Err(error) => format!("error: {error}\n"),
        }
    }

    #[test]
    fn a_list_in_every_format() {
        let formats = [
            "",
            "table",
            "table {{.Name}}\\t{{upper .Size}}",
            "table {{.Parts}} {{.Name}}",
            "json",
            "{{.Name}}={{.Size}}",
        ];
        let texts: Vec<String> = formats.iter().map(|format| format!("{format:?}\n{}", written(format))).collect();
        insta::assert_snapshot!(texts.concat());
        let array = Kind { as_array: true, ..KIND };
        let text = array.text(&Format::Json, &entries()).expect("json");
        assert!(text.starts_with("[{") && text.ends_with("}]\n") && text.contains("b\\u003e"), "{text}");
        assert_eq!(array.text(&Format::Json, &[]).expect("json"), "[]\n");
    }

    #[test]
    fn what_is_no_format_is_refused() {
        insta::assert_snapshot!(["pretty", "raw", "{{.Nmae}}", "table {{.Sise}}", "{{.Name"].map(written).concat());
    }
}
