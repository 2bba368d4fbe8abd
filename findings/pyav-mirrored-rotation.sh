#!/bin/sh
# PyAV 18.1.0 with imageio-ffmpeg 0.8.1's ffmpeg, Python 3.11, 2026-12-01.
#
# Guess: a phone's front camera writes a display matrix that mirrors the picture and turns it by
# nothing, so `VideoFrame.rotation` of such a frame is 0, and only the matrix tells of the mirror.
#
# Seen: `rotation` is -180 for a picture mirrored left to right, and 0 for one mirrored top to
# bottom. The number is an angle taken from the first column of the matrix. A thumbnail turned by it
# stands on its head in the first case and is unmirrored in the second; players show neither so.
# Whether the picture is mirrored at all is the sign of the matrix' determinant, in the side data.
set -eu
folder=$(mktemp -d)
trap 'rm -r "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check av==18.1.0 imageio-ffmpeg==0.8.1
cd "$folder"
venv/bin/python - <<'PYTHON'
import struct
import subprocess
import sys

import av
import imageio_ffmpeg

ffmpeg = [imageio_ffmpeg.get_ffmpeg_exe(), "-v", "error", "-y"]
source = ["-f", "lavfi", "-i", "testsrc2=s=320x180:r=10:d=1"]
subprocess.run([*ffmpeg, *source, "-c:v", "libx264", "plain.mp4"], check=True)
seen = {}
for flip in ("hflip", "vflip"):
    made = ["-display_" + flip, "-i", "plain.mp4", "-c", "copy", f"{flip}.mp4"]
    subprocess.run([*ffmpeg, *made], check=True)
    with av.open(f"{flip}.mp4") as container:
        frame = next(container.decode(video=0))
        a, b, _, c, d, *_ = struct.unpack_from("=9i", frame.side_data["DISPLAYMATRIX"])
        seen[flip] = (abs(frame.rotation), a * d - b * c < 0)
        print(f"{flip}: rotation {frame.rotation}, mirrored by its matrix: {seen[flip][1]}")
sys.exit(0 if seen == {"hflip": (180, True), "vflip": (0, True)} else 1)
PYTHON
