"""Times training steps of the two-branch ResNet-18 of the example bench_network in PyTorch, and prints JSON.

  python torch_step.py BATCH PIXELS STEPS [--channels-last] [--threads 2]

A branch of one channel of PIXELS x PIXELS and one of two channels of 48 x 48, random maps, mean squared error, Adam.
"""
import argparse
import json
import resource
import time

import torch
import torchvision

ap = argparse.ArgumentParser()
ap.add_argument("batch", type=int)
ap.add_argument("n_px", type=int)
ap.add_argument("steps", type=int)
ap.add_argument("--channels-last", action="store_true")
ap.add_argument("--threads", type=int, default=2)
A = ap.parse_args()
torch.manual_seed(1)
torch.set_num_threads(A.threads)


def branch(n_channels):
    made = torchvision.models.resnet18(weights=None)
    made.conv1 = torch.nn.Conv2d(n_channels, 64, 7, 2, 3, bias=False)
    made.fc = torch.nn.Identity()
    return made


class Network(torch.nn.Module):
    def __init__(self, channels):
        super().__init__()
        self.branches = torch.nn.ModuleList([branch(n) for n in channels])
        self.fc = torch.nn.Linear(512 * len(channels), 1)

    def forward(self, maps):
        return self.fc(torch.cat([branch(m) for branch, m in zip(self.branches, maps)], 1))


network = Network([1, 2]).train()
maps = [torch.randn(A.batch, 1, A.n_px, A.n_px), torch.randn(A.batch, 2, 48, 48)]
truths = torch.randn(A.batch, 1)
if A.channels_last:
    network = network.to(memory_format=torch.channels_last)
    maps = [m.to(memory_format=torch.channels_last) for m in maps]
optimiser = torch.optim.Adam(network.parameters(), 1e-3)


def step():
    loss = torch.nn.functional.mse_loss(network(maps), truths)
    optimiser.zero_grad()
    loss.backward()
    optimiser.step()
    return loss.item()


step()  # makes the room that the others use
wall, cpu = time.perf_counter(), time.process_time()
for _ in range(A.steps):
    loss = step()
print(json.dumps({
    "version": torch.__version__,
    "batch": A.batch,
    "n_px": A.n_px,
    "threads": A.threads,
    "wall_s": (time.perf_counter() - wall) / A.steps,
    "cpu_s": (time.process_time() - cpu) / A.steps,
    "peak_mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
    "loss": loss,
}))
