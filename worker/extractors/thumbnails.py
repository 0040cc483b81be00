"""A small picture of a page, as PNG. Written by hand, since loading an imaging library takes longer than drawing it."""

from __future__ import annotations

import ctypes
import struct
import zlib
from typing import Any

import pypdfium2_raw as pdfium  # type: ignore[import-untyped]

WIDTH = 240
_MOST_HEIGHT = 480
_FLAGS = pdfium.FPDF_ANNOT | pdfium.FPDF_REVERSE_BYTE_ORDER


def thumbnail(page: Any) -> bytes | None:
    """The page at a width of 240 pixels; None if it cannot be drawn."""
    wide, high = pdfium.FPDF_GetPageWidthF(page), pdfium.FPDF_GetPageHeightF(page)
    if wide <= 0 or high <= 0:
        return None
    width, height = WIDTH, min(_MOST_HEIGHT, max(1, round(WIDTH * high / wide)))
    bitmap = pdfium.FPDFBitmap_CreateEx(width, height, pdfium.FPDFBitmap_BGR, None, 0)
    if not bitmap:
        return None
    try:
        pdfium.FPDFBitmap_FillRect(bitmap, 0, 0, width, height, 0xFFFFFFFF)
        pdfium.FPDF_RenderPageBitmap(bitmap, page, 0, 0, width, height, 0, _FLAGS)
        stride = pdfium.FPDFBitmap_GetStride(bitmap)
        raw = ctypes.string_at(pdfium.FPDFBitmap_GetBuffer(bitmap), stride * height)
    finally:
        pdfium.FPDFBitmap_Destroy(bitmap)
    return _png(width, height, [raw[at * stride : at * stride + 3 * width] for at in range(height)])


def _png(width: int, height: int, lines: list[bytes]) -> bytes:
    """An image of three bytes per pixel."""
    data = zlib.compress(b"".join(b"\0" + line for line in lines), 6)
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + _chunk(b"IHDR", header) + _chunk(b"IDAT", data) + _chunk(b"IEND", b"")


def _chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
