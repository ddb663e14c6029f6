//! Least squares of three parameters within bounds, by the method of Levenberg and Marquardt.

/// Three numbers, one for each parameter.
pub(super) type Three = [f64; 3];

/// Least squares at one point: what a sweep over the data sums.
#[derive(Clone, Copy, Debug)]
pub(super) struct Normal {
    /// The sum of squared residuals.
    pub(super) chi_squared: f64,
    /// J^T r: half of the descent of chi squared.
    pub(super) descent: Three,
    /// J^T J.
    pub(super) curvature: [Three; 3],
}

/// Where the search ended.
#[derive(Clone, Copy, Debug)]
pub(super) struct Minimum {
    pub(super) parameters: Three,
    pub(super) normal: Normal,
    pub(super) n_iterations: usize,
    pub(super) converged: bool,
}

/// Steps below this no longer matter: parameters are logarithms.
const STEP_TOLERANCE: f64 = 1e-11;

/// Promised reductions of chi squared below this part of it no longer matter.
const REDUCTION_TOLERANCE: f64 = 1e-13;

/// A small step tells of a minimum only while the damping does not make it small.
const LIGHT_DAMPING: f64 = 1e-3;

/// Where damping has grown so far no step is left to try.
const HEAVIEST_DAMPING: f64 = 1e12;

/// The longest step of a logarithm, a factor of 7: beyond it the linear model says nothing.
const LONGEST_STEP: f64 = 2.0;

/// Searches for the least chi squared from `start`, within `lower` and `upper`. `noise` is the part of chi squared
/// that rounding makes. `None` where the start itself has none.
pub(super) fn minimise(
    evaluate: impl Fn(&Three) -> Normal,
    start: Three,
    lower: &Three,
    upper: &Three,
    noise: f64,
    max_iterations: usize,
) -> Option<Minimum> {
    let mut parameters = start;
    let mut normal = evaluate(&parameters);
    if !normal.chi_squared.is_finite() {
        return None;
    }
    let mut damping = 1e-3;
    for n_iterations in 0..max_iterations {
        let ended = |converged| Some(Minimum { parameters, normal, n_iterations, converged });
        let free = free_parameters(&parameters, &normal.descent, lower, upper);
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
        let trial: Three =
            std::array::from_fn(|i| (parameters[i] + shortened * step[i]).clamp(lower[i], upper[i]));
        if (longest < STEP_TOLERANCE && damping <= LIGHT_DAMPING)
            || promised <= REDUCTION_TOLERANCE * normal.chi_squared + noise
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
fn free_parameters(parameters: &Three, descent: &Three, lower: &Three, upper: &Three) -> [bool; 3] {
    std::array::from_fn(|i| {
        let pressed = (parameters[i] <= lower[i] && descent[i] <= 0.0)
            || (parameters[i] >= upper[i] && descent[i] >= 0.0);
        !pressed
    })
}

/// The damped step: `(A + damping diag A) step = J^T r` for the free parameters, 0 for the others.
fn solve(normal: &Normal, free: [bool; 3], damping: f64) -> Option<Three> {
    let (factor, scale) = decompose(&normal.curvature, free, damping)?;
    let right = std::array::from_fn(|i| if free[i] { normal.descent[i] * scale[i] } else { 0.0 });
    let step = substitute(&factor, right);
    let step: Three = std::array::from_fn(|i| step[i] * scale[i]);
    step.iter().all(|part| part.is_finite()).then_some(step)
}

/// The inverse of J^T J over the free parameters, NaN for the others; `None` where it is singular.
pub(super) fn invert(curvature: &[Three; 3], free: [bool; 3]) -> Option<[Three; 3]> {
    let (factor, scale) = decompose(curvature, free, 0.0)?;
    let columns: [Three; 3] =
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
fn decompose(curvature: &[Three; 3], free: [bool; 3], damping: f64) -> Option<([Three; 3], Three)> {
    let scale: Three = std::array::from_fn(|i| if free[i] { curvature[i][i].sqrt().recip() } else { 1.0 });
    if !scale.iter().all(|s| s.is_finite() && *s > 0.0) {
        return None;
    }
    let mut factor = [[0.0; 3]; 3];
    for i in 0..3 {
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

fn substitute(factor: &[Three; 3], mut right: Three) -> Three {
    for i in 0..3 {
        for k in 0..i {
            right[i] -= factor[i][k] * right[k];
        }
        right[i] /= factor[i][i];
    }
    for i in (0..3).rev() {
        for k in i + 1..3 {
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
        let evaluate = |p: &Three| {
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
        let open = minimise(evaluate, [0.0; 3], &[-9.0; 3], &[9.0; 3], 0.0, 100).unwrap();
        assert!(open.converged && (open.parameters[1] + 1.0).abs() < 1e-9);
        let held = minimise(evaluate, [0.0; 3], &[-9.0, 0.0, -9.0], &[9.0; 3], 0.0, 100).unwrap();
        // With p1 = 0 the least of (3 - x)^2 + (x - 4)^2 / 4 is at x = 3.2.
        assert!(held.converged && held.parameters[1] == 0.0 && (held.parameters[0] - 3.2).abs() < 1e-9);
    }
}
