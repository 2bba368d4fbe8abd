#!/bin/sh
# pysubs2 1.8.1, Python 3.11, 2026-11-30.
#
# Guess: WebVTT has no meaning for braces and decodes entities (W3C WebVTT 1, cue text parsing), so
# reading the cue `Q &amp; A: {state} is an object` gives the plain text `Q & A: {state} is an
# object`, and saving it as WebVTT keeps the cue.
#
# Seen: `{state}` is gone from the plain text and from the saved file, without an error or a warning:
# every format becomes SubStation Alpha inside, where braces hold style overrides. `&amp;` stays five
# letters in the plain text. Captions of programming courses (JSX, JSON, Python's f-strings) lose
# words this way.
set -eu
folder=$(mktemp -d)
trap 'rm -r "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check pysubs2==1.8.1
"$folder/venv/bin/python" - <<'PYTHON'
import sys

import pysubs2

CUE = "Q &amp; A: {state} is an object"
FILE = f"WEBVTT\n\n00:01.000 --> 00:02.000\n{CUE}\n"

captions = pysubs2.SSAFile.from_string(FILE, format_="vtt")
plain, saved = captions[0].plaintext, captions.to_string("vtt")
print("in the file:", CUE)
print("plain text: ", plain)
print("saved again:", saved.strip().splitlines()[-1])
as_stated = plain == "Q &amp; A:  is an object" and "{state}" not in saved
sys.exit(0 if as_stated else 1)
PYTHON
