//! A projected kernel as a short sum of products of one-dimensional functions.
//!
//! On the square 0 <= x, y <= 1 the projected kernel W(sqrt(x^2 + y^2)) of support radius 1 is almost separable:
//!
//! ```text
//! W ~ sum over r < R of  s_r v_r(x) v_r(y)
//! ```
//!
//! with even polynomials v_r. The light in a rectangle is then a sum of products of differences of their odd
//! primitives a_r, which telescope: however a kernel is cut by pixels, the shares add up to its light. The v_r
//! come from the projection of W on the even Legendre polynomials and the eigenvectors of that symmetric matrix, the
//! best separable sums in the least squares sense.

use crate::kernel::Kernel;
use crate::quadrature::gauss_legendre;

/// A kernel by `RANK` products of odd polynomials of `TERMS` terms.
#[derive(Clone, Debug)]
pub(super) struct Shape<const RANK: usize, const TERMS: usize> {
    /// s_r, so that the products for the whole support add up to 1.
    pub(super) scale: [f32; RANK],
    /// a_r(1): half of what v_r holds.
    pub(super) end: [f32; RANK],
    /// a_r(u) / u as a polynomial in t = 2 u^2 - 1, from the constant term up.
    pub(super) terms: [[f32; TERMS]; RANK],
}

/// Gauss-Legendre points a side of the square.
const POINTS: usize = 64;

impl<const RANK: usize, const TERMS: usize> Shape<RANK, TERMS> {
    pub(super) fn of(kernel: Kernel) -> Self {
        let (eigenvalues, eigenvectors) = eigen(projection::<TERMS>(kernel));
        let mut order: Vec<usize> = (0..TERMS).collect();
        order.sort_by(|&i, &j| eigenvalues[j].abs().total_cmp(&eigenvalues[i].abs()));
        let leading = |r: usize| order[r.min(TERMS - 1)];
        // Only the constant polynomial has an integral over the support.
        let end = |r: usize| eigenvectors[leading(r)][0];
        let light: f64 = (0..RANK).map(|r| 4.0 * eigenvalues[leading(r)] * end(r) * end(r)).sum();
        Self {
            scale: std::array::from_fn(|r| (eigenvalues[leading(r)] / light) as f32),
            end: std::array::from_fn(|r| end(r) as f32),
            terms: std::array::from_fn(|r| terms(&eigenvectors[leading(r)]).map(|term| term as f32)),
        }
    }
}

/// The kernel's components on products of the orthonormal even Legendre polynomials sqrt(4 k + 1) P_2k.
fn projection<const TERMS: usize>(kernel: Kernel) -> [[f64; TERMS]; TERMS] {
    let nodes = gauss_legendre::<POINTS>();
    let basis: Vec<[f64; TERMS]> = nodes.iter().map(|&(x, weight)| even_legendre(x).map(|p| weight * p)).collect();
    let mut matrix = [[0.0; TERMS]; TERMS];
    for (&(y, _), at_y) in nodes.iter().zip(&basis) {
        let mut row = [0.0; TERMS];
        for (&(x, _), at_x) in nodes.iter().zip(&basis) {
            let value = kernel.projected(x.hypot(y));
            for (sum, p) in row.iter_mut().zip(at_x) {
                *sum += value * p;
            }
        }
        for (sums, p) in matrix.iter_mut().zip(at_y) {
            for (sum, value) in sums.iter_mut().zip(row) {
                *sum += p * value;
            }
        }
    }
    matrix
}

/// sqrt(4 k + 1) P_2k(x) for each k.
fn even_legendre<const TERMS: usize>(x: f64) -> [f64; TERMS] {
    let (mut lower, mut upper) = (1.0, x);
    std::array::from_fn(|k| {
        let value = lower;
        for degree in [2 * k, 2 * k + 1] {
            let n = degree as f64;
            let next = ((2.0 * n + 3.0) * x * upper - (n + 1.0) * lower) / (n + 2.0);
            (lower, upper) = (upper, next);
        }
        (4.0 * k as f64 + 1.0).sqrt() * value
    })
}

/// The odd primitive of a sum of even Legendre polynomials, over its argument, as a polynomial in t = 2 u^2 - 1.
fn terms<const TERMS: usize>(components: &[f64; TERMS]) -> [f64; TERMS] {
    // The integral of P_n from 0 is (P_(n+1) - P_(n-1)) / (2 n + 1) for even n.
    let primitive_over_u = |u: f64| {
        let (mut below, mut even) = (0.0, 1.0);
        let mut sum = 0.0;
        for (k, component) in components.iter().enumerate() {
            let n = 2.0 * k as f64;
            let odd = ((2.0 * n + 1.0) * u * even - n * below) / (n + 1.0);
            sum += component / (2.0 * n + 1.0).sqrt() * (odd - below);
            even = ((2.0 * n + 3.0) * u * odd - (n + 1.0) * even) / (n + 2.0);
            below = odd;
        }
        sum / u
    };
    // By its values at the Chebyshev points of t, which are those of even and odd alike in u.
    let chebyshev: [f64; TERMS] = std::array::from_fn(|k| {
        let sum: f64 = (0..TERMS)
            .map(|j| {
                let angle = std::f64::consts::PI * (j as f64 + 0.5) / TERMS as f64;
                primitive_over_u((0.5 * (1.0 + angle.cos())).sqrt()) * (k as f64 * angle).cos()
            })
            .sum();
        sum * if k == 0 { 1.0 } else { 2.0 } / TERMS as f64
    });
    let (mut before, mut last) = ([0.0; TERMS], [0.0; TERMS]);
    let mut terms = [0.0; TERMS];
    for (k, coefficient) in chebyshev.iter().enumerate() {
        let next: [f64; TERMS] = std::array::from_fn(|power| match (k, power) {
            (0, 0) | (1, 1) => 1.0,
            (0 | 1, _) => 0.0,
            (_, 0) => -before[0],
            _ => 2.0 * last[power - 1] - before[power],
        });
        (before, last) = (last, next);
        for (term, power) in terms.iter_mut().zip(next) {
            *term += coefficient * power;
        }
    }
    terms
}

/// The eigenvalues and eigenvectors of a symmetric matrix, by the rotations of Jacobi.
fn eigen<const N: usize>(mut matrix: [[f64; N]; N]) -> ([f64; N], [[f64; N]; N]) {
    /// Each sweep squares what is left beside the diagonal, so that this is far more than enough.
    const SWEEPS: usize = 20;
    let mut vectors: [[f64; N]; N] = std::array::from_fn(|i| std::array::from_fn(|j| f64::from(u8::from(i == j))));
    for _ in 0..SWEEPS {
        for p in 0..N {
            for q in p + 1..N {
                if matrix[p][q] == 0.0 {
                    continue;
                }
                let angle = 0.5 * (2.0 * matrix[p][q]).atan2(matrix[q][q] - matrix[p][p]);
                let (sin, cos) = angle.sin_cos();
                let rotate = |a: f64, b: f64| (cos * a - sin * b, sin * a + cos * b);
                for k in 0..N {
                    (matrix[k][p], matrix[k][q]) = rotate(matrix[k][p], matrix[k][q]);
                }
                for k in 0..N {
                    (matrix[p][k], matrix[q][k]) = rotate(matrix[p][k], matrix[q][k]);
                    (vectors[p][k], vectors[q][k]) = rotate(vectors[p][k], vectors[q][k]);
                }
            }
        }
    }
    (std::array::from_fn(|i| matrix[i][i]), vectors)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn primitive<const R: usize, const P: usize>(shape: &Shape<R, P>, r: usize, u: f64) -> f64 {
        let t = 2.0 * u * u - 1.0;
        u * shape.terms[r].iter().rev().fold(0.0, |sum, &term| sum * t + f64::from(term))
    }

    fn density<const R: usize, const P: usize>(shape: &Shape<R, P>, x: f64, y: f64) -> f64 {
        let step = 1e-3;
        let slope = |r, u: f64| (primitive(shape, r, u + step) - primitive(shape, r, u - step)) / (2.0 * step);
        (0..R).map(|r| f64::from(shape.scale[r]) * slope(r, x) * slope(r, y)).sum()
    }

    #[test]
    fn five_products_are_the_spline_to_a_few_ten_thousandths() {
        let shape = Shape::<5, 12>::of(Kernel::CubicSpline);
        let centre = Kernel::CubicSpline.projected(0.0);
        for i in 0..20 {
            for j in 0..20 {
                let (x, y) = (0.05 * f64::from(i) + 0.02, 0.05 * f64::from(j) + 0.03);
                let error = density(&shape, x, y) - Kernel::CubicSpline.projected(x.hypot(y));
                assert!(error.abs() < 3e-4 * centre, "({x}, {y}): {}", error / centre);
            }
        }
    }

    #[test]
    fn the_products_of_the_ends_are_the_whole_light() {
        fn light<const R: usize, const P: usize>() -> f64 {
            let shape = Shape::<R, P>::of(Kernel::CubicSpline);
            for r in 0..R {
                assert!((primitive(&shape, r, 1.0) - f64::from(shape.end[r])).abs() < 1e-5, "{R} {P} {r}");
            }
            (0..R).map(|r| 4.0 * f64::from(shape.scale[r]) * f64::from(shape.end[r]).powi(2)).sum()
        }
        for light in [light::<1, 4>(), light::<3, 7>(), light::<5, 12>()] {
            assert!((light - 1.0).abs() < 1e-6, "{light}");
        }
    }

    #[test]
    fn eigenvectors_are_turned_into_multiples_of_themselves() {
        let matrix = [[2.0, -1.0, 0.3], [-1.0, 1.0, 0.2], [0.3, 0.2, -3.0]];
        let (eigenvalues, eigenvectors) = eigen(matrix);
        for (value, vector) in eigenvalues.iter().zip(eigenvectors) {
            for (row, component) in matrix.iter().zip(vector) {
                let turned: f64 = row.iter().zip(vector).map(|(a, b)| a * b).sum();
                assert!((turned - value * component).abs() < 1e-14);
            }
        }
    }
}
