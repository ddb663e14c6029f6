//! The mass in thin spherical shells, found without sorting.

use galmass_core::Particles;
use galmass_core::simd::{Work, dispatch};
use galmass_core::units::GRAVITATIONAL_CONSTANT;

/// Bits of the mantissa of `r^2` that number the shells of an octave: neighbouring radii differ by 3 to 6 per cent.
const CELL_BITS: u32 = 3;
const SHIFT: u32 = 52 - CELL_BITS;
/// The exponents of `r^2` \[kpc^2\] of the first shell and behind the last: from 1e-6 to 1e6 kpc.
const OCTAVES: [i64; 2] = [-40, 40];
const BASE: u64 = ((1023 + OCTAVES[0]) as u64) << CELL_BITS;
/// The number of shells; the first reaches to the centre, the last to infinity.
pub(super) const N_SHELLS: usize = ((OCTAVES[1] - OCTAVES[0]) as usize) << CELL_BITS;

/// Particles that are gathered before they are put into their shells.
const BLOCK: usize = 256;

/// The shell of a squared radius.
#[inline(always)]
pub(super) fn shell_of(square: f64) -> usize {
    let last = BASE + N_SHELLS as u64 - 1;
    ((square.to_bits() >> SHIFT).clamp(BASE, last) - BASE) as usize
}

/// The square of the inner radius of a shell \[kpc^2\], which is the outer one of the shell before; for the shell
/// behind the last, the outer one of the last.
pub(super) fn edge_squared(shell: usize) -> f64 {
    f64::from_bits((BASE + shell as u64) << SHIFT)
}

/// What stands in a shell: the mass, `sum m / r`, `sum m Phi` of the stored potentials, and the number of particles.
pub(super) type Sums = [f64; 4];

/// The sums of each shell, over the particles of one component.
pub(super) struct Shells(pub(super) Vec<Sums>);

impl Shells {
    pub(super) fn new() -> Self {
        Self(vec![[0.0; 4]; N_SHELLS])
    }

    /// Adds particles with potentials, 0 where none are given.
    pub(super) fn add(&mut self, particles: &Particles, potentials: Option<&[f64]>) {
        let (positions, masses) = (particles.positions_kpc(), particles.masses_msun());
        match potentials {
            Some(potentials) => dispatch(Add { shells: &mut self.0, positions, masses, potentials }),
            None => {
                let zeros = [0.0; BLOCK];
                for (positions, masses) in positions.chunks(BLOCK).zip(masses.chunks(BLOCK)) {
                    let potentials = &zeros[..masses.len()];
                    dispatch(Add { shells: &mut self.0, positions, masses, potentials });
                }
            }
        }
    }

    /// The sum of both.
    pub(super) fn merge(&mut self, others: &Self) {
        for (sums, more) in self.0.iter_mut().zip(&others.0) {
            for (sum, more) in sums.iter_mut().zip(more) {
                *sum += more;
            }
        }
    }
}

struct Add<'a> {
    shells: &'a mut [Sums],
    positions: &'a [[f64; 3]],
    masses: &'a [f64],
    potentials: &'a [f64],
}

impl Work for Add<'_> {
    type Output = ();

    #[inline(always)]
    fn run<const FMA: bool>(self) {
        let (mut squares, mut inverses) = ([0.0; BLOCK], [0.0; BLOCK]);
        let blocks = self.positions.chunks(BLOCK).zip(self.masses.chunks(BLOCK));
        for ((positions, masses), potentials) in blocks.zip(self.potentials.chunks(BLOCK)) {
            for ((square, inverse), [x, y, z]) in squares.iter_mut().zip(&mut inverses).zip(positions) {
                *square = x * x + y * y + z * z;
                *inverse = square.sqrt().recip();
            }
            let weights = masses.iter().zip(potentials);
            for ((&square, &inverse), (&mass, &potential)) in squares.iter().zip(&inverses).zip(weights) {
                // At the very centre 1/r is infinite, but nobody asks for the potential of the first shell inside.
                let sums = &mut self.shells[shell_of(square)];
                for (sum, term) in sums.iter_mut().zip([mass, mass * inverse, mass * potential, 1.0]) {
                    *sum += term;
                }
            }
        }
    }
}

/// A spherically averaged potential, at the radii between the shells.
pub(super) struct Spherical {
    /// The squares of the circular velocities \[(km/s)^2\] at the inner radius of each shell, 0 for the first.
    pub(super) squares: Vec<f64>,
    /// The potentials \[(km/s)^2\] there; at the centre itself that at the first radius.
    pub(super) potentials: Vec<f64>,
}

impl Spherical {
    pub(super) fn new(shells: &Shells) -> Self {
        let (mut squares, mut potentials) = (vec![0.0; N_SHELLS], vec![0.0; N_SHELLS]);
        let mut enclosed = 0.0;
        for (shell, square) in squares.iter_mut().enumerate().skip(1) {
            enclosed += shells.0[shell - 1][0];
            *square = GRAVITATIONAL_CONSTANT * enclosed / edge_squared(shell).sqrt();
        }
        let mut outside = 0.0;
        for shell in (1..N_SHELLS).rev() {
            outside += GRAVITATIONAL_CONSTANT * shells.0[shell][1];
            potentials[shell] = -squares[shell] - outside;
        }
        potentials[0] = potentials[1];
        Self { squares, potentials }
    }

    /// The potentials at the positions of the particles \[(km/s)^2\]: straight lines in 1/r from shell to shell, as
    /// potentials are where no mass is.
    pub(super) fn at(&self, particles: &Particles) -> Vec<f64> {
        let at = |x: &[f64; 3]| {
            let square = x[0] * x[0] + x[1] * x[1] + x[2] * x[2];
            let shell = shell_of(square);
            self.between(shell, square.sqrt().recip())
        };
        particles.positions_kpc().iter().map(at).collect()
    }

    /// The potential inside a shell, at the inverse of a radius.
    pub(super) fn between(&self, shell: usize, inverse_radius: f64) -> f64 {
        if shell == 0 {
            return self.potentials[0];
        }
        let inner = edge_squared(shell).sqrt().recip();
        let (outer, next) = match shell + 1 {
            end if end < N_SHELLS => (edge_squared(end).sqrt().recip(), self.potentials[end]),
            _ => (0.0, 0.0),
        };
        let t = ((inverse_radius - inner) / (outer - inner)).clamp(0.0, 1.0);
        self.potentials[shell] + t * (next - self.potentials[shell])
    }
}
