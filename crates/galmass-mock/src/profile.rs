//! Densities of spheres: what bulges and haloes are before anything is tabulated.

/// The shape of a sphere, in units of its scale radius.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Shape {
    /// `1 / (x (1 + x)^2)` (Navarro, Frenk & White 1997).
    Nfw,
    /// `exp(-(2 / alpha) (x^alpha - 1))`, x in radii of slope -2 (Einasto 1965; Navarro et al. 2004).
    Einasto { alpha: f64 },
    /// `1 / (x (1 + x)^3)` (Hernquist 1990).
    Hernquist,
    /// `x^-p exp(-b x^(1/n))`, x in projected half-mass radii (Prugniel & Simien 1997).
    Sersic { index: f64, p: f64, b: f64 },
}

/// The density of a sphere but for its unit, cut off smoothly.
///
/// All shapes are multiplied by `sech(r / r_t)` (McMillan & Dehnen 2007), which makes their masses finite, falls as an
/// exponential outside, and leaves the inside as it is to second order in `r / r_t`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Profile {
    shape: Shape,
    scale_kpc: f64,
    truncation_kpc: f64,
}

impl Profile {
    /// The projected half-mass radius of a Hernquist sphere in its scale radii (Hernquist 1990, eq. 38).
    const HERNQUIST_EFFECTIVE_RADIUS: f64 = 1.8153;

    /// Where bulges are cut off, in projected half-mass radii.
    const BULGE_TRUNCATION: f64 = 50.0;

    /// How far out, in truncation radii, there is anything: `sech` has fallen to 4e-9.
    const END: f64 = 20.0;

    /// Where the innermost particles may be, in scale radii: inside a cusp of slope -1 lies 1e-8 of the mass.
    const CORE: f64 = 1e-4;

    /// A halo of Navarro, Frenk & White (1997) with a scale radius, cut off at the virial radius.
    pub(crate) fn nfw(scale_kpc: f64, virial_radius_kpc: f64) -> Self {
        Self { shape: Shape::Nfw, scale_kpc, truncation_kpc: virial_radius_kpc }
    }

    /// A halo of Einasto (1965) with its radius of slope -2, cut off at the virial radius.
    pub(crate) fn einasto(alpha: f64, scale_kpc: f64, virial_radius_kpc: f64) -> Self {
        Self { shape: Shape::Einasto { alpha }, scale_kpc, truncation_kpc: virial_radius_kpc }
    }

    /// A bulge of Hernquist (1990).
    pub(crate) fn hernquist(effective_radius_kpc: f64) -> Self {
        Self {
            shape: Shape::Hernquist,
            scale_kpc: effective_radius_kpc / Self::HERNQUIST_EFFECTIVE_RADIUS,
            truncation_kpc: Self::BULGE_TRUNCATION * effective_radius_kpc,
        }
    }

    /// The deprojected Sersic profile of Prugniel & Simien (1997): `b = 2n - 1/3 + 0.009876 / n`, and
    /// `p = 1 - 0.6097 / n + 0.05463 / n^2` (Lima Neto, Gerbal & Marquez 1999).
    pub(crate) fn sersic(index: f64, effective_radius_kpc: f64) -> Self {
        let p = 1.0 - 0.6097 / index + 0.05463 / (index * index);
        let b = 2.0 * index - 1.0 / 3.0 + 0.009876 / index;
        Self {
            shape: Shape::Sersic { index, p, b },
            scale_kpc: effective_radius_kpc,
            truncation_kpc: Self::BULGE_TRUNCATION * effective_radius_kpc,
        }
    }

    /// The same without an end, to compare with closed formulas.
    #[cfg(test)]
    pub(crate) fn boundless(self) -> Self {
        Self { truncation_kpc: f64::INFINITY, ..self }
    }

    /// The radii \[kpc\] between which a table must reach.
    pub(crate) fn extent(&self) -> [f64; 2] {
        [Self::CORE * self.scale_kpc, Self::END * self.truncation_kpc.max(self.scale_kpc)]
    }

    /// The density at a radius, but for a factor, and its logarithmic slope `d ln rho / d ln r`.
    pub(crate) fn density_and_slope(&self, r_kpc: f64) -> [f64; 2] {
        let x = r_kpc / self.scale_kpc;
        let [density, slope] = match self.shape {
            Shape::Nfw => [1.0 / (x * (1.0 + x).powi(2)), -1.0 - 2.0 * x / (1.0 + x)],
            Shape::Hernquist => [1.0 / (x * (1.0 + x).powi(3)), -1.0 - 3.0 * x / (1.0 + x)],
            Shape::Einasto { alpha } => {
                let power = x.powf(alpha);
                [(-2.0 / alpha * (power - 1.0)).exp(), -2.0 * power]
            }
            Shape::Sersic { index, p, b } => {
                let power = b * x.powf(1.0 / index);
                [x.powf(-p) * (-power).exp(), -p - power / index]
            }
        };
        let y = r_kpc / self.truncation_kpc;
        [density / y.cosh(), slope - y * y.tanh()]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all() -> [Profile; 5] {
        [
            Profile::nfw(20.0, 200.0),
            Profile::einasto(0.17, 20.0, 200.0),
            Profile::hernquist(1.0),
            Profile::sersic(4.0, 1.0),
            Profile::sersic(1.0, 1.0),
        ]
    }

    #[test]
    fn slopes_agree_with_differences() {
        for profile in all() {
            for r in [1e-3, 0.3, 1.0, 20.0, 300.0] {
                let ln_density = |r: f64| profile.density_and_slope(r)[0].ln();
                let expected = (ln_density(r * 1.001) - ln_density(r / 1.001)) / (2.0 * 1.001f64.ln());
                let found = profile.density_and_slope(r)[1];
                assert!((found - expected).abs() < 1e-5 * expected.abs(), "{profile:?} at {r}: {found}");
            }
        }
    }

    #[test]
    fn slopes_have_their_names_values() {
        let slope = |profile: Profile, r: f64| profile.boundless().density_and_slope(r)[1];
        assert!((slope(Profile::nfw(20.0, 200.0), 20.0) + 2.0).abs() < 1e-12);
        assert!((slope(Profile::einasto(0.2, 20.0, 200.0), 20.0) + 2.0).abs() < 1e-12);
        assert!((slope(Profile::hernquist(1.0), 1e9) + 4.0).abs() < 1e-6);
    }

    #[test]
    fn the_cut_leaves_the_inside_alone() {
        let profile = Profile::nfw(20.0, 200.0);
        let [cut, whole] = [profile, profile.boundless()].map(|profile| profile.density_and_slope(4.0)[0]);
        assert!((cut / whole - 1.0).abs() < 3e-4);
    }
}
