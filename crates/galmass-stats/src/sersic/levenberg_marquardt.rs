//! Least squares of a few parameters within bounds, by the method of Levenberg and Marquardt.

/// Least squares at one point: what a sweep over the data sums.
#[derive(Clone, Copy, Debug)]
pub(super) struct Normal<const N: usize> {
    /// The sum of squared residuals.
    pub(super) chi_squared: f64,
    /// J^T r: half of the descent of chi squared.
    pub(super) descent: [f64; N],
    /// J^T J.
    pub(super) curvature: [[f64; N]; N],
}

/// Where the search ended.
#[derive(Clone, Copy, Debug)]
pub(super) struct Minimum<const N: usize> {
    pub(super) parameters: [f64; N],
    pub(super) normal: Normal<N>,
    pub(super) n_iterations: usize,
    pub(super) converged: bool,
}

/// Steps below this no longer matter: parameters are logarithms.
const STEP_TOLERANCE: f64 = 1e-11;

/// Where and how far to search.
#[derive(Clone, Copy, Debug)]
pub(super) struct Search<const N: usize> {
    /// The least value of each parameter.
    pub(super) lower: [f64; N],
    /// The largest.
    pub(super) upper: [f64; N],
    /// The part of chi squared that rounding makes.
    pub(super) noise: f64,
    /// Promised reductions of chi squared below this part of it no longer matter.
    pub(super) tolerance: f64,
    /// The damping to begin with: small for a start close to the minimum.
    pub(super) damping: f64,
    /// The most steps.
    pub(super) max_iterations: usize,
}

impl<const N: usize> Search<N> {
    /// A search between two bounds, from a start that may be far away, down to the last digits.
    pub(super) fn between(lower: [f64; N], upper: [f64; N], noise: f64, max_iterations: usize) -> Self {
        Self { lower, upper, noise, tolerance: 1e-13, damping: 1e-3, max_iterations }
    }
}

/// A small step tells of a minimum only while the damping does not make it small.
const LIGHT_DAMPING: f64 = 1e-3;

/// Where damping has grown so far no step is left to try.
const HEAVIEST_DAMPING: f64 = 1e12;

/// The longest step of a logarithm, a factor of 7: beyond it the linear model says nothing.
const LONGEST_STEP: f64 = 2.0;

/// Searches for the least chi squared from `start`. `None` where the start itself has none; where a trial has none it
/// counts as a bad one.
pub(super) fn minimise<const N: usize>(
    mut evaluate: impl FnMut(&[f64; N]) -> Normal<N>,
    start: [f64; N],
    search: &Search<N>,
) -> Option<Minimum<N>> {
    let Search { lower, upper, noise, tolerance, max_iterations, .. } = *search;
    let mut parameters = start;
    let mut normal = evaluate(&parameters);
    if !normal.chi_squared.is_finite() {
        return None;
    }
    let mut damping = search.damping;
    for n_iterations in 0..max_iterations {
        let ended = |converged| Some(Minimum { parameters, normal, n_iterations, converged });
        let free = free_parameters(&parameters, &normal.descent, &lower, &upper);
        let Some(step) = solve(&normal, free, damping) else {
            damping *= 10.0;
            if damping > HEAVIEST_DAMPING {
                return ended(false);
            }
            continue;
        };
        // Shortened as a whole, which keeps it a descent. What a bound cuts off may not: then damping turns the step
        // towards the gradient, of which each part descends. So the end is told by the step before it is cut.
        let longest = step.iter().fold(0.0, |longest: f64, part| longest.max(part.abs()));
        let promised: f64 = step.iter().zip(normal.descent).map(|(part, descent)| part * descent).sum();
        let shortened = (LONGEST_STEP / longest).min(1.0);
        let trial: [f64; N] =
            std::array::from_fn(|i| (parameters[i] + shortened * step[i]).clamp(lower[i], upper[i]));
        if (longest < STEP_TOLERANCE && damping <= LIGHT_DAMPING)
            || promised <= tolerance * normal.chi_squared + noise
        {
            // The last step is taken all the same if it helps: it may bring the last digits.
            let last = evaluate(&trial);
            if last.chi_squared < normal.chi_squared {
                (parameters, normal) = (trial, last);
            }
            return Some(Minimum { parameters, normal, n_iterations, converged: true });
        }
        let next = evaluate(&trial);
        if next.chi_squared < normal.chi_squared {
            (parameters, normal) = (trial, next);
            damping = (damping * 0.1).max(1e-14);
        } else {
            damping *= 10.0;
            if damping > HEAVIEST_DAMPING {
                return ended(false);
            }
        }
    }
    Some(Minimum { parameters, normal, n_iterations: max_iterations, converged: false })
}

/// Parameters that are not held by a bound against which the descent presses.
fn free_parameters<const N: usize>(
    parameters: &[f64; N],
    descent: &[f64; N],
    lower: &[f64; N],
    upper: &[f64; N],
) -> [bool; N] {
    std::array::from_fn(|i| {
        let pressed = (parameters[i] <= lower[i] && descent[i] <= 0.0)
            || (parameters[i] >= upper[i] && descent[i] >= 0.0);
        !pressed
    })
}

/// The damped step: `(A + damping diag A) step = J^T r` for the free parameters, 0 for the others.
fn solve<const N: usize>(normal: &Normal<N>, free: [bool; N], damping: f64) -> Option<[f64; N]> {
    let (factor, scale) = decompose(&normal.curvature, free, damping)?;
    let right = std::array::from_fn(|i| if free[i] { normal.descent[i] * scale[i] } else { 0.0 });
    let step = substitute(&factor, right);
    let step: [f64; N] = std::array::from_fn(|i| step[i] * scale[i]);
    step.iter().all(|part| part.is_finite()).then_some(step)
}

/// The inverse of J^T J over the free parameters, NaN for the others; `None` where it is singular.
pub(super) fn invert<const N: usize>(curvature: &[[f64; N]; N], free: [bool; N]) -> Option<[[f64; N]; N]> {
    let (factor, scale) = decompose(curvature, free, 0.0)?;
    let columns: [[f64; N]; N] =
        std::array::from_fn(|j| substitute(&factor, std::array::from_fn(|i| if i == j { 1.0 } else { 0.0 })));
    Some(std::array::from_fn(|i| {
        std::array::from_fn(
            |j| {
                if free[i] && free[j] { columns[j][i] * scale[i] * scale[j] } else { f64::NAN }
            },
        )
    }))
}

/// The Cholesky factor of the matrix scaled to a unit diagonal, and the scales.
fn decompose<const N: usize>(
    curvature: &[[f64; N]; N],
    free: [bool; N],
    damping: f64,
) -> Option<([[f64; N]; N], [f64; N])> {
    let scale: [f64; N] = std::array::from_fn(|i| if free[i] { curvature[i][i].sqrt().recip() } else { 1.0 });
    if !scale.iter().all(|s| s.is_finite() && *s > 0.0) {
        return None;
    }
    let mut factor = [[0.0; N]; N];
    for i in 0..N {
        for j in 0..=i {
            let entry = match (i == j, free[i] && free[j]) {
                (true, _) => 1.0 + damping,
                (false, true) => curvature[i][j] * scale[i] * scale[j],
                (false, false) => 0.0,
            };
            let rest = entry - (0..j).map(|k| factor[i][k] * factor[j][k]).sum::<f64>();
            if i == j {
                // Below this the columns are parallel to rounding.
                if rest.is_nan() || rest <= 4.0 * f64::EPSILON {
                    return None;
                }
                factor[i][i] = rest.sqrt();
            } else {
                factor[i][j] = rest / factor[j][j];
            }
        }
    }
    Some((factor, scale))
}

fn substitute<const N: usize>(factor: &[[f64; N]; N], mut right: [f64; N]) -> [f64; N] {
    for i in 0..N {
        for k in 0..i {
            right[i] -= factor[i][k] * right[k];
        }
        right[i] /= factor[i][i];
    }
    for i in (0..N).rev() {
        for k in i + 1..N {
            right[i] -= factor[k][i] * right[k];
        }
        right[i] /= factor[i][i];
    }
    right
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_inverse_is_one() {
        let matrix = [[4.0, 1.0, 0.5], [1.0, 3.0, -0.2], [0.5, -0.2, 2.0]];
        let inverse = invert(&matrix, [true; 3]).unwrap();
        for (i, row) in matrix.iter().enumerate() {
            // The inverse is symmetric: its rows are its columns.
            for (j, column) in inverse.iter().enumerate() {
                let product: f64 = row.iter().zip(column).map(|(x, y)| x * y).sum();
                assert!((product - f64::from(u8::from(i == j))).abs() < 1e-14);
            }
        }
        assert!(invert(&[[1.0; 3]; 3], [true; 3]).is_none(), "singular");
    }

    #[test]
    fn a_bound_holds_a_parameter_and_leaves_the_others_free() {
        // A bowl about (3, -1, 5), of which the second is held at 0 or above; along it the others are correlated.
        let evaluate = |p: &[f64; 3]| {
            let r = [3.0 - p[0], 0.5 * (p[0] - p[1] - 4.0), 5.0 - p[2]];
            let jacobian = [[1.0, 0.0, 0.0], [-0.5, 0.5, 0.0], [0.0, 0.0, 1.0]];
            Normal {
                chi_squared: r.iter().map(|x| x * x).sum(),
                descent: std::array::from_fn(|i| (0..3).map(|k| jacobian[k][i] * r[k]).sum()),
                curvature: std::array::from_fn(|i| {
                    std::array::from_fn(|j| (0..3).map(|k| jacobian[k][i] * jacobian[k][j]).sum())
                }),
            }
        };
        let open = minimise(evaluate, [0.0; 3], &Search::between([-9.0; 3], [9.0; 3], 0.0, 100)).unwrap();
        assert!(open.converged && (open.parameters[1] + 1.0).abs() < 1e-9);
        let held =
            minimise(evaluate, [0.0; 3], &Search::between([-9.0, 0.0, -9.0], [9.0; 3], 0.0, 100)).unwrap();
        // With p1 = 0 the least of (3 - x)^2 + (x - 4)^2 / 4 is at x = 3.2.
        assert!(held.converged && held.parameters[1] == 0.0 && (held.parameters[0] - 3.2).abs() < 1e-9);
    }
}
