#!/usr/bin/env python3
"""Makes landmarks.jsonl, what tests/landmarks.rs compares with: MediaPipe's own points on the portrait and on frames of
two clips.

    pip install mediapipe==0.10.14 opencv-python
    python tests/data/make_landmarks.py ASTRONAUT.png WEBCAM.mp4 CARPHONE.mp4

Clips are followed from their first frame on, as MediaPipe does; one line for each picture in this folder:
{"picture": its path, "points": [[x, y] × 468], "refined": [[x, y] × 478]}, in pixels: of its light network and of its refined one.
"""
import json
import pathlib
import sys

import cv2
import mediapipe

WANTED = {"assets/astronaut": [0], "tests/data/webcam": [0, 120, 240], "tests/data/carphone": [0, 59, 119]}


def follow(path, wanted, refined):
    """The points in the wanted frames of a clip."""
    clip, found = cv2.VideoCapture(path), {}
    with mediapipe.solutions.face_mesh.FaceMesh(max_num_faces=1, refine_landmarks=refined) as mesh:
        for index in range(max(wanted) + 1):
            _, picture = clip.read()
            faces = mesh.process(cv2.cvtColor(picture, cv2.COLOR_BGR2RGB)).multi_face_landmarks
            if index in wanted:
                height, width = picture.shape[:2]
                found[index] = [[round(p.x * width, 2), round(p.y * height, 2)] for p in faces[0].landmark]
    return found


def main():
    lines = []
    for (name, wanted), path in zip(WANTED.items(), sys.argv[1:], strict=True):
        light, refined = follow(path, wanted, False), follow(path, wanted, True)
        for index in wanted:
            suffix = ".png" if len(wanted) == 1 else f"_{index:03}.png"
            line = {"picture": name + suffix, "points": light[index], "refined": refined[index]}
            lines.append(json.dumps(line, separators=(",", ":")))
    (pathlib.Path(__file__).parent / "landmarks.jsonl").write_text("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
