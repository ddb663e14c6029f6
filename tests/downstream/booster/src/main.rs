//! Trees on a table of one's own: no galaxy, no array library, no file.

use galmass_gbdt::{BinningConfig, Booster, BoosterConfig, Dataset, GbdtError};

fn main() -> Result<(), GbdtError> {
    // y = x0^2 + x1 on a grid of 40 x 40.
    let rows: Vec<[f64; 2]> =
        (0..1600).map(|row| [f64::from(row / 40) / 39.0, f64::from(row % 40) / 39.0]).collect();
    let labels: Vec<f64> = rows.iter().map(|[x0, x1]| x0 * x0 + x1).collect();

    let dataset = Dataset::from_slice(rows.as_flattened(), 2, &BinningConfig::default())?;
    let booster = Booster::train(&BoosterConfig::default(), &dataset, &labels)?;
    let errors = rows.iter().zip(&labels).map(|(row, label)| (booster.predict_row(row) - label).abs());
    let largest = errors.fold(0.0, f64::max);
    assert!(largest < 0.1, "the labels go from 0 to 2, and the worst prediction is off by {largest}");
    println!("the worst of {} predictions is off by {largest:.3}", rows.len());
    Ok(())
}
