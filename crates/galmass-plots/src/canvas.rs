//! From a [`Picture`] to a file: the choice of the format, the two renderers, and the write that cannot fail halfway.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use plotters::backend::{BitMapBackend, DrawingBackend, SVGBackend};
use plotters::style::text_anchor::{HPos, Pos, VPos};
use plotters::style::{Color, FontTransform, RGBAColor, RGBColor, ShapeStyle, TextStyle};
use tempfile::{NamedTempFile, TempPath};

use crate::colour_map::{Rgb, WHITE};
use crate::error::PlotError;
use crate::font;
use crate::picture::{Align, Image, Ink, Picture, Point, Rect, Shape, Text};

/// White around everything \[pt\].
const MARGIN: f64 = 5.0;
/// Plotters draws on whole numbers, so a point is divided into this many.
const UNITS_PER_POINT: u32 = 8;
/// A pixel of a PNG is the mean of this many units squared: that smooths edges which plotters leaves jagged.
const UNITS_PER_PIXEL: u32 = 2;
/// Pixels of a PNG per point: 288 dots per inch.
const PIXELS_PER_POINT: u32 = UNITS_PER_POINT / UNITS_PER_PIXEL;
/// The longest side of a page \[pt\]: a square one takes 3 GB while it becomes a PNG.
const LONGEST_SIDE: f64 = 4000.0;
/// Finer images are averaged down to about this many cells a side in an SVG, where each run of cells is an element.
const SVG_CELLS: usize = 200;
/// As above, in a PNG, where more than one cell per unit could not be seen.
const PNG_CELLS: usize = 1200;

type Failure = Box<dyn std::error::Error + Send + Sync>;

/// The format of a file, by its extension.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Format {
    Png,
    Svg,
}

impl Format {
    fn of(path: &Path) -> Result<Self, PlotError> {
        let extension = path.extension().and_then(|extension| extension.to_str()).unwrap_or_default();
        match extension.to_ascii_lowercase().as_str() {
            "png" => Ok(Self::Png),
            "svg" => Ok(Self::Svg),
            _ => Err(PlotError::UnknownExtension { path: path.to_owned() }),
        }
    }
}

/// Where a figure goes: a path with an extension that is known.
#[derive(Clone, Debug)]
pub(crate) struct Destination {
    path: PathBuf,
    format: Format,
}

impl Destination {
    /// Reads the format off a path, before any work is done.
    pub(crate) fn new(path: &Path) -> Result<Self, PlotError> {
        Ok(Self { path: path.to_owned(), format: Format::of(path)? })
    }

    /// Writes a picture with a margin around it, in place of a file of that name.
    pub(crate) fn write(&self, picture: Picture) -> Result<(), PlotError> {
        let bounds = picture.bounds().grown(MARGIN);
        let (width_pt, height_pt) = (bounds.width(), bounds.height());
        if width_pt.max(height_pt) > LONGEST_SIDE {
            let path = self.path.clone();
            return Err(PlotError::TooLarge { path, width_pt, height_pt, limit_pt: LONGEST_SIDE });
        }
        let (page, size) = on_a_page(picture);
        let temporary = self.temporary_file().map_err(|source| self.write_error(source))?;
        let rendered = match self.format {
            Format::Png => write_png(&page, size, &temporary),
            Format::Svg => write_svg(&page, size, &temporary),
        };
        rendered.map_err(|source| PlotError::Render { path: self.path.clone(), source })?;
        temporary.persist(&self.path).map_err(|failed| self.write_error(failed.error))
    }

    /// An empty file beside the figure, which vanishes unless it is renamed.
    fn temporary_file(&self) -> io::Result<TempPath> {
        let folder = match self.path.parent() {
            Some(folder) if folder != Path::new("") => folder,
            _ => Path::new("."),
        };
        let suffix = match self.format {
            Format::Png => ".png",
            Format::Svg => ".svg",
        };
        let mut builder = tempfile::Builder::new();
        builder.prefix(".galmass-plots-").suffix(suffix);
        // A temporary file is private by default; a figure is as readable as any file of its owner.
        #[cfg(unix)]
        builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
        builder.tempfile_in(folder).map(NamedTempFile::into_temp_path)
    }

    fn write_error(&self, source: io::Error) -> PlotError {
        PlotError::Write { path: self.path.clone(), source }
    }
}

/// Moves a picture to a page of whole points with a margin; frames at whole points stay at whole points.
fn on_a_page(picture: Picture) -> (Picture, (u32, u32)) {
    let bounds = picture.bounds().grown(MARGIN);
    let (left, top) = (bounds.left.floor(), bounds.top.floor());
    let size = ((bounds.right - left).ceil() as u32, (bounds.bottom - top).ceil() as u32);
    let mut page = Picture::default();
    page.append(picture, -left, -top);
    (page, size)
}

fn write_png(page: &Picture, (width, height): (u32, u32), path: &Path) -> Result<(), Failure> {
    let size = (width * PIXELS_PER_POINT, height * PIXELS_PER_POINT);
    let pixels = rasterised(page, size)?;
    let mut file = BitMapBackend::new(path, size);
    file.blit_bitmap((0, 0), size, &pixels)?;
    Ok(file.present()?)
}

/// The red, green and blue of an image of `size`, row by row from the top.
fn rasterised(page: &Picture, size: (u32, u32)) -> Result<Vec<u8>, Failure> {
    let fine_size = (size.0 * UNITS_PER_PIXEL, size.1 * UNITS_PER_PIXEL);
    let mut fine = vec![255; fine_size.0 as usize * fine_size.1 as usize * 3];
    {
        let mut surface = Raster(BitMapBackend::with_buffer(&mut fine, fine_size));
        page.shapes.iter().try_for_each(|shape| draw(&mut surface, shape))?;
    }
    Ok(averaged(&fine, size))
}

/// The means of squares of `UNITS_PER_PIXEL` pixels of an RGB image, for an image of `size`.
fn averaged(fine: &[u8], (width, height): (u32, u32)) -> Vec<u8> {
    let (side, width) = (UNITS_PER_PIXEL as usize, width as usize);
    let fine_row = width * side * 3;
    let mut coarse = Vec::with_capacity(width * height as usize * 3);
    for rows in fine.chunks_exact(fine_row * side) {
        for column in 0..width {
            for channel in 0..3 {
                let inside = (0..side * side).map(|k| (k / side, column * side + k % side));
                let sum: u32 = inside.map(|(row, x)| u32::from(rows[row * fine_row + x * 3 + channel])).sum();
                coarse.push((sum / (UNITS_PER_PIXEL * UNITS_PER_PIXEL)) as u8);
            }
        }
    }
    coarse
}

fn write_svg(page: &Picture, (width, height): (u32, u32), path: &Path) -> Result<(), Failure> {
    let size = (width * UNITS_PER_POINT, height * UNITS_PER_POINT);
    let mut body = String::new();
    {
        let mut surface = Vector(SVGBackend::with_string(&mut body, size));
        surface.rectangle((0, 0), (size.0 as i32, size.1 as i32), solid(WHITE))?;
        page.shapes.iter().try_for_each(|shape| draw(&mut surface, shape))?;
        surface.0.present()?;
    }
    // Plotters would show a unit as a pixel, eight times too large; and smoothed cells would show their seams.
    let elements = body.split_once('\n').map_or("", |(_, elements)| elements);
    let head = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<svg xmlns=\"http://www.w3.org/2000/svg\" \
         width=\"{width}pt\" height=\"{height}pt\" viewBox=\"0 0 {} {}\" stroke-linejoin=\"round\">\n\
         <style>rect {{ shape-rendering: crispEdges }}</style>\n",
        size.0, size.1
    );
    Ok(fs::write(path, head + elements)?)
}

/// A position in units.
type Unit = (i32, i32);

/// What the two formats draw differently, or, like plotters' own rasteriser, not well enough.
trait Surface {
    /// Finer images are averaged down to about this many cells a side.
    const IMAGE_CELLS: usize;

    fn rectangle(&mut self, from: Unit, to: Unit, style: ShapeStyle) -> Result<(), Failure>;
    fn path(&mut self, points: &[Unit], style: ShapeStyle) -> Result<(), Failure>;
    fn polygon(&mut self, points: Vec<Unit>, style: ShapeStyle) -> Result<(), Failure>;
    fn disc(&mut self, centre: Unit, radius: u32, style: ShapeStyle) -> Result<(), Failure>;
    fn text(&mut self, text: &Text) -> Result<(), Failure>;
}

struct Raster<'a>(BitMapBackend<'a>);

impl Surface for Raster<'_> {
    const IMAGE_CELLS: usize = PNG_CELLS;

    fn rectangle(&mut self, from: Unit, to: Unit, style: ShapeStyle) -> Result<(), Failure> {
        Ok(self.0.draw_rect(from, to, &style, true)?)
    }

    /// Each segment as a bar with round ends: plotters' own thick lines break at sharp corners.
    fn path(&mut self, points: &[Unit], style: ShapeStyle) -> Result<(), Failure> {
        for segment in points.windows(2) {
            self.segment(segment[0], segment[1], style)?;
        }
        let joins = points.get(1..points.len().saturating_sub(1)).unwrap_or_default();
        for &join in joins {
            self.disc(join, style.stroke_width / 2, style)?;
        }
        Ok(())
    }

    fn polygon(&mut self, points: Vec<Unit>, style: ShapeStyle) -> Result<(), Failure> {
        Ok(self.0.fill_polygon(points, &style)?)
    }

    fn disc(&mut self, (x, y): Unit, radius: u32, style: ShapeStyle) -> Result<(), Failure> {
        // Row by row: plotters' own discs blend some pixels twice, which shows where they are transparent.
        let radius = radius as i32;
        for row in -radius..radius {
            let height = f64::from(row) + 0.5;
            let reach = (f64::from(radius * radius) - height * height).sqrt().round() as i32;
            self.rectangle((x - reach, y + row), (x + reach, y + row + 1), style)?;
        }
        Ok(())
    }

    fn text(&mut self, text: &Text) -> Result<(), Failure> {
        let em = text.size * f64::from(UNITS_PER_POINT);
        let size = em * font::LINE_HEIGHT_PER_EM;
        // Anchored at its top, plotters puts the baseline half a size lower.
        Ok(self.0.draw_text(&text.text, &style_of(text, size), hung(text, 0.5 * size))?)
    }
}

impl Raster<'_> {
    fn segment(&mut self, from: Unit, to: Unit, style: ShapeStyle) -> Result<(), Failure> {
        let width = style.stroke_width as i32;
        let half = width / 2;
        if from.0 == to.0 || from.1 == to.1 {
            let (low, high) = ((from.0.min(to.0), from.1.min(to.1)), (from.0.max(to.0), from.1.max(to.1)));
            return if from.0 == to.0 {
                self.rectangle((low.0 - half, low.1), (low.0 - half + width, high.1), style)
            } else {
                self.rectangle((low.0, low.1 - half), (high.0, low.1 - half + width), style)
            };
        }
        let (dx, dy) = (f64::from(to.0 - from.0), f64::from(to.1 - from.1));
        let scale = 0.5 * f64::from(width) / dx.hypot(dy);
        let (nx, ny) = ((-dy * scale).round() as i32, (dx * scale).round() as i32);
        let bar = [
            (from.0 + nx, from.1 + ny),
            (to.0 + nx, to.1 + ny),
            (to.0 - nx, to.1 - ny),
            (from.0 - nx, from.1 - ny),
        ];
        self.polygon(bar.to_vec(), style)
    }
}

struct Vector<'a>(SVGBackend<'a>);

impl Surface for Vector<'_> {
    const IMAGE_CELLS: usize = SVG_CELLS;

    fn rectangle(&mut self, from: Unit, to: Unit, style: ShapeStyle) -> Result<(), Failure> {
        Ok(self.0.draw_rect(from, to, &style, true)?)
    }

    fn path(&mut self, points: &[Unit], style: ShapeStyle) -> Result<(), Failure> {
        Ok(self.0.draw_path(points.iter().copied(), &style)?)
    }

    fn polygon(&mut self, points: Vec<Unit>, style: ShapeStyle) -> Result<(), Failure> {
        Ok(self.0.fill_polygon(points, &style)?)
    }

    fn disc(&mut self, centre: Unit, radius: u32, style: ShapeStyle) -> Result<(), Failure> {
        Ok(self.0.draw_circle(centre, radius, &style, true)?)
    }

    fn text(&mut self, text: &Text) -> Result<(), Failure> {
        let em = text.size * f64::from(UNITS_PER_POINT);
        // Plotters writes the size divided by 1.24 as the em, and hangs the baseline 0.76 em below the anchor.
        Ok(self.0.draw_text(&text.text, &style_of(text, 1.24 * em), hung(text, 0.76 * em))?)
    }
}

/// The position from which plotters hangs a text whose baseline lies `drop` units lower.
fn hung(text: &Text, drop: f64) -> Unit {
    let Point { x, y } = text.at;
    let scale = f64::from(UNITS_PER_POINT);
    if text.turned {
        ((x * scale - drop).round() as i32, (y * scale).round() as i32)
    } else {
        ((x * scale).round() as i32, (y * scale - drop).round() as i32)
    }
}

fn style_of(text: &Text, line_height: f64) -> TextStyle<'static> {
    let horizontal = match text.align {
        Align::Start => HPos::Left,
        Align::Middle => HPos::Center,
        Align::End => HPos::Right,
    };
    let transform = if text.turned { FontTransform::Rotate270 } else { FontTransform::None };
    let font = font::font(line_height, text.bold).transform(transform);
    font.color(&colour(text.colour)).pos(Pos::new(horizontal, VPos::Top))
}

fn draw<S: Surface>(surface: &mut S, shape: &Shape) -> Result<(), Failure> {
    match shape {
        Shape::Rect { rect, ink } => {
            surface.rectangle(units(rect.corners()[0]), units(rect.corners()[2]), style(*ink, 0.0))
        }
        Shape::Path { points, width, ink } => {
            let points: Vec<Unit> = points.iter().map(|&point| units(point)).collect();
            surface.path(&points, style(*ink, *width))
        }
        Shape::Polygon { points, ink } => {
            surface.polygon(points.iter().map(|&point| units(point)).collect(), style(*ink, 0.0))
        }
        Shape::Disc { centre, radius, ink } => {
            let radius = (radius * f64::from(UNITS_PER_POINT)).round() as u32;
            surface.disc(units(*centre), radius, style(*ink, 0.0))
        }
        Shape::Image { rect, image } => draw_image(surface, *rect, &shrunk(image, S::IMAGE_CELLS)),
        Shape::Text(text) => surface.text(text),
    }
}

/// Draws each run of equal cells in a row as one rectangle.
fn draw_image<S: Surface>(surface: &mut S, rect: Rect, image: &Image) -> Result<(), Failure> {
    let n_rows = image.rows();
    let edge = |low: f64, length: f64, index: usize, n: usize| {
        ((low + length * index as f64 / n as f64) * f64::from(UNITS_PER_POINT)).round() as i32
    };
    let x = |column: usize| edge(rect.left, rect.width(), column, image.columns);
    let y = |row: usize| edge(rect.top, rect.height(), row, n_rows);
    for (row, cells) in image.cells.chunks_exact(image.columns).enumerate() {
        let mut column = 0;
        for run in cells.chunk_by(|a, b| a == b) {
            let (from, to) = (column, column + run.len());
            column = to;
            if let Some(rgb) = run[0] {
                surface.rectangle((x(from), y(row)), (x(to), y(row + 1)), solid(rgb))?;
            }
        }
    }
    Ok(())
}

/// Averages blocks of cells, as many as bring the longer side near `limit`; a block is known if any cell is.
fn shrunk(image: &Image, limit: usize) -> Image {
    let (columns, rows) = (image.columns, image.rows());
    let block = columns.max(rows).div_ceil(limit);
    if block <= 1 {
        return image.clone();
    }
    let block_at = |row: usize, column: usize| {
        let inside = (row..(row + block).min(rows))
            .flat_map(move |y| (column..(column + block).min(columns)).map(move |x| y * columns + x));
        mean_colour(inside.filter_map(|index| image.cells[index]))
    };
    let cells = (0..rows)
        .step_by(block)
        .flat_map(|row| (0..columns).step_by(block).map(move |column| (row, column)))
        .map(|(row, column)| block_at(row, column))
        .collect();
    Image { columns: columns.div_ceil(block), cells }
}

fn mean_colour(colours: impl Iterator<Item = Rgb>) -> Option<Rgb> {
    let (sum, n) = colours.fold(([0_u32; 3], 0), |(sum, n), Rgb(red, green, blue)| {
        ([sum[0] + u32::from(red), sum[1] + u32::from(green), sum[2] + u32::from(blue)], n + 1)
    });
    (n > 0).then(|| Rgb((sum[0] / n) as u8, (sum[1] / n) as u8, (sum[2] / n) as u8))
}

/// In units, on the edge of a pixel: that keeps straight lines sharp.
fn units(point: Point) -> Unit {
    let pixel =
        |position: f64| (position * f64::from(PIXELS_PER_POINT)).round() as i32 * UNITS_PER_PIXEL as i32;
    (pixel(point.x), pixel(point.y))
}

fn style(ink: Ink, width: f64) -> ShapeStyle {
    let color = colour(ink.colour).mix(ink.opacity);
    ShapeStyle { color, filled: true, stroke_width: (width * f64::from(UNITS_PER_POINT)).round() as u32 }
}

fn solid(rgb: Rgb) -> ShapeStyle {
    style(rgb.into(), 0.0)
}

fn colour(Rgb(red, green, blue): Rgb) -> RGBAColor {
    RGBColor(red, green, blue).to_rgba()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::colour_map::{BLACK, BLUE, VERMILION};

    const RED: Rgb = VERMILION;

    /// The colour of the pixel in which a point of the page lies.
    fn pixel(picture: &Picture, x: f64, y: f64) -> Rgb {
        let size = (20 * PIXELS_PER_POINT, 20 * PIXELS_PER_POINT);
        let pixels = rasterised(picture, size).unwrap();
        let scale = f64::from(PIXELS_PER_POINT);
        let start = 3 * ((y * scale) as usize * size.0 as usize + (x * scale) as usize);
        Rgb(pixels[start], pixels[start + 1], pixels[start + 2])
    }

    #[test]
    fn the_extension_decides_the_format() {
        assert_eq!(Format::of(Path::new("a/b.png")).unwrap(), Format::Png);
        assert_eq!(Format::of(Path::new("b.SVG")).unwrap(), Format::Svg);
        for name in ["b.pdf", "png", "b.", ".svg", ""] {
            assert!(matches!(Format::of(Path::new(name)), Err(PlotError::UnknownExtension { .. })), "{name}");
        }
    }

    #[test]
    fn an_image_has_its_first_row_on_top_and_its_gaps_transparent() {
        let mut picture = Picture::default();
        let cells = vec![Some(BLUE), Some(RED), None, Some(BLACK)];
        picture.image(Rect::new(0.0, 0.0, 20.0, 20.0), Image { columns: 2, cells });
        assert_eq!(pixel(&picture, 5.0, 5.0), BLUE);
        assert_eq!(pixel(&picture, 15.0, 5.0), RED);
        assert_eq!(pixel(&picture, 5.0, 15.0), WHITE);
        assert_eq!(pixel(&picture, 15.0, 15.0), BLACK);
    }

    #[test]
    fn lines_discs_and_polygons_cover_what_they_should() {
        let at = |x: f64, y: f64| Point { x, y };
        let mut picture = Picture::default();
        picture.path(vec![at(2.0, 2.0), at(18.0, 2.0), at(18.0, 18.0)], 1.0, BLUE);
        picture.disc(at(8.0, 12.0), 3.0, RED);
        picture.polygon(vec![at(1.0, 5.0), at(7.0, 5.0), at(1.0, 8.0)], BLACK);
        assert_eq!(pixel(&picture, 10.0, 2.0), BLUE);
        assert_eq!(pixel(&picture, 18.0, 10.0), BLUE);
        assert_eq!(pixel(&picture, 8.0, 12.0), RED);
        assert_eq!(pixel(&picture, 2.0, 6.0), BLACK);
        assert_eq!(pixel(&picture, 14.0, 12.0), WHITE);
    }

    #[test]
    fn text_has_ink_where_its_bounds_say() {
        let mut picture = Picture::default();
        let text = Text::beside("H", 10.0, 10.0, 12.0, Align::Middle);
        let bounds = text.bounds();
        picture.text(text);
        let size = (20 * PIXELS_PER_POINT, 20 * PIXELS_PER_POINT);
        let pixels = rasterised(&picture, size).unwrap();
        let inked: Vec<Point> = pixels
            .chunks_exact(3)
            .enumerate()
            .filter(|(_, rgb)| rgb[0] < 128)
            .map(|(index, _)| (index % size.0 as usize, index / size.0 as usize))
            .map(|(x, y)| Point { x: x as f64 / 4.0, y: y as f64 / 4.0 })
            .collect();
        assert!(inked.len() > 100);
        assert!(inked.iter().all(|&point| bounds.contains(point)));
        // A capital is centred on the height that was asked for.
        let mean = inked.iter().map(|point| point.y + 0.125).sum::<f64>() / inked.len() as f64;
        assert!((mean - 10.0).abs() < 0.3, "{mean}");
    }

    #[test]
    fn shrinking_averages_the_known_cells() {
        let cells = vec![Some(Rgb(0, 0, 0)), Some(Rgb(100, 0, 0)), None, None, None, Some(Rgb(7, 7, 7))];
        let image = Image { columns: 2, cells };
        assert_eq!(shrunk(&image, 3), image);
        let small = shrunk(&image, 2);
        assert_eq!(small, Image { columns: 1, cells: vec![Some(Rgb(50, 0, 0)), Some(Rgb(7, 7, 7))] });
    }

    #[test]
    fn a_picture_is_moved_to_a_page_that_holds_all_of_it() {
        let mut picture = Picture::default();
        picture.rect(Rect::new(-3.5, -2.0, 10.0, 5.0), BLACK);
        let (page, (width, height)) = on_a_page(picture);
        let bounds = page.bounds();
        assert!(bounds.left >= MARGIN && bounds.top >= MARGIN);
        assert!(bounds.right + MARGIN <= f64::from(width) && bounds.bottom + MARGIN <= f64::from(height));
    }
}
