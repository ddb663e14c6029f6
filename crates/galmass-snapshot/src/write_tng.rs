//! Galaxies as cutouts of IllustrisTNG.

use std::fs;
use std::path::{Path, PathBuf};

use galmass_core::{Galaxy, Gas, Particles, Stars};
use hdf5_metno::{self as hdf5, File, Group, H5Type, Location};
use ndarray::{Array2, ArrayView, ArrayView1, ArrayView2, Dimension};

use crate::SnapshotError;
use crate::cosmology::FlatUniverse;
use crate::error::Place;
use crate::gas::{ADIABATIC_INDEX, KELVIN_PER_KM2_S2, PRIMORDIAL_HYDROGEN};
use crate::rule::PART_TYPES;
use crate::units::{BaseUnits, CM_S_PER_KM_S, Constants, Epoch, Quantity};

/// The time at which a cutout is written, and the universe.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TngCutout {
    /// The scale factor a, above 0; 1 is today.
    pub scale_factor: f64,
    /// The Hubble constant in 100 km/s/Mpc, above 0.
    pub hubble: f64,
    /// The density of matter, above 0; what is missing to 1 is dark energy.
    pub omega_matter: f64,
}

impl Default for TngCutout {
    /// Today in the universe of IllustrisTNG (Planck Collaboration 2016).
    fn default() -> Self {
        Self { scale_factor: 1.0, hubble: 0.6774, omega_matter: 0.3089 }
    }
}

impl TngCutout {
    fn epoch(&self) -> Epoch {
        Epoch { scale_factor: self.scale_factor, hubble: self.hubble }
    }

    /// What a stored value is multiplied by to be physical.
    fn factor(&self, quantity: Quantity) -> f64 {
        BaseUnits::GADGET.of(quantity).factor(quantity, self.epoch(), Constants::GADGET)
    }
}

/// Writes a galaxy as the cutout of a subhalo that the web service of IllustrisTNG would give: groups `PartType0`, `1`,
/// `4` and `5`, comoving kpc/h, 1e10 Msun/h, km/s sqrt(a), with the attributes that say so.
///
/// [`read_galaxy`](crate::read_galaxy) gives the same galaxy back, to the rounding of a few products: values are in
/// double precision, where TNG has single. Columns that the galaxy lacks are left out. What TNG has and a galaxy has not
/// is filled in: identifiers count from 1; gas is 0.76 hydrogen (more where it has more neutral hydrogen than that) and
/// has one electron for each ionised hydrogen atom; magnitudes in U, B, V, K, i and z are NaN. The kernel of gas is
/// given back only where it reaches to 2.5 radii of the sphere of its volume, for TNG has cells. Dark matter of one mass
/// is in `MassTable`. A galaxy without a box has a `BoxSize` of 0, and positions stay as they are.
///
/// The file appears under its name when it is whole; one that is there is replaced.
///
/// # Errors
/// [`SnapshotError::BadCutout`] for a time or a universe that cannot be, [`SnapshotError::NotInTng`] for stars without
/// ages or gas with temperatures but no neutral fraction, [`SnapshotError::OlderThanTheUniverse`] for a star that is,
/// [`SnapshotError::CannotWrite`] where the disk or HDF5 fails.
///
/// # Examples
/// ```
/// use galmass_core::{Galaxy, Particles, Stars};
/// use galmass_snapshot::{SuiteKind, TngCutout, read_galaxy, write_tng_cutout};
///
/// # let folder = tempfile::tempdir()?;
/// # let path = folder.path().join("cutout.hdf5");
/// let stars = Particles::new(vec![[1.0, 2.0, 3.0]], vec![[50.0, 0.0, 0.0]], vec![1.4e6])?;
/// let stars = Stars::new(stars).with_ages_gyr(vec![5.0])?;
/// let galaxy = Galaxy { stars, ..Galaxy::default() };
/// write_tng_cutout(&path, &galaxy, &TngCutout { scale_factor: 0.8, ..TngCutout::default() })?;
///
/// let snapshot = read_galaxy(&path, None)?;
/// assert_eq!(snapshot.suite, SuiteKind::Tng);
/// assert!((snapshot.galaxy.stars.ages_gyr().unwrap()[0] - 5.0).abs() < 1e-9);
/// assert!((snapshot.galaxy.stars.particles().positions_kpc()[0][2] - 3.0).abs() < 1e-12);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn write_tng_cutout(path: &Path, galaxy: &Galaxy, cutout: &TngCutout) -> Result<(), SnapshotError> {
    for (setting, value) in [
        ("scale_factor", cutout.scale_factor),
        ("hubble", cutout.hubble),
        ("omega_matter", cutout.omega_matter),
        ("1 - omega_matter", 1.0 - cutout.omega_matter),
    ] {
        if !(value > 0.0 && value.is_finite()) {
            return Err(SnapshotError::BadCutout { setting, value });
        }
    }
    let formation_times = formation_times(path, &galaxy.stars, cutout)?;
    if galaxy.gas.temperatures_k().is_some() && galaxy.gas.neutral_hydrogen_masses_msun().is_none() {
        return Err(SnapshotError::NotInTng { column: "temperatures", needs: "neutral hydrogen masses" });
    }
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(".part");
    let unfinished = path.with_file_name(name);
    let written = write(&unfinished, galaxy, &formation_times, cutout);
    let cannot = |source| SnapshotError::CannotWrite { path: path.to_owned(), source };
    match written {
        Ok(()) => fs::rename(&unfinished, path).map_err(|source| cannot(source.into())),
        Err(source) => {
            // What is left of it is of no use; that it may not even exist is part of the error.
            let _ = fs::remove_file(&unfinished);
            Err(cannot(source.into()))
        }
    }
}

/// The scale factors at which the stars were born.
fn formation_times(path: &Path, stars: &Stars, cutout: &TngCutout) -> Result<Vec<f64>, SnapshotError> {
    if stars.particles().is_empty() {
        return Ok(Vec::new());
    }
    let place = Place::new(path, "/Header");
    let universe = FlatUniverse::new(&place, cutout.hubble, cutout.omega_matter, None)?;
    let Some(ages) = stars.ages_gyr() else {
        return Err(SnapshotError::NotInTng { column: "stars", needs: "ages" });
    };
    let now_gyr = universe.time_gyr(cutout.scale_factor);
    ages.iter()
        .enumerate()
        .map(|(index, &age_gyr)| {
            if age_gyr < now_gyr {
                Ok(universe.scale_factor(now_gyr - age_gyr))
            } else {
                Err(SnapshotError::OlderThanTheUniverse { index, age_gyr, universe_gyr: now_gyr })
            }
        })
        .collect()
}

fn write(path: &PathBuf, galaxy: &Galaxy, formation_times: &[f64], cutout: &TngCutout) -> hdf5::Result<()> {
    let file = File::create(path)?;
    let Galaxy { gas, dark_matter, stars, black_holes, .. } = galaxy;
    let common_mass = match dark_matter.masses_msun() {
        [first, others @ ..] if others.iter().all(|mass| mass == first) => *first,
        _ => 0.0,
    };
    write_header(&file, galaxy, common_mass, cutout)?;
    let mut first_id = 1;
    let mut group = |number: usize, particles: &Particles| -> hdf5::Result<Option<Fields>> {
        if particles.is_empty() {
            return Ok(None);
        }
        let fields = Fields { group: file.create_group(PART_TYPES[number])?, cutout: *cutout };
        fields.write_particles(particles, first_id, number != 1 || common_mass == 0.0)?;
        first_id += particles.len() as u64;
        Ok(Some(fields))
    };
    if let Some(fields) = group(0, gas.particles())? {
        fields.write_gas(gas)?;
    }
    group(1, dark_matter)?;
    if let Some(fields) = group(4, stars.particles())? {
        fields.write_stars(stars, formation_times)?;
    }
    group(5, black_holes)?;
    file.close()
}

fn write_header(file: &File, galaxy: &Galaxy, common_mass: f64, cutout: &TngCutout) -> hdf5::Result<()> {
    let header = file.create_group("Header")?;
    let Galaxy { gas, dark_matter, stars, black_holes, box_size_kpc } = galaxy;
    let mass_table = [0.0, common_mass / cutout.factor(Quantity::Mass), 0.0, 0.0, 0.0, 0.0];
    let counts =
        [gas.len(), dark_matter.len(), 0, 0, stars.particles().len(), black_holes.len()].map(|n| n as u64);
    let length = Constants::GADGET.cm_per_kpc;
    for (name, value) in [
        ("Time", cutout.scale_factor),
        ("Redshift", cutout.epoch().redshift()),
        ("HubbleParam", cutout.hubble),
        ("Omega0", cutout.omega_matter),
        ("OmegaLambda", 1.0 - cutout.omega_matter),
        ("BoxSize", box_size_kpc.unwrap_or(0.0) / cutout.factor(Quantity::Length)),
        ("UnitLength_in_cm", length),
        ("UnitMass_in_g", 1e10 * Constants::GADGET.grams_per_msun),
        ("UnitVelocity_in_cm_per_s", CM_S_PER_KM_S),
    ] {
        attribute(&header, name, value)?;
    }
    attribute(&header, "NumFilesPerSnapshot", 1_i32)?;
    attributes(&header, "MassTable", &mass_table)?;
    attributes(&header, "NumPart_ThisFile", &counts)?;
    attributes(&header, "NumPart_Total", &counts.map(|n| n & 0xffff_ffff))?;
    attributes(&header, "NumPart_Total_HighWord", &counts.map(|n| n >> 32))
}

/// The datasets of one type of particles.
struct Fields {
    group: Group,
    cutout: TngCutout,
}

impl Fields {
    fn write_particles(&self, particles: &Particles, first_id: u64, has_masses: bool) -> hdf5::Result<()> {
        let ids: Vec<u64> = (first_id..first_id + particles.len() as u64).collect();
        self.group.new_dataset_builder().with_data(ArrayView1::from(&ids)).create("ParticleIDs")?;
        self.vectors("Coordinates", particles.positions_kpc(), Quantity::Length)?;
        self.vectors("Velocities", particles.velocities_km_s(), Quantity::Velocity)?;
        if has_masses {
            self.column("Masses", particles.masses_msun(), Quantity::Mass)?;
        }
        self.optional("Potential", particles.potentials_km2_s2(), Quantity::Potential)
    }

    fn write_stars(&self, stars: &Stars, formation_times: &[f64]) -> hdf5::Result<()> {
        self.column("GFM_StellarFormationTime", formation_times, Quantity::Number)?;
        self.optional("GFM_Metallicity", stars.metallicities(), Quantity::Number)?;
        self.optional("GFM_InitialMass", stars.initial_masses_msun(), Quantity::Mass)?;
        if let (Some(g), Some(r)) = (stars.magnitudes_g(), stars.magnitudes_r()) {
            let mut magnitudes = Array2::from_elem((g.len(), 8), f64::NAN);
            magnitudes.column_mut(4).assign(&ArrayView1::from(g));
            magnitudes.column_mut(5).assign(&ArrayView1::from(r));
            self.dataset("GFM_StellarPhotometrics", magnitudes.view(), Quantity::Number)?;
        }
        Ok(())
    }

    fn write_gas(&self, gas: &Gas) -> hdf5::Result<()> {
        self.optional("GFM_Metallicity", gas.metallicities(), Quantity::Number)?;
        self.optional("Density", gas.densities_msun_kpc3(), Quantity::Density)?;
        self.optional("StarFormationRate", gas.star_formation_rates_msun_yr(), Quantity::Fraction)?;
        let Some(neutral) = gas.neutral_hydrogen_masses_msun() else { return Ok(()) };
        let parts: Vec<f64> = neutral
            .iter()
            .zip(gas.particles().masses_msun())
            .map(|(neutral, mass)| if *mass > 0.0 { neutral / mass } else { 0.0 })
            .collect();
        let hydrogen: Vec<f64> = parts.iter().map(|part| part.max(PRIMORDIAL_HYDROGEN)).collect();
        let fractions: Vec<f64> = parts.iter().zip(&hydrogen).map(|(part, all)| part / all).collect();
        let electrons: Vec<f64> = fractions.iter().map(|fraction| 1.0 - fraction).collect();
        self.column("NeutralHydrogenAbundance", &fractions, Quantity::Fraction)?;
        self.column("ElectronAbundance", &electrons, Quantity::Fraction)?;
        if let Some(temperatures) = gas.temperatures_k() {
            let energies: Vec<f64> = (0..temperatures.len())
                .map(|row| {
                    let mean_weight = 4.0 / (1.0 + hydrogen[row] * (3.0 + 4.0 * electrons[row]));
                    temperatures[row] / ((ADIABATIC_INDEX - 1.0) * mean_weight * KELVIN_PER_KM2_S2)
                })
                .collect();
            self.column("InternalEnergy", &energies, Quantity::InternalEnergy)?;
        }
        // Hydrogen, helium, seven metals by name, and all others, where the metals are put.
        let mut elements = Array2::zeros((hydrogen.len(), 10));
        for (row, &hydrogen) in hydrogen.iter().enumerate() {
            let metals = gas.metallicities().map_or(0.0, |metallicities| metallicities[row]);
            elements[[row, 0]] = hydrogen;
            elements[[row, 1]] = (1.0 - hydrogen - metals).max(0.0);
            elements[[row, 9]] = metals;
        }
        self.dataset("GFM_Metals", elements.view(), Quantity::Fraction)
    }

    fn vectors(&self, name: &str, values: &[[f64; 3]], quantity: Quantity) -> hdf5::Result<()> {
        let factor = self.cutout.factor(quantity);
        let stored: Vec<[f64; 3]> = values.iter().map(|value| value.map(|x| x / factor)).collect();
        self.dataset(name, ArrayView2::from(stored.as_slice()), quantity)
    }

    fn column(&self, name: &str, values: &[f64], quantity: Quantity) -> hdf5::Result<()> {
        let factor = self.cutout.factor(quantity);
        let stored: Vec<f64> = values.iter().map(|value| value / factor).collect();
        self.dataset(name, ArrayView1::from(&stored), quantity)
    }

    fn optional(&self, name: &str, values: Option<&[f64]>, quantity: Quantity) -> hdf5::Result<()> {
        values.map_or(Ok(()), |values| self.column(name, values, quantity))
    }

    /// Writes stored values and the attributes that say their unit.
    fn dataset<D: Dimension>(
        &self,
        name: &str,
        stored: ArrayView<'_, f64, D>,
        quantity: Quantity,
    ) -> hdf5::Result<()> {
        let dataset = self.group.new_dataset_builder().with_data(stored).create(name)?;
        let unit = BaseUnits::GADGET.of(quantity);
        let to_cgs = if quantity.has_unit() { unit.to_cgs } else { 0.0 };
        for (name, value) in
            [("to_cgs", to_cgs), ("a_scaling", unit.a_exponent), ("h_scaling", unit.h_exponent)]
        {
            attribute(&dataset, name, value)?;
        }
        Ok(())
    }
}

fn attribute<T: H5Type>(location: &Location, name: &str, value: T) -> hdf5::Result<()> {
    location.new_attr::<T>().create(name)?.write_scalar(&value)
}

fn attributes<T: H5Type>(location: &Location, name: &str, values: &[T]) -> hdf5::Result<()> {
    location.new_attr_builder().with_data(ArrayView1::from(values)).create(name).map(drop)
}
