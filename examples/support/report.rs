//! A report as one page of HTML that needs nothing beside it: no style sheet, no script, no picture of another file.

use std::error::Error;
use std::fmt::Write;
use std::fs;
use std::path::Path;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;

const STYLE: &str = "\
body { font: 15px/1.5 system-ui, sans-serif; color: #222; max-width: 72rem; margin: 2rem auto; padding: 0 1rem }
h1, h2 { line-height: 1.2 } h2 { margin-top: 2.5rem }
.table { overflow-x: auto }
table { border-collapse: collapse; font-variant-numeric: tabular-nums }
th, td { padding: .3rem .6rem; text-align: left; border-bottom: 1px solid #ddd; white-space: nowrap }
th { border-bottom: 2px solid #888 }
figure { margin: 1.5rem 0 } img { max-width: 100%; height: auto } figcaption { color: #555 }
pre { background: #f5f5f5; padding: 1rem; overflow-x: auto; font-size: 13px }
@media print { body { max-width: none; margin: 0 } figure, table { break-inside: avoid } }";

/// A page that grows from top to bottom.
pub(crate) struct Report {
    html: String,
}

impl Report {
    pub(crate) fn new(title: &str) -> Self {
        let title = escaped(title);
        let head = "<meta charset=\"utf-8\">\n<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">";
        let html = format!(
            "<!doctype html>\n<html lang=\"en\">\n<head>\n{head}\n<title>{title}</title>\n<style>\n{STYLE}\n</style>\n\
             </head>\n<body>\n<h1>{title}</h1>\n"
        );
        Self { html }
    }

    pub(crate) fn heading(&mut self, text: &str) {
        self.element("h2", text);
    }

    pub(crate) fn paragraph(&mut self, text: &str) {
        self.element("p", text);
    }

    /// Text with its spaces and lines as they are.
    pub(crate) fn listing(&mut self, text: &str) {
        self.element("pre", text);
    }

    pub(crate) fn table<const N: usize>(&mut self, headings: &[&str; N], rows: &[[String; N]]) {
        let line = |element: &str, cells: &mut dyn Iterator<Item = &str>| {
            cells
                .fold(String::new(), |line, cell| line + &format!("<{element}>{}</{element}>", escaped(cell)))
        };
        let head = line("th", &mut headings.iter().copied());
        self.html += &format!("<div class=\"table\"><table>\n<thead><tr>{head}</tr></thead>\n<tbody>\n");
        for row in rows {
            self.html += &format!("<tr>{}</tr>\n", line("td", &mut row.iter().map(String::as_str)));
        }
        self.html += "</tbody>\n</table></div>\n";
    }

    /// A PNG, as a part of the page.
    pub(crate) fn picture(&mut self, path: &Path, caption: &str) -> Result<(), Box<dyn Error>> {
        let bytes = fs::read(path).map_err(|error| format!("{}: {error}", path.display()))?;
        // The width is the first number of the header. Our figures have 288 dots an inch, a page 96.
        let width =
            bytes.get(16..20).and_then(|bytes| bytes.try_into().ok()).map_or(0, u32::from_be_bytes) / 3;
        let (data, caption) = (BASE64_STANDARD.encode(bytes), escaped(caption));
        // A `String` takes every line.
        let _ = writeln!(
            self.html,
            "<figure><img alt=\"{caption}\" width=\"{width}\" src=\"data:image/png;base64,{data}\">\
             <figcaption>{caption}</figcaption></figure>"
        );
        Ok(())
    }

    pub(crate) fn write(mut self, path: &Path) -> Result<(), Box<dyn Error>> {
        self.html += "</body>\n</html>\n";
        fs::write(path, self.html).map_err(|error| format!("{}: {error}", path.display()).into())
    }

    fn element(&mut self, name: &str, text: &str) {
        self.html += &format!("<{name}>{}</{name}>\n", escaped(text));
    }
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
