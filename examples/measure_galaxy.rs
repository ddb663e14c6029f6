//! What kind of galaxy is this: how bright, how round, how fast, and on what orbits do its stars move?
//!
//! ```text
//! cargo run --release --example measure_galaxy -- [--snapshot FILE] [--suite auto] [--no-dust] [--out DIR]
//! ```
//!
//! Measures the features of table 1 of Chu et al. (2024) along the three axes of the box, and prints them with their
//! units: magnitude and colour, star formation, Sersic index, axis ratios, velocity dispersion, spin and the fractions of
//! cold and hot orbits. Without `--snapshot` the galaxy is a mock like the Milky Way. A second or a few.
//!
//! Light is that of the magnitudes in the file, or of ages and metallicities where it has none, less what the gas in
//! front of each star absorbs; `--no-dust` leaves it as the stars emit it.
//!
//! Leaves in its folder: `settings.json`; `features.csv` and `features.hdf5`, a row for each line of sight with numbers
//! and flags; and the figures `sersic_fit.png`, `shape.png` (the image with the ellipsoid of the stars), `orbits.png`
//! and `mass_profile.png`.
#![allow(clippy::print_stdout, clippy::print_stderr)]

#[path = "support/galaxy.rs"]
mod galaxy;
#[path = "support/output.rs"]
mod output;

use std::error::Error;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Parser;
use galaxy::{FrameArguments, FromFile, axes_on_sky, light_on_map};
use galmass::dataset::{Attribute, Column, Table};
use galmass::mock::{MockGalaxy, MockGalaxyConfig};
use galmass::plots::{
    ColourScale, Distribution, DistributionRange, MapEllipse, MapPanel, ProfileMark, ProfilePanel,
    ProfileScale, ProfileSeries, SeriesStyle, draw_distribution, draw_maps, draw_profiles,
};
use galmass::prelude::*;
use galmass::project::dust::{Dust, DustScreen};
use galmass::project::photometry::{Band, FittedPopulation, luminosities};
use galmass::stats::{
    FeatureConfig, FeatureView, Features, IntrinsicFeatures, circular_velocity_km_s, log_edges_kpc,
    measure_intrinsic_features, measure_mass_profile, measure_view_features,
};
use serde::Serialize;

/// Bins of the histogram of circularities, from -1.5 to 1.5.
const N_CIRCULARITY_BINS: usize = 60;

#[derive(Parser, Serialize)]
#[command(about = "Measures light, shape, motion and orbits of one simulated galaxy")]
struct Arguments {
    /// The file with the galaxy [default: a mock galaxy]
    #[arg(long)]
    snapshot: Option<PathBuf>,
    #[command(flatten)]
    #[serde(flatten)]
    frame: FrameArguments,
    /// Leave the light as the stars emit it
    #[arg(long)]
    no_dust: bool,
    /// Where the results go: a new folder [default: out/measure_galaxy]
    #[arg(long)]
    out: Option<PathBuf>,
    /// Print the features as one line of JSON at the end
    #[arg(long)]
    #[serde(skip)]
    json: bool,
}

/// One line of sight.
struct Look {
    axis: Axis,
    view: View,
    features: Features,
}

fn main() -> ExitCode {
    output::exit(run(&Arguments::parse()))
}

fn run(arguments: &Arguments) -> Result<(), Box<dyn Error>> {
    let (galaxy, redshift, suite, name) = match &arguments.snapshot {
        Some(path) => {
            let FromFile { galaxy, suite, redshift } = galaxy::read(path, &arguments.frame)?;
            let name = path.file_stem().map(|stem| stem.to_string_lossy().into_owned());
            (galaxy, redshift.unwrap_or(0.0), suite.to_string(), name.unwrap_or_default())
        }
        None => (mock()?, 0.0, "mock".to_owned(), "mock galaxy".to_owned()),
    };
    let config = FeatureConfig::default();
    let radius = galaxy.frame().half_mass_radius_kpc;
    let intrinsic = measure_intrinsic_features(galaxy.galaxy(), radius, &config)?;
    let dust = if arguments.no_dust { Dust::None } else { Dust::default() };
    let looks = Axis::ALL
        .into_iter()
        .map(|axis| look(&galaxy, &intrinsic, axis, redshift, &dust, &config))
        .collect::<Result<Vec<_>, _>>()?;

    let folder = output::folder(arguments.out.as_deref(), "measure_galaxy", false)?;
    output::write_settings(&folder, &serde_json::json!({ "arguments": arguments, "features": config }))?;
    let facts = [("galaxy", &name), ("suite", &suite)];
    let table = table(&galaxy, &looks, &facts);
    table.write_csv(&folder.join("features.csv"))?;
    table.write_hdf5(&folder.join("features.hdf5"))?;
    let title = format!("{name}: {} stars, R = {radius:.2} kpc", galaxy.galaxy().stars.particles().len());
    draw_sersic_fits(&folder.join("sersic_fit.png"), &title, radius, &looks)?;
    draw_shape(&folder.join("shape.png"), &title, &galaxy, &looks)?;
    draw_orbits(&folder.join("orbits.png"), &name, &galaxy, &intrinsic)?;
    draw_masses(&folder.join("mass_profile.png"), &title, &galaxy)?;

    print_features(&looks);
    eprintln!("wrote {}", folder.display());
    if arguments.json {
        output::print_json(&figures(&looks));
    }
    Ok(())
}

/// A disc galaxy with enough stars to measure everything.
fn mock() -> Result<FramedGalaxy, Box<dyn Error>> {
    let config = MockGalaxyConfig { n_stars: 50_000, n_dark_matter: 50_000, ..MockGalaxyConfig::default() };
    Ok(FramedGalaxy::new(MockGalaxy::sample(&config, 1)?, &GivenFrame::default())?)
}

fn look(
    galaxy: &FramedGalaxy,
    intrinsic: &IntrinsicFeatures,
    axis: Axis,
    redshift: f64,
    dust: &Dust,
    config: &FeatureConfig,
) -> Result<Look, Box<dyn Error>> {
    let view = View::along(axis);
    let Galaxy { stars, gas, .. } = galaxy.galaxy();
    let screen = DustScreen::new(stars.particles().positions_kpc(), gas, &view, dust)?;
    let seen = |band| -> Result<Option<Vec<f64>>, Box<dyn Error>> {
        // Stars without magnitudes, ages or metallicities have no light; the features say so.
        let Ok(light) = luminosities(stars, band, &FittedPopulation) else { return Ok(None) };
        Ok(Some(screen.attenuate(&light, band, redshift)?))
    };
    let (light_g, light_r) = (seen(Band::G)?, seen(Band::R)?);
    let seen_from = FeatureView {
        luminosities_g_lsun: light_g.as_deref(),
        luminosities_r_lsun: light_r.as_deref(),
        ..FeatureView::new(view.right(), view.up())
    };
    let radius = galaxy.frame().half_mass_radius_kpc;
    let features = Features {
        intrinsic: intrinsic.clone(),
        view: measure_view_features(galaxy.galaxy(), radius, &seen_from, config)?,
    };
    Ok(Look { axis, view, features })
}

/// A row for each line of sight: its axis, the numbers and the flags.
fn table(galaxy: &FramedGalaxy, looks: &[Look], facts: &[(&str, &String)]) -> Table {
    let values: Vec<_> = looks.iter().map(|look| look.features.values()).collect();
    let flags: Vec<_> = looks.iter().map(|look| look.features.flags()).collect();
    let mut columns =
        vec![Column::texts("line_of_sight", looks.iter().map(|look| look.axis.to_string()).collect())];
    for (index, value) in values[0].iter().enumerate() {
        let numbers = values.iter().map(|row| row[index].value).collect();
        columns.push(Column::floats(value.name, value.unit, numbers));
    }
    for (index, flag) in flags[0].iter().enumerate() {
        columns.push(Column::flags(flag.name, flags.iter().map(|row| row[index].is_up).collect()));
    }
    let frame = galaxy.frame();
    let mut attributes = vec![
        ("galmass_version".into(), Attribute::Text(env!("CARGO_PKG_VERSION").into())),
        ("centre_kpc".into(), Attribute::Vector(frame.centre_kpc.to_vec())),
        ("velocity_km_s".into(), Attribute::Vector(frame.velocity_km_s.to_vec())),
    ];
    let text = |(name, fact): &(&str, &String)| ((*name).to_owned(), Attribute::Text((*fact).clone()));
    attributes.extend(facts.iter().map(text));
    Table { attributes, columns }
}

fn print_features(looks: &[Look]) {
    let rows: Vec<_> = looks.iter().map(|look| look.features.values()).collect();
    print!("{:<28}{:<10}{:<9}", "feature", "symbol", "unit");
    looks.iter().for_each(|look| print!("{:>12}", format!("along {}", look.axis)));
    println!();
    for (index, first) in rows[0].iter().enumerate() {
        print!("{:<28}{:<10}{:<9}", first.name, first.symbol, first.unit);
        for row in &rows {
            let value = row[index].value;
            match value.abs() {
                size if size >= 1e5 => print!("{value:>12.3e}"),
                _ => print!("{value:>12.3}"),
            }
        }
        println!();
    }
    for look in looks {
        let up: Vec<&str> =
            look.features.flags().iter().filter(|flag| flag.is_up).map(|flag| flag.name).collect();
        println!("flags along {}: {}", look.axis, if up.is_empty() { "none".into() } else { up.join(", ") });
    }
}

/// The light of each line of sight, the Sersic profile through it, and what is left over.
fn draw_sersic_fits(path: &Path, title: &str, radius: f64, looks: &[Look]) -> Result<(), Box<dyn Error>> {
    let curves: Vec<SersicCurves> = looks.iter().map(SersicCurves::of).collect();
    let rows = looks.iter().zip(&curves).map(|(look, curves)| sersic_panels(look, curves, radius));
    let (panels, residuals) = rows.unzip();
    Ok(draw_profiles(path, title, &[panels, residuals])?)
}

/// What is drawn of a Sersic fit, annulus by annulus.
struct SersicCurves {
    errors: Vec<f64>,
    model: Vec<f64>,
    residuals_mag: Vec<f64>,
}

impl SersicCurves {
    fn of(look: &Look) -> Self {
        let (light, fit) = (&look.features.view.light_profile, look.features.view.sersic.profile());
        let model = |&radius: &f64| fit.map_or(f64::NAN, |fit| fit.brightness(radius));
        let model: Vec<f64> = light.radii_kpc.iter().map(model).collect();
        let left = |(data, model): (&f64, &f64)| -2.5 * (data / model).log10();
        let data = || light.brightnesses.iter();
        Self {
            errors: data().zip(&light.relative_errors).map(|(data, error)| data * error).collect(),
            residuals_mag: data().zip(&model).map(left).collect(),
            model,
        }
    }
}

/// A fit, and under it what it leaves over.
fn sersic_panels<'a>(
    look: &'a Look,
    curves: &'a SersicCurves,
    radius: f64,
) -> (ProfilePanel<'a>, ProfilePanel<'a>) {
    let (light, fit) = (&look.features.view.light_profile, &look.features.view.sersic);
    let series =
        |label: String, y, errors, style| ProfileSeries { label, x: &light.radii_kpc, y, errors, style };
    let fitted = format!("n = {:.2}, Rₑ = {:.2} kpc", fit.index, fit.effective_radius);
    let unit = if look.features.view.weighed_by_mass { "Σ [M☉ kpc⁻²]" } else { "I [L☉ kpc⁻²]" };
    let panel = ProfilePanel {
        title: format!("along {}", look.axis),
        x_label: "radius on the sky [kpc]".into(),
        y_label: unit.into(),
        x_scale: ProfileScale::Log,
        y_scale: ProfileScale::Log,
        series: vec![
            series("stars".into(), &light.brightnesses, Some(&curves.errors), SeriesStyle::Points),
            series(fitted, &curves.model, None, SeriesStyle::Line),
        ],
        marks: vec![ProfileMark { x: radius, label: "R".into() }],
        is_low: false,
    };
    let residuals = ProfilePanel {
        title: String::new(),
        y_label: "Δ [mag]".into(),
        y_scale: ProfileScale::Linear,
        series: vec![series(String::new(), &curves.residuals_mag, None, SeriesStyle::Points)],
        marks: vec![ProfileMark { x: radius, label: String::new() }],
        is_low: true,
        ..panel.clone()
    };
    (panel, residuals)
}

/// The image along each line of sight, with the ellipsoid of the stars at one, two and three half-mass radii.
fn draw_shape(path: &Path, title: &str, galaxy: &FramedGalaxy, looks: &[Look]) -> Result<(), Box<dyn Error>> {
    let observer = Observer::new(galaxy, ObservationConfig::default())?;
    let images = looks
        .iter()
        .map(|look| Ok(observer.observe(&look.view)?.image))
        .collect::<Result<Vec<Map>, Box<dyn Error>>>()?;
    let radius = galaxy.frame().half_mass_radius_kpc;
    let outlines = |look: &Look| {
        let radii = [1.0, 2.0, 3.0].into_iter();
        let seen = radii.filter_map(|radii| {
            look.features.intrinsic.shape.projected(radii * radius, look.view.right(), look.view.up())
        });
        let ellipse = seen.map(|seen| MapEllipse {
            semi_major: seen.semi_major,
            axis_ratio: seen.axis_ratio,
            angle: seen.angle,
        });
        ellipse.collect()
    };
    let shape = &looks[0].features.intrinsic.shape;
    let title = format!("{title}, b/a = {:.3}, c/a = {:.3}", shape.middle_to_major, shape.minor_to_major);
    let panels: Vec<MapPanel<'_>> = looks
        .iter()
        .zip(&images)
        .map(|(look, image)| {
            let (w, [x, y]) = (image.grid().half_width_kpc(), axes_on_sky(look.axis));
            MapPanel {
                title: format!("along {}", look.axis),
                values: image.values().view(),
                extent: [-w, w, -w, w],
                x_label: format!("{x} [kpc]"),
                y_label: format!("{y} [kpc]"),
                scale: ColourScale::Log { decades: 4.0 },
                colour_label: light_on_map(image.unit()).1.into(),
                circle_radius: None,
                ellipses: outlines(look),
            }
        })
        .collect();
    Ok(draw_maps(path, &title, &[panels])?)
}

/// How the mass of the stars is spread over circularities.
fn draw_orbits(
    path: &Path,
    name: &str,
    galaxy: &FramedGalaxy,
    intrinsic: &IntrinsicFeatures,
) -> Result<(), Box<dyn Error>> {
    let circularity = &intrinsic.circularity;
    let masses = galaxy.galaxy().stars.particles().masses_msun();
    let histogram = circularity.histogram(masses, N_CIRCULARITY_BINS)?;
    let orbits = &circularity.fractions;
    let range = |low, high, name: &str, fraction: f64| DistributionRange {
        low,
        high,
        label: format!("{name} {fraction:.2}"),
    };
    let distribution = Distribution {
        edges: &histogram.edges,
        heights: &histogram.fractions,
        x_label: "circularity Jz / Jc(E)".into(),
        y_label: "mass fraction per bin".into(),
        ranges: vec![
            range(0.8, 1.5, "cold", orbits.cold),
            range(0.25, 0.8, "warm", orbits.warm),
            range(-0.25, 0.25, "hot", orbits.hot),
            range(-1.5, -0.25, "counter-rotating", orbits.counter),
        ],
    };
    let title = format!("{name}: stars within 2 R, B/T = {:.2}", orbits.bulge_to_total);
    Ok(draw_distribution(path, &title, &distribution)?)
}

/// Mass and circular speed by radius, of each component and of all.
fn draw_masses(path: &Path, title: &str, galaxy: &FramedGalaxy) -> Result<(), Box<dyn Error>> {
    let radius = galaxy.frame().half_mass_radius_kpc;
    let edges = log_edges_kpc(0.1 * radius, 10.0 * radius, 40)?;
    let profile = measure_mass_profile(galaxy.galaxy(), &edges)?;
    let all = [
        ("gas", &profile.gas.enclosed),
        ("dark matter", &profile.dark_matter.enclosed),
        ("stars", &profile.stars.enclosed),
        ("all", &profile.enclosed_msun),
    ];
    let named: Vec<_> = all.into_iter().filter(|(_, masses)| masses.iter().any(|mass| *mass > 0.0)).collect();
    let speeds: Vec<Vec<f64>> = named
        .iter()
        .map(|(_, masses)| masses.iter().zip(&edges).map(|(m, r)| circular_velocity_km_s(*m, *r)).collect())
        .collect();
    let line = |name: &str, y| ProfileSeries {
        label: name.to_owned(),
        x: &edges,
        y,
        errors: None,
        style: SeriesStyle::Line,
    };
    let marks = vec![
        ProfileMark { x: radius, label: "R".into() },
        ProfileMark { x: 2.0 * radius, label: "2 R".into() },
    ];
    let masses = ProfilePanel {
        title: "Mass within a sphere".into(),
        x_label: "r [kpc]".into(),
        y_label: "M(<r) [M☉]".into(),
        x_scale: ProfileScale::Log,
        y_scale: ProfileScale::Log,
        series: named.iter().map(|(name, masses)| line(name, masses)).collect(),
        marks,
        is_low: false,
    };
    let velocities = ProfilePanel {
        title: "Speed of circular orbits".into(),
        y_label: "speed [km/s]".into(),
        y_scale: ProfileScale::Linear,
        series: named.iter().zip(&speeds).map(|((name, _), speeds)| line(name, speeds)).collect(),
        ..masses.clone()
    };
    Ok(draw_profiles(path, title, &[vec![masses, velocities]])?)
}

fn figures(looks: &[Look]) -> serde_json::Value {
    let mut figures = serde_json::Map::new();
    for look in looks {
        for value in look.features.values() {
            figures.insert(format!("{}_along_{}", value.name, look.axis), value.value.into());
        }
        for flag in look.features.flags() {
            figures.insert(format!("{}_along_{}", flag.name, look.axis), flag.is_up.into());
        }
    }
    figures.into()
}
