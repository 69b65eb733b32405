#!/usr/bin/env python3
"""Writes `shape_faces.jsonl`, the landmarks that `tests/shape.rs` measures on, from what the examples print of the portraits.

    cargo run --release --example landmarks -- PORTRAIT --json FOLDER/NAME.jsonl      (for each of NAMES)
    python tests/data/make_shape_faces.py FOLDER > tests/data/shape_faces.jsonl

Each face is moved to the origin and scaled until its cheeks, points 234 and 454, are 300 pixels apart in space.
"""
import json
import sys

NAMES = [
    *(("glasses-large", 0), ("hands-on-glasses", 0), ("headshot-glasses", 0), ("long-hair-display-p3", 0), ("microphone", 0)),
    *(("close", 0), ("dark-skin-curls", 0), ("two-children", 0), ("two-children", 1), ("two-women", 0), ("clear-glasses", 0)),
    *(("sunlight", 0), ("two-women", 1), ("curls-hand", 0), ("profile-grey", 0), ("bald-beard-turned", 0)),
]

for name, index in NAMES:
    with open(f"{sys.argv[1]}/{name}.jsonl") as file:
        points = json.loads(file.readline())["faces"][index]["points"]
    middle = [sum(point[axis] for point in points) / len(points) for axis in range(3)]
    scale = 300 / sum((a - b) ** 2 for a, b in zip(points[234], points[454])) ** 0.5
    laid = [[round((value - centre) * scale, 1) for value, centre in zip(point, middle)] for point in points]
    print(json.dumps({"name": f"{name} {index}", "points": laid}, separators=(",", ":")))
