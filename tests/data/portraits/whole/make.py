"""Makes the portraits in this folder, and their polygons, from a folder that holds the originals and theirs.

    python3 make.py ORIGINALS

Needs Pillow (made with 13.0.0).
"""

import io
import json
import sys
from pathlib import Path

from PIL import Image, ImageCms

HERE = Path(__file__).parent
# The part of the original that is kept (left, top, right, bottom), and by how much it is scaled.
PORTRAITS = {
    "bald-beard-turned.jpg": (None, 1),
    "before-bark.png": ((300, 0, 1030, 860), 1),
    "clear-glasses.jpg": (None, 1),
    "close.jpg": (None, 1),
    "dark-skin-curls.png": (None, 1),
    "glasses-beard.jpg": (None, 1),
    # Its face is 1,054 pixels wide: as large as the measures ask for, and no larger.
    "long-hair-display-p3.jpg": ((0, 300, 1970, 2755), 0.925),
    "sunlight.jpg": (None, 1),
    "tilted.jpg": (None, 1),
}


def srgb(picture):
    """The picture in sRGB, on black where it is transparent."""
    profile = picture.info.get("icc_profile")
    plain = picture.convert("RGB")
    if profile is None:
        return plain
    return ImageCms.profileToProfile(
        plain, ImageCms.ImageCmsProfile(io.BytesIO(profile)), ImageCms.createProfile("sRGB"), renderingIntent=1
    )


def main():
    originals = Path(sys.argv[1])
    known = json.loads((originals / "skin_polygons.json").read_text())
    polygons = {}
    for name, (part, factor) in PORTRAITS.items():
        source = originals / name
        picture = Image.open(source)
        target = name.replace("-display-p3", "").replace(".png", ".jpg")
        whole = part is None and factor == 1
        if whole and source.suffix == ".jpg" and "icc_profile" not in picture.info:
            # Nothing to do to it: encoding it again would only lose.
            (HERE / target).write_bytes(source.read_bytes())
            part = (0, 0, *picture.size)
        else:
            part = part or (0, 0, *picture.size)
            picture = srgb(picture).crop(part)
            size = tuple(round(side * factor) for side in picture.size)
            if size != picture.size:
                picture = picture.resize(size, Image.Resampling.LANCZOS)
            picture.save(HERE / target, quality=85 if factor < 1 else 90, subsampling=0 if factor == 1 else 2)
        width, height = (side * factor for side in (part[2] - part[0], part[3] - part[1]))
        polygons[target] = []
        for polygon in known[name]:
            points = [[round((x - part[0]) * factor, 1), round((y - part[1]) * factor, 1)] for x, y in polygon["points"]]
            # A polygon that lies in the part that is cut away says nothing any more.
            if all(0 <= x <= width and 0 <= y <= height for x, y in points):
                polygons[target].append({**polygon, "points": points})
            else:
                print(f"{target}: without {polygon['label']}")
    lines = [f"{json.dumps(name)}: {json.dumps(known, separators=(',', ':'))}" for name, known in polygons.items()]
    (HERE / "skin_polygons.json").write_text("{\n" + ",\n".join(lines) + "\n}\n")


main()
