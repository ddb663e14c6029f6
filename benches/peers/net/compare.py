"""Runs training steps of galmass and of PyTorch in turns, and writes one table of ratios.

  python compare.py [--rounds 3] [--threads 2] [--settings 60:40:10,300:8:5] [--galmass PROGRAM] [--out FILE.md]

A setting is PIXELS:BATCH:STEPS. Seconds are those of the processor, of all threads, for a step: where others share the
cores those of the clock mean little. Ratios are to PyTorch in the same round, of which the median is shown with the least
and the largest: below 1 is faster.
"""
import argparse
import json
import os
import subprocess
import sys
from statistics import median

HERE = os.path.dirname(os.path.abspath(__file__))
EXAMPLE = os.path.join(HERE, "../../../target/release/examples/bench_network")
PEERS = {"PyTorch": [], "PyTorch, channels last": ["--channels-last"]}
REFERENCE = "PyTorch"

ap = argparse.ArgumentParser()
ap.add_argument("--rounds", type=int, default=3)
ap.add_argument("--threads", type=int, default=2)
ap.add_argument("--settings", default="60:40:10,300:8:5")
ap.add_argument("--galmass", default=EXAMPLE)
ap.add_argument("--around", default="", help="a command that the programs run under")
ap.add_argument("--out", default="-")
A = ap.parse_args()


def run(command):
    # Threads that wait for work without asking the system count as busy.
    environment = dict(os.environ, RAYON_NUM_THREADS=str(A.threads), OMP_WAIT_POLICY="passive")
    ran = subprocess.run(A.around.split() + command, env=environment, stdout=subprocess.PIPE, text=True, check=True)
    found = json.loads(ran.stdout.strip().splitlines()[-1])
    print(command[0].rsplit("/", 1)[-1], command[1:], found, file=sys.stderr, flush=True)
    return found


def one_round(n_px, batch, steps):
    numbers = [batch, n_px, steps]
    found = {"galmass": run([A.galmass, *numbers])}
    for name, options in PEERS.items():
        found[name] = run([sys.executable, os.path.join(HERE, "torch_step.py"), *numbers, *options,
                           "--threads", str(A.threads)])
    return found


def table(rounds):
    reference = [found[REFERENCE]["cpu_s"] for found in rounds]
    for name in rounds[0]:
        of_name = [found[name] for found in rounds]
        ratios = [found["cpu_s"] / other for found, other in zip(of_name, reference)]
        cpu_s = median(found["cpu_s"] for found in of_name)
        peak = max(found["peak_mib"] for found in of_name)
        yield (f"| {name} | {cpu_s:.2f} | {median(ratios):.2f} | {min(ratios):.2f}-{max(ratios):.2f} "
               f"| {peak:.0f} |")


lines = []
for setting in A.settings.split(","):
    n_px, batch, steps = setting.split(":")
    rounds = [one_round(n_px, batch, steps) for _ in range(A.rounds)]
    version = rounds[0][REFERENCE]["version"]
    lines += [f"## {n_px} x {n_px} and 48 x 48 pixels, batch {batch}", "",
              f"{A.rounds} rounds of {steps} steps, {A.threads} threads, PyTorch {version}.", "",
              "| program | processor [s a step] | ratio | in the rounds | peak memory [MiB] |",
              "| --- | --- | --- | --- | --- |", *table(rounds), ""]
text = "\n".join(lines)
if A.out == "-":
    print(text)
else:
    with open(A.out, "w") as file:
        file.write(text)
