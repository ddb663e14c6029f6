"""Runs galmass and its peers in turns on the cases of the record, and writes one table of ratios and errors.

  python compare.py [--rounds 3] [--galmass target/release/examples/project_particles] [--out FILE.md] [--quick]

Times are processor seconds, the median over rounds: of the busiest thread, and for one thread of all, since one may hand
its work to another and wait; a ratio is the peer's time over that of galmass, so that above 1 galmass is faster. Rounds are
interleaved: each runs every program once on every case.
"""
import argparse
import json
import os
import subprocess
import sys
from statistics import median

import report

HERE = os.path.dirname(os.path.abspath(__file__))
ap = argparse.ArgumentParser()
ap.add_argument("--rounds", type=int, default=3)
ap.add_argument("--galmass", default=os.path.join(HERE, "../../target/release/examples/project_particles"))
ap.add_argument("--kiddo", default="", help="the program of kiddo/, if it was built")
ap.add_argument("--threads", default="1,2")
ap.add_argument("--out", default="-")
ap.add_argument("--jsonl", default=None, help="also keep every measurement, one JSON line each, as it is made")
ap.add_argument("--read", default=None, help="measure nothing: make the table of a file that --jsonl has made")
ap.add_argument("--tasks", default="sph,ngp,knn")
ap.add_argument("--quick", action="store_true", help="the smallest cases only")
A = ap.parse_args()

IMAGES = "swiftsimio-nested,swiftsimio-fast,sphviewer2,sarracen-fast,meshoid,pynbody"
# (title, task, cases or sizes, peers, programs of galmass)
TABLES = [
    ("Images", "sph", ["1e4:300", "1e5:300", "1e6:300", "1e6:1024"], IMAGES + ",swiftsimio-subsampled",
     {f"galmass {scheme}": f"--scheme {scheme}" for scheme in ("fast", "exact", "scatter")}),
    ("Velocity moments, 48 x 48", "ngp", ["1e6"], "boost-histogram WeightedMean,fast-histogram,bincount",
     {"galmass moments": ""}),
    ("Distance to the 32nd neighbour", "knn", ["1e4", "1e5", "1e6"], "pynbody KDTree,cKDTree unbalanced,pykdtree",
     {"galmass neighbours": ""}),
]


def measure(task, cases, peers, programs, threads):
    command = [sys.executable, os.path.join(HERE, "bench.py"), "--task", task, "--threads", threads, "--peers", peers]
    command += ["--cases", ",".join(cases)] if task == "sph" else ["--n", ",".join(cases)]
    for name, options in programs.items():
        command += ["--ext", f"{name}={os.path.abspath(A.galmass)} {options}"]
    if task == "knn" and A.kiddo:
        command += ["--ext", f"kiddo={A.kiddo}"]
    lines = subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()
    return [json.loads(line) for line in lines if line.startswith("{")]


def seconds(record):
    return record["cpu_s" if record["threads"] == 1 else "crit_s"]


def figure(value, digits=2):
    return "-" if value is None else f"{value:.{digits}g}"


def table(title, records, programs):
    rows, peers = {}, []
    for record in records:
        key = (record["n"], record["threads"], record["grid"])
        # Peers that know powers of two only stand beside the nearest case.
        if record["peer"] not in programs and key not in rows and record["grid"] in (256, 512):
            key = (record["n"], record["threads"], 300)
        rows.setdefault(key, {}).setdefault(record["peer"], []).append(record)
        if record["peer"] not in programs and record["peer"] not in peers:
            peers.append(record["peer"])
    out = [f"## {title}", ""]
    for program in programs:
        heads = ["particles", "pixels", "threads", f"{program} [ms]", "rms error", "flux error"]
        out += ["| " + " | ".join(heads + peers) + " |", "|" + " --- |" * (len(heads) + len(peers))]
        for (n, threads, grid), by_peer in sorted(rows.items()):
            own = by_peer.get(program)
            if not own or "crit_s" not in own[0]:
                continue
            time = median(seconds(record) for record in own)
            cells = [f"{n:.0e}".replace("e+0", "e"), str(grid or "-"), str(threads), figure(1e3 * time, 3),
                     figure(own[-1].get("rms_rel_err")), figure(own[-1].get("flux_error"))]
            for peer in peers:
                times = [seconds(record) for record in by_peer.get(peer, []) if "crit_s" in record]
                error = by_peer[peer][-1].get("rms_rel_err") if times else None
                cells.append(f"{median(times) / time:.2f} ({figure(error)})" if times else "-")
            out.append("| " + " | ".join(cells) + " |")
        out.append("")
    return "\n".join(out)


def main():
    versions, parts, read = {}, [], report.read_records(A.read)
    for title, task, cases, peers, programs in TABLES:
        cases = cases[:1] if A.quick else cases
        records = [record for record in read if record["task"] == task]
        for _ in range(0 if A.read or task not in A.tasks.split(",") else A.rounds):
            for threads in A.threads.split(","):
                measured = measure(task, cases, peers, programs, threads)
                records += measured
                report.keep_records(A.jsonl, measured)
        if not records:
            continue
        versions.update({r["peer"]: r["version"] for r in records if r.get("version")})
        parts.append(table(title, records, programs))
        print(parts[-1], file=sys.stderr, flush=True)
    named = ", ".join(f"{peer} {version}" for peer, version in sorted(versions.items()))
    head = ("# galmass beside other programs\n\nMade by `benches/peers/compare.py`. A column of a peer holds its time over "
            "that of galmass (above 1 galmass is faster)\nand its own rms error in brackets. Times are processor seconds of "
            "the busiest thread,\nfor one thread of all, medians over rounds that take turns, on: "
            f"{report.processor()}.\n\nVersions: {named}.\n\n")
    text = head + "\n".join(parts)
    report.write(A.out, text)


if __name__ == "__main__":
    main()
