#!/bin/sh
# ffmpeg as in imageio-ffmpeg 0.8.1, Python 3.11, 2026-12-01.
#
# Guess: three slides shown from 0, 10 and 25 s and a last picture at 55 s, one picture each, encoded
# with the times kept (`-fps_mode vfr`), make an MP4 of about 55 s: the last picture lasts a moment.
#
# Seen: the file says that it lasts 36 s, and its last picture is shown at 55 s: after its own end.
# x264 reorders the few pictures, and the track's length is taken from the order in which they are
# decoded. A player that believes it ends before the last slide. A constant rate (`fps=5`) ends when the slides do.
set -eu
folder=$(mktemp -d)
trap 'rm -r "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check imageio-ffmpeg==0.8.1 av==18.1.0
cd "$folder"
venv/bin/python - <<'PYTHON'
import subprocess
import sys

import av
import imageio_ffmpeg

FFMPEG = [imageio_ffmpeg.get_ffmpeg_exe(), "-hide_banner", "-nostdin", "-y", "-loglevel", "error"]
SLIDES = ["-f", "lavfi", "-i", "testsrc2=s=320x180:r=1:d=56"]
TIMES = "select='eq(n,0)+eq(n,10)+eq(n,25)+eq(n,55)'"


def encode(name, filters):
    """Seconds that the file says it lasts, and when its last picture is shown."""
    words = ["-vf", filters, "-fps_mode", "vfr", "-c:v", "libx264", name]
    subprocess.run([*FFMPEG, *SLIDES, *words], check=True)
    with av.open(name) as container:
        return container.duration / 1e6, max(f.time for f in container.decode(video=0))


for name, filters in (("kept", TIMES), ("constant", f"{TIMES},fps=5")):
    lasts_s, last_s = encode(f"{name}.mp4", filters)
    print(f"{name}: lasts {lasts_s:.2f} s, last picture at {last_s:.2f} s")
    as_stated = last_s > lasts_s + 10 if name == "kept" else last_s < lasts_s <= 56.5
    if not as_stated:
        sys.exit(1)
PYTHON
