#!/bin/sh
# pysubs2 1.8.1, Python 3.11, 2026-12-01.
#
# Guess: SubStation Alpha names its columns in a `Format:` line ("the format line allows new fields",
# ASS specification), so a file with other columns than usual is read by them: a style with 10 of
# the 23 columns has its alignment 8, and events of the columns Start, End, Text have their text.
#
# Seen: `Format:` lines are not looked at. The style's alignment stays 2, it becomes bold and
# italic, which are other columns, and the events raise ValueError: `Hello` is no time. One such
# line loses the whole file.
set -eu
folder=$(mktemp -d)
trap 'rm -r "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check pysubs2==1.8.1
"$folder/venv/bin/python" - <<'PYTHON'
import sys

import pysubs2

HEAD = "[Script Info]\nScriptType: v4.00+\n\n"
STYLES = (
    "[V4+ Styles]\n"
    "Format: Name, Fontname, Fontsize, PrimaryColour, Bold, Italic, Alignment, MarginL, MarginR, "
    "MarginV\nStyle: Top,Arial,20,&H00FFFFFF,0,0,8,10,10,10\n"
)
EVENTS = "[Events]\nFormat: Start, End, Text\nDialogue: 0:00:01.00,0:00:02.00,Hello, you\n"

style = pysubs2.SSAFile.from_string(HEAD + STYLES, format_="ass").styles["Top"]
print("alignment 8 became", int(style.alignment), "bold 0 became", style.bold)
try:
    events = pysubs2.SSAFile.from_string(HEAD + EVENTS, format_="ass").events
    problem = ""
except ValueError as error:
    problem = str(error)
print("events of three columns:", problem or events)
as_stated = int(style.alignment) == 2 and style.bold and "Hello" in problem
sys.exit(0 if as_stated else 1)
PYTHON
