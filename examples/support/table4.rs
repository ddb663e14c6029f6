//! Table 4 of Chu et al. (2024) as data: what goes in, what comes out, and what the paper found.

use crate::set_learning::Input;

use Input::{ColourGR, ImageR, StarMaps};

/// A mass, or a mass to light ratio, as it is in a set of samples, and as people write it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Target {
    pub(crate) name: &'static str,
    pub(crate) label: &'static str,
    pub(crate) unit: &'static str,
}

pub(crate) const STARS: Target = Target { name: "log10_stellar_mass_msun", label: "M★", unit: "M☉" };
pub(crate) const STARS_2R: Target =
    Target { name: "log10_stellar_mass_msun_2r", label: "M★(<2R)", unit: "M☉" };
pub(crate) const STARS_2D: Target =
    Target { name: "log10_projected_stellar_mass_msun", label: "M★2D", unit: "M☉" };
pub(crate) const STARS_2D_2R: Target =
    Target { name: "log10_projected_stellar_mass_msun_2r", label: "M★2D(<2R)", unit: "M☉" };
pub(crate) const TOTAL: Target = Target { name: "log10_total_mass_msun", label: "Mtot", unit: "M☉" };
pub(crate) const TOTAL_2R: Target =
    Target { name: "log10_total_mass_msun_2r", label: "Mtot(<2R)", unit: "M☉" };
pub(crate) const MASS_TO_LIGHT: Target =
    Target { name: "log10_mass_to_light_r_msun_lsun", label: "M★/L", unit: "M☉/L☉" };

/// What a row is scored on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Scored {
    /// A target that the network was trained on, by its place.
    Trained(usize),
    /// 1 - M★/Mtot of a network that was trained on both, which counts gas as dark.
    DarkFraction,
    /// The same of early types.
    DarkFractionOfEarlyTypes,
}

/// A row of the table.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Row {
    /// Its number: 1 to 24 from the top of the table; 25 and 26 are the coarser images of section 4.1.
    pub(crate) id: usize,
    pub(crate) section: &'static str,
    pub(crate) inputs: &'static [Input],
    /// Pixels of the image that are added up to one, along a side.
    pub(crate) rebin: usize,
    pub(crate) trained_on: &'static [Target],
    pub(crate) scored: Scored,
    /// Bias and scatter of the paper \[dex\]; section 4.1 quotes no bias for coarser images, it is taken as 0.
    pub(crate) paper: [f64; 2],
}

const R: &[Input] = &[ImageR];
const GR: &[Input] = &[ImageR, ColourGR];
const V: &[Input] = &[StarMaps];
const R_V: &[Input] = &[ImageR, StarMaps];
const GR_V: &[Input] = &[ImageR, ColourGR, StarMaps];

const fn row(
    id: usize,
    section: &'static str,
    inputs: &'static [Input],
    trained_on: &'static [Target],
    paper: [f64; 2],
) -> Row {
    Row { id, section, inputs, rebin: 1, trained_on, scored: Scored::Trained(0), paper }
}

const BOTH: &[Target] = &[STARS, TOTAL];

/// All rows, and the two coarser resolutions.
pub(crate) const ROWS: [Row; 26] = [
    row(1, "4.1", R, &[STARS], [0.00, 0.06]),
    row(2, "4.1", R, &[STARS_2D], [-0.01, 0.07]),
    row(3, "4.1", GR, &[STARS], [0.00, 0.05]),
    row(4, "4.1", GR, &[STARS_2D], [0.00, 0.06]),
    row(5, "4.1", V, &[STARS], [0.00, 0.05]),
    row(6, "4.1", V, &[STARS_2D], [0.00, 0.05]),
    row(7, "4.1", R_V, &[STARS], [0.00, 0.04]),
    row(8, "4.1", R_V, &[STARS_2D], [0.00, 0.05]),
    row(9, "4.1", R_V, &[STARS_2R], [0.00, 0.04]),
    row(10, "4.1", R_V, &[STARS_2D_2R], [0.00, 0.04]),
    row(11, "4.2", R, &[TOTAL], [0.00, 0.07]),
    row(12, "4.2", GR, &[TOTAL], [0.00, 0.07]),
    row(13, "4.2", V, &[TOTAL], [0.00, 0.09]),
    row(14, "4.2", R_V, &[TOTAL], [0.00, 0.06]),
    row(15, "4.2", R_V, &[TOTAL_2R], [0.00, 0.06]),
    row(16, "4.3", R_V, BOTH, [0.01, 0.04]),
    Row { scored: Scored::Trained(1), ..row(17, "4.3", R_V, BOTH, [-0.01, 0.06]) },
    Row { scored: Scored::DarkFraction, ..row(18, "4.3", R_V, BOTH, [0.02, 0.05]) },
    Row { scored: Scored::DarkFractionOfEarlyTypes, ..row(19, "4.3", R_V, BOTH, [-0.02, 0.04]) },
    row(20, "4.4", R, &[MASS_TO_LIGHT], [0.01, 0.10]),
    row(21, "4.4", V, &[MASS_TO_LIGHT], [0.01, 0.11]),
    row(22, "4.4", R_V, &[MASS_TO_LIGHT], [0.01, 0.07]),
    row(23, "4.4", GR, &[MASS_TO_LIGHT], [0.01, 0.05]),
    row(24, "4.4", GR_V, &[MASS_TO_LIGHT], [0.00, 0.04]),
    Row { rebin: 2, ..row(25, "4.1", R, &[STARS], [0.00, 0.06]) },
    Row { rebin: 5, ..row(26, "4.1", R, &[STARS], [0.00, 0.07]) },
];

impl Row {
    /// The inputs in the paper's words.
    pub(crate) fn inputs_label(&self) -> &'static str {
        let has = |input| self.inputs.contains(&input);
        match (has(ImageR), has(ColourGR), has(StarMaps)) {
            (true, false, false) => "r",
            (true, true, false) => "g, r",
            (false, _, true) => "2 V maps",
            (true, false, true) => "r + 2 V",
            _ => "g, r + 2 V",
        }
    }

    /// What is predicted, in the paper's words.
    pub(crate) fn scored_label(&self) -> String {
        match self.scored {
            Scored::Trained(target) => self.trained_on[target].label.into(),
            Scored::DarkFraction => "fDM".into(),
            Scored::DarkFractionOfEarlyTypes => "fDM of ETGs".into(),
        }
    }

    /// A name for the training, which rows may share.
    pub(crate) fn training_name(&self) -> String {
        let inputs = self.inputs.iter().map(|input| input.name()).collect::<Vec<_>>().join("-");
        let targets = self.trained_on.iter().map(|target| target.name.trim_start_matches("log10_"));
        let targets = targets.collect::<Vec<_>>().join("-");
        match self.rebin {
            1 => format!("{inputs}.{targets}"),
            factor => format!("{inputs}.{targets}.rebin-{factor}"),
        }
    }
}

/// The rows of a list such as `1,5-8,20`, or `all`.
pub(crate) fn rows(list: &str) -> Result<Vec<Row>, String> {
    if list == "all" {
        return Ok(ROWS.into());
    }
    let number = |text: &str| text.trim().parse::<usize>().ok().filter(|id| (1..=ROWS.len()).contains(id));
    let mut chosen = Vec::new();
    for part in list.split(',') {
        let (first, last) = part.split_once('-').unwrap_or((part, part));
        let (Some(first), Some(last)) = (number(first), number(last)) else {
            return Err(format!("--rows {list}: `{part}` is no row; there are 1 to {}", ROWS.len()));
        };
        chosen.extend(first..=last);
    }
    Ok(ROWS.into_iter().filter(|row| chosen.contains(&row.id)).collect())
}
