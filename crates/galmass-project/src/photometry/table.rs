//! A user's own table of stellar populations.

use std::io::Read;

use super::table_error::PopulationTableError;
use super::table_text::{Row, rows};
use super::{Band, StellarPopulation};

/// Magnitudes of simple stellar populations on a grid of ages and metallicities, for one solar mass formed.
///
/// Between the points of the grid, magnitudes are linear in log age and in log metallicity. Beyond its ends they stay
/// what they are at the end: an age of 0 counts as the youngest, a metallicity of 0 as the poorest population.
/// A grid of one age or of one metallicity knows no change along it.
///
/// # Examples
/// ```
/// use galmass_project::photometry::{Band, PopulationTable, StellarPopulation};
///
/// let text = "\
/// ## any model, 1 Msun formed, AB
/// age_gyr, metallicity, magnitude_g, magnitude_r
///  1,      0.01,        4.5,         4.3
/// 10,      0.01,        6.9,         6.3
/// ";
/// let table = PopulationTable::read(text.as_bytes())?;
/// assert_eq!(table.magnitude(Band::R, 10.0, 0.01), 6.3);
/// assert!((table.magnitude(Band::R, 10f64.sqrt(), 0.02) - 5.3).abs() < 1e-12);
/// # Ok::<(), galmass_project::photometry::PopulationTableError>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct PopulationTable {
    log_ages: Vec<f64>,
    log_metallicities: Vec<f64>,
    /// Of each age in turn, the magnitudes in g and r of each metallicity.
    magnitudes: Vec<[f64; 2]>,
}

impl PopulationTable {
    /// Makes a table from its axes and its magnitudes. `ages_gyr` \[Gyr\] and `metallicities` (metal mass fractions) are
    /// above 0 and ascend; `magnitudes_g` and `magnitudes_r` are AB magnitudes for one solar mass formed, all
    /// metallicities of the first age, then those of the second, and so on.
    ///
    /// # Errors
    /// [`PopulationTableError`] for an empty axis, one that does not ascend, a value that cannot be, or a number of
    /// magnitudes other than that of ages times that of metallicities.
    pub fn new(
        ages_gyr: &[f64],
        metallicities: &[f64],
        magnitudes_g: &[f64],
        magnitudes_r: &[f64],
    ) -> Result<Self, PopulationTableError> {
        let log_ages = log_axis("age_gyr", ages_gyr)?;
        let log_metallicities = log_axis("metallicity", metallicities)?;
        let expected = ages_gyr.len() * metallicities.len();
        for (column, magnitudes) in [("magnitude_g", magnitudes_g), ("magnitude_r", magnitudes_r)] {
            if magnitudes.len() != expected {
                return Err(PopulationTableError::WrongLength { column, expected, found: magnitudes.len() });
            }
            if let Some(index) = magnitudes.iter().position(|magnitude| !magnitude.is_finite()) {
                return Err(PopulationTableError::Impossible { column, index, value: magnitudes[index] });
            }
        }
        let magnitudes = magnitudes_g.iter().zip(magnitudes_r).map(|(&g, &r)| [g, r]).collect();
        Ok(Self { log_ages, log_metallicities, magnitudes })
    }

    /// Reads a table from text.
    ///
    /// One population a line: age \[Gyr\], metal mass fraction, absolute AB magnitude in g and in r for one solar mass
    /// formed. Values are separated by commas, blanks or both. What follows a `#`, and empty lines, are skipped; the
    /// first other line may hold the names `age_gyr`, `metallicity`, `magnitude_g`, `magnitude_r` in this order. Lines
    /// may come in any order, but each age needs each metallicity exactly once.
    ///
    /// # Errors
    /// [`PopulationTableError`] where reading fails, with the line and the column of what is no number or cannot be,
    /// with both lines of a repeated population, and with the first population that is missing.
    pub fn read(text: impl Read) -> Result<Self, PopulationTableError> {
        let mut rows = rows(text)?;
        rows.sort_by(|a, b| {
            (a.age_gyr.total_cmp(&b.age_gyr))
                .then(a.metallicity.total_cmp(&b.metallicity))
                .then(a.line.cmp(&b.line))
        });
        let (ages, metallicities) =
            (distinct(&rows, |row| row.age_gyr), distinct(&rows, |row| row.metallicity));
        check_complete(&rows, &ages, &metallicities)?;
        let g: Vec<f64> = rows.iter().map(|row| row.magnitude_g).collect();
        let r: Vec<f64> = rows.iter().map(|row| row.magnitude_r).collect();
        Self::new(&ages, &metallicities, &g, &r)
    }
}

impl StellarPopulation for PopulationTable {
    fn magnitude(&self, band: Band, age_gyr: f64, metallicity: f64) -> f64 {
        if age_gyr.is_nan() || metallicity.is_nan() {
            return f64::NAN;
        }
        let band = match band {
            Band::G => 0,
            Band::R => 1,
        };
        let (age, to_older) = place(&self.log_ages, age_gyr);
        let (metals, to_richer) = place(&self.log_metallicities, metallicity);
        let n_metallicities = self.log_metallicities.len();
        let at = |age: usize, metals: usize| {
            let age = age.min(self.log_ages.len() - 1);
            self.magnitudes[age * n_metallicities + metals.min(n_metallicities - 1)][band]
        };
        let between = |a: f64, b: f64, t: f64| if t == 0.0 { a } else { a + t * (b - a) };
        let younger = between(at(age, metals), at(age, metals + 1), to_richer);
        let older = between(at(age + 1, metals), at(age + 1, metals + 1), to_richer);
        between(younger, older, to_older)
    }
}

/// The last point of an axis at or below a value, and how far on the way to the next one it is; at the ends, the end.
fn place(log_axis: &[f64], value: f64) -> (usize, f64) {
    // The logarithm of a number below 0 is NaN, which `max` passes over.
    let log = value.max(0.0).log10();
    let above = log_axis.partition_point(|&point| point <= log);
    if above == 0 {
        return (0, 0.0);
    }
    match log_axis.get(above) {
        Some(next) => (above - 1, (log - log_axis[above - 1]) / (next - log_axis[above - 1])),
        None => (above - 1, 0.0),
    }
}

fn log_axis(column: &'static str, values: &[f64]) -> Result<Vec<f64>, PopulationTableError> {
    if values.is_empty() {
        return Err(PopulationTableError::Empty);
    }
    if let Some(index) = values.iter().position(|&value| !(value > 0.0 && value.is_finite())) {
        return Err(PopulationTableError::Impossible { column, index, value: values[index] });
    }
    let logs: Vec<f64> = values.iter().map(|value| value.log10()).collect();
    // Of the logarithms, because two neighbouring numbers can have the same one.
    match logs.windows(2).position(|pair| pair[0] >= pair[1]) {
        Some(before) => Err(PopulationTableError::NotAscending { column, index: before + 1 }),
        None => Ok(logs),
    }
}

fn distinct(rows: &[Row], of: fn(&Row) -> f64) -> Vec<f64> {
    let mut values: Vec<f64> = rows.iter().map(of).collect();
    values.sort_by(f64::total_cmp);
    values.dedup();
    values
}

/// Sees to it that sorted rows hold each age with each metallicity once.
fn check_complete(rows: &[Row], ages: &[f64], metallicities: &[f64]) -> Result<(), PopulationTableError> {
    for pair in rows.windows(2) {
        if (pair[0].age_gyr, pair[0].metallicity) == (pair[1].age_gyr, pair[1].metallicity) {
            return Err(PopulationTableError::Repeated { line: pair[1].line, first_line: pair[0].line });
        }
    }
    let all = ages.iter().flat_map(|&age| metallicities.iter().map(move |&metallicity| (age, metallicity)));
    let mut found = rows.iter();
    for (age_gyr, metallicity) in all {
        let here = found
            .as_slice()
            .first()
            .is_some_and(|row| (row.age_gyr, row.metallicity) == (age_gyr, metallicity));
        if !here {
            return Err(PopulationTableError::Missing { age_gyr, metallicity });
        }
        found.next();
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Two ages and three metallicities, on which g and r are linear in both logarithms.
    fn table() -> PopulationTable {
        let g: Vec<f64> = (0..6).map(|i| 3.0 + 2.0 * f64::from(i / 3) + 0.5 * f64::from(i % 3)).collect();
        let r: Vec<f64> = g.iter().map(|g| g - 0.25).collect();
        PopulationTable::new(&[1.0, 10.0], &[0.0001, 0.001, 0.01], &g, &r).unwrap()
    }

    #[test]
    fn magnitudes_are_linear_in_the_logarithms() {
        let at = |age: f64, metallicity: f64| table().magnitude(Band::G, age, metallicity);
        assert_eq!((at(1.0, 0.0001), at(10.0, 0.01)), (3.0, 6.0));
        assert!((at(10f64.powf(0.25), 10f64.powf(-2.5)) - (3.0 + 0.5 + 0.75)).abs() < 1e-12);
        assert_eq!(table().magnitude(Band::R, 1.0, 0.001), 3.25);
    }

    #[test]
    fn beyond_the_ends_magnitudes_stay() {
        let at = |age: f64, metallicity: f64| table().magnitude(Band::G, age, metallicity);
        assert_eq!(at(0.0, 0.0), 3.0);
        assert_eq!(at(1e-300, -0.5), 3.0);
        assert_eq!(at(14.0, 0.9), 6.0);
        assert_eq!(at(f64::INFINITY, f64::INFINITY), 6.0);
        assert!(at(f64::NAN, 0.01).is_nan() && at(1.0, f64::NAN).is_nan());
    }

    #[test]
    fn a_single_population_is_a_table() {
        let one = PopulationTable::new(&[5.0], &[0.02], &[6.0], &[5.0]).unwrap();
        assert_eq!([0.1, 5.0, 12.0].map(|age| one.magnitude(Band::R, age, 0.001)), [5.0; 3]);
    }

    #[test]
    fn axes_and_magnitudes_are_checked() {
        let new = |ages: &[f64], metallicities: &[f64], g: &[f64], r: &[f64]| {
            PopulationTable::new(ages, metallicities, g, r).unwrap_err().to_string()
        };
        assert_eq!(new(&[], &[0.1], &[], &[]), "a table of stellar populations has none");
        assert_eq!(new(&[1.0, 1.0], &[0.1], &[1.0; 2], &[1.0; 2]), "`age_gyr` does not ascend at index 1");
        assert_eq!(new(&[1.0], &[0.0], &[1.0], &[1.0]), "`metallicity` cannot be 0 at index 0");
        assert_eq!(new(&[f64::NAN], &[0.1], &[1.0], &[1.0]), "`age_gyr` cannot be NaN at index 0");
        assert_eq!(new(&[1.0], &[0.1], &[1.0], &[f64::INFINITY]), "`magnitude_r` cannot be inf at index 0");
        assert_eq!(new(&[1.0], &[0.1], &[1.0; 2], &[1.0]), "`magnitude_g` has 2 values where the grid has 1");
    }

    #[test]
    fn text_in_any_order_and_manner_is_the_same_table() {
        let sorted = "1 0.01 4 3\n1 0.02 5 4\n10 0.01 6 5\n10 0.02 7 6\n";
        let shuffled = "# a model\n\n age_gyr,metallicity , magnitude_g,magnitude_r\r\n10.0,2e-2,7.0,6\n1,0.01,4,3 # young\n\
                        \t1 , 0.02 , 5 , 4\n1e1 0.01 6 5";
        let table = PopulationTable::read(sorted.as_bytes()).unwrap();
        assert_eq!(PopulationTable::read(shuffled.as_bytes()).unwrap(), table);
        assert_eq!(table.magnitude(Band::G, 10.0, 0.02), 7.0);
    }

    #[test]
    fn text_that_is_no_table_says_where() {
        let read = |text: &str| PopulationTable::read(text.as_bytes()).unwrap_err().to_string();
        assert_eq!(read("# nothing\n"), "a table of stellar populations has none");
        assert_eq!(read("1 0.1 4\n"), "line 1 has 3 columns where 4 are needed");
        assert_eq!(read("1 0.1 4 3 9\n"), "line 1 has 5 columns where 4 are needed");
        assert_eq!(read("\n1 0.1 bright 3\n"), "line 2: `magnitude_g` is `bright`, which is no number");
        assert_eq!(
            read("1 0.1 4 3\nage_gyr metallicity magnitude_g magnitude_r"),
            "line 2: `age_gyr` is `age_gyr`, which is no number"
        );
        assert_eq!(read("1 0.1 4 3\n0 0.1 4 3"), "line 2: `age_gyr` cannot be 0");
        assert_eq!(read("1 -0.1 4 3"), "line 1: `metallicity` cannot be -0.1");
        assert_eq!(read("1 0.1 nan 3"), "line 1: `magnitude_g` cannot be NaN");
        assert_eq!(
            read("1 0.1 4 3\n2 0.1 5 4\n1 0.1 4 3"),
            "line 3 repeats the age and the metallicity of line 1"
        );
        assert_eq!(
            read("1 0.1 4 3\n1 0.2 4 3\n2 0.2 5 4\n"),
            "there is no population of 2 Gyr with a metallicity of 0.1, though others have that age and that metallicity"
        );
    }

    #[test]
    fn a_source_that_fails_and_text_that_is_none_are_errors() {
        struct Broken;
        impl Read for Broken {
            fn read(&mut self, _: &mut [u8]) -> std::io::Result<usize> {
                Err(std::io::Error::other("torn"))
            }
        }
        assert!(matches!(PopulationTable::read(Broken), Err(PopulationTableError::Read { .. })));
        let not_text: &[u8] = &[0x31, 0xff, 0xfe, 0x0a];
        assert!(matches!(PopulationTable::read(not_text), Err(PopulationTableError::Read { .. })));
    }
}
