//! What transforms of meshes need, whatever their values are.

/// Turns rows into columns, in tiles that stay in the cache: `from` has `rows` times `columns` values, row by row.
///
/// # Panics
/// If either has fewer values than that.
///
/// # Examples
/// ```
/// use galmass_core::mesh::transpose;
///
/// let mut columns = [0; 6];
/// transpose(&[1, 2, 3, 4, 5, 6], &mut columns, 2, 3);
/// assert_eq!(columns, [1, 4, 2, 5, 3, 6]);
/// ```
pub fn transpose<T: Copy>(from: &[T], to: &mut [T], rows: usize, columns: usize) {
    const TILE: usize = 16;
    for first_row in (0..rows).step_by(TILE) {
        for first_column in (0..columns).step_by(TILE) {
            for row in first_row..(first_row + TILE).min(rows) {
                for column in first_column..(first_column + TILE).min(columns) {
                    to[column * rows + row] = from[row * columns + column];
                }
            }
        }
    }
}

/// The next number without prime factors above 5: quick to transform. 0 has 1.
///
/// # Examples
/// ```
/// use galmass_core::mesh::next_smooth;
///
/// assert_eq!([0, 1, 7, 599, 95].map(next_smooth), [1, 1, 8, 600, 96]);
/// ```
pub fn next_smooth(at_least: usize) -> usize {
    let is_smooth = |number: &usize| {
        let mut rest = *number;
        for factor in [2, 3, 5] {
            while rest.is_multiple_of(factor) {
                rest /= factor;
            }
        }
        rest == 1
    };
    (at_least.max(1)..).find(is_smooth).unwrap_or(at_least)
}
