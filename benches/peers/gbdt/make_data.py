"""Writes the tables of the comparison, with fixed seeds.

  python make_data.py OUT [case ..]

Each case is a folder: `meta.json` (`n_train`, `n_test`, `n_features`, `layout`, and the settings of the training),
`y_train.f64` and `y_test.f64`, and little-endian doubles row by row, `X_train.f64` and `X_test.f64` (layout `dense`), or
`{train,test}.{indptr.i64,indices.i32,data.f64}` (layout `csr`).
"""
import json
import os
import sys

import numpy as np


def galaxies(n=28110, seed=20240607):
    """As many rows as Chu et al. (2024) have galaxies: ten correlated features of a few hidden variables, with exact
    zeros and rounded values among them, and a noisy target. Returns table, labels, rows to train on and to test."""
    random = np.random.default_rng(seed)
    normal = random.normal
    mass = 9.0 + random.gamma(2.2, 0.42, n)
    age = np.clip(5 + 2.2 * (mass - 10) + 1.8 * normal(size=n), 0.3, 13.5)
    spin = np.exp(-1.0 - 0.25 * (mass - 10) + 0.5 * normal(size=n))
    density = 0.4 * (mass - 10) + normal(size=n)
    quenched = 1 / (1 + np.exp(-(2.5 * (mass - 10.6) + 0.5 * (age - 7) + 0.6 * density)))
    radius = 0.35 + 0.25 * (mass - 10) + 0.35 * np.log10(spin / 0.3) - 0.2 * quenched + 0.12 * normal(size=n)
    colour = 0.35 + 0.35 * quenched + 0.03 * (age - 7) + 0.05 * normal(size=n)
    star_formation = np.where(random.random(n) < quenched, -2.5 + 0.4 * normal(size=n),
                              0.75 * (mass - 10) + 0.25 * normal(size=n))
    gas = np.clip(0.5 - 0.2 * (mass - 10) - 0.3 * quenched + 0.1 * normal(size=n), 0, 0.95)
    sersic = np.exp(0.2 + 0.9 * quenched + 0.35 * normal(size=n))
    dispersion = 2.0 + 0.3 * (mass - 10.5) - 0.25 * radius + 0.05 * normal(size=n)
    black_hole = mass - 3.0 + 0.4 * quenched + 0.35 * normal(size=n)
    metallicity = np.round(0.1 * np.tanh(2 * (mass - 10)) + 0.08 * normal(size=n), 2)
    table = np.column_stack([mass, radius, colour, star_formation, gas, sersic, dispersion, black_hole, metallicity,
                             density])
    labels = (1.8 + 0.55 * np.tanh(1.5 * (mass - 10.4)) + 0.8 * (mass - 10) + 0.25 * density * quenched
              - 0.5 * radius * (1 - quenched) + 0.15 * np.sin(4 * colour) + 0.2 * np.log(sersic) * (dispersion - 2)
              + 0.08 * normal(size=n) * (1 + quenched))
    rows = np.random.default_rng(7).permutation(n)
    return table, labels, rows[:18833], rows[18833:]


def one_hot(n=100_000, n_groups=20, n_levels=50, seed=5):
    """Columns of 0 and 1 that exclude one another, where bundles matter, and products of them."""
    import scipy.sparse

    random = np.random.default_rng(seed)
    share = 1 / (np.arange(n_levels) + 2.0)
    share /= share.sum()
    levels = random.choice(n_levels, size=(n, n_groups), p=share)
    effects = random.normal(size=(n_groups, n_levels))
    labels = effects[np.arange(n_groups), levels].sum(1)
    labels += 1.5 * (levels[:, 0] < 3) * (levels[:, 1] < 4) - 1.2 * (levels[:, 2] % 2) * (levels[:, 3] < 2)
    labels += random.normal(size=n)
    columns = (levels + np.arange(n_groups) * n_levels).ravel()
    table = scipy.sparse.csr_matrix((np.ones(n * n_groups), columns, np.arange(n + 1) * n_groups),
                                    shape=(n, n_groups * n_levels))
    n_train = int(0.8 * n)
    return table, labels, np.arange(n_train), np.arange(n_train, n)


def parted(table, labels, share, seed):
    rows = np.random.default_rng(seed).permutation(len(labels))
    n_train = int(share * len(labels))
    return table, labels, rows[:n_train], rows[n_train:]


def diabetes():
    from sklearn.datasets import load_diabetes

    return parted(*load_diabetes(return_X_y=True), 0.7, 1)


def friedman(n, n_features, seed):
    from sklearn.datasets import make_friedman1

    return parted(*make_friedman1(n, n_features, noise=1.0, random_state=seed), 1 / 1.2, seed + 1)


SMALL, LARGE = dict(num_leaves=5, rounds=500), dict(num_leaves=31, rounds=100)
CASES = {
    "galaxy": (galaxies, SMALL),
    "diabetes": (diabetes, SMALL),
    "friedman_1e6x10": (lambda: friedman(1_200_000, 10, 1), LARGE),
    "friedman_1e6x10_l5": ("friedman_1e6x10", SMALL),
    "friedman_1e5x50": (lambda: friedman(120_000, 50, 3), LARGE),
    "onehot_1e5x1000": (one_hot, LARGE),
}


def write_links(folder, other, settings):
    """The table of another case with other settings."""
    source = os.path.join(folder, "..", other)
    with open(os.path.join(source, "meta.json")) as file:
        meta = json.load(file)
    for name in os.listdir(source):
        path = os.path.join(folder, name)
        if name != "meta.json" and not os.path.lexists(path):
            os.symlink(os.path.join("..", other, name), path)
    return {**meta, **settings}


def write_case(folder, make, settings):
    table, labels, train, test = make()
    is_dense = isinstance(table, np.ndarray)
    for part, rows in (("train", train), ("test", test)):
        path = lambda name: os.path.join(folder, name)
        of_part = table[rows]
        if is_dense:
            np.ascontiguousarray(of_part, "<f8").tofile(path(f"X_{part}.f64"))
        else:
            of_part.indptr.astype("<i8").tofile(path(f"{part}.indptr.i64"))
            of_part.indices.astype("<i4").tofile(path(f"{part}.indices.i32"))
            of_part.data.astype("<f8").tofile(path(f"{part}.data.f64"))
        np.asarray(labels[rows], "<f8").tofile(path(f"y_{part}.f64"))
    return dict(n_train=len(train), n_test=len(test), n_features=int(table.shape[1]),
                layout="dense" if is_dense else "csr", learning_rate=0.1, min_data_in_leaf=20, max_bin=255, **settings)


def main():
    out = sys.argv[1]
    for name in sys.argv[2:] or CASES:
        make, settings = CASES[name]
        folder = os.path.join(out, name)
        os.makedirs(folder, exist_ok=True)
        write = write_links if isinstance(make, str) else write_case
        meta = {**write(folder, make, settings), "name": name}
        with open(os.path.join(folder, "meta.json"), "w") as file:
            json.dump(meta, file)
        print(meta)


if __name__ == "__main__":
    main()
