//! Why a network says what it says: figures and arrays for some galaxies.

use std::error::Error;
use std::path::{Path, PathBuf};

use galmass::dataset::Inputs;
use galmass::net::{Model, Predictor};
use galmass::plots::{
    ColourScale, MapPanel, ProfilePanel, ProfileScale, ProfileSeries, SeriesStyle, draw_maps, draw_profiles,
};
use hdf5_metno as hdf5;
use ndarray::{Array2, Array3, Array4, Axis, concatenate, s};

use crate::galaxy_batches::Name;

/// Steps of the integral: its sum is good to a per cent.
const N_STEPS: usize = 64;
/// Rings over half the width of a map; the corners lie beyond the last.
const N_RINGS: usize = 8;
/// Half the width of the maps in half-mass radii.
const HALF_WIDTH: f64 = 3.0;

/// Explains the first target of the first galaxies.
pub(crate) struct Explanations<'a> {
    model: &'a Model,
    folder: &'a Path,
    n_wanted: usize,
    /// `[sample, channel, row, column]` for each branch.
    attributions: Vec<Vec<Array4<f64>>>,
    /// `[sample, ring, target]`
    occlusions: Vec<Array3<f64>>,
    n_done: usize,
}

impl<'a> Explanations<'a> {
    pub(crate) fn new(model: &'a Model, folder: &'a Path, n_wanted: usize) -> Self {
        let attributions = model.network.branches.iter().map(|_| Vec::new()).collect();
        Self { model, folder, n_wanted, attributions, occlusions: Vec::new(), n_done: 0 }
    }

    /// Explains galaxies of a batch, as long as there are some wanted, and draws a figure for each.
    pub(crate) fn add(
        &mut self,
        predictor: &dyn Predictor,
        inputs: &Inputs,
        names: &[Name],
    ) -> Result<(), Box<dyn Error>> {
        let chosen: Vec<usize> = (0..inputs.n_samples().min(self.n_wanted - self.n_done)).collect();
        if chosen.is_empty() {
            return Ok(());
        }
        let inputs = inputs.select(&chosen);
        let explained = predictor.integrate_gradients(&inputs, 0, N_STEPS)?;
        self.occlusions.push(predictor.occlude_rings(&inputs, &edges())?);
        for &sample in &chosen {
            let path = self.folder.join(format!("explanation_{:05}.png", self.n_done + sample));
            let value = explained.values[sample];
            self.draw(&path, names[sample], value, &inputs, &explained.branches, sample)?;
        }
        for (all, maps) in self.attributions.iter_mut().zip(explained.branches) {
            all.push(maps);
        }
        self.n_done += chosen.len();
        Ok(())
    }

    /// The maps above, what their pixels add below.
    fn draw(
        &self,
        path: &Path,
        name: Name,
        value: f64,
        inputs: &Inputs,
        attributions: &[Array4<f64>],
        sample: usize,
    ) -> Result<(), Box<dyn Error>> {
        let mut maps: Vec<(String, Array2<f64>, Array2<f64>)> = Vec::new();
        for (branch, (seen, added)) in
            self.model.normalisation.branches.iter().zip(inputs.branches.iter().zip(attributions))
        {
            for (index, channel) in branch.channels.iter().enumerate() {
                let seen = seen.slice(s![sample, index, .., ..]).mapv(f64::from);
                let added = added.slice(s![sample, index, .., ..]).to_owned();
                maps.push((channel.channel.to_string(), seen, added));
            }
        }
        let unit = &self.model.target_units[0];
        let rows = [
            maps.iter()
                .map(|(title, seen, _)| {
                    map_panel(title.clone(), seen, ColourScale::Linear { range: None }, "scaled".into())
                })
                .collect::<Vec<_>>(),
            maps.iter()
                .map(|(_, _, added)| {
                    map_panel(
                        "adds".into(),
                        added,
                        ColourScale::Symmetric { limit: None },
                        format!("{unit} per pixel"),
                    )
                })
                .collect(),
        ];
        let target = &self.model.normalisation.targets[0].name;
        let Name { file, galaxy_id, line_of_sight } = name;
        let title = format!("galaxy {galaxy_id} of file {file}, side {line_of_sight}: {target} = {value:.3}");
        Ok(draw_maps(path, &title, &rows)?)
    }

    /// Draws what the rings are worth and writes all arrays.
    pub(crate) fn finish(self) -> Result<(), Box<dyn Error>> {
        if self.n_done == 0 {
            return Ok(());
        }
        let occlusions = joined(&self.occlusions)?;
        let edges = edges();
        let middles: Vec<f64> = edges.windows(2).map(|ring| 0.5 * HALF_WIDTH * (ring[0] + ring[1])).collect();
        let lost: Vec<Vec<f64>> = occlusions.outer_iter().map(|rings| rings.column(0).to_vec()).collect();
        let series = lost.iter().enumerate().map(|(number, lost)| ProfileSeries {
            label: if self.n_done <= 6 { format!("row {number}") } else { String::new() },
            x: &middles,
            y: lost,
            errors: None,
            style: SeriesStyle::Line,
        });
        let panel = ProfilePanel {
            title: String::new(),
            x_label: "radius of the ring [R]".into(),
            y_label: format!("seen − blank [{}]", self.model.target_units[0]),
            x_scale: ProfileScale::Linear,
            y_scale: ProfileScale::Linear,
            series: series.collect(),
            marks: Vec::new(),
            is_low: false,
        };
        let target = &self.model.normalisation.targets[0].name;
        draw_profiles(
            &self.folder.join("occlusion.png"),
            &format!("What rings add to {target}"),
            &[vec![panel]],
        )?;

        let path: PathBuf = self.folder.join("explanations.hdf5");
        let file = hdf5::File::create(&path).map_err(|error| format!("{}: {error}", path.display()))?;
        for (branch, maps) in self.model.network.branches.iter().zip(&self.attributions) {
            let name = format!("attributions_{}", branch.name);
            file.new_dataset_builder().with_data(&joined(maps)?).create(name.as_str())?;
        }
        file.new_dataset_builder().with_data(&occlusions).create("occlusions")?;
        file.new_dataset_builder().with_data(&edges).create("ring_edges_in_half_widths")?;
        Ok(file.close()?)
    }
}

/// Equal rings, and one for the corners.
fn edges() -> Vec<f64> {
    let mut edges: Vec<f64> = (0..=N_RINGS).map(|edge| edge as f64 / N_RINGS as f64).collect();
    edges.push(1.5);
    edges
}

fn joined<D: ndarray::RemoveAxis>(
    pieces: &[ndarray::Array<f64, D>],
) -> Result<ndarray::Array<f64, D>, Box<dyn Error>> {
    let views: Vec<_> = pieces.iter().map(|piece| piece.view()).collect();
    Ok(concatenate(Axis(0), &views)?)
}

fn map_panel(title: String, values: &Array2<f64>, scale: ColourScale, colour_label: String) -> MapPanel<'_> {
    MapPanel {
        title,
        values: values.view(),
        extent: [-HALF_WIDTH, HALF_WIDTH, -HALF_WIDTH, HALF_WIDTH],
        x_label: "x [R]".into(),
        y_label: "y [R]".into(),
        scale,
        colour_label,
        circle_radius: Some(1.0),
        ellipses: Vec::new(),
    }
}
