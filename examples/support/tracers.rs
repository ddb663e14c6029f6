//! Networks that see gas, stars or both, of one suite or all, and what they say of mass profiles.

use std::error::Error;
use std::fs;
use std::path::Path;

use galmass::dataset::{SampleSet, Split};
use galmass::metrics::{
    Posteriors, TarpConfig, energy_scores, measure_joint_coverage, percentile,
    probability_integral_transforms,
};
use galmass::net::{
    AlignmentConfig, Engine, HeadConfig, MissingConfig, Model, NetworkConfig, Predictor, ProfileConfig,
    SampleSource, StoredSamples, TrainingConfig, mark_missing,
};
use ndarray::{Array2, ArrayView3, Axis, concatenate, s};
use serde::{Deserialize, Serialize};

use crate::set_learning::{Input, Parts, profile_radii, sample_maps, with_parts};
use crate::{learning, resumable};

/// The profile of a set that is told, a number a radius.
pub(crate) const PROFILE: &str = "log10_enclosed_total_mass_msun";
/// Draws from each posterior; the first of them for the energy score, whose cost is their square.
const N_DRAWS: usize = 500;
const N_DRAWS_OF_ENERGY: usize = 100;
/// Samples that are asked about at a time.
const BATCH: usize = 64;

/// What a network is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Tracers {
    Gas,
    Stars,
    Both,
}

impl Tracers {
    pub(crate) const ALL: [Self; 3] = [Self::Gas, Self::Stars, Self::Both];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Gas => "gas",
            Self::Stars => "stars",
            Self::Both => "both",
        }
    }

    fn inputs(self) -> &'static [Input] {
        match self {
            Self::Gas => &[Input::GasMaps],
            Self::Stars => &[Input::StarMaps],
            Self::Both => &[Input::StarMaps, Input::GasMaps],
        }
    }

    /// Which of the branches of a network for both it leaves.
    fn present(self) -> [bool; 2] {
        [self != Self::Gas, self != Self::Stars]
    }
}

/// One network to train.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Plan {
    pub(crate) tracers: Tracers,
    /// Whether it learns to do with one of the tracers.
    pub(crate) may_miss: bool,
    /// The suite that it learns from; none for all.
    pub(crate) suite: Option<u16>,
    /// The suite whose features are aligned, without its masses.
    pub(crate) aligned_to: Option<u16>,
}

impl Plan {
    pub(crate) fn separate(tracers: Tracers) -> Self {
        Self { tracers, may_miss: false, suite: None, aligned_to: None }
    }

    pub(crate) fn one_for_all() -> Self {
        Self { may_miss: true, ..Self::separate(Tracers::Both) }
    }

    pub(crate) fn of_suite(suite: u16, aligned_to: Option<u16>) -> Self {
        Self { suite: Some(suite), aligned_to, ..Self::separate(Tracers::Both) }
    }

    pub(crate) fn name(&self, suites: &[String]) -> String {
        let suite = |suite: u16| suites.get(usize::from(suite)).map_or("unknown", String::as_str);
        let mut name = self.tracers.name().to_string();
        if self.may_miss {
            name += "-or-either";
        }
        if let Some(own) = self.suite {
            name += &format!(".{}", suite(own));
        }
        if let Some(other) = self.aligned_to {
            name += &format!(".aligned-to-{}", suite(other));
        }
        name
    }
}

/// What a network says of the test part, sample by sample.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Evaluation {
    /// The 16th, 50th and 84th percentile of each radius, `[sample][radius][3]`.
    pub(crate) quantiles: Vec<Vec<[f64; 3]>>,
    /// The part of the posterior below the truth, `[radius][sample]`.
    pub(crate) transforms: Vec<Vec<f64>>,
    /// The part of the draws nearer to a random point than the truth: for the test of the joint posterior.
    pub(crate) nearer: Vec<f64>,
    /// The logarithm of the density at the truth, per dex of each radius.
    pub(crate) log_densities: Vec<f64>,
    pub(crate) energy_scores: Vec<f64>,
}

/// What all networks have in common.
pub(crate) struct Experiment<'a> {
    pub(crate) engine: &'a dyn Engine,
    pub(crate) set: &'a SampleSet,
    /// Of all suites.
    pub(crate) split: &'a Split,
    /// The targets by name.
    pub(crate) targets: &'a [String],
    pub(crate) head: HeadConfig,
    pub(crate) width: usize,
    pub(crate) training: TrainingConfig,
    /// The weight of the discrepancy where features are aligned.
    pub(crate) alignment: AlignmentConfig,
    pub(crate) folder: &'a Path,
}

impl Experiment<'_> {
    /// What the network of a plan says when it is shown some tracers; it is trained unless it was before.
    pub(crate) fn evaluate(&self, plan: &Plan, shown: Tracers) -> Result<Evaluation, Box<dyn Error>> {
        let name = plan.name(&self.set.manifest().description.suites);
        let folder = self.folder.join("trainings").join(&name);
        let path = folder.join(format!("shown-{}.json", shown.name()));
        if let Ok(text) = fs::read_to_string(&path) {
            return Ok(serde_json::from_str(&text).map_err(|error| format!("{}: {error}", path.display()))?);
        }
        eprintln!("{name}, shown {}", shown.name());
        fs::create_dir_all(&folder).map_err(|error| format!("{}: {error}", folder.display()))?;
        let targets: Vec<&str> = self.targets.iter().map(String::as_str).collect();
        let split = self.split_of(plan.suite);
        let said = with_parts(self.set, &split, plan.tracers.inputs(), &targets, 1, |parts| {
            let model = self.model(plan, parts, &folder)?;
            let missing = plan.may_miss.then(|| shown.present());
            self.ask(&*self.engine.open(&model)?, parts.test, missing)
        })?;
        resumable::write(&path, &serde_json::to_string(&said)?)?;
        Ok(said)
    }

    /// The split with the training and validation samples of one suite; the test part is that of all.
    fn split_of(&self, suite: Option<u16>) -> Split {
        let is_of = |sample: &usize| suite.is_none_or(|suite| self.set.keys().suite[*sample] == suite);
        let of = |part: &[usize]| part.iter().copied().filter(is_of).collect();
        Split {
            training: of(&self.split.training),
            validation: of(&self.split.validation),
            test: self.split.test.clone(),
        }
    }

    fn model(&self, plan: &Plan, parts: &Parts<'_>, folder: &Path) -> Result<Model, Box<dyn Error>> {
        let saved = folder.join("model.safetensors");
        if saved.exists() {
            return Ok(Model::load(&saved)?);
        }
        let network = NetworkConfig {
            width: self.width,
            head: self.head.clone(),
            profiles: Some(ProfileConfig::new(parts.normalisation, &[self.targets.len()])),
            missing: plan.may_miss.then(MissingConfig::default),
            ..NetworkConfig::chu2024(parts.normalisation)
        };
        let training =
            TrainingConfig { alignment: plan.aligned_to.map(|_| self.alignment), ..self.training.clone() };
        let others = plan.aligned_to.map(|suite| self.split_of(Some(suite)).training);
        let targets: Vec<&str> = self.targets.iter().map(String::as_str).collect();
        let maps = sample_maps(plan.tracers.inputs(), &targets);
        let unlabelled = match &others {
            Some(others) => Some(StoredSamples::new(self.set, others, &maps, parts.normalisation)?),
            None => None,
        };
        learning::train_network(
            self.engine,
            &network,
            parts.normalisation.clone(),
            [parts.training, parts.validation],
            unlabelled.as_ref().map(|samples| samples as &dyn SampleSource),
            &training,
            folder,
        )
    }

    /// Posteriors of all test samples; `missing` says which branches they have.
    fn ask(
        &self,
        predictor: &dyn Predictor,
        test: &dyn SampleSource,
        missing: Option<[bool; 2]>,
    ) -> Result<Evaluation, Box<dyn Error>> {
        let (n_samples, truths) = (test.n_samples(), self.truths()?);
        let (mut draws, mut log_densities) = (Vec::new(), Vec::new());
        let all: Vec<usize> = (0..n_samples).collect();
        for (batch, samples) in all.chunks(BATCH).enumerate() {
            let mut inputs = test.read(samples)?.inputs;
            if let Some(present) = missing {
                let present = Array2::from_shape_fn((samples.len(), 2), |(_, branch)| present[branch]);
                mark_missing(&mut inputs, present.view())?;
            }
            let posterior = &*predictor.posterior(&inputs)?;
            let of_batch = truths.slice(s![samples[0]..samples[0] + samples.len(), ..]);
            log_densities.extend(posterior.log_densities(of_batch)?);
            draws.push(posterior.samples(N_DRAWS, batch as u64));
        }
        let views: Vec<_> = draws.iter().map(|draws| draws.view()).collect();
        let draws = concatenate(Axis(0), &views)?;
        evaluation(draws.view(), &truths, log_densities)
    }

    /// The truths of the test part `[sample, radius]`.
    pub(crate) fn truths(&self) -> Result<Array2<f64>, Box<dyn Error>> {
        let profiles = self.set.array(PROFILE)?;
        let test = &self.split.test;
        Ok(Array2::from_shape_fn((test.len(), self.targets.len()), |(place, radius)| {
            f64::from(profiles.sample(test[place])[radius])
        }))
    }
}

fn evaluation(
    draws: ArrayView3<'_, f64>,
    truths: &Array2<f64>,
    log_densities: Vec<f64>,
) -> Result<Evaluation, Box<dyn Error>> {
    let (n_samples, n_draws, n_radii) = draws.dim();
    let truths = truths.iter().copied().collect::<Vec<_>>();
    let flat = |n_draws: usize| draws.slice(s![.., ..n_draws, ..]).iter().copied().collect::<Vec<_>>();
    let all = flat(n_draws);
    let posteriors = Posteriors::new(&all, &truths, n_draws, n_radii)?;
    let few = N_DRAWS_OF_ENERGY.min(n_draws);
    let first = flat(few);
    let quantiles = (0..n_samples).map(|sample| {
        let of_radius = |radius: usize| {
            let mut ordered = draws.slice(s![sample, .., radius]).to_vec();
            ordered.sort_by(f64::total_cmp);
            [0.16, 0.5, 0.84].map(|level| percentile(&ordered, level))
        };
        (0..n_radii).map(of_radius).collect()
    });
    let transforms = (0..n_radii).map(|radius| probability_integral_transforms(&posteriors, radius));
    let joint = TarpConfig { n_resamples: 0, ..TarpConfig::default() };
    Ok(Evaluation {
        quantiles: quantiles.collect(),
        transforms: transforms.collect::<Result<_, _>>()?,
        nearer: measure_joint_coverage(&posteriors, &joint)?.nearer,
        log_densities,
        energy_scores: energy_scores(&Posteriors::new(&first, &truths, few, n_radii)?)?,
    })
}

/// The samples of galaxies all of whose lines of sight have enough pixels with gas and with stars, so that each tracer
/// is asked about the same galaxies.
pub(crate) fn traced(set: &SampleSet, least_px: usize) -> Result<Vec<usize>, Box<dyn Error>> {
    let keys = set.keys();
    let mut poor = std::collections::BTreeSet::new();
    for name in ["velocity", "gas_velocity"] {
        let maps = set.array(name)?;
        for sample in 0..set.n_samples() {
            let n_known = maps.sample(sample).iter().filter(|velocity| velocity.is_finite()).count();
            if n_known < least_px {
                poor.insert(keys.galaxy_id[sample]);
            }
        }
    }
    let profile = set.array(PROFILE)?;
    for sample in 0..set.n_samples() {
        if profile.sample(sample).iter().any(|mass| !mass.is_finite()) {
            poor.insert(keys.galaxy_id[sample]);
        }
    }
    Ok((0..set.n_samples()).filter(|&sample| !poor.contains(&keys.galaxy_id[sample])).collect())
}

/// The radii of the profiles of a set \[half-mass radii\], as many as a profile has values.
pub(crate) fn radii(set: &SampleSet) -> Result<Vec<f64>, Box<dyn Error>> {
    let n_radii: usize = set.array(PROFILE)?.layout().shape.iter().product();
    let radii = profile_radii(set);
    match radii.len() == n_radii {
        true => Ok(radii),
        false => Err(format!("the set does not say at which {n_radii} radii its profiles are").into()),
    }
}

/// The galaxies of the test part.
pub(crate) fn test_galaxies(set: &SampleSet, split: &Split) -> Vec<u64> {
    split.test.iter().map(|&sample| set.keys().galaxy_id[sample]).collect()
}
