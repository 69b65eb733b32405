#!/usr/bin/env python3
"""Times the networks and LiteRT's or ONNX Runtime's in turn, on the same weights, and prints medians and ratios.

    python benches/compare.py [--detector FILE.tflite] [--mesh FILE.tflite] [--blendshapes FILE.tflite]
                              [--yunet FILE.onnx] [--sizes 160x160,...] [--rounds 15] [--runs 100]

The files lie in the wheels that models/convert.py names; networks whose file is not given are left out. Needs numpy,
ai-edge-litert for the TensorFlow Lite files, onnx and onnxruntime for YuNet; builds our side with cargo. Each round times
every network on one and on two threads, first ours, then LiteRT with XNNPACK or ONNX Runtime: a round's ratio is unmoved by
what else the machine does in that minute. Only the forward pass is timed, the input lies in place. YuNet runs fewer times
on larger pictures.
"""
import argparse
import json
import pathlib
import statistics
import subprocess
import time

import numpy as np


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
    """A function that times so many runs of LiteRT and returns the median in milliseconds."""
    from ai_edge_litert.interpreter import Interpreter

    net = Interpreter(path, num_threads=threads)
    net.allocate_tensors()
    details = net.get_input_details()[0]
    net.set_tensor(details["index"], np.random.default_rng(0).random(details["shape"], dtype=np.float32))

    return lambda runs: median_ms(net.invoke, runs)


def onnxruntime(path, size, threads):
    """As litert, of ONNX Runtime on a picture of this size."""
    import onnx
    import onnxruntime

    model = onnx.load(path)
    sides = model.graph.input[0].type.tensor_type.shape.dim
    sides[3].dim_value, sides[2].dim_value = size
    del model.graph.value_info[:]
    for output in model.graph.output:
        output.type.tensor_type.shape.dim[1].dim_param = "cells"
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    # Its threads must not spin while others are timed.
    options.add_session_config_entry("session.force_spinning_stop", "1")
    net = onnxruntime.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])
    feeds = {"input": 255 * np.random.default_rng(0).random((1, 3, size[1], size[0]), dtype=np.float32)}
    return lambda runs: median_ms(lambda: net.run(None, feeds), runs)


def median_ms(run, runs):
    times = []
    for _ in range(runs + 10):
        start = time.perf_counter()
        run()
        times.append(time.perf_counter() - start)
    return 1000 * statistics.median(times[10:])


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name in ("mesh", "detector", "blendshapes", "yunet"):
        parser.add_argument(f"--{name}")
    parser.add_argument("--sizes", default="160x160,320x192,640x352,1280x736")
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--runs", type=int, default=100)
    args = parser.parse_args()

    ours = subprocess.Popen([build()], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1)
    # network as our side calls it, threads, runs → what times the other side
    theirs = {}
    for threads in (1, 2):
        for network in ("mesh", "detector", "blendshapes"):
            if path := getattr(args, network):
                theirs[network, threads, args.runs] = litert(path, threads)
        for size in args.sizes.split(",") if args.yunet else ():
            width, height = map(int, size.split("x"))
            runs = max(10, min(args.runs, args.runs * 100_000 // (width * height)))
            theirs[size, threads, runs] = onnxruntime(args.yunet, (width, height), threads)
    cases = list(theirs)
    times = {case: ([], []) for case in cases}
    for _ in range(args.rounds):
        for case in cases:
            print(*case, file=ours.stdin, flush=True)
            times[case][0].append(float(ours.stdout.readline()))
            times[case][1].append(theirs[case](case[-1]))
    ours.stdin.close()
    ours.wait()

    print(f"{'network':11} {'threads':>7} {'ours, ms':>9} {'theirs, ms':>11} {'ratio':>6}  ratio in each round")
    for (network, threads, _), (mine, other) in times.items():
        ratios = sorted(a / b for a, b in zip(mine, other))
        a, b = statistics.median(mine), statistics.median(other)
        print(f"{network:11} {threads:7} {a:9.3f} {b:11.3f} {a / b:6.2f}  {ratios[0]:.2f} .. {ratios[-1]:.2f}")


if __name__ == "__main__":
    main()
