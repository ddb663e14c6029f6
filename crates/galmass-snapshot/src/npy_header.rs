//! The header of a NumPy array file, read without trust.
//!
//! The library that reads the array takes the header for a Python literal of any kind, makes room for as many bytes as
//! it claims, and takes time that grows exponentially with the depth of its brackets. So it is given none but the
//! headers that this parser has understood.

use std::io::{self, Read};

use thiserror::Error;

/// The longest header that is read \[bytes\]. Those of tables of numbers have fewer than 128.
const LONGEST: u32 = 1 << 16;

/// What a header says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct NpyHeader {
    /// The type of the numbers as it stands there, with its quotes.
    pub(crate) type_descriptor: String,
    pub(crate) shape: Vec<usize>,
}

/// Why bytes are no header.
#[derive(Debug, Error)]
pub(crate) enum NpyHeaderError {
    #[error(transparent)]
    Io(#[from] io::Error),
    #[error("version {major} of the format is not known")]
    Version { major: u8 },
    #[error("the header is {n_bytes} bytes long, and at most {LONGEST} are read")]
    TooLong { n_bytes: u32 },
    #[error("the header is `{text}`, which is no dictionary of `descr`, `fortran_order` and `shape`")]
    NoDictionary { text: String },
}

impl NpyHeader {
    /// Reads a header from the start of a file, whose magic has been seen already.
    pub(crate) fn read(reader: &mut impl Read) -> Result<Self, NpyHeaderError> {
        let mut start = [0; 8];
        reader.read_exact(&mut start)?;
        let n_bytes = match start[6] {
            1 => {
                let mut bytes = [0; 2];
                reader.read_exact(&mut bytes)?;
                u16::from_le_bytes(bytes).into()
            }
            2 | 3 => {
                let mut bytes = [0; 4];
                reader.read_exact(&mut bytes)?;
                u32::from_le_bytes(bytes)
            }
            major => return Err(NpyHeaderError::Version { major }),
        };
        if n_bytes > LONGEST {
            return Err(NpyHeaderError::TooLong { n_bytes });
        }
        let mut bytes = vec![0; n_bytes as usize];
        reader.read_exact(&mut bytes)?;
        let text = String::from_utf8_lossy(&bytes);
        Self::parse(&text)
            .ok_or_else(|| NpyHeaderError::NoDictionary { text: text.chars().take(200).collect() })
    }

    fn parse(text: &str) -> Option<Self> {
        let entries = text.trim().strip_prefix('{')?.strip_suffix('}')?;
        let [mut descr, mut fortran_order, mut shape] = [None; 3];
        for entry in pieces(entries, ',')? {
            let [key, value] = pieces(entry, ':')?[..] else { return None };
            let place = match unquoted(key)? {
                "descr" => &mut descr,
                "fortran_order" => &mut fortran_order,
                "shape" => &mut shape,
                _ => return None,
            };
            if place.replace(value).is_some() {
                return None;
            }
        }
        if !matches!(fortran_order?, "True" | "False") {
            return None;
        }
        let extents = pieces(shape?.strip_prefix('(')?.strip_suffix(')')?, ',')?;
        let shape = extents.into_iter().map(|extent| extent.parse().ok()).collect::<Option<_>>()?;
        Some(Self { type_descriptor: descr?.to_owned(), shape })
    }
}

/// The text inside plain quotes.
pub(crate) fn unquoted(text: &str) -> Option<&str> {
    let mut quotes = ['\'', '"'].into_iter();
    let inner = quotes.find_map(|quote| text.strip_prefix(quote)?.strip_suffix(quote))?;
    inner.chars().all(|c| c.is_ascii_graphic() && !matches!(c, '\'' | '"' | '\\')).then_some(inner)
}

/// Splits at those separators that are inside no brackets and no quotes, and trims the pieces; the last may be empty,
/// and is left out then. `None` if brackets or quotes are not closed.
fn pieces(text: &str, separator: char) -> Option<Vec<&str>> {
    let mut pieces = Vec::new();
    let mut start = 0;
    let mut depth = 0usize;
    let mut quote = None;
    for (at, c) in text.char_indices() {
        match (quote, c) {
            (Some(open), _) if c == open => quote = None,
            (Some(_), _) => {}
            (None, '\'' | '"') => quote = Some(c),
            (None, '(' | '[' | '{') => depth += 1,
            (None, ')' | ']' | '}') => depth = depth.checked_sub(1)?,
            (None, _) if c == separator && depth == 0 => {
                pieces.push(text[start..at].trim());
                start = at + c.len_utf8();
            }
            _ => {}
        }
    }
    let last = text[start..].trim();
    if !last.is_empty() {
        pieces.push(last);
    }
    (depth == 0 && quote.is_none()).then_some(pieces)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(version: u8, text: &str) -> Result<NpyHeader, NpyHeaderError> {
        let mut bytes = b"\x93NUMPY".to_vec();
        bytes.extend([version, 0]);
        match version {
            1 => bytes.extend((text.len() as u16).to_le_bytes()),
            _ => bytes.extend((text.len() as u32).to_le_bytes()),
        }
        bytes.extend(text.as_bytes());
        NpyHeader::read(&mut &bytes[..])
    }

    #[test]
    fn headers_as_numpy_writes_them_are_understood() {
        let text = "{'descr': '<f8', 'fortran_order': False, 'shape': (3, 7), }          \n";
        let expected = NpyHeader { type_descriptor: "'<f8'".to_owned(), shape: vec![3, 7] };
        for version in [1, 2, 3] {
            assert_eq!(read(version, text).unwrap(), expected);
        }
        assert_eq!(read(1, "{\"shape\":(),\"fortran_order\":True,\"descr\":'<f4'}").unwrap().shape, [0; 0]);
        assert_eq!(read(1, "{'descr': '|b1', 'fortran_order': False, 'shape': (5,), }").unwrap().shape, [5]);
        let records =
            read(1, "{'descr': [('m', '<f8'), ('x', '<f4', (3,))], 'fortran_order': False, 'shape': (2,)}");
        assert_eq!(records.unwrap().type_descriptor, "[('m', '<f8'), ('x', '<f4', (3,))]");
    }

    #[test]
    fn other_texts_are_refused_at_once() {
        let nested = "[".repeat(60_000);
        for text in [
            "",
            "{}",
            "{'descr': '<f8', 'fortran_order': False}",
            "{'descr': '<f8', 'fortran_order': False, 'shape': (3, 7), 'shape': (3, 7)}",
            "{'descr': '<f8', 'fortran_order': 0, 'shape': (3, 7)}",
            "{'descr': '<f8', 'fortran_order': False, 'shape': (3, -7)}",
            "{'descr': '<f8', 'fortran_order': False, 'shape': (3, 99999999999999999999)}",
            "{'descr': '<f8', 'fortran_order': False, 'shape': 3}",
            "{'descr': '<f8', 'fortran_order': False, 'shape': (3, 7}",
            "{'descr': '<f8, 'fortran_order': False, 'shape': (3, 7)}",
            "{'desc\\'r': '<f8', 'fortran_order': False, 'shape': (3, 7)}",
            "{'colour': 1, 'descr': '<f8', 'fortran_order': False, 'shape': (3, 7)}",
            &nested,
        ] {
            let error = read(1, text).unwrap_err();
            assert!(matches!(error, NpyHeaderError::NoDictionary { .. }), "{error}");
            assert!(error.to_string().len() < 400);
        }
        assert!(matches!(read(4, "{}"), Err(NpyHeaderError::Version { major: 4 })));
    }

    #[test]
    fn a_length_is_not_believed() {
        let bytes = b"\x93NUMPY\x02\x00\xff\xff\xff\xff{}";
        let error = NpyHeader::read(&mut &bytes[..]).unwrap_err();
        assert!(matches!(error, NpyHeaderError::TooLong { n_bytes: u32::MAX }), "{error}");
        let bytes = b"\x93NUMPY\x01\x00\xff\xff{}";
        assert!(matches!(NpyHeader::read(&mut &bytes[..]), Err(NpyHeaderError::Io(_))));
    }

    #[test]
    fn quotes_are_plain() {
        assert_eq!(unquoted("'<f8'"), Some("<f8"));
        assert_eq!(unquoted("\"<f8\""), Some("<f8"));
        for text in ["", "'", "<f8", "'<f8\"", "'<f\\x38'", "'a''b'"] {
            assert_eq!(unquoted(text), None, "{text}");
        }
    }
}
