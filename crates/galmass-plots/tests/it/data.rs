//! Made-up data that look like the real ones, the same in every run.

use galmass_plots::{ColourScale, MapPanel, MatrixPanel};
use ndarray::{Array2, ArrayView2};

/// A small generator of normal deviates: the figures need no better one.
pub(crate) struct Noise(u64);

impl Noise {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed)
    }

    fn uniform(&mut self) -> f64 {
        // Knuth's MMIX generator; the high bits are the random ones.
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        ((self.0 >> 11) as f64 + 0.5) / (1_u64 << 53) as f64
    }

    pub(crate) fn normal(&mut self) -> f64 {
        (-2.0 * self.uniform().ln()).sqrt() * (std::f64::consts::TAU * self.uniform()).cos()
    }
}

/// The surface brightness of an inclined exponential disc with a bulge, noisy in its outskirts.
pub(crate) fn light(n_px: usize, axis_ratio: f64) -> Array2<f64> {
    let mut noise = Noise::new(1);
    on_grid(n_px, |x, y| {
        let radius = x.hypot(y / axis_ratio);
        let bright = 4e8 * (-radius / 0.6).exp() + 2e9 * (-x.hypot(y) / 0.12).exp();
        bright * (1.0 + 200.0 / bright.sqrt() * noise.normal())
    })
}

/// A rotating disc seen out to a circle.
pub(crate) fn velocity(n_px: usize, v_max_km_s: f64) -> Array2<f64> {
    let mut noise = Noise::new(2);
    on_grid(n_px, |x, y| {
        let rotation = v_max_km_s * (x.hypot(y) / 0.7).tanh() * x / x.hypot(y).max(1e-9);
        if x.hypot(y) < 3.2 { rotation + 8.0 * noise.normal() } else { f64::NAN }
    })
}

/// The dispersion of the same disc.
pub(crate) fn dispersion(n_px: usize) -> Array2<f64> {
    let mut noise = Noise::new(3);
    on_grid(n_px, |x, y| {
        let radius = x.hypot(y);
        if radius < 3.2 { 45.0 + 130.0 * (-radius / 1.2).exp() + 4.0 * noise.normal() } else { f64::NAN }
    })
}

/// A function on a mesh over +-3.
fn on_grid(n_px: usize, mut value: impl FnMut(f64, f64) -> f64) -> Array2<f64> {
    let centre = |index: usize| 6.0 * (index as f64 + 0.5) / n_px as f64 - 3.0;
    Array2::from_shape_fn((n_px, n_px), |(row, column)| value(centre(column), centre(row)))
}

/// A panel over +-3 half-mass radii.
pub(crate) fn panel<'a>(
    title: &str,
    values: ArrayView2<'a, f64>,
    scale: ColourScale,
    colour_label: &str,
) -> MapPanel<'a> {
    MapPanel {
        title: title.to_owned(),
        values,
        extent: [-9.6, 9.6, -9.6, 9.6],
        x_label: "x [kpc]".to_owned(),
        y_label: "y [kpc]".to_owned(),
        scale,
        colour_label: colour_label.to_owned(),
        circle_radius: Some(3.2),
        ellipses: Vec::new(),
    }
}

/// Masses and their estimates, a little too low at the massive end.
pub(crate) fn masses(n: usize, scatter: f64) -> (Vec<f64>, Vec<f64>) {
    let mut noise = Noise::new(4);
    (0..n)
        .map(|_| {
            let truth = 9.4 + (0.6 * noise.normal()).abs() + 0.3 * noise.normal();
            (truth, truth + 0.02 - 0.04 * (truth - 10.0) + scatter * noise.normal())
        })
        .unzip()
}

/// A training that over-fits after some fifty epochs.
pub(crate) fn losses(n_epochs: usize) -> (Vec<f64>, Vec<f64>) {
    let mut noise = Noise::new(5);
    (0..n_epochs)
        .map(|index| {
            let epoch = index as f64;
            let training = 0.011 + 0.9 * (-epoch / 6.0).exp() + 0.03 * (-epoch / 40.0).exp();
            let validation = training + 0.004 + 1.5e-4 * epoch;
            (training * (0.03 * noise.normal()).exp(), validation * (0.08 * noise.normal()).exp())
        })
        .unzip()
}

/// The ten features of Chu et al. (2024) and six masses and fractions, correlated as vectors of a plane are.
pub(crate) fn correlations() -> (Vec<String>, Array2<f64>) {
    let names = [
        "M_r", "g − r", "SFR", "n_Ser", "c/a", "σ_v", "λ_R", "B/T", "f_cold", "f_hot", "M★", "M_DM", "M_tot",
        "f★", "f_DM", "M★/L",
    ];
    let angles: Vec<f64> = (0..names.len()).map(|index| (index * index) as f64 * 0.7).collect();
    let coefficients = Array2::from_shape_fn((names.len(), names.len()), |(a, b)| {
        if a == b { 1.0 } else { 0.95 * (angles[a] - angles[b]).cos() }
    });
    (names.map(String::from).to_vec(), coefficients)
}

/// The scatter of networks on the suites that they were and were not trained on, and its errors \[dex\].
pub(crate) fn transfer() -> (Vec<String>, Array2<f64>, Array2<f64>) {
    let suites = ["contracted", "cored", "pooled"].map(String::from).to_vec();
    let scatter = ndarray::array![[0.051, 0.092, 0.071], [0.088, 0.049, 0.070], [0.055, 0.054, 0.055]];
    let errors = scatter.mapv(|scatter: f64| 0.04 * scatter);
    (suites, scatter, errors)
}

pub(crate) fn matrix<'a>(suites: &'a [String], values: ArrayView2<'a, f64>) -> MatrixPanel<'a> {
    MatrixPanel {
        title: "Scatter".into(),
        row_names: suites,
        column_names: suites,
        values,
        errors: None,
        decimals: 3,
        row_label: "trained on".into(),
        column_label: "tested on".into(),
        scale: ColourScale::Linear { range: None },
        colour_label: "scatter [dex]".into(),
    }
}

/// Coverage of central intervals of posteriors too narrow, and of a joint test with its band, of 300 galaxies.
pub(crate) fn coverages() -> (Vec<f64>, [Vec<f64>; 2], Vec<[f64; 2]>) {
    let levels: Vec<f64> = (0..=20).map(|k| f64::from(k) / 20.0).collect();
    let mut noise = Noise::new(5);
    let narrow = levels.iter().map(|level| level.powf(1.6)).collect();
    let exact: Vec<f64> = levels
        .iter()
        .map(|level| level + 0.8 * (level * (1.0 - level) / 300.0).sqrt() * noise.normal())
        .collect();
    let band = exact.iter().zip(&levels).map(|(coverage, level)| {
        let reach = 1.96 * (level * (1.0 - level) / 300.0).sqrt();
        [coverage - reach, coverage + reach]
    });
    let band = band.collect();
    (levels, [narrow, exact], band)
}

/// Transforms of exact posteriors, and of posteriors too narrow.
pub(crate) fn transforms(n: usize) -> [Vec<f64>; 2] {
    let mut noise = Noise::new(6);
    let exact: Vec<f64> = (0..n).map(|_| noise.uniform()).collect();
    let narrow = exact.iter().map(|x| 0.5 + 0.5 * (2.0 * x - 1.0).signum() * (2.0 * x - 1.0).abs().powf(0.6));
    let narrow = narrow.collect();
    [exact, narrow]
}

/// Enclosed masses at ten radii: true, and the intervals of 68 and 95 per cent of two tracers.
pub(crate) struct Profiles {
    pub(crate) radii: Vec<f64>,
    pub(crate) truth: Vec<f64>,
    pub(crate) medians: [Vec<f64>; 2],
    pub(crate) bands: [[Vec<[f64; 2]>; 2]; 2],
}

pub(crate) fn profiles() -> Profiles {
    let radii: Vec<f64> = (3..=12).map(|k| f64::from(k) / 5.0).collect();
    let truth: Vec<f64> = radii.iter().map(|radius| 3e10 * radius.powf(1.3)).collect();
    let of = |offset: f64, width: f64| {
        let median: Vec<f64> = truth.iter().map(|mass| mass * 10f64.powf(offset)).collect();
        let bands = [2.0, 1.0].map(|sigmas| {
            let band = median.iter().zip(&radii).map(|(mass, radius)| {
                let reach = sigmas * width * (0.7 + 0.3 * radius);
                [mass * 10f64.powf(-reach), mass * 10f64.powf(reach)]
            });
            band.collect::<Vec<_>>()
        });
        (median, bands)
    };
    let (gas, both) = (of(-0.05, 0.12), of(0.01, 0.06));
    Profiles { radii, truth, medians: [gas.0, both.0], bands: [gas.1, both.1] }
}
