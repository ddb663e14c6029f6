//! Mock observations: one galaxy and one line of sight to images, kinematic maps and masses.
