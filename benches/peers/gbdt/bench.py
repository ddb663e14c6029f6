"""Times boosters on the cases of make_data.py, in turns. Prints JSON lines
{peer, version, task, n, threads, median_s, metric}, where task is CASE/train, CASE/predict_batch or CASE/predict_row.

  python bench.py DATA [--cases a,b] [--peers x,y] [--threads 1,2] [--reps 3] [--rounds N] [--rust-bin DIR]
                  [--cmd NAME=PROGRAM]..      # any other program: see README.md

Each repetition runs every program once, so that a noisy neighbour hits all alike. Where others share the cores compare
`cpu_s` of one thread.
"""
import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from importlib.metadata import version

# Threads that wait for work without asking the system (the default) take 3 to 35 times as long as one thread where
# others share the cores. On an idle machine try OMP_WAIT_POLICY=active, too.
os.environ.setdefault("OMP_WAIT_POLICY", "passive")
import numpy as np


def load(folder):
    with open(os.path.join(folder, "meta.json")) as file:
        meta = json.load(file)
    read = lambda name, kind: np.fromfile(os.path.join(folder, name), kind)
    k = meta["n_features"]
    if meta["layout"] == "dense":
        tables = [read(f"X_{part}.f64", "<f8").reshape(-1, k) for part in ("train", "test")]
    else:
        from scipy.sparse import csr_matrix

        tables = [csr_matrix((read(f"{part}.data.f64", "<f8"), read(f"{part}.indices.i32", "<i4"),
                              read(f"{part}.indptr.i64", "<i8")), shape=(meta[f"n_{part}"], k))
                  for part in ("train", "test")]
    return meta, tables[0], read("y_train.f64", "<f8"), tables[1], read("y_test.f64", "<f8")


class LightGBM:
    package, more = "lightgbm", {}

    def fit(self, m, table, labels, threads):
        import lightgbm

        settings = dict(objective="regression", verbose=-1, num_threads=threads, num_leaves=m["num_leaves"],
                        learning_rate=m["learning_rate"], min_data_in_leaf=m["min_data_in_leaf"],
                        max_bin=m["max_bin"], **self.more)
        start = time.process_time()
        data = lightgbm.Dataset(table, labels, params=settings).construct()
        self.bin_s = time.process_time() - start
        self.model, self.threads = lightgbm.train(settings, data, m["rounds"]), threads

    def predict(self, table):
        return self.model.predict(table, num_threads=self.threads)


class LightGBMDeterministic(LightGBM):
    more = dict(force_col_wise=True, deterministic=True)


class LightGBMGoss(LightGBM):
    more = dict(data_sample_strategy="goss")


class LightGBMWithoutBundles(LightGBM):
    more = dict(enable_bundle=False)


class LightGBMQuantised(LightGBM):
    more = dict(use_quantized_grad=True)


class XGBoost:
    package = "xgboost"

    def fit(self, m, table, labels, threads):
        import xgboost

        settings = dict(objective="reg:squarederror", tree_method="hist", grow_policy="lossguide", max_depth=0,
                        max_leaves=m["num_leaves"], eta=m["learning_rate"], reg_lambda=0, nthread=threads,
                        min_child_weight=m["min_data_in_leaf"], max_bin=m["max_bin"])
        data = xgboost.QuantileDMatrix(table, labels, max_bin=m["max_bin"], nthread=threads)
        self.model = xgboost.train(settings, data, m["rounds"])
        self.model.set_param({"nthread": threads})

    def predict(self, table):
        return self.model.inplace_predict(table)


class CatBoost:
    package = "catboost"

    def fit(self, m, table, labels, threads):
        import catboost

        self.model = catboost.CatBoostRegressor(
            iterations=m["rounds"], learning_rate=m["learning_rate"], grow_policy="Lossguide", depth=16,
            max_leaves=m["num_leaves"], min_data_in_leaf=m["min_data_in_leaf"], border_count=min(254, m["max_bin"]),
            bootstrap_type="No", random_strength=0, thread_count=threads, logging_level="Silent",
            allow_writing_files=False)
        self.model.fit(table, labels)
        self.threads = threads

    def predict(self, table):
        return self.model.predict(table, thread_count=self.threads)


class HistGradientBoosting:
    package, takes_sparse = "scikit-learn", False

    def fit(self, m, table, labels, threads):
        from sklearn.ensemble import HistGradientBoostingRegressor
        from threadpoolctl import threadpool_limits

        self.limit = lambda: threadpool_limits(threads, user_api="openmp")
        with self.limit():
            self.model = HistGradientBoostingRegressor(
                max_iter=m["rounds"], learning_rate=m["learning_rate"], max_leaf_nodes=m["num_leaves"],
                min_samples_leaf=m["min_data_in_leaf"], max_bins=min(255, m["max_bin"]), early_stopping=False)
            self.model.fit(table, labels)

    def predict(self, table):
        with self.limit():
            return self.model.predict(table)


PEERS = {
    "lightgbm": LightGBM, "lightgbm_deterministic": LightGBMDeterministic, "lightgbm_goss": LightGBMGoss,
    "lightgbm_without_bundles": LightGBMWithoutBundles, "lightgbm_quantised": LightGBMQuantised, "xgboost": XGBoost,
    "catboost": CatBoost, "sklearn_hgb": HistGradientBoosting,
}
RUST = ["p_hessboost", "p_forust", "p_gbdt", "p_perpetual", "p_lightgbm3"]
# gbdt and perpetual take minutes for more rows, and gbdt has one thread.
MOST_ROWS = {"p_gbdt": 2e5, "p_perpetual": 2e5}
SETTINGS = ("rounds", "num_leaves", "learning_rate", "min_data_in_leaf", "max_bin")
TASKS = ("train", "predict_batch", "predict_row")


def rmse(predictions, labels):
    return float(np.sqrt(np.mean((predictions - labels) ** 2)))


def run_here(peer, case, threads, n_rows):
    """Seconds and processor seconds of training and batch prediction, seconds of a row, the error, and more."""
    meta, table, labels, test, test_labels = case
    if not getattr(peer, "takes_sparse", True) and not isinstance(table, np.ndarray):
        table, test = table.toarray(), test.toarray()
    model = peer()

    def timed(call):
        wall, cpu = time.perf_counter(), time.process_time()
        result = call()
        return result, time.perf_counter() - wall, time.process_time() - cpu

    _, train_s, train_cpu_s = timed(lambda: model.fit(meta, table, labels, threads))
    found, predict_s, predict_cpu_s = timed(lambda: np.asarray(model.predict(test)))
    rows = [test[row:row + 1] for row in range(min(n_rows, test.shape[0]))]
    for row in rows[:20]:
        model.predict(row)
    row_s = statistics.median(timed(lambda: model.predict(row))[1] for row in rows)
    return train_s, train_cpu_s, predict_s, predict_cpu_s, row_s, rmse(found, test_labels), {
        name: getattr(model, name) for name in ("bin_s",) if hasattr(model, name)}


def run_program(command, folder, case, threads):
    """The same of another program."""
    meta, test_labels = case[0], case[4]
    settings = {**{name: meta[name] for name in SETTINGS}, "threads": threads}
    with tempfile.NamedTemporaryFile() as file:
        environment = dict(os.environ, RAYON_NUM_THREADS=str(threads), OMP_NUM_THREADS=str(threads))
        ran = subprocess.run(command.split() + [folder, json.dumps(settings), file.name], capture_output=True,
                             text=True, env=environment)
        if ran.returncode:
            raise RuntimeError((ran.stderr or ran.stdout).strip().splitlines()[-1])
        times = json.loads(ran.stdout.strip().splitlines()[-1])
        found = np.fromfile(file.name, "<f8")
    return (times["train_s"], times.get("train_cpu_s", times["train_s"]), times["predict_s"],
            times.get("predict_cpu_s", times["predict_s"]), times.get("row_s"), rmse(found, test_labels),
            times.get("extra") or {})


def warm_up(peer, case, threads):
    """Imports, and threads: the first training has taken 2 seconds more."""
    meta, table, labels = case[:3]
    table = table[:2000]
    if not getattr(peer, "takes_sparse", True) and not isinstance(table, np.ndarray):
        table = table.toarray()
    peer().fit(dict(meta, rounds=2), table, labels[:2000], threads)


def main():
    ap = argparse.ArgumentParser()
    ap.add_argument("data")
    ap.add_argument("--cases", default="")
    ap.add_argument("--threads", default="1,2")
    ap.add_argument("--peers", default="lightgbm,xgboost,catboost,sklearn_hgb," + ",".join(RUST))
    ap.add_argument("--reps", type=int, default=3)
    ap.add_argument("--rounds", type=int, default=None, help="trees, in place of what the case says")
    ap.add_argument("--rust-bin", default="target/release", help="where the programs of rust_peers are")
    ap.add_argument("--cmd", action="append", default=[])
    ap.add_argument("--rows", type=int, default=100, help="single rows to predict")
    a = ap.parse_args()
    programs = dict(command.split("=", 1) for command in a.cmd)
    wanted = [name for name in a.peers.split(",") if name]
    programs.update({name: os.path.join(a.rust_bin, name) for name in RUST if name in wanted})

    def tell(**record):
        print(json.dumps(record), flush=True)

    for name in a.cases.split(",") if a.cases else sorted(os.listdir(a.data)):
        folder = os.path.join(a.data, name)
        case = load(folder)
        meta = case[0]
        meta["rounds"] = a.rounds or meta["rounds"]
        for threads in map(int, a.threads.split(",")):
            peers = [peer for peer in wanted if peer in PEERS] + list(programs)
            results, errors = {peer: [] for peer in peers}, {}
            for peer in peers:
                if meta["n_train"] > MOST_ROWS.get(peer, np.inf) or (peer == "p_gbdt" and threads > 1):
                    errors[peer] = "takes too long"
                elif peer in RUST and not os.path.exists(programs[peer]):
                    errors[peer] = "not built"
                elif peer in PEERS:
                    try:
                        warm_up(PEERS[peer], case, threads)
                    except Exception as error:
                        errors[peer] = str(error)[-200:]
            for _ in range(a.reps):
                for peer in peers:
                    if peer in errors:
                        continue
                    try:
                        if peer in programs:
                            results[peer].append(run_program(programs[peer], folder, case, threads))
                        else:
                            results[peer].append(run_here(PEERS[peer], case, threads, a.rows))
                    except Exception as error:
                        errors[peer] = str(error)[-200:]
            for peer, runs in results.items():
                if not runs:
                    tell(peer=peer, task=name, threads=threads, skipped=errors.get(peer, "not run"))
                    continue
                median = [statistics.median(run[i] for run in runs) if runs[0][i] is not None else None
                          for i in range(6)]
                more = dict(rmse=median[5], reps=len(runs), rounds=meta["rounds"], num_leaves=meta["num_leaves"])
                label = version(PEERS[peer].package) if peer in PEERS else None
                for task, n, wall, cpu in zip(TASKS, (meta["n_train"], meta["n_test"], 1), (0, 2, 4), (1, 3, None)):
                    if median[wall] is not None:
                        metric = dict(more, **({} if cpu is None else {"cpu_s": median[cpu]}))
                        if task == "train":
                            metric.update(runs[-1][6])
                        tell(peer=peer, version=label, task=f"{name}/{task}", n=n, n_features=meta["n_features"],
                             threads=threads, median_s=median[wall], metric=metric)


if __name__ == "__main__":
    main()
