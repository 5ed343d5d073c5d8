"""Pictures of pages on which a cell is marked.

Belongs here: drawing a page of a PDF and the frame around a cell. Does not belong here: where a cell stands (the reader
of PDF says so) and which cell is wanted (the caller).
"""

from __future__ import annotations

import io
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pypdfium2

from dagster_project.extract.document import ExtractionError
from dagster_project.extract.structure import Box

if TYPE_CHECKING:
    from PIL.Image import Image

SCALE = 2.0
"""Pixels a point: 144 dpi."""
MAX_PIXELS = 24_000_000
"""Beyond it the picture is drawn smaller: a page may be five metres wide."""
MARGIN = 2.0
"""Points between what is printed and the frame around it."""
FRAME = (190, 30, 45, 255)
FILL = (255, 214, 0, 70)


def render_cell(pdf_bytes: bytes, page: int, box: Box | None, scale: float = SCALE) -> Image:
    """Draw a page of a PDF as a viewer shows it, with a frame around a cell.

    The file is not trusted: :meth:`dagster_project.extract.sandbox.Children.picture` does the same in a child process.

    Args:
        pdf_bytes: the whole file.
        page: number of the page, from 1.
        box: left, top, right and bottom of the cell in points from the top left corner of the page, as in ``raw.cell``;
            None marks nothing.
        scale: pixels a point; less for pages of more than ``MAX_PIXELS``.

    Returns:
        A Pillow image, RGB.

    Raises:
        ExtractionError: the file cannot be opened or has no such page.
    """
    from PIL import Image, ImageDraw

    try:
        with pypdfium2.PdfDocument(pdf_bytes) as pdf:
            if not 1 <= page <= len(pdf):
                raise ExtractionError(f"the PDF has no page {page}")
            sheet = pdf[page - 1]
            width, height = sheet.get_size()
            scale = min(scale, (MAX_PIXELS / max(1.0, width * height)) ** 0.5)
            picture: Image.Image = sheet.render(scale=scale, may_draw_forms=False).to_pil().convert("RGBA")
    except pypdfium2.PdfiumError as error:
        raise ExtractionError(f"page {page} of the PDF cannot be drawn: {error}") from error
    if box is not None:
        x0, y0, x1, y1 = (edge * scale for edge in box)
        margin = MARGIN * scale
        layer = Image.new("RGBA", picture.size, (0, 0, 0, 0))
        ImageDraw.Draw(layer).rectangle(
            (x0 - margin, y0 - margin, x1 + margin, y1 + margin), fill=FILL, outline=FRAME, width=max(1, round(scale))
        )
        picture = Image.alpha_composite(picture, layer)
    return picture.convert("RGB")


@dataclass(frozen=True, slots=True)
class PagePicture:
    """A small picture of a page: a WebP file, its size in pixels, and how many of these make a point of the page.

    ``pixels_per_point`` is None where the page is so large that the picture has another scale than others.
    """

    content: bytes
    width: int
    height: int
    pixels_per_point: float | None


def small_page(pdf_bytes: bytes, page: int, width: int, quality: int) -> PagePicture:
    """Draw a page in shades of grey, ``width`` pixels wide, for the web.

    Raises:
        ExtractionError: as :func:`render_cell`.
    """
    from PIL import Image

    drawn = render_cell(pdf_bytes, page, None)
    is_to_scale = drawn.width * drawn.height < 0.99 * MAX_PIXELS
    height = max(1, round(drawn.height * width / drawn.width))
    buffer = io.BytesIO()
    drawn.convert("L").resize((width, height), Image.Resampling.LANCZOS).save(buffer, "WEBP", quality=quality)
    return PagePicture(buffer.getvalue(), width, height, SCALE * width / drawn.width if is_to_scale else None)
