//! Eigenvalues and eigenvectors of symmetric 3 x 3 matrices.

/// Jacobi's method converges quadratically: a handful of sweeps reaches the last digit.
const MAX_SWEEPS: usize = 32;

/// The eigenvalues, largest first, and their unit eigenvectors, of a symmetric matrix by cyclic Jacobi rotations
/// (Golub & Van Loan 2013, section 8.5). Only the upper triangle is read.
///
/// An element counts as zero where it is small against the geometric mean of its two diagonal elements, so that
/// a small eigenvalue of a graded positive matrix is as accurate as a large one (Demmel & Veselic 1992).
pub(crate) fn eigen_symmetric(matrix: [[f64; 3]; 3]) -> ([f64; 3], [[f64; 3]; 3]) {
    let mut a = matrix;
    let mut vectors = [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]];
    for _ in 0..MAX_SWEEPS {
        let mut rotated = false;
        for (p, q) in [(0, 1), (0, 2), (1, 2)] {
            rotated |= rotate_away(&mut a, &mut vectors, p, q);
        }
        if !rotated {
            break;
        }
    }
    let mut order = [0, 1, 2];
    order.sort_by(|&i, &j| a[j][j].total_cmp(&a[i][i]));
    (order.map(|i| a[i][i]), order.map(|i| vectors[i]))
}

/// Rotates in the plane of `p < q` until `a[p][q]` is zero; `false` where it already is.
fn rotate_away(a: &mut [[f64; 3]; 3], vectors: &mut [[f64; 3]; 3], p: usize, q: usize) -> bool {
    let off = a[p][q];
    let negligible = 0.5 * f64::EPSILON * a[p][p].abs().sqrt() * a[q][q].abs().sqrt();
    // NaN counts as zero too, and ends the sweeps.
    if off.is_nan() || off.abs() <= negligible {
        return false;
    }
    let theta = 0.5 * (a[q][q] - a[p][p]) / off;
    // The smaller of the two angles that would do.
    let tangent = theta.signum() / (theta.abs() + theta.hypot(1.0));
    let cosine = 1.0 / tangent.hypot(1.0);
    let sine = tangent * cosine;

    a[p][p] -= tangent * off;
    a[q][q] += tangent * off;
    a[p][q] = 0.0;
    let r = 3 - p - q;
    let (with_p, with_q) = (a[p.min(r)][p.max(r)], a[q.min(r)][q.max(r)]);
    a[p.min(r)][p.max(r)] = cosine * with_p - sine * with_q;
    a[q.min(r)][q.max(r)] = sine * with_p + cosine * with_q;
    let (of_p, of_q) = (vectors[p], vectors[q]);
    vectors[p] = std::array::from_fn(|k| cosine * of_p[k] - sine * of_q[k]);
    vectors[q] = std::array::from_fn(|k| sine * of_p[k] + cosine * of_q[k]);
    true
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Rounding of some tens of operations on numbers of order one.
    const ROUNDING: f64 = 1e-13;

    fn dot(a: [f64; 3], b: [f64; 3]) -> f64 {
        a.iter().zip(b).map(|(x, y)| x * y).sum()
    }

    #[test]
    fn a_matrix_with_known_eigenvalues_gives_them_back() {
        let (values, vectors) = eigen_symmetric([[2.0, 1.0, 0.0], [1.0, 2.0, 0.0], [0.0, 0.0, 5.0]]);
        for (found, expected) in values.into_iter().zip([5.0, 3.0, 1.0]) {
            assert!((found - expected).abs() < ROUNDING, "{values:?}");
        }
        assert_eq!(vectors[0], [0.0, 0.0, 1.0]);
        assert!((vectors[1][0] - vectors[1][1]).abs() < ROUNDING);
    }

    #[test]
    fn diagonal_zero_and_nan_matrices_end() {
        assert_eq!(eigen_symmetric([[0.0; 3]; 3]).0, [0.0; 3]);
        assert_eq!(eigen_symmetric([[1.0, 0.0, 0.0], [0.0, 3.0, 0.0], [0.0, 0.0, 2.0]]).0, [3.0, 2.0, 1.0]);
        assert!(eigen_symmetric([[f64::NAN; 3]; 3]).0.iter().all(|value| value.is_nan()));
    }

    #[test]
    fn a_small_eigenvalue_of_a_graded_matrix_keeps_its_digits() {
        // D A D with D = diag(1, 1e-5, 1e-10): the determinant, and so the last eigenvalue, is known.
        let (d, off) = ([1.0, 1e-5, 1e-10], 0.3);
        let a: [[f64; 3]; 3] =
            std::array::from_fn(|i| std::array::from_fn(|j| d[i] * d[j] * if i == j { 1.0 } else { off }));
        let (values, _) = eigen_symmetric(a);
        let determinant = (1.0 - 3.0 * off * off + 2.0 * off * off * off) * 1e-30;
        let product: f64 = values.iter().product();
        assert!((product / determinant - 1.0).abs() < 1e-12, "{values:?}");
    }

    proptest! {
        #[test]
        fn vectors_are_orthonormal_and_map_onto_their_multiples(e in prop::array::uniform6(-1.0..1.0_f64)) {
            let matrix = [[e[0], e[1], e[2]], [e[1], e[3], e[4]], [e[2], e[4], e[5]]];
            let (values, vectors) = eigen_symmetric(matrix);
            prop_assert!(values[0] >= values[1] && values[1] >= values[2]);
            for i in 0..3 {
                for j in 0..3 {
                    let expected = if i == j { 1.0 } else { 0.0 };
                    prop_assert!((dot(vectors[i], vectors[j]) - expected).abs() < ROUNDING);
                    prop_assert!((dot(matrix[j], vectors[i]) - values[i] * vectors[i][j]).abs() < ROUNDING);
                }
            }
        }
    }
}
