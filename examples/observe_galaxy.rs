//! What would this simulated galaxy look like, and how much mass does it hold?
//!
//! ```text
//! cargo run --release --example observe_galaxy -- --snapshot FILE [--suite auto] [--effects FILE] [--out DIR]
//! ```
//!
//! Reads one galaxy from a snapshot or cutout, finds its centre and stellar half-mass radius R, and looks at it along
//! the three axes of the box: a 300 pixel image smoothed over 32 neighbours and 48 pixel maps of velocity and
//! dispersion, over +-3 R. Prints the masses of stars, gas, dark matter and all within R and 2 R. A second or a few.
//!
//! `--effects` names what a telescope does to these maps: a JSON file of `galmass::observe::ObservationEffects`, as
//!
//! ```json
//! {"seed": 7, "steps": [
//!     {"psf": {"shape": {"gaussian": {"fwhm": {"half-mass-radii": 0.3}}}}},
//!     {"noise": {"signal_to_noise": 20}},
//!     {"field-mask": {"shape": {"hexagon": {"circumradius": {"half-light-radii": 2.5}}}, "on": "maps"}},
//!     {"voronoi": {"target_signal_to_noise": 30}},
//!     {"dispersion-floor": {"blank": {"limit_km_s": 35}}}
//! ]}
//! ```
//!
//! Leaves in its folder: `settings.json`, `observation.hdf5` (maps with units and grids, masses as attributes),
//! `observation.fits` and `observation.png`. The maps are the image, and the velocity, dispersion, occupancy (1 where
//! both are known), flux and number of stars; noise and errors too, where effects have made any. Stars are weighed by
//! their r luminosity, or by mass where the file has no magnitudes, or as `--weighting` says; the files say which.
#![allow(clippy::print_stdout, clippy::print_stderr)]

#[path = "support/galaxy.rs"]
mod galaxy;
#[path = "support/output.rs"]
mod output;

use std::error::Error;
use std::fmt::Display;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Parser;
use galaxy::{FrameArguments, FromFile, axes_on_sky, light_on_map};
use galmass::dataset::{Attribute, MapFile, MapGroup};
use galmass::observe::{Exposure, ObservationEffects, Sightline, Weighting};
use galmass::plots::{ColourScale, MapPanel, draw_maps};
use galmass::prelude::*;
use galmass::snapshot::SuiteKind;
use serde::Serialize;

#[derive(Parser, Serialize)]
#[command(about = "Makes mock images, kinematic maps and masses of one simulated galaxy")]
struct Arguments {
    /// The file with the galaxy
    #[arg(long)]
    snapshot: PathBuf,
    #[command(flatten)]
    #[serde(flatten)]
    frame: FrameArguments,
    /// What stars count for: best-known, luminosity-r, mass or number
    #[arg(long, default_value = "best-known")]
    weighting: String,
    /// A JSON file with what a telescope does to the maps: psf, noise, field-mask, dispersion-floor, voronoi,
    /// kinematic-errors [default: nothing]
    #[arg(long)]
    effects: Option<PathBuf>,
    /// Where the results go: a new folder [default: out/observe_galaxy]
    #[arg(long)]
    out: Option<PathBuf>,
    /// Print the masses as one line of JSON at the end
    #[arg(long)]
    #[serde(skip)]
    json: bool,
}

/// One line of sight with all that belongs to it.
struct Look {
    axis: Axis,
    view: View,
    exposure: Exposure,
    /// Masses in the circles of R and 2 R.
    in_circles: [Masses; 2],
}

fn main() -> ExitCode {
    output::exit(run(&Arguments::parse()))
}

fn run(arguments: &Arguments) -> Result<(), Box<dyn Error>> {
    let weighting = serde_json::from_value(serde_json::Value::String(arguments.weighting.clone()))
        .map_err(|error| format!("--weighting: {error}"))?;
    let effects = read_effects(arguments.effects.as_deref())?;
    let FromFile { galaxy, suite, redshift } = galaxy::read(&arguments.snapshot, &arguments.frame)?;
    let radius = galaxy.frame().half_mass_radius_kpc;
    let config = ObservationConfig { weighting, ..ObservationConfig::default() };
    let observer = Observer::new(&galaxy, config)?;
    let looks = (0..)
        .zip(Axis::ALL)
        .map(|(view_index, axis)| look(&galaxy, &observer, &effects, view_index, axis))
        .collect::<Result<Vec<_>, _>>()?;
    let in_spheres = [radius, 2.0 * radius].map(|radius| Masses::in_sphere(galaxy.galaxy(), radius));

    let folder = output::folder(arguments.out.as_deref(), "observe_galaxy", false)?;
    let settings = serde_json::json!({ "arguments": arguments, "observation": config, "effects": effects });
    output::write_settings(&folder, &settings)?;
    let mut facts = facts(arguments, suite, redshift, &galaxy, &in_spheres);
    facts.push(("stars_weighed_by".into(), Attribute::Text(weight_name(observer.weighting()).into())));
    facts.push(("effects".into(), Attribute::Text(names(&effects))));
    let file = MapFile { attributes: facts, groups: looks.iter().map(group).collect() };
    file.write_hdf5(&folder.join("observation.hdf5"))?;
    file.write_fits(&folder.join("observation.fits"))?;
    draw(&folder.join("observation.png"), arguments, &galaxy, &looks)?;

    print_table(radius, &in_spheres, &looks);
    eprintln!("wrote {}", folder.display());
    if arguments.json {
        output::print_json(&figures(&galaxy, &in_spheres, &looks));
    }
    Ok(())
}

/// Reads what a telescope does; without a file nothing.
fn read_effects(path: Option<&Path>) -> Result<ObservationEffects, Box<dyn Error>> {
    let Some(path) = path else { return Ok(ObservationEffects::default()) };
    let in_file = |error: &dyn Display| format!("{}: {error}", path.display());
    let text = fs::read_to_string(path).map_err(|error| in_file(&error))?;
    let effects: ObservationEffects = serde_json::from_str(&text).map_err(|error| in_file(&error))?;
    effects.check().map_err(|error| in_file(&error))?;
    Ok(effects)
}

/// The names of the effects in their order.
fn names(effects: &ObservationEffects) -> String {
    if effects.steps.is_empty() {
        return "none".into();
    }
    effects.steps.iter().map(|effect| effect.name()).collect::<Vec<_>>().join(", ")
}

fn weight_name(weighting: Weighting) -> &'static str {
    match weighting {
        Weighting::LuminosityR => "r luminosity",
        Weighting::Mass => "mass",
        Weighting::Number => "number",
        Weighting::BestKnown => "best known",
    }
}

fn look(
    galaxy: &FramedGalaxy,
    observer: &Observer<'_>,
    effects: &ObservationEffects,
    view_index: u64,
    axis: Axis,
) -> Result<Look, Box<dyn Error>> {
    let view = View::along(axis);
    let radius = galaxy.frame().half_mass_radius_kpc;
    let sightline = Sightline { half_mass_radius_kpc: radius, galaxy_index: 0, view_index };
    let exposure = effects.apply(observer.observe(&view)?, &sightline)?;
    let in_circles = [radius, 2.0 * radius].map(|radius| Masses::in_circle(galaxy.galaxy(), &view, radius));
    Ok(Look { axis, view, exposure, in_circles })
}

fn facts(
    arguments: &Arguments,
    suite: SuiteKind,
    redshift: Option<f64>,
    galaxy: &FramedGalaxy,
    in_spheres: &[Masses; 2],
) -> Vec<(String, Attribute)> {
    let frame = galaxy.frame();
    let mut facts = vec![
        ("galmass_version".into(), Attribute::Text(env!("CARGO_PKG_VERSION").into())),
        ("snapshot".into(), Attribute::Text(arguments.snapshot.display().to_string())),
        ("suite".into(), Attribute::Text(suite.to_string())),
        ("centre_kpc".into(), Attribute::Vector(frame.centre_kpc.to_vec())),
        ("velocity_km_s".into(), Attribute::Vector(frame.velocity_km_s.to_vec())),
        ("half_mass_radius_kpc".into(), Attribute::Float(frame.half_mass_radius_kpc)),
    ];
    facts.extend(redshift.map(|z| ("redshift".into(), Attribute::Float(z))));
    facts.extend(mass_attributes(in_spheres, ""));
    facts
}

fn mass_attributes(masses: &[Masses; 2], prefix: &str) -> Vec<(String, Attribute)> {
    let named = named_masses(masses).into_iter();
    named.map(|(name, mass)| (format!("{prefix}{name}"), Attribute::Float(mass))).collect()
}

/// The masses within R and 2 R by the names that they have in files.
fn named_masses([within_r, within_2r]: &[Masses; 2]) -> Vec<(String, f64)> {
    let of = |masses: &Masses, ending: &str| {
        [
            ("stellar", masses.stars_msun),
            ("gas", masses.gas_msun),
            ("dark_matter", masses.dark_matter_msun),
            ("black_hole", masses.black_holes_msun),
            ("total", masses.total_msun()),
        ]
        .map(|(component, mass)| (format!("{component}_mass_msun{ending}"), mass))
    };
    [of(within_r, ""), of(within_2r, "_2r")].concat()
}

fn group(look: &Look) -> MapGroup<'_> {
    let Exposure { observation, bins, .. } = &look.exposure;
    let direction = |vector: [f64; 3]| Attribute::Vector(vector.to_vec());
    let mut attributes = vec![
        ("right".into(), direction(look.view.right())),
        ("up".into(), direction(look.view.up())),
        ("line_of_sight".into(), direction(look.view.line_of_sight())),
    ];
    attributes.extend(mass_attributes(&look.in_circles, "projected_"));
    let n_bins = bins.as_ref().and_then(|bins| i64::try_from(bins.n_bins()).ok());
    attributes.extend(n_bins.map(|n_bins| ("n_voronoi_bins".into(), Attribute::Integer(n_bins))));
    let always = [
        ("image", &observation.image),
        ("velocity", &observation.velocity),
        ("dispersion", &observation.dispersion),
        ("occupancy", &observation.occupancy),
        ("flux", &observation.flux),
        ("count", &observation.count),
    ];
    let at_times = [
        ("image_noise", &look.exposure.image_noise),
        ("flux_noise", &look.exposure.flux_noise),
        ("signal_to_noise", &look.exposure.signal_to_noise),
        ("velocity_error", &look.exposure.velocity_error),
        ("dispersion_error", &look.exposure.dispersion_error),
    ];
    let at_times = at_times.into_iter().filter_map(|(name, map)| Some((name, map.as_ref()?)));
    MapGroup {
        name: format!("along_{}", look.axis),
        attributes,
        maps: always.into_iter().chain(at_times).map(|(name, map)| (name.into(), map)).collect(),
    }
}

fn draw(
    path: &Path,
    arguments: &Arguments,
    galaxy: &FramedGalaxy,
    looks: &[Look],
) -> Result<(), Box<dyn Error>> {
    let rows: Vec<Vec<MapPanel<'_>>> = looks.iter().map(|look| panels(galaxy, look)).collect();
    let name = arguments.snapshot.file_stem().map(|stem| stem.to_string_lossy()).unwrap_or_default();
    let radius = galaxy.frame().half_mass_radius_kpc;
    let n_stars = galaxy.galaxy().stars.particles().len();
    let title = format!("{name}: {n_stars} stars, R = {radius:.2} kpc (dashed)");
    Ok(draw_maps(path, &title, &rows)?)
}

fn panels<'a>(galaxy: &FramedGalaxy, look: &'a Look) -> Vec<MapPanel<'a>> {
    let [x, y] = axes_on_sky(look.axis);
    let panel = |title: &str, map: &'a Map, scale, colour_label: &str| {
        let w = map.grid().half_width_kpc();
        MapPanel {
            title: format!("{title} along {}", look.axis),
            values: map.values().view(),
            extent: [-w, w, -w, w],
            x_label: format!("{x} [kpc]"),
            y_label: format!("{y} [kpc]"),
            scale,
            colour_label: colour_label.into(),
            circle_radius: Some(galaxy.frame().half_mass_radius_kpc),
            ellipses: Vec::new(),
        }
    };
    let observation = &look.exposure.observation;
    let (what, light) = light_on_map(observation.image.unit());
    vec![
        panel(what, &observation.image, ColourScale::Log { decades: 4.0 }, light),
        panel("velocity", &observation.velocity, ColourScale::Symmetric { limit: None }, "V [km/s]"),
        panel("dispersion", &observation.dispersion, ColourScale::Linear { range: None }, "σ [km/s]"),
    ]
}

fn print_table(radius: f64, in_spheres: &[Masses; 2], looks: &[Look]) {
    println!("stellar half-mass radius R = {radius:.4} kpc");
    println!("{:<26}{:>12}{:>12}{:>12}{:>12}", "log10 mass [Msun]", "stars", "gas", "dark matter", "total");
    let line = |name: &str, masses: &Masses| {
        let log = |mass: f64| if mass > 0.0 { format!("{:.3}", mass.log10()) } else { "none".into() };
        println!(
            "{name:<26}{:>12}{:>12}{:>12}{:>12}",
            log(masses.stars_msun),
            log(masses.gas_msun),
            log(masses.dark_matter_msun),
            log(masses.total_msun()),
        );
    };
    line("in the sphere of R", &in_spheres[0]);
    line("in the sphere of 2 R", &in_spheres[1]);
    for look in looks {
        line(&format!("on the sky in R, along {}", look.axis), &look.in_circles[0]);
        line(&format!("on the sky in 2 R, along {}", look.axis), &look.in_circles[1]);
    }
}

fn figures(galaxy: &FramedGalaxy, in_spheres: &[Masses; 2], looks: &[Look]) -> serde_json::Value {
    let frame = galaxy.frame();
    let mut figures = serde_json::Map::new();
    figures.insert("half_mass_radius_kpc".into(), frame.half_mass_radius_kpc.into());
    figures.insert("centre_kpc".into(), frame.centre_kpc.to_vec().into());
    for (name, mass) in named_masses(in_spheres) {
        figures.insert(name, mass.into());
    }
    for look in looks {
        for (name, mass) in named_masses(&look.in_circles) {
            figures.insert(format!("projected_{name}_along_{}", look.axis), mass.into());
        }
    }
    figures.into()
}
