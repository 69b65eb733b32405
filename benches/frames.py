#!/usr/bin/env python3
"""Times whole frames beside what a user would chain instead, in turn, and prints medians and ratios.

    python benches/frames.py [--rounds 3] [--runs 15] [--sizes 360,720,1080,2160]

The chain is MediaPipe's Face Mesh, OpenCV's guided filter at quarter scale, and its bilinear remap. Beside it stand the
filters alone, which work on the whole frame: bilateral (d 9), guided (r 16, whole and quarter scale), remap, copy. Needs
mediapipe==0.10.14, opencv-contrib-python and numpy; builds our side with cargo. Both sides get the same picture.
"""
import argparse
import json
import os
import pathlib
import statistics
import subprocess
import tempfile
import time

os.environ.setdefault("GLOG_minloglevel", "3")
import cv2
import mediapipe
import numpy as np

CASES = [(0, 0.0), (1, 0.05), (1, 0.25), (1, 0.6), (4, 0.05), (4, 0.25), (4, 0.6)]


def build():
    """Builds the bench `frames` and returns its path."""
    command = ["cargo", "bench", "--bench", "frames", "--no-run", "--message-format=json"]
    root = pathlib.Path(__file__).parent.parent
    for line in subprocess.run(command, cwd=root, check=True, stdout=subprocess.PIPE, text=True).stdout.splitlines():
        message = json.loads(line)
        if message.get("executable") and message.get("target", {}).get("name") == "frames":
            return message["executable"]
    raise SystemExit("cargo built no bench called frames")


def median_ms(run, runs, warm=2):
    times = []
    for index in range(runs + warm):
        start = time.perf_counter()
        run()
        if index >= warm:
            times.append(time.perf_counter() - start)
    return 1000 * statistics.median(times)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--runs", type=int, default=15)
    parser.add_argument("--sizes", default="360,720,1080,2160")
    args = parser.parse_args()

    ours = subprocess.Popen([build(), "--serve"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1)
    print(f"{'frame':>9} {'faces':>5} {'share':>5} {'ours, ms':>9} {'chain, ms':>9} {'ratio':>6} {'in each round':>14}"
          f" {'to bilateral':>12} {'guided':>7} {'quarter':>7} {'pipelined':>9}  stages and passes, ms")
    with tempfile.TemporaryDirectory() as folder:
        for height in map(int, args.sizes.split(",")):
            width, path = height * 16 // 9, pathlib.Path(folder) / "frame.rgba"
            columns, rows = np.meshgrid(np.arange(width, dtype=np.float32), np.arange(height, dtype=np.float32))
            for faces, share in CASES:
                mesh = mediapipe.solutions.face_mesh.FaceMesh(
                    static_image_mode=False, max_num_faces=max(faces, 1), refine_landmarks=True)
                mine, chains, filters = [], [], []
                for _ in range(args.rounds):
                    print(width, height, faces, share, args.runs, path, file=ours.stdin, flush=True)
                    mine.append(json.loads(ours.stdout.readline()))
                    picture = np.fromfile(path, np.uint8).reshape(height, width, 4)
                    frame = cv2.cvtColor(picture, cv2.COLOR_RGBA2BGR)
                    guided = lambda scale: cv2.ximgproc.guidedFilter(frame, frame, 16, 0.01 * 255 * 255, scale=scale)

                    def chain():
                        mesh.process(cv2.cvtColor(frame, cv2.COLOR_BGR2RGB))
                        cv2.remap(guided(0.25), columns, rows, cv2.INTER_LINEAR)

                    chains.append(median_ms(chain, args.runs))
                    filters.append((median_ms(lambda: cv2.bilateralFilter(frame, 9, 50, 9), 2, 1),
                                    median_ms(lambda: guided(1.0), 2, 1), median_ms(lambda: guided(0.25), 4, 1)))
                mesh.close()
                ratios = sorted(our["frame"] / chain for our, chain in zip(mine, chains))
                beside = [statistics.median(our["frame"] / row[k] for our, row in zip(mine, filters)) for k in range(3)]
                of = lambda name: statistics.median(our.get(name, 0.0) for our in mine)
                piped = statistics.median(our["apart"] / our["piped"] for our in mine)
                stages = " ".join(f"{name} {of(name):.2f}" for name in ("track", "upload", "gpu", "readback"))
                passes = " ".join(f"{name} {of(name):.2f}"
                                  for name in ("bare", "cells", "skin", "moments", "gate", "correct", "still", "moved"))
                print(f"{width}x{height:<4} {faces:5} {share:5.2f} {of('frame'):9.2f} {statistics.median(chains):9.2f}"
                      f" {statistics.median(ratios):6.2f}   {ratios[0]:.2f} .. {ratios[-1]:.2f} {beside[0]:12.2f}"
                      f" {beside[1]:7.2f} {beside[2]:7.2f} {piped:9.2f}  {stages} | {passes}", flush=True)
    ours.stdin.close()
    ours.wait()


if __name__ == "__main__":
    main()
