//! Particles in columns, and the one pass over them that each iteration needs.

use galmass_core::Particles;
use galmass_core::simd::{Work, dispatch};

/// Partial sums that run side by side, as many as the widest registers hold: their order, so every bit of the result,
/// is the same on each machine.
const LANES: usize = 8;

/// Particles farther out than this, in units of the radius, cannot matter; their squares might overflow.
const FAR: f64 = 1e60;

/// The sums over the particles of a region.
pub(super) struct Sums {
    /// `sum m u_i u_j`, over `r_e^2` if reduced, in the frame in which the ellipsoid is the unit sphere.
    pub(super) tensor: [[f64; 3]; 3],
    /// The number of particles.
    pub(super) n_particles: usize,
}

/// Coordinates in units of the radius, and masses in units of the largest one.
pub(super) struct Columns {
    x: Vec<f64>,
    y: Vec<f64>,
    z: Vec<f64>,
    mass: Vec<f64>,
}

impl Columns {
    /// Gathers the particles with mass that lie within `reach` radii, padded with massless ones far out to fill the
    /// last lanes.
    pub(super) fn gather(particles: &Particles, radius_kpc: f64, reach: Option<f64>) -> Self {
        let reach = reach.unwrap_or(FAR);
        let masses = particles.masses_msun();
        let largest = masses.iter().copied().fold(0.0, f64::max);
        let capacity = masses.len() + LANES;
        let column = || Vec::with_capacity(capacity);
        let mut columns = Self { x: column(), y: column(), z: column(), mass: column() };
        for (position, &mass) in particles.positions_kpc().iter().zip(masses) {
            let [x, y, z] = position.map(|x| x / radius_kpc);
            // Written so that an overflow is out of reach too.
            if mass > 0.0 && x * x + y * y + z * z <= reach * reach {
                columns.push([x, y, z], mass / largest);
            }
        }
        while !columns.mass.len().is_multiple_of(LANES) {
            columns.push([FAR; 3], 0.0);
        }
        columns
    }

    fn push(&mut self, [x, y, z]: [f64; 3], mass: f64) {
        self.x.push(x);
        self.y.push(y);
        self.z.push(z);
        self.mass.push(mass);
    }

    /// Sums over the particles between the ellipsoid, with the axes `rows` divided by its semi-axes, and the
    /// smaller one of `inner_fraction`. A particle at the very centre has no direction and counts nowhere, nor does one
    /// so near that the inverse of its square would overflow.
    pub(super) fn sum<const REDUCED: bool>(&self, rows: [[f64; 3]; 3], inner_fraction: f64) -> Sums {
        let inner_squared = inner_fraction * inner_fraction;
        let (sums, counts) = dispatch(Pass::<REDUCED> { columns: self, rows, inner_squared });
        let [uu, uv, uw, vv, vw, ww] = sums.map(|lanes| lanes.iter().sum::<f64>());
        Sums {
            tensor: [[uu, uv, uw], [uv, vv, vw], [uw, vw, ww]],
            n_particles: counts.iter().sum::<f64>() as usize,
        }
    }
}

/// The pass over all particles.
struct Pass<'a, const REDUCED: bool> {
    columns: &'a Columns,
    rows: [[f64; 3]; 3],
    inner_squared: f64,
}

impl<const REDUCED: bool> Work for Pass<'_, REDUCED> {
    type Output = ([[f64; LANES]; 6], [f64; LANES]);

    // Without fused multiply-adds, so that the sums do not depend on the processor either.
    #[inline(always)]
    fn run<const FMA: bool>(self) -> Self::Output {
        let Self { columns: Columns { x, y, z, mass }, rows, inner_squared } = self;
        let mut sums = [[0.0; LANES]; 6];
        let mut counts = [0.0; LANES];
        let chunks = x.as_chunks::<LANES>().0.iter().zip(y.as_chunks::<LANES>().0);
        let rest = z.as_chunks::<LANES>().0.iter().zip(mass.as_chunks::<LANES>().0);
        for ((x, y), (z, mass)) in chunks.zip(rest) {
            for lane in 0..LANES {
                let along = |row: [f64; 3]| row[0] * x[lane] + row[1] * y[lane] + row[2] * z[lane];
                let (u, v, w) = (along(rows[0]), along(rows[1]), along(rows[2]));
                let (uu, vv, ww) = (u * u, v * v, w * w);
                let squared = uu + vv + ww;
                let inside = (squared <= 1.0) & (squared >= inner_squared) & (squared >= f64::MIN_POSITIVE);
                let mut weight = if inside { mass[lane] } else { 0.0 };
                if REDUCED {
                    weight /= if inside { squared } else { 1.0 };
                }
                counts[lane] += if inside { 1.0 } else { 0.0 };
                let products = [uu, u * v, u * w, vv, v * w, ww];
                for k in 0..6 {
                    sums[k][lane] += weight * products[k];
                }
            }
        }
        (sums, counts)
    }
}
