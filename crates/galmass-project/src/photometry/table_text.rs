//! The lines of a table of stellar populations.

use std::io::{BufRead, BufReader, Read};

use super::table_error::PopulationTableError;

const COLUMNS: [&str; 4] = ["age_gyr", "metallicity", "magnitude_g", "magnitude_r"];

/// One population, and the line it stands on, from 1.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Row {
    pub(super) line: usize,
    pub(super) age_gyr: f64,
    pub(super) metallicity: f64,
    pub(super) magnitude_g: f64,
    pub(super) magnitude_r: f64,
}

/// Reads all populations, in the order of their lines.
pub(super) fn rows(text: impl Read) -> Result<Vec<Row>, PopulationTableError> {
    let mut rows = Vec::new();
    let mut may_name_columns = true;
    for (index, line) in BufReader::new(text).lines().enumerate() {
        let text = line.map_err(|source| PopulationTableError::Read { source })?;
        let content = text.split('#').next().unwrap_or_default();
        let values = content.split(|c: char| c == ',' || c.is_whitespace()).filter(|value| !value.is_empty());
        let values: Vec<&str> = values.collect();
        if values.is_empty() || may_name_columns && values == COLUMNS {
            may_name_columns &= values.is_empty();
            continue;
        }
        may_name_columns = false;
        rows.push(row(index + 1, &values)?);
    }
    if rows.is_empty() { Err(PopulationTableError::Empty) } else { Ok(rows) }
}

fn row(line: usize, values: &[&str]) -> Result<Row, PopulationTableError> {
    let &[age, metallicity, g, r] = values else {
        return Err(PopulationTableError::WrongColumns {
            line,
            expected: COLUMNS.len(),
            found: values.len(),
        });
    };
    let number = |column: &'static str, text: &str, must_be_positive: bool| {
        let value: f64 = text.parse().map_err(|_| PopulationTableError::NotANumber {
            line,
            column,
            found: text.to_owned(),
        })?;
        let possible = value.is_finite() && (value > 0.0 || !must_be_positive);
        if possible { Ok(value) } else { Err(PopulationTableError::ImpossibleAt { line, column, value }) }
    };
    Ok(Row {
        line,
        age_gyr: number(COLUMNS[0], age, true)?,
        metallicity: number(COLUMNS[1], metallicity, true)?,
        magnitude_g: number(COLUMNS[2], g, false)?,
        magnitude_r: number(COLUMNS[3], r, false)?,
    })
}
