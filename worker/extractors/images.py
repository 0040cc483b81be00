"""Checks an image's size before it is decoded."""

from __future__ import annotations

import io

from worker.extractors.output import Refused


def check_size(data: bytes, most_pixels: int) -> None:
    """Raises Refused if the image has too many pixels or is damaged. Reads only the header."""
    from PIL import Image, UnidentifiedImageError

    Image.MAX_IMAGE_PIXELS = None  # replaced by our own limit
    try:
        with Image.open(io.BytesIO(data)) as image:
            width, height = image.size
    except (UnidentifiedImageError, OSError, ValueError, SyntaxError) as error:
        raise Refused("The image is damaged or was cut short.") from error
    if width * height > most_pixels:
        raise Refused(f"The image has more than {most_pixels // 1_000_000} million pixels.")
