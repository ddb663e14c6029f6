//! Profiles that are known within intervals.

use std::path::Path;

use crate::axes::{Axes, SPINE, draw_title};
use crate::canvas::Destination;
use crate::colour_map::Rgb;
use crate::error::PlotError;
use crate::grid;
use crate::picture::{Ink, Picture, Point};
use crate::profiles::{ProfilePanel, check, fits, panel_with};
use crate::scale::is_known;

/// The opacity of a band: two over one another can be told from one.
const BAND: f64 = 0.2;
/// The edges of a band, which can be followed through others.
const EDGE: f64 = 0.6;

/// One panel of posteriors of profiles.
#[derive(Clone, Debug)]
pub struct PosteriorPanel<'a> {
    /// Axes and lines: medians, and what is true.
    pub profiles: ProfilePanel<'a>,
    /// The intervals behind them, the widest first.
    pub bands: Vec<ProfileBand<'a>>,
}

/// Intervals at places, such as that of 68 per cent of a posterior.
#[derive(Clone, Debug)]
pub struct ProfileBand<'a> {
    /// The places.
    pub x: &'a [f64],
    /// The lower and the upper end at each, as many. Where one is not finite there is a gap; on a logarithmic axis what is
    /// not above 0 lies below the frame.
    pub ends: &'a [[f64; 2]],
    /// The series that it belongs to, by its place in [`ProfilePanel::series`]: the band has its colour.
    pub series: usize,
}

/// Draws rows of panels, each with the lines of a [`ProfilePanel`] over bands of their colours, into a PNG or SVG file: the
/// posteriors of mass profiles from several tracers, say, beside the true one.
///
/// Bands that lie over one another add up, so that the interval of 68 per cent is darker than that of 95 around it. Each axis
/// spans lines and bands.
///
/// # Errors
/// [`PlotError`] for an extension other than `.png` and `.svg`, no panels, slices of one series or band with different
/// lengths, a band of a series that is not there, a page of more than 4000 points a side, and a file that cannot be written.
///
/// # Examples
/// ```
/// use galmass_plots::{
///     PosteriorPanel, ProfileBand, ProfilePanel, ProfileScale, ProfileSeries, SeriesStyle, draw_posteriors,
/// };
///
/// let radii = [0.6, 1.2, 2.4];
/// let line = |label: &str, y, style| ProfileSeries { label: label.into(), x: &radii, y, errors: None, style };
/// let panel = PosteriorPanel {
///     profiles: ProfilePanel {
///         title: "Galaxy 7".into(),
///         x_label: "r [R]".into(),
///         y_label: "M(<r) [M☉]".into(),
///         x_scale: ProfileScale::Linear,
///         y_scale: ProfileScale::Log,
///         series: vec![
///             line("stars and gas", &[1.0e10, 3.0e10, 8.0e10], SeriesStyle::Line),
///             line("true", &[1.1e10, 3.2e10, 7.5e10], SeriesStyle::Points),
///         ],
///         marks: Vec::new(),
///         is_low: false,
///     },
///     bands: vec![ProfileBand {
///         x: &radii,
///         ends: &[[0.8e10, 1.3e10], [2.5e10, 3.6e10], [6.0e10, 1.0e11]],
///         series: 0,
///     }],
/// };
/// let folder = tempfile::tempdir()?;
/// let path = folder.path().join("profile.svg");
/// draw_posteriors(&path, "Enclosed mass", &[vec![panel]])?;
/// assert!(std::fs::read_to_string(&path)?.contains("stars and gas"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn draw_posteriors(path: &Path, title: &str, rows: &[Vec<PosteriorPanel<'_>>]) -> Result<(), PlotError> {
    let destination = Destination::new(path)?;
    destination.write(figure(title, rows)?)
}

fn figure(title: &str, rows: &[Vec<PosteriorPanel<'_>>]) -> Result<Picture, PlotError> {
    if rows.iter().all(Vec::is_empty) {
        return Err(PlotError::Empty { figure: title.to_owned(), what: "panels" });
    }
    for panel in rows.iter().flatten() {
        check(&panel.profiles)?;
        panel.bands.iter().try_for_each(|band| check_band(&panel.profiles, band))?;
    }
    let panel = |panel: &PosteriorPanel<'_>| panel_with(&panel.profiles, &panel.bands);
    let mut picture = grid::arranged(rows.iter().map(|row| row.iter().map(panel).collect()).collect());
    draw_title(&mut picture, title);
    Ok(picture)
}

fn check_band(panel: &ProfilePanel<'_>, band: &ProfileBand<'_>) -> Result<(), PlotError> {
    let (expected, found, figure) = (band.x.len(), band.ends.len(), panel.title.clone());
    if expected != found {
        let (first, second) = ("the places", "the band");
        return Err(PlotError::LengthsDiffer { figure, first, second, expected, found });
    }
    let n_series = panel.series.len();
    if band.series >= n_series {
        return Err(PlotError::NoSuchSeries { figure, index: band.series, n_series });
    }
    Ok(())
}

/// Fills a band, each stretch of known ends by itself, and returns its two edges; what lies beyond the frame is cut off.
pub(crate) fn draw_band(
    picture: &mut Picture,
    axes: &Axes,
    panel: &ProfilePanel<'_>,
    band: &ProfileBand<'_>,
    colour: Rgb,
) -> [Vec<Option<Point>>; 2] {
    let ends: Vec<_> = band
        .x
        .iter()
        .zip(band.ends)
        .map(|(&x, &[low, high])| {
            let is_placed = fits(panel.x_scale, x) && fits(panel.y_scale, high) && is_known(low);
            // On a logarithmic axis a band may reach down without end.
            let low = if fits(panel.y_scale, low) { low.max(axes.y.low) } else { axes.y.low };
            is_placed.then(|| [axes.place(x, low.min(high)), axes.place(x, high.max(axes.y.low))])
        })
        .collect();
    for stretch in ends.split(Option::is_none).filter(|stretch| stretch.len() > 1) {
        let edge = |side: usize| stretch.iter().flatten().map(move |ends| ends[side]);
        let outline: Vec<Point> = edge(0).chain(edge(1).collect::<Vec<_>>().into_iter().rev()).collect();
        picture.polygon(outline, Ink { colour, opacity: BAND });
        for side in [0, 1] {
            picture.path(edge(side).collect(), SPINE, Ink { colour, opacity: EDGE });
        }
    }
    [0, 1].map(|side| ends.iter().map(|ends| ends.map(|ends| ends[side])).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::picture::{Rect, Shape};
    use crate::profiles::{ProfileScale, ProfileSeries, SeriesStyle};

    const X: [f64; 4] = [1.0, 2.0, 3.0, 4.0];
    const Y: [f64; 4] = [1.0, 2.0, 4.0, 8.0];

    fn panel_of<'a>(ends: &'a [[f64; 2]], scale: ProfileScale) -> PosteriorPanel<'a> {
        let series = ["stars", "gas"].map(|label| ProfileSeries {
            label: label.into(),
            x: &X,
            y: &Y,
            errors: None,
            style: SeriesStyle::Line,
        });
        PosteriorPanel {
            profiles: ProfilePanel {
                title: "A galaxy".into(),
                x_label: "r [kpc]".into(),
                y_label: "M(<r) [M☉]".into(),
                x_scale: scale,
                y_scale: scale,
                series: series.into(),
                marks: Vec::new(),
                is_low: false,
            },
            bands: vec![ProfileBand { x: &X, ends, series: 1 }],
        }
    }

    fn bands(picture: &Picture) -> Vec<&[Point]> {
        fn of(shape: &Shape) -> Option<&[Point]> {
            match shape {
                Shape::Polygon { points, .. } => Some(points),
                _ => None,
            }
        }
        picture.shapes.iter().filter_map(of).collect()
    }

    #[test]
    fn bands_lie_in_the_frame_whatever_their_ends() {
        let hard = [[0.5, 2.0], [-1.0, 3.0], [0.0, 0.0], [1e-90, 1e90], [5.0, 3.0], [-4.0, -2.0]];
        for scale in [ProfileScale::Linear, ProfileScale::Log] {
            for ends in hard {
                let ends = [ends; 4];
                let panel = panel_of(&ends, scale);
                let picture = panel_with(&panel.profiles, &panel.bands);
                picture.assert_no_text_overlaps();
                let frame = Rect::new(0.0, 0.0, 170.0, 128.0).grown(0.1);
                assert!(
                    bands(&picture).iter().all(|band| band.iter().all(|&at| frame.contains(at))),
                    "{ends:?}"
                );
            }
        }
    }

    #[test]
    fn a_gap_in_a_band_stays_a_gap() {
        let mut ends = [[0.5, 2.0]; 4];
        let count = |ends: &[[f64; 2]]| {
            let panel = panel_of(ends, ProfileScale::Linear);
            bands(&panel_with(&panel.profiles, &panel.bands)).len()
        };
        assert_eq!(count(&ends), 1);
        ends[1][0] = f64::NAN;
        assert_eq!(count(&ends), 1, "a single place before it is no band");
        assert_eq!(count(&[[f64::NAN; 2]; 4]), 0);
    }

    #[test]
    fn bands_without_places_or_series_are_refused() {
        let error = figure("Posteriors", &[vec![panel_of(&[[0.0, 1.0]], ProfileScale::Log)]]).unwrap_err();
        assert!(matches!(error, PlotError::LengthsDiffer { second: "the band", expected: 4, found: 1, .. }));
        let ends = [[0.5, 2.0]; 4];
        let mut panel = panel_of(&ends, ProfileScale::Log);
        panel.bands[0].series = 2;
        let error = figure("Posteriors", &[vec![panel]]).unwrap_err();
        assert_eq!(error.to_string(), "in the figure \"A galaxy\", a band belongs to series 2 of 2");
        assert!(matches!(figure("Posteriors", &[]), Err(PlotError::Empty { what: "panels", .. })));
    }
}
