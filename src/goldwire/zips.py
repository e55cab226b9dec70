"""What can be wrong with a zip that somebody else made."""

from __future__ import annotations

import lzma
import zipfile
import zlib

#: What `zipfile` raises over an archive that is damaged or cut off, and, as a RuntimeError, over one that is
#: locked by a password or packed by a method unknown to Python.
UNREADABLE = (zipfile.BadZipFile, zlib.error, lzma.LZMAError, EOFError, OSError, ValueError, RuntimeError)
