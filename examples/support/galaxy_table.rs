//! Galaxies as rows of numbers for table 5: from a set of samples, or from a group catalogue of TNG as text.

use std::error::Error;
use std::path::Path;

use galmass::dataset::{Checksum, SampleSet};

use crate::feature_table::Text;
use crate::table_5::{FEATURES, LIMITS, TARGETS};

/// The Hubble constant of IllustrisTNG in 100 km/s/Mpc, and the r magnitude of the sun (AB; Willmer 2018).
const TNG_HUBBLE: f64 = 0.6774;
const SUN_R_MAG: f64 = 4.65;

/// A column and the symbol that stands for it.
pub(crate) struct Input {
    pub(crate) symbol: String,
    pub(crate) values: Vec<f64>,
}

/// One row a sample; NaN where something is not known.
pub(crate) struct GalaxyTable {
    /// What the samples are, in a few words.
    pub(crate) what: String,
    /// Whether they are mock galaxies.
    pub(crate) are_mocks: bool,
    /// The features of table 1 that are there, in its order.
    pub(crate) features: Vec<Input>,
    /// The symbols of those that are not.
    pub(crate) missing: Vec<&'static str>,
    /// What else can be seen of these galaxies, for rows that the paper has not.
    pub(crate) more: Vec<Input>,
    /// What the features and targets are not quite, sentence by sentence.
    pub(crate) caveats: Vec<&'static str>,
    /// Decimal logarithms of all targets.
    pub(crate) targets: Vec<Vec<f64>>,
    /// The galaxy of each sample, and the group that is never parted: the galaxy, or its halo where that is known.
    pub(crate) galaxies: Vec<u64>,
    pub(crate) groups: Vec<u64>,
    pub(crate) group_word: &'static str,
    /// Samples that were left out, and why.
    pub(crate) n_left_out: usize,
    pub(crate) why_left_out: &'static str,
    /// That of the data.
    pub(crate) checksum: Checksum,
}

impl GalaxyTable {
    /// The samples of a set.
    pub(crate) fn of_set(folder: &Path) -> Result<Self, Box<dyn Error>> {
        let set = SampleSet::open(folder)?;
        let column = |array: &str| -> Result<Vec<f64>, Box<dyn Error>> {
            let values = set.array(array)?;
            Ok((0..set.n_samples()).map(|sample| f64::from(values.sample(sample)[0])).collect())
        };
        let mut features = Vec::new();
        for feature in &FEATURES {
            let values = column(feature.array).map_err(|error| {
                format!("{}: {error}: the set was built without the features of table 1", folder.display())
            })?;
            features.push(Input { symbol: feature.symbol.into(), values });
        }
        let mut targets = Vec::new();
        for target in &TARGETS {
            let values = column(target.array)?;
            let logarithm = |value: f64| if target.is_logarithm { value } else { logarithm(value) };
            targets.push(values.into_iter().map(logarithm).collect());
        }
        let manifest = set.manifest();
        let source = &manifest.description.config["source"];
        let is_mock = |source: &serde_json::Value| source["population"].is_object();
        let are_mocks =
            is_mock(source) || source.as_array().is_some_and(|sources| sources.iter().any(is_mock));
        let galaxies = set.keys().galaxy_id.clone();
        let suites = manifest.description.suites.join(", ");
        let whose = if are_mocks { "mock galaxies" } else { &suites };
        let table = Self {
            what: format!("samples of {whose}"),
            are_mocks,
            features,
            missing: Vec::new(),
            more: Vec::new(),
            caveats: Vec::new(),
            targets,
            groups: galaxies.clone(),
            galaxies,
            group_word: "galaxy",
            n_left_out: 0,
            why_left_out: "n_Ser > 100 or B/T > 1, as in the paper",
            // The manifest has the checksums of all shards.
            checksum: Checksum::of_file(&folder.join("manifest.json"))?.0,
        };
        Ok(table.within_limits())
    }

    /// The galaxies of a table of TNG's group catalogue, with masses in 1e10 Msun/h and radii in kpc/h.
    pub(crate) fn of_catalogue(path: &Path) -> Result<Self, Box<dyn Error>> {
        let text = Text::read(path, false)?;
        let column = |name: &str| -> Result<Vec<f64>, String> {
            let index = text.index(name)?;
            (0..text.n_rows()).map(|row| text.number(row, index)).collect()
        };
        let is_galaxy = column("SubhaloFlag")?;
        let rows: Vec<usize> = (0..text.n_rows()).filter(|&row| is_galaxy[row] == 1.0).collect();
        if rows.is_empty() {
            return Err(format!("{}: no row is a galaxy by its SubhaloFlag", path.display()).into());
        }
        let of = |name: &str| -> Result<Vec<f64>, String> {
            let all = column(name)?;
            Ok(rows.iter().map(|&row| all[row]).collect())
        };
        let whole = |name: &str| -> Result<Vec<u64>, String> {
            Ok(of(name)?.into_iter().map(|value| value as u64).collect())
        };
        let mass = |name: &str| -> Result<Vec<f64>, String> {
            Ok(of(name)?.into_iter().map(|mass| logarithm(mass * 1e10 / TNG_HUBBLE)).collect())
        };
        let magnitude_r = of("mag_r")?;
        let colour = |band: &str| -> Result<Vec<f64>, String> {
            let magnitude = of(&format!("mag_{band}"))?;
            Ok(magnitude.iter().zip(&magnitude_r).map(|(band, r)| band - r).collect())
        };
        let input = |symbol: &str, values| Input { symbol: symbol.into(), values };
        let features = vec![
            input("M_r", magnitude_r.clone()),
            input("g − r", colour("g")?),
            input("SFR", of("SubhaloSFRinRad")?),
            input("σ_v", of("SubhaloVelDisp")?),
        ];
        let radius = of("SubhaloHalfmassRad_Stars")?.into_iter().map(|radius| radius / TNG_HUBBLE).collect();
        let mut more = vec![input("R", radius)];
        for band in ["U", "B", "V", "K", "i", "z"] {
            more.push(input(&format!("{band} − r"), colour(band)?));
        }
        let has = |symbol: &str| features.iter().any(|feature| feature.symbol == symbol);
        let missing = FEATURES.iter().map(|feature| feature.symbol).filter(|symbol| !has(symbol)).collect();

        let [stars, dark_matter, total, all_stars] = [
            mass("SubhaloMassInHalfRad_Stars")?,
            mass("SubhaloMassInHalfRad_DM")?,
            mass("SubhaloMassInHalfRad")?,
            mass("SubhaloMass_Stars")?,
        ];
        let less = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a - b).collect::<Vec<f64>>();
        let light: Vec<f64> = magnitude_r.iter().map(|magnitude| 0.4 * (SUN_R_MAG - magnitude)).collect();
        let targets = vec![
            stars.clone(),
            dark_matter.clone(),
            total.clone(),
            less(&stars, &total),
            less(&dark_matter, &total),
            less(&all_stars, &light),
        ];
        let (checksum, _) = Checksum::of_file(path)?;
        Ok(Self {
            what: "galaxies of IllustrisTNG".into(),
            are_mocks: false,
            missing,
            features,
            more,
            caveats: vec![
                "The paper's numbers are on all galaxies of TNG100 above 5e9 M☉, each from three sides; this may be another \
                 sample.",
                "Light is that of the stars of the whole subhalo without dust, and M★/L that of all its stars.",
                "σ_v is that of all particles of the subhalo in three dimensions: it knows the halo, and is no observable.",
                "The star formation rate is that of the gas within 2 R now, not of stars of the last Gyr.",
                "No feature knows of a line of sight.",
            ],
            targets,
            galaxies: whole("SubhaloID")?,
            groups: whole("GroupNr")?,
            group_word: "halo",
            n_left_out: text.n_rows() - rows.len(),
            why_left_out: "no galaxies by their SubhaloFlag",
            checksum,
        })
    }

    /// The number of samples.
    pub(crate) fn n_samples(&self) -> usize {
        self.galaxies.len()
    }

    /// Leaves out what the paper leaves out.
    fn within_limits(mut self) -> Self {
        let limits: Vec<(&[f64], f64)> = self
            .features
            .iter()
            .filter_map(|feature| {
                let (_, limit) = LIMITS.iter().find(|(symbol, _)| *symbol == feature.symbol)?;
                Some((&feature.values[..], *limit))
            })
            .collect();
        // What is not known is no reason.
        let is_within = |row: &usize| !limits.iter().any(|(values, limit)| values[*row] > *limit);
        let rows: Vec<usize> = (0..self.n_samples()).filter(is_within).collect();
        self.n_left_out += self.n_samples() - rows.len();
        let floats = |values: &mut Vec<f64>| *values = rows.iter().map(|&row| values[row]).collect();
        let whole = |values: &mut Vec<u64>| *values = rows.iter().map(|&row| values[row]).collect();
        self.features.iter_mut().chain(&mut self.more).for_each(|input| floats(&mut input.values));
        self.targets.iter_mut().for_each(floats);
        [&mut self.galaxies, &mut self.groups].into_iter().for_each(whole);
        self
    }
}

/// The decimal logarithm; NaN of what is not above 0.
fn logarithm(value: f64) -> f64 {
    if value > 0.0 { value.log10() } else { f64::NAN }
}
