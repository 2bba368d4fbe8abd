"""Pages of office documents by LibreOffice, as a library in this process.

By LibreOfficeKit's C interface (include/LibreOfficeKit/LibreOfficeKit.h of its sources), since its
program would start others and speak to them by sockets, which nothing in the sandbox may.
"""

import ctypes
import os
from pathlib import Path
from typing import Any

from lectern.errors import Message
from lectern.media.sandbox.refusal import Refused

# As its own LibreOfficeKitInit.h looks for it: a build of many libraries, or of one.
LIBRARIES = ("libsofficeapp.so", "libmergedlo.so")
_CONVERTED_BADLY = Message(
    "LibreOffice could not open this document, so its pages cannot be shown."
)
# Numbers of slides stay those of the document when hidden ones are shown as well.
_OPTIONS = (
    b'{"ExportHiddenSlides":{"type":"boolean","value":"true"},'
    b'"ExportBookmarks":{"type":"boolean","value":"true"}}'
)
# Their places in the two tables of functions, after `nSize`.
_LOAD, _SAVE_AS = 3, 1


def convert(source: Path, container: str, scratch: Path, program: str) -> None:
    """Write the document's pages as a PDF, `out.0` in `scratch`; `program` is LibreOffice's folder.

    Its profile, caches and temporary files are in `scratch` as well, and go with it.

    Raises:
        Refused: LibreOffice cannot open it.
    """
    for name in ("HOME", "XDG_CACHE_HOME", "XDG_CONFIG_HOME", "XDG_RUNTIME_DIR"):
        os.environ[name] = str(scratch)
    os.environ |= {"SAL_USE_VCLPLUGIN": "svp", "SAL_DISABLE_OPENCL": "1"}
    (scratch / "profile").mkdir(exist_ok=True)
    office = _started(program, (scratch / "profile").as_uri())
    load = _function(office, _LOAD, ctypes.c_void_p, ctypes.c_char_p, ctypes.c_char_p)
    # Whatever the file is called, LibreOffice looks at what is in it.
    document = load(office, source.as_uri().encode(), b"Batch=true")
    if not document:
        raise Refused(_CONVERTED_BADLY)
    target = (scratch / "out.0").as_uri().encode()
    save = _function(document, _SAVE_AS, ctypes.c_int, *(ctypes.c_char_p,) * 3)
    if not save(document, target, b"pdf", _OPTIONS):
        raise Refused(_CONVERTED_BADLY)


def _started(program: str, profile: str) -> int:
    library = next(path for name in LIBRARIES if (path := Path(program) / name).exists())
    hook = ctypes.CDLL(str(library), mode=ctypes.RTLD_GLOBAL).libreofficekit_hook_2
    hook.restype, hook.argtypes = ctypes.c_void_p, [ctypes.c_char_p, ctypes.c_char_p]
    office = hook(program.encode(), profile.encode())
    if not office:
        raise RuntimeError("LibreOffice did not start.")
    return int(office)


def _function(owner: int, place: int, result: Any, *arguments: Any) -> Any:
    """A function of the table that an object of LibreOfficeKit begins with."""
    pointers = ctypes.POINTER(ctypes.c_void_p)
    table = ctypes.cast(owner, pointers)[0]
    address = ctypes.cast(table, pointers)[1 + place]
    if not address:
        raise RuntimeError("This LibreOffice lacks a function that it should have.")
    return ctypes.CFUNCTYPE(result, ctypes.c_void_p, *arguments)(address)
