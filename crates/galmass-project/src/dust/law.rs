//! From a column of gas to an optical depth.

use super::config::{DustLaw, check_range};
use super::curve::DustCurve;
use crate::ProjectError;
use crate::photometry::Band;

/// The column of neutral hydrogen \[1/cm^2\] that has an optical depth of 1 in V, at solar metallicity and before
/// scattering.
const UNIT_COLUMN_CM2: f64 = 2.1e21;

/// How optical depth grows with metallicity at wavelengths beyond 2000 Angstrom.
const METALLICITY_EXPONENT: f64 = 1.6;

/// The gas on the line of sight to a star.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct GasColumn {
    /// Neutral hydrogen atoms \[1/cm^2\].
    pub neutral_hydrogen_cm2: f64,
    /// The metal mass fraction, weighted by neutral hydrogen; 0 where there is none.
    pub metallicity: f64,
}

impl DustLaw {
    /// Computes the optical depth of the dust in a column of gas, as stars mixed with it are dimmed.
    ///
    /// Guiderdoni & Rocca-Volmerange (1987) as resolved by Nelson et al. (2018): with the extinction curve and the
    /// scattering of [`DustCurve`] at the effective wavelength of the band,
    ///
    /// ```text
    /// tau = A / A_V * (h sqrt(1 - omega) + (1 - h) (1 - omega))
    ///       * (1 + redshift)^-0.5 * (Z / Z_sun)^1.6 * N_H / 2.1e21 cm^-2
    /// ```
    ///
    /// A column without gas or without metals has a depth of 0; a metallicity below 0, as advection leaves, counts as 0.
    ///
    /// # Errors
    /// [`ProjectError::SettingOutOfRange`] for a setting out of its range, or a redshift that is not above -1.
    ///
    /// # Examples
    /// ```
    /// use galmass_project::dust::{DustLaw, GasColumn};
    /// use galmass_project::photometry::Band;
    ///
    /// let column = GasColumn { neutral_hydrogen_cm2: 2.1e21, metallicity: 0.0127 };
    /// let depth = DustLaw::default().optical_depth(column, Band::R, 0.0)?;
    /// assert!((depth - 0.5272).abs() < 5e-5);
    /// # Ok::<(), galmass_project::ProjectError>(())
    /// ```
    ///
    /// # References
    /// * Guiderdoni & Rocca-Volmerange 1987, A&A 186, 1; Devriendt & Guiderdoni 2000, A&A 363, 851.
    /// * Nelson et al. 2018, MNRAS 475, 624, section 3.4: model C.
    pub fn optical_depth(&self, column: GasColumn, band: Band, redshift: f64) -> Result<f64, ProjectError> {
        Ok(self.depth_per_column(band, redshift, DustCurve::scattering)? * self.solar_column_cm2(column))
    }

    /// The column with as much dust at solar metallicity \[1/cm^2\], (Z / Z_sun)^1.6 N_H: the same in all bands, and what
    /// takes the time.
    pub(super) fn solar_column_cm2(&self, column: GasColumn) -> f64 {
        let metals = (column.metallicity.max(0.0) / self.solar_metallicity).powf(METALLICITY_EXPONENT);
        // Not infinity times zero, where there is no dust or no gas.
        if metals == 0.0 || column.neutral_hydrogen_cm2 == 0.0 {
            return 0.0;
        }
        metals * column.neutral_hydrogen_cm2
    }

    /// The optical depth of each 1/cm^2 of a column at solar metallicity.
    pub(super) fn depth_per_column(
        &self,
        band: Band,
        redshift: f64,
        scattering: fn(&DustCurve) -> f64,
    ) -> Result<f64, ProjectError> {
        self.check()?;
        check_range("redshift", redshift, -1.0 + f64::EPSILON, f64::MAX)?;
        let curve = DustCurve::at(self.wavelength_angstrom(band))?;
        let evolution = (1.0 + redshift).powf(self.redshift_exponent);
        Ok(curve.extinction() * scattering(&curve) * evolution / UNIT_COLUMN_CM2)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SOLAR: GasColumn = GasColumn { neutral_hydrogen_cm2: UNIT_COLUMN_CM2, metallicity: 0.0127 };

    fn depth(column: GasColumn, band: Band, redshift: f64) -> f64 {
        DustLaw::default().optical_depth(column, band, redshift).unwrap()
    }

    #[test]
    fn the_unit_column_has_the_tabulated_depths() {
        assert!((depth(SOLAR, Band::G, 0.0) - 0.6360).abs() <= 5e-5);
        assert!((depth(SOLAR, Band::R, 0.0) - 0.5272).abs() <= 5e-5);
    }

    #[test]
    fn red_light_is_dimmed_less() {
        for (columns, metallicity) in [(1e19, 0.001), (3e21, 0.02), (1e23, 0.04)] {
            let column = GasColumn { neutral_hydrogen_cm2: columns, metallicity };
            assert!(depth(column, Band::R, 0.3) < depth(column, Band::G, 0.3));
        }
    }

    #[test]
    fn depth_is_linear_in_gas_and_goes_with_powers_of_metals_and_redshift() {
        let solar = depth(SOLAR, Band::R, 0.0);
        let twice = GasColumn { neutral_hydrogen_cm2: 2.0 * UNIT_COLUMN_CM2, ..SOLAR };
        assert!((depth(twice, Band::R, 0.0) / solar - 2.0).abs() < 1e-14);
        let rich = GasColumn { metallicity: 0.0254, ..SOLAR };
        assert!((depth(rich, Band::R, 0.0) / solar - 2f64.powf(1.6)).abs() < 1e-14);
        assert!((depth(SOLAR, Band::R, 3.0) / solar - 0.5).abs() < 1e-14);
        let other_sun = DustLaw { solar_metallicity: 0.02, ..DustLaw::default() };
        let ratio = solar / other_sun.optical_depth(SOLAR, Band::R, 0.0).unwrap();
        assert!((ratio - 2.07).abs() < 5e-3, "{ratio}");
    }

    #[test]
    fn without_gas_or_metals_there_is_no_dust() {
        for (gas, metallicity) in [(0.0, 0.02), (1e22, 0.0), (1e22, -1e-9), (0.0, 0.0), (f64::INFINITY, 0.0)]
        {
            assert_eq!(depth(GasColumn { neutral_hydrogen_cm2: gas, metallicity }, Band::G, 0.0), 0.0);
        }
    }

    #[test]
    fn settings_out_of_range_are_refused_by_name() {
        let with =
            |law: DustLaw, redshift| law.optical_depth(SOLAR, Band::G, redshift).unwrap_err().to_string();
        let law = DustLaw::default();
        let no_sun = with(DustLaw { solar_metallicity: 0.0, ..law }, 0.0);
        assert!(no_sun.starts_with("`solar_metallicity` is 0, "), "{no_sun}");
        assert!(
            with(DustLaw { redshift_exponent: f64::NAN, ..law }, 0.0)
                .starts_with("`redshift_exponent` is NaN")
        );
        assert!(
            with(DustLaw { wavelength_g_angstrom: 1e5, ..law }, 0.0).starts_with("`wavelength` is 100000, ")
        );
        assert!(with(law, -1.0).starts_with("`redshift` is -1, "));
    }
}
