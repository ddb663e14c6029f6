//! A galaxy from a file of the user's, in its own frame.
#![allow(clippy::print_stdout, clippy::print_stderr)]

use std::error::Error;
use std::path::Path;

use clap::Args;
use galmass::core::Unit;
use galmass::prelude::*;
use galmass::snapshot::SuiteKind;
use serde::Serialize;

/// How a file is read, and what is known of the galaxy in it.
#[derive(Args, Serialize)]
pub(crate) struct FrameArguments {
    /// How the file is to be read: auto, tng, eagle, particle-table or star-table
    #[arg(long, default_value = "auto")]
    suite: String,
    /// The centre, in kpc in the frame of the file [default: found]
    #[arg(long, value_name = "X,Y,Z", value_delimiter = ',', num_args = 1, allow_hyphen_values = true)]
    centre: Option<Vec<f64>>,
    /// The stellar half-mass radius in kpc [default: found]
    #[arg(long, allow_hyphen_values = true)]
    half_mass_radius_kpc: Option<f64>,
}

/// A galaxy, and where it is from.
pub(crate) struct FromFile {
    pub(crate) galaxy: FramedGalaxy,
    pub(crate) suite: SuiteKind,
    pub(crate) redshift: Option<f64>,
}

/// Reads a galaxy, says on standard error what is in the file, and moves the galaxy into its frame.
pub(crate) fn read(path: &Path, arguments: &FrameArguments) -> Result<FromFile, Box<dyn Error>> {
    let suite = match arguments.suite.as_str() {
        "auto" => None,
        name => Some(name.parse::<SuiteKind>()?),
    };
    let given =
        GivenFrame { centre_kpc: centre(arguments)?, half_mass_radius_kpc: arguments.half_mass_radius_kpc };
    let snapshot = read_galaxy(path, suite)?;
    let count = |component| snapshot.galaxy.component(component).len();
    eprintln!(
        "{}: {} layout, {} stars, {} gas, {} dark matter, {} black holes",
        path.display(),
        snapshot.suite,
        count(Component::Stars),
        count(Component::Gas),
        count(Component::DarkMatter),
        count(Component::BlackHoles),
    );
    let galaxy = FramedGalaxy::new(snapshot.galaxy, &given)?;
    Ok(FromFile { galaxy, suite: snapshot.suite, redshift: snapshot.redshift })
}

fn centre(arguments: &FrameArguments) -> Result<Option<[f64; 3]>, Box<dyn Error>> {
    let Some(numbers) = &arguments.centre else { return Ok(None) };
    let found = numbers.len();
    let centre = <[f64; 3]>::try_from(numbers.as_slice());
    centre.map(Some).map_err(|_| format!("--centre takes three numbers, x,y,z in kpc, not {found}").into())
}

/// The names of the axes of the image along an axis of the box, to the right and up.
pub(crate) fn axes_on_sky(axis: Axis) -> [&'static str; 2] {
    match axis {
        Axis::X => ["y", "z"],
        Axis::Y => ["z", "x"],
        Axis::Z => ["x", "y"],
    }
}

/// What an image shows, and the label of its colours.
pub(crate) fn light_on_map(unit: Unit) -> (&'static str, &'static str) {
    match unit {
        Unit::SolarLuminosity => ("r light", "luminosity [L☉ per pixel]"),
        Unit::Count => ("stars", "number per pixel"),
        _ => ("stars", "mass [M☉ per pixel]"),
    }
}
