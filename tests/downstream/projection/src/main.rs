//! An image of particles of one's own: no file format, no galaxy, no network.

use std::error::Error;

use galmass_core::{PixelGrid, Unit};
use galmass_project::{Axis, DepositConfig, View, deposit, support_radii};

fn main() -> Result<(), Box<dyn Error>> {
    let angles = (0..1000).map(|star| f64::from(star) * 2.4);
    let positions_kpc: Vec<[f64; 3]> = angles
        .enumerate()
        .map(|(star, angle)| {
            let radius = 0.1 * (star as f64).sqrt();
            [radius * angle.cos(), radius * angle.sin(), 0.0]
        })
        .collect();
    let luminosities_lsun = vec![1e6; positions_kpc.len()];

    let support = support_radii(&positions_kpc, 32)?;
    let (view, grid) = (View::along(Axis::Z), PixelGrid::new(64, 6.0)?);
    let config = DepositConfig::default();
    let image =
        deposit(&positions_kpc, &luminosities_lsun, &support, &view, grid, Unit::SolarLuminosity, &config)?;
    assert!((image.sum() / 1e9 - 1.0).abs() < 1e-9, "all light of 1000 stars is in the image: {}", image.sum());
    println!("{:.3e} Lsun in {} x {} pixels", image.sum(), image.values().nrows(), image.values().ncols());
    Ok(())
}
