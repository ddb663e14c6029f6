//! Keys and values of a part of the text: of the header, or of a tree.

use std::collections::HashMap;
use std::str::FromStr;

use super::ModelTextError as Error;

/// A line and its number.
pub(super) type Line<'a> = (usize, &'a str);

/// The keys of a part of the text.
pub(super) struct Section<'a> {
    /// Its first line.
    line: usize,
    values: HashMap<&'a str, Line<'a>>,
}

/// The beginning of a value, for an error.
pub(super) fn cut(value: &str) -> String {
    value.chars().take(40).collect()
}

/// What the values of a type are called.
pub(super) trait Value: FromStr {
    const EXPECTED: &'static str;
}

impl Value for usize {
    const EXPECTED: &'static str = "a number from 0 on";
}

impl Value for u32 {
    const EXPECTED: &'static str = "a number from 0 to 4294967295";
}

impl Value for u8 {
    const EXPECTED: &'static str = "a number from 0 to 255";
}

impl Value for i32 {
    const EXPECTED: &'static str = "an integer of 32 bits";
}

impl Value for i8 {
    const EXPECTED: &'static str = "a number from -128 to 127";
}

impl Value for i64 {
    const EXPECTED: &'static str = "an integer";
}

impl Value for f64 {
    const EXPECTED: &'static str = "a number";
}

impl<'a> Section<'a> {
    /// Takes lines up to an empty one or the end; `line` is that of the first. Lines without a value are flags.
    pub(super) fn new(line: usize, lines: &mut impl Iterator<Item = Line<'a>>) -> Result<Self, Error> {
        let mut values = HashMap::new();
        for (line, text) in lines {
            if text.is_empty() {
                break;
            }
            let (key, value) = text.split_once('=').unwrap_or((text, ""));
            if values.insert(key, (line, value)).is_some() {
                return Err(Error::Twice { line, key: cut(key) });
            }
        }
        Ok(Self { line, values })
    }

    /// The line of a key and its value, if it is there.
    pub(super) fn get(&self, key: &str) -> Option<Line<'a>> {
        self.values.get(key).copied()
    }

    pub(super) fn require(&self, key: &'static str) -> Result<Line<'a>, Error> {
        self.get(key).ok_or(Error::Missing { line: self.line, key })
    }

    /// The line of a key, or the first.
    pub(super) fn line_of(&self, key: &str) -> usize {
        self.get(key).map_or(self.line, |(line, _)| line)
    }

    pub(super) fn number<T: Value>(&self, key: &'static str) -> Result<T, Error> {
        let (line, value) = self.require(key)?;
        parse(line, key, value)
    }

    /// The numbers of a key, as many as are expected.
    pub(super) fn numbers<T: Value>(&self, key: &'static str, expected: usize) -> Result<Vec<T>, Error> {
        let (line, text) = self.require(key)?;
        let values = text.split(' ').filter(|value| !value.is_empty());
        let values: Vec<T> = values.map(|value| parse(line, key, value)).collect::<Result<_, _>>()?;
        let found = values.len();
        if found == expected { Ok(values) } else { Err(Error::Count { line, key, expected, found }) }
    }

    /// The same, or `otherwise` for all where the key is not there or has no values.
    pub(super) fn numbers_or<T: Value + Clone>(
        &self,
        key: &'static str,
        expected: usize,
        otherwise: T,
    ) -> Result<Vec<T>, Error> {
        match self.get(key) {
            Some((_, text)) if !text.is_empty() => self.numbers(key, expected),
            _ => Ok(vec![otherwise; expected]),
        }
    }

    /// Numbers that are none of the bad ones.
    pub(super) fn numbers_but(
        &self,
        key: &'static str,
        expected: usize,
        is_bad: impl Fn(f64) -> bool,
    ) -> Result<Vec<f64>, Error> {
        let values: Vec<f64> = self.numbers(key, expected)?;
        match values.iter().find(|&&value| is_bad(value)) {
            Some(value) => {
                let (line, value) = (self.line_of(key), value.to_string());
                Err(Error::Malformed { line, key, value, expected: "a finite number" })
            }
            None => Ok(values),
        }
    }
}

pub(super) fn parse<T: Value>(line: usize, key: &'static str, value: &str) -> Result<T, Error> {
    let malformed = |_| Error::Malformed { line, key, value: cut(value), expected: T::EXPECTED };
    value.parse().map_err(malformed)
}
