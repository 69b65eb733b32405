#!/usr/bin/env python3
"""Makes the golden tensors of tests/parity.rs: what LiteRT's networks say about two inputs each.

    pip install ai-edge-litert==2.3.0 numpy pillow
    python tests/data/make_parity.py ASTRONAUT.png DETECTOR.tflite MESH.tflite

The two networks lie in the wheel that models/convert.py names. Inputs: the portrait (parity_detector.png: the whole
picture at 128×128; parity_mesh.png: the face, turned by ten degrees, at 192×192), and noise from the generator below,
which the test has as well. Outputs: parity.safetensors.
"""
import json
import pathlib
import struct
import sys

import numpy as np
from ai_edge_litert.interpreter import Interpreter
from PIL import Image


def noise(count):
    """Bytes of a 32-bit linear congruential generator (Numerical Recipes), its highest eight bits."""
    state, out = 1, bytearray()
    for _ in range(count):
        state = (state * 1664525 + 1013904223) & 0xFFFFFFFF
        out.append(state >> 24)
    return np.frombuffer(bytes(out), np.uint8)


def run(path, picture):
    """The network's outputs by name, on one thread with XNNPACK."""
    net = Interpreter(path, num_threads=1)
    net.allocate_tensors()
    net.set_tensor(net.get_input_details()[0]["index"], picture[None].astype(np.float32))
    net.invoke()
    return {out["name"]: net.get_tensor(out["index"]).reshape(-1) for out in net.get_output_details()}


def main():
    portrait, detector, mesh = sys.argv[1:]
    here = pathlib.Path(__file__).parent
    picture = Image.open(portrait).convert("RGB")

    whole = picture.resize((128, 128), Image.Resampling.BILINEAR)
    whole.save(here / "parity_detector.png", optimize=True)
    turned = picture.rotate(-10, Image.Resampling.BICUBIC, center=(225, 120))
    face = turned.crop((150, 45, 300, 195)).resize((192, 192), Image.Resampling.BICUBIC)
    face.save(here / "parity_mesh.png", optimize=True)

    tensors = {}
    for name, image, side in (("detector", whole, 128), ("mesh", face, 192)):
        for kind, pixels in (("face", np.asarray(image).reshape(-1)), ("noise", noise(side * side * 3))):
            pixels = pixels.astype(np.float32).reshape(side, side, 3)
            if name == "detector":
                out = run(detector, pixels / np.float32(127.5) - np.float32(1))
                out = {"logits": out["classificators"], "boxes": out["regressors"]}
            else:
                out = run(mesh, pixels / np.float32(255))
                out = {"points": out["conv2d_21"], "presence": out["conv2d_31"]}
            for key, values in out.items():
                tensors[f"{name}.{kind}.{key}"] = values.astype("<f4")
                print(name, kind, key, values.shape, values.min(), values.max())

    header, offset = {}, 0
    for key, values in sorted(tensors.items()):
        header[key] = {"dtype": "F32", "shape": list(values.shape), "data_offsets": [offset, offset + values.nbytes]}
        offset += values.nbytes
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    data = b"".join(values.tobytes() for _, values in sorted(tensors.items()))
    (here / "parity.safetensors").write_bytes(struct.pack("<Q", len(text)) + text + data)


if __name__ == "__main__":
    main()
