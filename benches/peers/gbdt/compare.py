"""Runs galmass and other boosters in turns on the cases of make_data.py, and writes one table of ratios a case.

  python compare.py DATA [--repeats 3] [--galmass target/release/examples/bench_booster] [--rust-bin DIR] [--out FILE.md]

Seconds are those of the processor for one thread and those of the clock for more, medians over the repeats, in each of
which every program runs once. A ratio is that to LightGBM in the same runs: below 1 is faster. Where time is short,
several calls with `--cases`, `--peers` and `--jsonl FILE` may share the work, and `--read FILE --out FILE.md` makes the
table; ratios are taken to the LightGBM of the same call.
"""
import argparse
import json
import os
import re
import subprocess
import sys
import time
from statistics import median

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.dirname(HERE))
import report  # noqa: E402

EXAMPLE = os.path.join(HERE, "../../../target/release/examples/bench_booster")
CASES = ["galaxy", "friedman_1e6x10", "friedman_1e6x10_l5", "friedman_1e5x50", "onehot_1e5x1000"]
TITLES = {
    "galaxy": "As many galaxies as Chu et al. (2024)",
    "friedman_1e6x10": "Many rows, large trees",
    "friedman_1e6x10_l5": "Many rows, small trees",
    "friedman_1e5x50": "Many features",
    "onehot_1e5x1000": "Sparse columns of 0 and 1",
}
REFERENCE, OWN = "lightgbm", "galmass"

ap = argparse.ArgumentParser()
ap.add_argument("data", nargs="?")
ap.add_argument("--repeats", type=int, default=3)
ap.add_argument("--cases", default=",".join(CASES))
ap.add_argument("--peers", default="xgboost,catboost,sklearn_hgb,p_hessboost,p_forust,p_gbdt,p_perpetual,p_lightgbm3")
ap.add_argument("--threads", default="1,2")
ap.add_argument("--rounds", type=int, default=None, help="trees, in place of what the case says")
ap.add_argument("--galmass", default=EXAMPLE)
ap.add_argument("--rust-bin", default=os.path.join(HERE, "rust_peers/target/release"))
ap.add_argument("--out", default="-")
ap.add_argument("--jsonl", default=None, help="also keep every measurement, one JSON line each, as it is made")
ap.add_argument("--note", default="", help="what else to say above the tables")
ap.add_argument("--read", default=None, help="measure nothing: make the table of a file that --jsonl has made")
A = ap.parse_args()


def measure(case, threads, call):
    command = [sys.executable, os.path.join(HERE, "bench.py"), A.data, "--cases", case, "--threads", threads, "--reps", "1",
               "--peers", f"{REFERENCE},{A.peers}", "--rust-bin", A.rust_bin, "--cmd", f"{OWN}={os.path.abspath(A.galmass)}"]
    command += ["--rounds", str(A.rounds)] if A.rounds else []
    lines = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True).stdout.splitlines()
    return [dict(json.loads(line), call=call) for line in lines if line.startswith("{")]


def seconds(record):
    return record["metric"].get("cpu_s", record["median_s"]) if record["threads"] == 1 else record["median_s"]


def rows(records, case, threads):
    """For each program: seconds of the training, ratios, seconds of a row."""
    of = {}
    for record in records:
        name, _, task = record["task"].partition("/")
        if name == case and record["threads"] == threads and "median_s" in record:
            of.setdefault(record["peer"], {}).setdefault(task, {}).setdefault(record["call"], []).append(record)
    out = []
    for peer, tasks in of.items():

        def ratio(task, value):
            found = []
            for call, known in tasks.get(task, {}).items():
                base = of.get(REFERENCE, {}).get(task, {}).get(call)
                if base:
                    found.append(median(map(value, known)) / median(map(value, base)))
            return median(found) if found else None

        train = [seconds(record) for known in tasks["train"].values() for record in known]
        row = [1e6 * record["median_s"] for known in tasks.get("predict_row", {}).values() for record in known]
        out.append((peer, median(train), ratio("train", seconds), ratio("predict_batch", seconds),
                    median(row) if row else None, ratio("train", lambda record: record["metric"]["rmse"]), len(train)))
    return sorted(out, key=lambda row: (row[0] != OWN, row[0] != REFERENCE, row[1]))


def figure(value, digits):
    return "-" if value is None else f"{value:.{digits}f}"


def table(records, case, threads):
    found = rows(records, case, threads)
    heads = ["program", "train [s]", "train / LightGBM", "predict / LightGBM", "single row [µs]", "rmse / LightGBM", "runs"]
    out = ["| " + " | ".join(heads) + " |", "|" + " --- |" * len(heads)]
    for peer, train, train_ratio, predict_ratio, row, error, n in found:
        cells = [peer.removeprefix("p_"), f"{train:.3g}", figure(train_ratio, 2), figure(predict_ratio, 3),
                 "-" if row is None else f"{row:.3g}", figure(error, 4), str(n)]
        out.append("| " + " | ".join(cells) + " |")
    return "\n".join(out) + "\n" if found else ""


def section(records, case):
    trained = [r for r in records if r["task"] == f"{case}/train"]
    if not trained:
        return ""
    settings = trained[0]["metric"]
    parts = [f"## {TITLES.get(case, case)}\n\n`{case}`: {trained[0]['n']:,} rows of {trained[0]['n_features']} features, "
             f"{settings['rounds']} trees of up to {settings['num_leaves']} leaves.\n"]
    for threads in sorted({r["threads"] for r in trained}):
        unit = "seconds of the processor" if threads == 1 else "seconds of the clock"
        parts.append(f"{threads} thread{'s' if threads > 1 else ''}, {unit}:\n\n{table(records, case, threads)}")
    skipped = {r["peer"].removeprefix("p_"): r["skipped"] for r in records if r["task"] == case and "skipped" in r}
    names = {r["peer"].removeprefix("p_") for r in trained}
    left = [f"{peer} ({why.splitlines()[-1]})" for peer, why in sorted(skipped.items()) if peer not in names]
    parts.append(f"Left out: {'; '.join(left)}.\n" if left else "")
    return "\n".join(part for part in parts if part)


def rust_versions(peers):
    with open(os.path.join(HERE, "rust_peers/Cargo.toml")) as file:
        found = [re.match(r'([\w-]+) = {.*version = "=([^"]*)"', line) for line in file]
    return [" ".join(match.groups()) for match in found if match and f"p_{match[1].removesuffix('-ml')}" in peers]


def main():
    records = report.read_records(A.read)
    for repeat in range(0 if A.read else A.repeats):
        for case in A.cases.split(","):
            for threads in A.threads.split(","):
                measured = measure(case, threads, f"{time.time():.0f}-{os.getpid()}-{repeat}")
                records += measured
                report.keep_records(A.jsonl, measured)
    if A.jsonl and A.out == "-":
        return
    peers = {r["peer"] for r in records if "median_s" in r}
    named = sorted({(r["peer"], r["version"]) for r in records if r.get("version")})
    versions = [f"{peer} {label}" for peer, label in named]
    head = ("# The booster of galmass beside others\n\nMade by `benches/peers/gbdt/compare.py`. Training is from the table in "
            "memory to the trees, bins included. Ratios are\nto LightGBM in the same runs: below 1 is faster; programs take "
            "turns, and medians are shown. Single rows of Python\nprograms are mostly the cost of the call. "
            f"On: {report.processor()}.\n\n{A.note}{chr(10) * 2 * bool(A.note)}Versions: {', '.join(versions + rust_versions(peers))}.\n\n")
    text = head + "\n".join(filter(None, (section(records, case) for case in CASES)))
    report.write(A.out, text)


if __name__ == "__main__":
    main()
