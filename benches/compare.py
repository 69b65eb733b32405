#!/usr/bin/env python3
"""Times the networks and LiteRT's in turn, on the same weights, and prints medians and ratios.

    python benches/compare.py DETECTOR.tflite MESH.tflite [--rounds 15] [--runs 100]

The two files lie in the wheel that models/convert.py names, or anywhere `pip install mediapipe==0.10.14` put them. Needs
ai-edge-litert and numpy; builds our side with cargo. Each round times every network on one and on two threads, first
ours, then LiteRT with XNNPACK: a round's ratio is unmoved by what else the machine does in that minute. Only the forward
pass is timed, the input lies in place.
"""
import argparse
import json
import pathlib
import statistics
import subprocess
import time

import numpy as np
from ai_edge_litert.interpreter import Interpreter


def build():
    """Builds the bench `rounds` and returns its path."""
    command = ["cargo", "bench", "--bench", "rounds", "--no-run", "--message-format=json"]
    root = pathlib.Path(__file__).parent.parent
    for line in subprocess.run(command, cwd=root, check=True, stdout=subprocess.PIPE, text=True).stdout.splitlines():
        message = json.loads(line)
        if message.get("executable") and message.get("target", {}).get("name") == "rounds":
            return message["executable"]
    raise SystemExit("cargo built no bench called rounds")


def litert(path, threads):
    """A function that times so many runs and returns the median in milliseconds."""
    net = Interpreter(path, num_threads=threads)
    net.allocate_tensors()
    details = net.get_input_details()[0]
    net.set_tensor(details["index"], np.random.default_rng(0).random(details["shape"], dtype=np.float32))

    def median_ms(runs):
        times = []
        for _ in range(runs + 10):
            start = time.perf_counter()
            net.invoke()
            times.append(time.perf_counter() - start)
        return 1000 * statistics.median(times[10:])

    return median_ms


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("detector")
    parser.add_argument("mesh")
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--runs", type=int, default=100)
    args = parser.parse_args()

    ours = subprocess.Popen([build()], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1)
    cases = [(network, threads) for network in ("mesh", "detector") for threads in (1, 2)]
    theirs = {(network, threads): litert(getattr(args, network), threads) for network, threads in cases}
    times = {case: ([], []) for case in cases}
    for _ in range(args.rounds):
        for network, threads in cases:
            print(network, threads, args.runs, file=ours.stdin, flush=True)
            times[network, threads][0].append(float(ours.stdout.readline()))
            times[network, threads][1].append(theirs[network, threads](args.runs))
    ours.stdin.close()
    ours.wait()

    print(f"{'network':10} {'threads':>7} {'ours, ms':>9} {'LiteRT, ms':>11} {'ratio':>6}  ratio in each round")
    for (network, threads), (mine, other) in times.items():
        ratios = sorted(a / b for a, b in zip(mine, other))
        a, b = statistics.median(mine), statistics.median(other)
        print(f"{network:10} {threads:7} {a:9.3f} {b:11.3f} {a / b:6.2f}  {ratios[0]:.2f} .. {ratios[-1]:.2f}")


if __name__ == "__main__":
    main()
