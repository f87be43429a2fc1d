"""Receipts: small, real pictures and documents."""

from __future__ import annotations

import struct
import zlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from random import Random

_PDF = b"""%%PDF-1.4
1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj
2 0 obj<</Type/Pages/Count 1/Kids[3 0 R]>>endobj
3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 300 144]>>endobj
%% %d
trailer<</Root 1 0 R>>
%%%%EOF
"""


def draw_receipt(random: Random) -> tuple[str, bytes]:
    """Return what Spendesk calls the type of a receipt, and its content; no two are alike."""
    if random.random() < 0.5:
        return "pdf", _PDF % random.getrandbits(48)
    return "png", _png(random)


def _png(random: Random) -> bytes:
    """A small picture in grey."""
    rows = b"".join(b"\0" + random.randbytes(8) for _ in range(8))
    header = struct.pack(">IIBBBBB", 8, 8, 8, 0, 0, 0, 0)
    chunks = ((b"IHDR", header), (b"IDAT", zlib.compress(rows)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(name, data) for name, data in chunks)


def _chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
