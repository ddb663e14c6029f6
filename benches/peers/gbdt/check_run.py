"""Trains LightGBM on the rows that a run of the example train_booster has trained on, with the same settings, and prints
its scores beside those of galmass.

  python check_run.py FOLDER      # where the example has left its results
"""
import csv
import json
import os
import re
import sys

import lightgbm
import numpy as np


def number(cell):
    named = {"": np.nan, "NA": np.nan, "null": np.nan, "True": 1.0, "true": 1.0, "False": 0.0, "false": 0.0}
    return named[cell] if cell in named else float(cell)


def read_table(path, columns):
    """The cells by name and line."""
    with open(path) as file:
        first = file.readline()
        file.seek(0)
        rows = list(csv.reader(file, delimiter="\t" if "\t" in first else ","))
    names = [str(i) for i in range(len(rows[0]))] if columns["no_header"] else [name.strip() for name in rows[0]]
    return names, [[cell.strip() for cell in row] for row in rows]


def main():
    folder = sys.argv[1]
    with open(os.path.join(folder, "settings.json")) as file:
        settings = json.load(file)["settings"]
    arguments, columns = settings["arguments"], settings["arguments"]["columns"]
    with open(os.path.join(folder, "model.txt")) as file:
        words = re.search("^feature_names=(.*)$", file.read(), re.M).group(1).split(" ")

    def word(name):
        label = f"column {name}" if columns["no_header"] else name
        return re.sub(r'[\s",:\[\]{}]', "_", f"log10 {label}" if name in columns["log10"] else label)

    tables = {"training": arguments["table"], "validation": arguments["table"],
              "test": arguments["test_table"] or arguments["table"]}
    tables = {part: read_table(path, columns) for part, path in tables.items()}
    with open(os.path.join(folder, "predictions.csv")) as file:
        predictions = list(csv.DictReader(file))

    parts = {}
    for part in dict.fromkeys(row["part"] for row in predictions):
        names, cells = tables[part]
        features = [names.index(name) for by_word in words for name in names if word(name) == by_word]
        rows = [row for row in predictions if row["part"] == part]
        x = np.array([[number(cells[int(row["line"]) - 1][i]) for i in features] for row in rows])
        with np.errstate(divide="ignore", invalid="ignore"):
            for place, feature in enumerate(features):
                if names[feature] in columns["log10"]:
                    x[:, place] = np.where(x[:, place] > 0, np.log10(x[:, place]), np.nan)
        parts[part] = x, np.array([float(row["true"]) for row in rows]), np.array([float(row["predicted"]) for row in rows])

    config = {name: value for name, value in settings["booster"].items() if value != []}
    config.update(objective="regression", verbose=-1, num_threads=1, deterministic=True, force_col_wise=True)
    config["max_depth"] = config["max_depth"] or -1
    rounds = config.pop("num_iterations")
    x, y, _ = parts["training"]
    data = lightgbm.Dataset(x, y)
    watched = [lightgbm.Dataset(*parts["validation"][:2], reference=data)] if config["early_stopping_round"] else None
    booster = lightgbm.train(config, data, rounds, valid_sets=watched)

    print(f"LightGBM {lightgbm.__version__}, numpy {np.__version__}")
    print(f"{'part':<12}{'rows':>8}{'bias':>12}{'scatter':>12}{'galmass':>12}{'difference':>12}{'predictions':>13}")
    for part, (x, y, own) in parts.items():
        found = booster.predict(x)
        print(f"{part:<12}{len(y):>8}{np.mean(found - y):>12.6f}{np.std(found - y):>12.6f}{np.std(own - y):>12.6f}"
              f"{np.std(own - y) - np.std(found - y):>12.1e}{np.abs(found - own).max():>13.1e}")


if __name__ == "__main__":
    main()
