//! Few products of polynomials, for where speed matters more than the last digits.

use super::nodes::{NODES, Nodes};
use super::spectrum::{Symmetric, dot};
use crate::kernel::Kernel;
#[cfg(test)]
use galmass_core::simd::fma;

/// The weight of the double primitive, the light in rectangles, beside that of the density, in the norm in which products
/// are the best: between pixels as wide as the kernel and far smaller ones.
const PRIMITIVE_WEIGHT: f64 = 100.0;

/// The `R` products that come nearest to a kernel among those of even polynomials with `P` terms.
///
/// The a_r are odd polynomials, `odd[r][k]` the coefficient of x^(2 k + 1), for |x| up to 1; the caller clamps. The first
/// is the marginal and ends at a half, the others at nothing: the light in \[-1, 1\]^2 is 1 to rounding.
pub(in crate::deposit) struct LowRank<const R: usize, const P: usize> {
    /// s_r.
    pub(in crate::deposit) factors: [f64; R],
    /// The coefficients of the a_r.
    pub(in crate::deposit) odd: [[f64; P]; R],
}

impl<const R: usize, const P: usize> LowRank<R, P> {
    /// Expands the kernel; for 1 <= R <= P. Takes some milliseconds.
    ///
    /// Even Legendre polynomials of degree 2 and more integrate to 0 over \[0, 1\]: in their span no product changes the
    /// marginals. There the remainder of the kernel is a matrix of P - 1 rows, of which these are the leading
    /// eigenvectors in the norm of [`PRIMITIVE_WEIGHT`].
    pub(in crate::deposit) fn of(kernel: Kernel) -> Self {
        let nodes = Nodes::new();
        let (first, remainder) = nodes.split(kernel);
        let basis = Basis::new(&nodes, P - 1);
        let mut expansion = Self { factors: [0.0; R], odd: [[0.0; P]; R] };
        expansion.factors[0] = 1.0;
        let deviation: Vec<f64> = first.iter().map(|value| value - 0.5).collect();
        expansion.odd[0] = basis.odd_polynomial(&basis.coordinates(&nodes, &deviation));
        expansion.odd[0][0] += 0.5;

        // The remainder in coordinates in which the norm is that of a plain vector.
        let along_x: Vec<Vec<f64>> =
            remainder.values.chunks_exact(NODES).map(|row| basis.coordinates(&nodes, row)).collect();
        let mut within = Symmetric { n: P - 1, values: Vec::with_capacity((P - 1) * (P - 1)) };
        for k in 0..P - 1 {
            let column: Vec<f64> = along_x.iter().map(|row| row[k]).collect();
            within.values.extend(basis.coordinates(&nodes, &column));
        }
        let (factors, vectors) = within.all();
        for (r, (factor, vector)) in (1..R).zip(factors.into_iter().zip(&vectors)) {
            expansion.factors[r] = factor;
            expansion.odd[r] = basis.odd_polynomial(vector);
        }
        expansion
    }

    /// All a_r at x, between -1 and 1.
    #[cfg(test)]
    pub(in crate::deposit) fn primitives<const FMA: bool>(&self, x: f64) -> [f64; R] {
        let square = x * x;
        let mut values = [0.0; R];
        for r in 0..R {
            for k in (0..P).rev() {
                values[r] = fma::<FMA>(values[r], square, self.odd[r][k]);
            }
            values[r] *= x;
        }
        values
    }
}

/// Even polynomials of degree 2, 4, ... that integrate to 0 over \[0, 1\], orthonormal in the norm of
/// [`PRIMITIVE_WEIGHT`].
struct Basis {
    /// What a function is multiplied by at the nodes, its density and its primitive, for its coordinates.
    density: Vec<Vec<f64>>,
    primitive: Vec<Vec<f64>>,
    /// The primitives as odd polynomials.
    odd: Vec<Vec<f64>>,
}

impl Basis {
    fn new(nodes: &Nodes, n_terms: usize) -> Self {
        let mut basis = Self { density: Vec::new(), primitive: Vec::new(), odd: Vec::new() };
        for index in 0..n_terms {
            // P_2k = (P'_2k+1 - P'_2k-1) / (4 k + 1).
            let k = index + 1;
            let (above, below) = (legendre(2 * k + 1), legendre(2 * k - 1));
            let odd = |power: usize| {
                let odd = 2 * power + 1;
                (above[odd] - below.get(odd).copied().unwrap_or(0.0)) / (4 * k + 1) as f64
            };
            let mut odd: Vec<f64> =
                (0..=n_terms).map(|power| if power <= k { odd(power) } else { 0.0 }).collect();
            let mut density: Vec<f64> = nodes.x.iter().map(|&x| density_of(&odd, x)).collect();
            let mut primitive = nodes.cumulate(&density);
            // Gram and Schmidt, the second time for what the first has lost to cancellation.
            for _ in 0..2 {
                for other in 0..index {
                    let along = basis.product(nodes, other, &density, &primitive);
                    subtract(&mut odd, along, &basis.odd[other]);
                    subtract(&mut density, along, &basis.density[other]);
                    subtract(&mut primitive, along, &basis.primitive[other]);
                }
            }
            let square = nodes.integrate(&squares(&density))
                + PRIMITIVE_WEIGHT * nodes.integrate(&squares(&primitive));
            let to_one = 1.0 / square.sqrt();
            for values in [&mut odd, &mut density, &mut primitive] {
                values.iter_mut().for_each(|value| *value *= to_one);
            }
            basis.odd.push(odd);
            basis.density.push(density);
            basis.primitive.push(primitive);
        }
        basis
    }

    /// The scalar product of a function with one of the basis.
    fn product(&self, nodes: &Nodes, index: usize, density: &[f64], primitive: &[f64]) -> f64 {
        let times = |a: &[f64], b: &[f64]| -> Vec<f64> { a.iter().zip(b).map(|(a, b)| a * b).collect() };
        nodes.integrate(&times(density, &self.density[index]))
            + PRIMITIVE_WEIGHT * nodes.integrate(&times(primitive, &self.primitive[index]))
    }

    /// The coordinates of the projection of a function with these values at the nodes.
    fn coordinates(&self, nodes: &Nodes, density: &[f64]) -> Vec<f64> {
        let primitive = nodes.cumulate(density);
        (0..self.odd.len()).map(|index| self.product(nodes, index, density, &primitive)).collect()
    }

    /// The primitive of the function with these coordinates.
    fn odd_polynomial<const P: usize>(&self, coordinates: &[f64]) -> [f64; P] {
        std::array::from_fn(|power| {
            let of_power: Vec<f64> = self.odd.iter().map(|odd| odd[power]).collect();
            dot(&of_power, coordinates)
        })
    }
}

/// The coefficients of the Legendre polynomial of a degree of at least 1, from the lowest power.
fn legendre(degree: usize) -> Vec<f64> {
    let (mut before, mut value) = (vec![1.0], vec![0.0, 1.0]);
    for k in 2..=degree {
        let mut next = vec![0.0; k + 1];
        for (power, coefficient) in value.iter().enumerate() {
            next[power + 1] += (2 * k - 1) as f64 / k as f64 * coefficient;
        }
        for (power, coefficient) in before.iter().enumerate() {
            next[power] -= (k - 1) as f64 / k as f64 * coefficient;
        }
        (before, value) = (value, next);
    }
    value
}

/// The derivative of an odd polynomial.
fn density_of(odd: &[f64], x: f64) -> f64 {
    odd.iter().enumerate().rev().fold(0.0, |sum, (power, value)| sum * x * x + (2 * power + 1) as f64 * value)
}

fn squares(values: &[f64]) -> Vec<f64> {
    values.iter().map(|value| value * value).collect()
}

fn subtract(from: &mut [f64], factor: f64, values: &[f64]) {
    from.iter_mut().zip(values).for_each(|(from, value)| *from -= factor * value);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::deposit::separable::Separable;
    use crate::deposit::separable::tests::light as light_in;

    fn light<const R: usize>(factors: &[f64; R], ends: [[f64; R]; 4]) -> f64 {
        let [x0, x1, y0, y1] = ends;
        (0..R).map(|r| factors[r] * (x1[r] - x0[r]) * (y1[r] - y0[r])).sum()
    }

    /// The rms error in pixels of a quarter of the support, over the rms light.
    fn error<const R: usize, const P: usize>() -> f64 {
        let (few, many) = (LowRank::<R, P>::of(Kernel::CubicSpline), Separable::<4>::of(Kernel::CubicSpline));
        let (mut square, mut of_errors) = (0.0, 0.0);
        for row in 0..8 {
            for column in 0..8 {
                let [x, y] = [column, row].map(|k| f64::from(k) / 4.0 - 1.0);
                let ends = [x, x + 0.25, y, y + 0.25];
                let found = light(&few.factors, ends.map(|end| few.primitives::<false>(end)));
                let expected = light_in(&many, [x, x + 0.25], [y, y + 0.25]);
                square += expected * expected;
                of_errors += (found - expected) * (found - expected);
            }
        }
        (of_errors / square).sqrt()
    }

    #[test]
    fn few_products_of_polynomials_keep_all_light_and_come_near() {
        let expansion = LowRank::<3, 7>::of(Kernel::CubicSpline);
        let rim = expansion.primitives::<false>(1.0);
        let light = light(&expansion.factors, [rim.map(|a| -a), rim, rim.map(|a| -a), rim]);
        assert!((light - 1.0).abs() < 1e-13, "{light}");
        assert!((rim[0] - 0.5).abs() < 1e-13 && rim[1..].iter().all(|a| a.abs() < 1e-12), "{rim:?}");
    }

    #[test]
    fn more_products_and_more_terms_come_nearer() {
        for (found, limit) in [
            (error::<1, 6>(), 5e-2),
            (error::<2, 6>(), 2e-3),
            (error::<3, 7>(), 4e-4),
            (error::<4, 7>(), 2e-4),
            (error::<5, 9>(), 1.5e-4),
        ] {
            assert!(found < limit, "{found:e}, not {limit:e}");
        }
    }
}
