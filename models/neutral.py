#!/usr/bin/env python3
"""Prints the table NEUTRAL of src/face/pose.rs: where points of a mean face lie that keep their places while it talks.

    cargo run --release --example landmarks -- PICTURE_OR_CLIP --json FACES.jsonl      (for each)
    python models/neutral.py FACES.jsonl ...

All faces of one file with the same id count as one person, all persons alike. The meshes are laid onto each other (turned,
moved, scaled; Gower's generalised Procrustes analysis), averaged, made symmetric, and turned until the line from the forehead's
upper edge to the chin stands upright. The unit is the distance between the eyes' outer corners.
"""
import json
import sys

import numpy as np

MIDLINE = [10, 151, 9, 8, 168, 6, 197, 195, 5, 4, 1]
PAIRS = [
    *((33, 263), (133, 362), (127, 356), (234, 454), (93, 323), (54, 284), (103, 332), (67, 297), (21, 251), (162, 389)),
    *((116, 345), (117, 346), (118, 347), (50, 280), (101, 330), (36, 266), (129, 358), (48, 278), (193, 417), (122, 351)),
    *((114, 343),),
]
CHIN = 152


def turn(model, points):
    """The rotation that lays `model` onto `points`, both centred (Kabsch, 1976)."""
    u, _, v = np.linalg.svd(points.T @ model)
    return u @ np.diag([1, 1, np.linalg.det(u @ v)]) @ v


def main():
    indices = MIDLINE + [index for pair in PAIRS for index in pair] + [CHIN]
    persons = {}
    for name in sys.argv[1:]:
        for line in open(name):
            for face in json.loads(line)["faces"]:
                points = np.array(face["points"])[indices]
                points -= points.mean(0)
                persons.setdefault((name, face["id"]), []).append(points / np.linalg.norm(points))
    rigid = slice(0, -1)  # the chin moves: it says only where down is
    mean = next(iter(persons.values()))[0]
    for _ in range(20):
        laid = [np.mean([p @ turn(mean[rigid], p[rigid]) for p in meshes], 0) for meshes in persons.values()]
        mean = np.mean([p / np.linalg.norm(p) for p in laid], 0)
    place = {index: at for at, index in enumerate(indices)}
    mirrored = list(range(len(indices)))
    for right, left in PAIRS:
        mirrored[place[right]], mirrored[place[left]] = place[left], place[right]
    for _ in range(5):
        mirror = mean[mirrored] * [-1, 1, 1]
        mean = (mean + mirror @ turn(mean[rigid], mirror[rigid])) / 2
        across = sum(mean[place[left]] - mean[place[right]] for right, left in PAIRS)
        down = mean[place[CHIN]] - mean[place[10]]
        x = across / np.linalg.norm(across)
        y = down - x * (down @ x)
        y /= np.linalg.norm(y)
        mean = mean @ np.stack([x, y, np.cross(x, y)]).T
        mean -= mean[rigid].mean(0)
    mean = (mean + mean[mirrored] * [-1, 1, 1]) / 2
    mean /= np.linalg.norm(mean[place[263]] - mean[place[33]])
    print(f"// {len(persons)} persons")
    for index, (x, y, z) in zip(indices[:-1], mean):
        print(f"    ({index}, [{x:.4f}, {y:.4f}, {z:.4f}]),")


if __name__ == "__main__":
    main()
