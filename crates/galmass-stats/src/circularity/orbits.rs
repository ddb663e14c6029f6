//! The circular orbits of a galaxy, and the potentials of its stars.

use std::borrow::Cow;

use galmass_core::{Component, Galaxy};

use super::cells::{N_SHELLS, Shells, Spherical, edge_squared};
use super::curve::CircularOrbitCurve;
use super::multipoles::Multipoles;
use super::offset::Offset;

/// Particles inside the first radius of a curve: with fewer, one at the very centre would seem a black hole.
const CORE_PARTICLES: f64 = 32.0;
/// So many times as many are inside the radius from which on the growth of the mass is followed inwards.
const GROWTH_PARTICLES: f64 = 8.0;
/// Radii inside the first one to which it is followed, a factor of the square root of two apart.
const N_INSIDE: i32 = 10;

/// The circular orbits of the spherically averaged mass, and the potentials of the stars, which may be known.
pub(super) fn spherical<'a>(
    galaxy: &Galaxy,
    known: Option<&'a [f64]>,
) -> Option<(CircularOrbitCurve, Cow<'a, [f64]>)> {
    let (stars, all) = shells(galaxy, known);
    let span = Span::new(&all)?;
    let average = Spherical::new(&all);
    let (offset, potentials) = match known {
        Some(known) => (Offset::from_spherical(&stars, &average), Cow::from(known)),
        None => (Offset::none(), Cow::from(average.at(galaxy.stars.particles()))),
    };
    let curve = span.curve(&average.squares, |shell| average.potentials[shell], &offset)?;
    Some((curve, potentials))
}

/// The circular orbits in the midplane of the mass averaged over azimuth, and the potentials of the stars, which
/// may be known.
pub(super) fn midplane<'a>(
    galaxy: &Galaxy,
    known: Option<&'a [f64]>,
    axis: [f64; 3],
    max_multipole: usize,
) -> Option<(CircularOrbitCurve, Cow<'a, [f64]>)> {
    let (_, all) = shells(galaxy, None);
    let span = Span::new(&all)?;
    let multipoles = Multipoles::new(galaxy, axis, max_multipole);
    let particles = galaxy.stars.particles();
    let computed = multipoles.at(particles, axis);
    let (offset, potentials) = match known {
        Some(known) => {
            let differences: Vec<f64> =
                known.iter().zip(computed).map(|(known, computed)| known - computed).collect();
            let mut stars = Shells::new();
            stars.add(particles, Some(&differences));
            (Offset::from_differences(&stars), Cow::from(known))
        }
        None => (Offset::none(), Cow::from(computed)),
    };
    let curve = span.curve(&multipoles.squares, |shell| multipoles.midplane(shell), &offset)?;
    Some((curve, potentials))
}

/// The known potentials of the stars, or else those of the spherically averaged mass; `None` where none are stored and
/// there is no mass to orbit.
pub(super) fn potentials<'a>(galaxy: &Galaxy, known: Option<&'a [f64]>) -> Option<Cow<'a, [f64]>> {
    let particles = galaxy.stars.particles();
    if particles.potentials_km2_s2().is_none() {
        let (_, all) = shells(galaxy, None);
        Span::new(&all)?;
        if known.is_none() {
            return Some(Cow::from(Spherical::new(&all).at(particles)));
        }
    }
    known.map(Cow::from)
}

/// The shells of the stars, with their potentials where known, and those of all components.
fn shells(galaxy: &Galaxy, known: Option<&[f64]>) -> (Shells, Shells) {
    let mut all = Shells::new();
    for component in Component::ALL.into_iter().filter(|&component| component != Component::Stars) {
        all.add(galaxy.component(component), None);
    }
    let mut stars = Shells::new();
    let particles = galaxy.stars.particles();
    stars.add(particles, known);
    all.merge(&stars);
    (stars, all)
}

/// Which radii between shells a curve of circular orbits has.
struct Span {
    /// The first, as the number of the shell outside it.
    first: usize,
    /// The last: all mass is inside.
    last: usize,
    /// The power of the radius as which the mass grows inside the first: 3 for a core, 2 for the cusp of Hernquist.
    growth: f64,
}

impl Span {
    /// From the radius that holds enough particles or, of few, an eighth of them, to that which holds all mass.
    fn new(shells: &Shells) -> Option<Self> {
        let total: f64 = shells.0.iter().map(|sums| sums[3]).sum();
        // Behind the last shell there is no radius.
        let last = (shells.0.iter().rposition(|sums| sums[0] > 0.0)? + 1).min(N_SHELLS - 1);
        let core = CORE_PARTICLES.min(total / 8.0);
        // The radius that holds so many particles, and the mass inside.
        let holding = |number: f64| {
            let (mut inside, mut mass) = (0.0, 0.0);
            let shell = shells.0.iter().position(|sums| {
                inside += sums[3];
                mass += sums[0];
                inside >= number && mass > 0.0
            })?;
            Some((shell + 1, mass))
        };
        let (first, mass) = holding(core)?;
        let growth = match holding((GROWTH_PARTICLES * core).min(0.5 * total)) {
            Some((next, more)) if next > first && next < N_SHELLS => {
                2.0 * (more / mass).ln() / (edge_squared(next) / edge_squared(first)).ln()
            }
            _ => 3.0,
        };
        let growth = if growth.is_finite() { growth.clamp(0.0, 3.0) } else { 3.0 };
        (first <= last).then_some(Self { first, last, growth })
    }

    /// The curve of the given squares of circular velocities and of potentials, with an offset.
    fn curve(
        &self,
        squares: &[f64],
        potential: impl Fn(usize) -> f64,
        offset: &Offset,
    ) -> Option<CircularOrbitCurve> {
        let at = |shell: usize| {
            let radius = edge_squared(shell).sqrt();
            [radius, squares[shell].max(0.0), potential(shell) + offset.at(radius)]
        };
        let [radius, square, bottom] = at(self.first);
        let power = self.growth - 1.0;
        let inside = (1..=N_INSIDE).rev().map(|step| {
            // The integral of v^2 / r, with v^2 a power of r.
            let log = -0.5 * f64::from(step) * std::f64::consts::LN_2;
            let fall = if power.abs() < 1e-9 { log } else { (power * log).exp_m1() / power };
            [radius * log.exp(), square * (power * log).exp(), bottom + square * fall]
        });
        let points = inside.chain((self.first..=self.last).map(at));
        CircularOrbitCurve::through(
            points.map(|[radius, square, potential]| [radius, square.sqrt(), potential]),
        )
    }
}
