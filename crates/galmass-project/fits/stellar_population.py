"""Fits the coefficients of src/photometry/fitted.rs. Run with pynbody 2.8.0 and NumPy 2; prints Rust arrays.

The data are two tables of simple stellar populations that pynbody installs (pynbody/analysis/):

* lsst_ssp.txt: PARSEC v1.2S + COLIBRI isochrones from CMD 3.7, Kroupa IMF, LSST g and r (AB), Z = 0.00016 to 0.0095;
* cmdlum.npz: older Padova isochrones, U to K (Vega), Z up to 0.03. Only its *differences* between metallicities above
  0.01 are used, to carry the first table on to Z = 0.03, through the colour equations of Jester et al. (2005).
"""

from importlib.resources import files

import numpy as np

SOLAR, OLDEST = 0.0152, 10.1
N_AGE, N_METALLICITY, MAX_DEGREE = 4, 2, 4
CLIP_MAG = 0.3  # single asymptotic-giant-branch spikes of the table, not to be followed

tables = files("pynbody.analysis")
rows = [line.split() for line in (tables / "lsst_ssp.txt").read_text().splitlines() if line[0] != "#"]
parsec = np.array(rows, dtype=float)
age, metallicity = np.log10(parsec[:, 0]), parsec[:, 1]
magnitudes = {"G": parsec[:, 4], "R": parsec[:, 5]}

padova = np.load(tables / "cmdlum.npz")
log_z = np.log10(padova["mets"])
richest = metallicity.max()


def padova_change(band, at_age, to):
    """How a magnitude changes from the richest population of the first table to another, at one age."""
    at = [[np.interp(np.log10(z), log_z, row) for row in padova[band].T] for z in (richest, to)]
    return np.interp(at_age, np.log10(padova["ages"]), np.array(at[1]) - np.array(at[0]))


def with_metal_rich(band):
    """The columns age, metallicity and magnitude, with the carried-on populations below those of the table."""
    top = metallicity == richest
    columns = [(age, metallicity, magnitudes[band])]
    for z in (0.0152, 0.02, 0.025, 0.03):
        blue, visual = (padova_change(b, age[top], z) for b in "bv")
        # Jester et al. 2005: g = V + 0.60 (B - V) - 0.12 and r = V - 0.42 (B - V) + 0.11.
        change = visual + {"G": 0.60, "R": -0.42}[band] * (blue - visual)
        columns.append((age[top], np.full(top.sum(), z), magnitudes[band][top] + change))
    return [np.concatenate(column) for column in zip(*columns)]


def terms(log_age, z):
    x, y = log_age - 9, np.log10(z / SOLAR)
    powers = [(i, j) for i in range(N_AGE + 1) for j in range(N_METALLICITY + 1) if i + j <= MAX_DEGREE]
    return powers, np.array([x**i * y**j for i, j in powers]).T


for band in "GR":
    log_age, z, magnitude = with_metal_rich(band)
    keep = (log_age > 6.99) & (log_age < OLDEST + 0.01)
    log_age, z, magnitude = log_age[keep], z[keep], magnitude[keep]
    powers, matrix = terms(log_age, z)
    used = np.ones(len(magnitude), bool)
    for _ in range(10):
        solution = np.linalg.lstsq(matrix[used], magnitude[used], rcond=None)[0]
        residual = matrix @ solution - magnitude
        used = abs(residual) < CLIP_MAG
    table = np.zeros((N_AGE + 1, N_METALLICITY + 1))
    for (i, j), value in zip(powers, solution):
        table[i, j] = value
    old = used & (log_age > 8.99)
    print(f"// {band}: rms {residual[used].std():.3f} mag, older than 1 Gyr {residual[old].std():.3f} mag, "
          f"largest {abs(residual[used]).max():.2f} mag, {len(used) - used.sum()} of {len(used)} clipped")
    for row in table:
        print("[" + ", ".join(f"{value:.4f}" for value in row) + "],")
    for a, metal in ((7.5, 0.0095), (9.0, 0.0095), (10.0, 0.0095), (10.0, 0.00155), (9.0, 0.00016)):
        nearest = np.argmin(abs(age - a) + abs(np.log10(metallicity / metal)))
        at = terms(age[nearest : nearest + 1], metallicity[nearest : nearest + 1])[1] @ solution
        print(f"// age 1e{age[nearest]:.1f} yr, Z = {metallicity[nearest]}: {magnitudes[band][nearest]}, fit {at[0]:.3f}")
