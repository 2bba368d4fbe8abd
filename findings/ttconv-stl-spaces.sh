#!/bin/sh
# ttconv 1.2.3, Python 3.11, 2026-12-01.
#
# Guess: in EBU STL the codes 80h and 81h begin and end italics and take no place on the row (EBU
# Tech 3264, TF field), so the text `so <80h>italic<81h> and` reads `so italic and`: the spaces
# beside the codes are the words' own.
#
# Seen: a space beside a code is dropped, so the words run together: `soitalicand`. A space is only
# made of a code that has letters on both sides. Subtitles with one word in italics, which is what
# italics are for, lose the spaces around it.
set -eu
folder=$(mktemp -d)
trap 'rm -r "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check ttconv==1.2.3
"$folder/venv/bin/python" - <<'PYTHON'
import io
import sys

from ttconv import model
from ttconv.stl import reader

TEXT = b"so \x80italic\x81 and"
head = bytearray(b" " * 1024)
head[0:16] = b"850STL25.0110009"
head[224:256] = b"261201261201" + b"01" + b"00001" * 2 + b"001" + b"40" + b"23" + b"1"
head[256:277] = b"0" * 16 + b"11GBR"
block = b"\0\1\0\xff\0" + bytes((0, 0, 1, 0, 0, 0, 2, 0, 20, 2, 0)) + TEXT.ljust(112, b"\x8f")


def words(element):
    if isinstance(element, model.Text):
        return element.get_text()
    return "".join(words(child) for child in element)


read = words(reader.to_model(io.BytesIO(bytes(head) + block)).get_body())
print("in the file:", TEXT.decode("latin-1").encode("unicode_escape").decode())
print("read:       ", repr(read))
sys.exit(0 if read == "soitalicand" else 1)
PYTHON
