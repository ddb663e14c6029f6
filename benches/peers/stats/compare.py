"""Runs galmass and its peers in turns on the cases of reference.py, and writes one table of ratios and errors.

  python compare.py REFDIR [--rounds 3] [--galmass target/release/examples/measure_reference] [--out FILE.md] [--big]

Times are medians over rounds of the processor seconds of all threads, for two threads of the wall time; a ratio is the
peer's time over that of galmass, so that above 1 galmass is faster. Rounds are interleaved: in each, galmass and then
every peer go through the cases of a table.
"""
import argparse
import json
import os
import subprocess
import sys
from importlib.metadata import PackageNotFoundError, version
from statistics import median

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.dirname(HERE))
import report  # noqa: E402

ap = argparse.ArgumentParser()
ap.add_argument("ref")
ap.add_argument("--rounds", type=int, default=3)
ap.add_argument("--galmass", default=os.path.join(HERE, "../../../target/release/examples/measure_reference"))
ap.add_argument("--out", default="-")
ap.add_argument("--tasks", default="sersic2d,sersic1d,shape,potential,circularity,lambda")
ap.add_argument("--big", action="store_true", help="potentials of 1e6 particles too")
ap.add_argument("--jsonl", default=None, help="also keep every measurement, one JSON line each, as it is made")
ap.add_argument("--read", default=None, help="measure nothing: make the table of a file that --jsonl has made")
A = ap.parse_args()

# (task of peers.py, title, beginnings of the names of its cases, errors shown)
TABLES = [
    ("sersic2d", "Sersic galaxies in images of 300 x 300", "sersic2d_", ["dn", "dRe", "dq"]),
    ("sersic1d", "Sersic profiles of 40 radii", "sersic1d_", ["dn", "dRe"]),
    ("shape", "Axis ratios of 1e5 particles", "shape_", ["dba", "dca"]),
    ("potential", "Potentials of all particles at all particles", "potential_", ["rms_vs_direct", "max_vs_direct"]),
    ("circularity", "Circularities of 1e5 particles whose potentials are given", "circularity_particles", ["rms", "p99_abs"]),
    ("lambda", "lambda_R of maps of 64 x 64", "lambdaR_", ["dlambda_R", "d"]),
]
NAMES = {"rms_vs_direct": "rms", "max_vs_direct": "max", "p99_abs": "99%", "dlambda_R": "d"}


def measure(task, prefix):
    common = [sys.executable, os.path.join(HERE, "peers.py"), A.ref] + (["--big"] if A.big else [])
    threads = "1,2" if task == "potential" else "1"
    own = ["--tasks", "", "--cmd", f"galmass={os.path.abspath(A.galmass)}", "--cases", prefix, "--threads", threads]
    records = []
    for options in (own, ["--tasks", task, "--reps", "3"]):
        out = subprocess.run(common + options, capture_output=True, text=True, check=True).stdout
        records += [dict(json.loads(line), table=task) for line in out.splitlines() if line.startswith("{")]
    return records


def figure(value):
    return "-" if value is None else f"{value:.2g}"


def errors(record, shown):
    metric = record["metric"]
    return ", ".join(f"{NAMES.get(name, name)} {figure(metric[name])}" for name in shown if metric.get(name) is not None)


def seconds(records):
    return median(r["metric"]["cpu_s"] if r["threads"] == 1 else r["median_s"] for r in records)


def table(title, prefix, shown, records):
    timed = [r for r in records if "median_s" in r and r["task"].startswith(prefix)]
    peers = list(dict.fromkeys(r["peer"] for r in timed if r["peer"] != "galmass"))
    rows = {}
    for record in timed:
        rows.setdefault((record["task"], record["threads"]), {}).setdefault(record["peer"], []).append(record)
    heads = ["case", "threads", "galmass [ms]", "errors"] + peers
    out = [f"## {title}", "", "| " + " | ".join(heads) + " |", "|" + " --- |" * len(heads)]
    for (case, threads), by_peer in sorted(rows.items()):
        if "galmass" not in by_peer:
            continue
        own = seconds(by_peer["galmass"])
        cells = [case.removeprefix(prefix) or case, str(threads), f"{1e3 * own:.3g}", errors(by_peer["galmass"][-1], shown)]
        for peer in peers:
            known = by_peer.get(peer)
            cells.append(f"{seconds(known) / own:.2f} ({errors(known[-1], shown)})" if known else "-")
        out.append("| " + " | ".join(cells) + " |")
    return "\n".join(out + [""])


def versions():
    found = []
    for name in ("numpy", "scipy", "astropy", "statmorph", "pyimfit", "pynbody", "pytreegrav", "galpy"):
        try:
            found.append(f"{name} {version(name)}")
        except PackageNotFoundError:
            pass
    return ", ".join(found)


def main():
    records = report.read_records(A.read)
    for _ in range(0 if A.read else A.rounds):
        for task, _, prefix, _ in TABLES:
            if task not in A.tasks.split(","):
                continue
            measured = measure(task, prefix)
            records += measured
            report.keep_records(A.jsonl, measured)
    parts = []
    for task, title, prefix, shown in TABLES:
        of_table = [record for record in records if record["table"] == task]
        if of_table:
            parts.append(table(title, prefix, shown, of_table))
    own = [record["task"] for record in records if record["peer"] == "galmass" and record["threads"] == 1]
    rounds = max(map(own.count, own), default=0)
    text = ("# Statistics of galmass beside those of other programs\n\nMade by `benches/peers/stats/compare.py`. A column of a peer holds its time over "
            "that of galmass (above 1 galmass is\nfaster) and its errors in brackets. Times are processor seconds, for two threads wall time; where there are\n"
            f"several rounds, programs take turns and medians are shown. Here: {rounds}, on: {report.processor()}.\n\nVersions: {versions()}.\n\n" + "\n".join(parts))
    report.write(A.out, text)


if __name__ == "__main__":
    main()
