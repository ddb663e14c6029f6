//! Table 5 of Chu et al. (2024): what its rows learn from, what they tell, and what the paper found.

/// A feature of table 1 of the paper.
pub(crate) struct Feature {
    /// The paper's symbol.
    pub(crate) symbol: &'static str,
    /// The array of a set of samples.
    pub(crate) array: &'static str,
}

const fn feature(symbol: &'static str, array: &'static str) -> Feature {
    Feature { symbol, array }
}

/// The ten features, the magnitude first: "w/o mag" is all but the first.
pub(crate) const FEATURES: [Feature; 10] = [
    feature("M_r", "magnitude_r"),
    feature("g − r", "aperture_colour_g_r"),
    feature("SFR", "star_formation_rate_msun_yr"),
    feature("n_Ser", "sersic_index"),
    feature("c/a", "minor_to_major"),
    feature("σ_v", "velocity_dispersion_km_s"),
    feature("λ_R", "lambda_r"),
    feature("B/T", "bulge_to_total"),
    feature("f_cold", "cold_fraction"),
    feature("f_hot", "hot_fraction"),
];

/// Samples beyond these are left out, as in section 2.3 of the paper: the Sersic index and B/T.
pub(crate) const LIMITS: [(&str, f64); 2] = [("n_Ser", 100.0), ("B/T", 1.0)];

/// What a row tells, within the stellar half-mass radius; all are learnt and scored as decimal logarithms.
pub(crate) struct Target {
    /// The paper's symbol.
    pub(crate) symbol: &'static str,
    /// The symbol in file names.
    pub(crate) word: &'static str,
    /// The array of a set of samples, and whether it is a logarithm already.
    pub(crate) array: &'static str,
    pub(crate) is_logarithm: bool,
    /// The logarithm on an axis, with its unit.
    pub(crate) label: &'static str,
}

pub(crate) const TARGETS: [Target; 6] = [
    Target {
        symbol: "M★",
        word: "stars",
        array: "log10_stellar_mass_msun",
        is_logarithm: true,
        label: "log₁₀ M★ [M☉]",
    },
    Target {
        symbol: "M_DM",
        word: "dark_matter",
        array: "log10_dark_matter_mass_msun",
        is_logarithm: true,
        label: "log₁₀ M_DM [M☉]",
    },
    Target {
        symbol: "M_tot",
        word: "total",
        array: "log10_total_mass_msun",
        is_logarithm: true,
        label: "log₁₀ M_tot [M☉]",
    },
    Target {
        symbol: "f★",
        word: "stellar_fraction",
        array: "stellar_fraction",
        is_logarithm: false,
        label: "log₁₀ f★ [1]",
    },
    Target {
        symbol: "f_DM",
        word: "dark_matter_fraction",
        array: "dark_matter_fraction",
        is_logarithm: false,
        label: "log₁₀ f_DM [1]",
    },
    Target {
        symbol: "M★/L",
        word: "mass_to_light",
        array: "log10_mass_to_light_r_msun_lsun",
        is_logarithm: true,
        label: "log₁₀ M★/L_r [M☉/L☉]",
    },
];

/// What the names of rows end in that have more than the paper's features.
pub(crate) const AND_MORE: &str = "_and_more";

/// A row of the table.
#[derive(Clone, Copy)]
pub(crate) struct Row {
    pub(crate) section: &'static str,
    /// Whether the magnitude is among its features ("default"), or not ("w/o mag").
    pub(crate) has_magnitude: bool,
    /// Its place among [`TARGETS`].
    pub(crate) target: usize,
    /// Bias and 1-sigma scatter of the paper \[dex\].
    pub(crate) paper: [f64; 2],
}

const fn row(section: &'static str, has_magnitude: bool, target: usize, paper: [f64; 2]) -> Row {
    Row { section, has_magnitude, target, paper }
}

pub(crate) const ROWS: [Row; 9] = [
    row("5.2", true, 0, [0.00, 0.05]),
    row("5.2", false, 0, [0.00, 0.08]),
    row("5.2", true, 1, [0.00, 0.13]),
    row("5.2", false, 1, [0.00, 0.15]),
    row("5.2", true, 2, [0.00, 0.08]),
    row("5.2", false, 2, [0.00, 0.11]),
    row("5.3", true, 3, [0.01, 0.08]),
    row("5.3", true, 4, [0.00, 0.06]),
    row("5.3", true, 5, [0.00, 0.06]),
];
