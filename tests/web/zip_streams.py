"""Readers of archives from the first byte on, that never look at the directory at the end."""

import shutil
import struct
import subprocess
import zlib
from pathlib import Path

import pytest

HEADER = struct.Struct("<IHHHHHIIIHH")
MAX32 = 0xFFFF_FFFF
DESCRIBED, STORED, DEFLATED = 0x8, 0, 8

# Prints the name, the number of bytes and the CRC-32 of each entry, as Java reads them.
PROGRAM = """
import java.io.*;
import java.util.zip.*;

public class Entries {
    public static void main(String[] arguments) throws IOException {
        ZipInputStream archive = new ZipInputStream(new FileInputStream(arguments[0]));
        PrintStream out = new PrintStream(System.out, false, "UTF-8");
        byte[] piece = new byte[1 << 16];
        for (ZipEntry entry; (entry = archive.getNextEntry()) != null; ) {
            CRC32 crc = new CRC32();
            long size = 0;
            for (int count; (count = archive.read(piece)) > 0; size += count)
                crc.update(piece, 0, count);
            out.println(entry.getName() + "\\t" + size + "\\t" + crc.getValue());
        }
        out.flush();
    }
}
"""


def entries(archive: bytes) -> list[tuple[str, bytes, int]]:
    """Name, content and method of each entry, by the local headers alone.

    Strict as Java is: stored bytes need their size before them.
    """
    found, at = [], 0
    while archive[at : at + 4] == b"PK\x03\x04":
        _, _, flags, method, _, _, crc, packed, size, name, extra = HEADER.unpack_from(archive, at)
        at += HEADER.size
        title = archive[at : at + name].decode()
        more = archive[at + name : at + name + extra]
        at += name + extra
        if (packed, size) == (MAX32, MAX32):
            assert more[:4] == struct.pack("<HH", 1, 16)
            size, packed = struct.unpack("<QQ", more[4:20])
        if method == STORED:
            assert not flags & DESCRIBED, f"the end of {title} cannot be found"
            content, at = archive[at : at + packed], at + packed
        else:
            assert method == DEFLATED
            inflater = zlib.decompressobj(-15)
            content = inflater.decompress(archive[at:])
            assert inflater.eof
            at = len(archive) - len(inflater.unused_data)
            if flags & DESCRIBED:
                signature, crc, packed, size = struct.unpack_from("<IIII", archive, at)
                assert signature == 0x08074B50
                at += 16
        assert (len(content), zlib.crc32(content)) == (size, crc), title
        found.append((title, content, method))
    assert archive[at : at + 4] == b"PK\x01\x02"
    return found


def by_java(archive: bytes, folder: Path) -> list[str]:
    """What `ZipInputStream` makes of it; skips where no JDK is installed."""
    java = shutil.which("java")
    if java is None or shutil.which("javac") is None:
        pytest.skip("There is no JDK on this machine.")
    file, program = folder / "archive.zip", folder / "Entries.java"
    file.write_bytes(archive)
    program.write_text(PROGRAM)
    done = subprocess.run([java, program, file], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()
