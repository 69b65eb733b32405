#!/usr/bin/env python3
"""Makes the golden tensors of tests/parity.rs: what LiteRT's and ONNX Runtime's networks say about a few inputs each.

    pip install ai-edge-litert==2.3.0 onnx==1.23.2 onnxruntime==1.32.0 numpy pillow
    python tests/data/make_parity.py ASTRONAUT.png DETECTOR.tflite MESH.tflite ATTENTION.tflite YUNET.onnx BLENDSHAPES.tflite

The five networks lie in the wheels that models/convert.py names. LiteRT lacks three operations of the third: it runs what
comes before and after them, and this script does what is between. Inputs: the portrait (parity_detector.png: the whole
picture at 128×128; parity_mesh.png: the face, turned by ten degrees, at 192×192; for YuNet, a piece of it as it is and a
piece of webcam_120.png), landmarks.jsonl for the blendshapes, and noise from the generator below, which the test has as
well. Outputs: parity.safetensors.
"""
import json
import pathlib
import struct
import sys

import flatbuffers
import numpy as np
import onnx
import onnxruntime
from ai_edge_litert import schema_py_generated as schema
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


def part(path, inputs, outputs):
    """The piece of a network between the tensors of these names, as a network."""
    model = schema.ModelT.InitFromObj(schema.Model.GetRootAs(pathlib.Path(path).read_bytes(), 0))
    graph = model.subgraphs[0]
    named = {tensor.name.decode(): index for index, tensor in enumerate(graph.tensors)}
    maker = {index: operator for operator in graph.operators for index in operator.outputs}
    graph.inputs, graph.outputs = [named[name] for name in inputs], [named[name] for name in outputs]
    wanted, kept = list(graph.outputs), set()
    while wanted:
        index = wanted.pop()
        if index not in graph.inputs and index in maker and id(maker[index]) not in kept:
            kept.add(id(maker[index]))
            wanted.extend(int(i) for i in maker[index].inputs)
    graph.operators = [operator for operator in graph.operators if id(operator) in kept]
    model.signatureDefs = []
    builder = flatbuffers.Builder(1 << 20)
    builder.Finish(model.Pack(builder), b"TFL3")
    net = Interpreter(model_content=bytes(builder.Output()), num_threads=1)
    net.allocate_tensors()
    return net


def run_part(path, feeds, outputs):
    net = part(path, list(feeds), outputs)
    for detail, value in zip(net.get_input_details(), feeds.values()):
        net.set_tensor(detail["index"], value.astype(np.float32))
    net.invoke()
    return [net.get_tensor(detail["index"]) for detail in net.get_output_details()]


# The options of the network's three operations landmarks → matrix: corners, and the points that a piece shall hold.
LIPS = [
    *(61, 146, 91, 181, 84, 17, 314, 405, 321, 375, 291, 185, 40, 39, 37, 0, 267, 269, 270, 409),
    *(78, 95, 88, 178, 87, 14, 317, 402, 318, 324, 308, 191, 80, 81, 82, 13, 312, 311, 310, 415),
    *(76, 77, 90, 180, 85, 16, 315, 404, 320, 307, 306, 184, 74, 73, 72, 11, 302, 303, 304, 408),
    *(62, 96, 89, 179, 86, 15, 316, 403, 319, 325, 292, 183, 42, 41, 38, 12, 268, 271, 272, 407),
]
RIGHT_EYE = [
    *(33, 7, 163, 144, 145, 153, 154, 155, 133, 246, 161, 160, 159, 158, 157, 173, 130, 25, 110, 24, 23, 22, 26, 112),
    *(243, 247, 30, 29, 27, 28, 56, 190, 226, 31, 228, 229, 230, 231, 232, 233, 244, 113, 225, 224, 223, 222, 221, 189),
    *(35, 124, 46, 53, 52, 65, 143, 111, 117, 118, 119, 120, 121, 128, 245, 156, 70, 63, 105, 66, 107, 55, 193),
]
LEFT_EYE = [
    *(263, 249, 390, 373, 374, 380, 381, 382, 362, 466, 388, 387, 386, 385, 384, 398, 359, 255, 339, 254, 253, 252),
    *(256, 341, 463, 467, 260, 259, 257, 258, 286, 414, 446, 261, 448, 449, 450, 451, 452, 453, 464, 342, 445, 444),
    *(443, 442, 441, 413, 265, 353, 276, 283, 282, 295, 372, 340, 346, 347, 348, 349, 350, 357, 465, 383, 300, 293),
    *(334, 296, 336, 285, 417),
]
PIECES = [(LIPS, 61, 291), (RIGHT_EYE, 33, 133), (LEFT_EYE, 362, 263)]


def matrix(points, subset, left, right):
    """Pixels of a 16×16 piece → pixels of the 48×48 map: around the subset, along the corners, 1.5 times as large."""
    points = points[:, :2].astype(np.float64) / 4
    way = points[right] - points[left]
    turn = np.arctan2(way[1], way[0])
    back = np.array([[np.cos(turn), np.sin(turn)], [-np.sin(turn), np.cos(turn)]])
    turned = points[subset] @ back.T
    low, high = turned.min(0), turned.max(0)
    scaled = back.T * (1.5 * (high - low) / 16)
    return scaled, back.T @ ((low + high) / 2) - scaled @ np.array([8.0, 8.0])


def piece(features, scaled, offset):
    """Bilinear, zero outside the outermost pixels' centres."""
    out = np.zeros((16, 16, features.shape[-1]))
    for y in range(16):
        for x in range(16):
            px, py = scaled @ np.array([x + 0.5, y + 0.5]) + offset - 0.5
            if 0 <= px <= 47 and 0 <= py <= 47:
                left, top = int(px), int(py)
                right, bottom = min(left + 1, 47), min(top + 1, 47)
                u, v = px - left, py - top
                upper = (1 - u) * features[top, left] + u * features[top, right]
                lower = (1 - u) * features[bottom, left] + u * features[bottom, right]
                out[y, x] = (1 - v) * upper + v * lower
    return out


def refined(path, picture):
    """Points [478 × 3] and presence of the network with attention."""
    before = ["output_mesh", "conv_faceflag", "p_re_lu_3"]
    points, presence, features = run_part(path, {"input_1": picture[None]}, before)
    points = np.concatenate([points.reshape(468, 3), np.zeros((10, 3))]).astype(np.float64)
    transforms = [matrix(points, *options) for options in PIECES]
    names = ["transform_tensor_bilinear_v2" + suffix for suffix in ("", "_1", "_2")]
    feeds = {name: piece(features[0], *transform)[None] for name, transform in zip(names, transforms)}
    heads = ["conv_lips", "conv_left_eye", "conv_left_iris", "conv_right_eye", "conv_right_iris"]
    heads = dict(zip(heads, run_part(path, feeds, heads)))
    for name, subset, which in (("lips", LIPS, 0), ("left_eye", RIGHT_EYE, 1), ("right_eye", LEFT_EYE, 2)):
        scaled, offset = transforms[which]
        points[subset, :2] = heads["conv_" + name].reshape(-1, 2) @ scaled.T + 4 * offset
    for name, subset, which, first in (("left_iris", RIGHT_EYE, 1, 468), ("right_iris", LEFT_EYE, 2, 473)):
        scaled, offset = transforms[which]
        points[first : first + 5, :2] = heads["conv_" + name].reshape(-1, 2) @ scaled.T + 4 * offset
        points[first : first + 5, 2] = points[subset[:16], 2].mean()
    return {"points": points.reshape(-1), "presence": presence.reshape(-1)}


# The points that the blendshapes are told from, but for the irises': MediaPipe's own list.
SUBSET = [
    *(0, 1, 4, 5, 6, 7, 8, 10, 13, 14, 17, 21, 33, 37, 39, 40, 46, 52, 53, 54, 55, 58, 61, 63, 65, 66, 67, 70, 78, 80),
    *(81, 82, 84, 87, 88, 91, 93, 95, 103, 105, 107, 109, 127, 132, 133, 136, 144, 145, 146, 148, 149, 150, 152, 153),
    *(154, 155, 157, 158, 159, 160, 161, 162, 163, 168, 172, 173, 176, 178, 181, 185, 191, 195, 197, 234, 246, 249),
    *(251, 263, 267, 269, 270, 276, 282, 283, 284, 285, 288, 291, 293, 295, 296, 297, 300, 308, 310, 311, 312, 314),
    *(317, 318, 321, 323, 324, 332, 334, 336, 338, 356, 361, 362, 365, 373, 374, 375, 377, 378, 379, 380, 381, 382),
    *(384, 385, 386, 387, 388, 389, 390, 397, 398, 400, 402, 405, 409, 415, 454, 466),
]


def yunet(path, picture):
    """YuNet's outputs for a picture [height, width, 3] of red, green and blue in 0..=255, by level: [cells × 16] of class,
    object (both after the sigmoid), box and points."""
    model = onnx.load(path)
    sides = model.graph.input[0].type.tensor_type.shape.dim
    sides[2].dim_value, sides[3].dim_value = picture.shape[:2]
    del model.graph.value_info[:]
    for output in model.graph.output:
        output.type.tensor_type.shape.dim[1].dim_param = "cells"
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    net = onnxruntime.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])
    planes = np.ascontiguousarray(picture[..., ::-1].transpose(2, 0, 1)[None].astype(np.float32))
    levels = {}
    for stride in (8, 16, 32):
        names = [f"{kind}_{stride}" for kind in ("cls", "obj", "bbox", "kps")]
        levels[str(stride)] = np.concatenate([out[0] for out in net.run(names, {"input": planes})], axis=1)
    return levels


def main():
    portrait, detector, mesh, attention, searcher, blendshapes = sys.argv[1:]
    here = pathlib.Path(__file__).parent
    picture = Image.open(portrait).convert("RGB")

    whole = picture.resize((128, 128), Image.Resampling.BILINEAR)
    whole.save(here / "parity_detector.png", optimize=True)
    turned = picture.rotate(-10, Image.Resampling.BICUBIC, center=(225, 120))
    face = turned.crop((150, 45, 300, 195)).resize((192, 192), Image.Resampling.BICUBIC)
    face.save(here / "parity_mesh.png", optimize=True)

    tensors = {}
    for name, image, side in (("detector", whole, 128), ("mesh", face, 192), ("refined", face, 192)):
        for kind, pixels in (("face", np.asarray(image).reshape(-1)), ("noise", noise(side * side * 3))):
            pixels = pixels.astype(np.float32).reshape(side, side, 3)
            if name == "detector":
                out = run(detector, pixels / np.float32(127.5) - np.float32(1))
                out = {"logits": out["classificators"], "boxes": out["regressors"]}
            elif name == "refined":
                out = refined(attention, pixels / np.float32(255))
            else:
                out = run(mesh, pixels / np.float32(255))
                out = {"points": out["conv2d_21"], "presence": out["conv2d_31"]}
            for key, values in out.items():
                tensors[f"{name}.{kind}.{key}"] = values.astype("<f4")
                print(name, kind, key, values.shape, values.min(), values.max())

    webcam = Image.open(here / "webcam_120.png").convert("RGB")
    pieces = {"portrait": picture.crop((150, 40, 310, 200)), "webcam": webcam.crop((40, 50, 360, 242))}
    pieces["noise"] = noise(64 * 96 * 3).reshape(64, 96, 3)
    for kind, piece in pieces.items():
        for stride, values in yunet(searcher, np.asarray(piece)).items():
            tensors[f"yunet.{kind}.{stride}"] = values.astype("<f4")
            print("yunet", kind, stride, values.shape, "best score", np.sqrt(values[:, 0] * values[:, 1]).max())

    subset = [*SUBSET, *range(468, 478)]
    for index, line in enumerate((here / "landmarks.jsonl").read_text().splitlines()):
        points = np.array(json.loads(line)["refined"], np.float32)[subset]
        (said,) = run(blendshapes, points).values()
        tensors[f"blendshapes.{index}"] = said.astype("<f4")
        print("blendshapes", index, said.shape, said.min(), said.max())

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
