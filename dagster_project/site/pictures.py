"""Pictures of the pages of PDF that print tables, with the place of every figure on them.

Belongs here: which pages, their files, and where cells stand on them. Does not belong here: reading tables, and drawing
a page (``extract.picture``). A report whose file is gone or has changed since it was read has no pictures: a picture
must show what the figures were read from.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from dagster_project.extract.document import ExtractionError
from dagster_project.extract.sandbox import Children
from dagster_project.site.read import PrintedTable, Row
from dagster_project.site.text import figure_anchor, file_name
from dagster_project.warehouse.intake.scan import path_of

WIDTH: Final = 1000
"""Pixels: enough to read small print, little enough to send."""
QUALITY: Final = 55


@dataclass(frozen=True, slots=True)
class Place:
    """Where the cell of a figure stands on the picture, in percent of its width and height."""

    anchor: str
    text: str
    left: float
    top: float
    width: float
    height: float


@dataclass(frozen=True, slots=True)
class Picture:
    """The picture of one page."""

    page: int
    file: str
    """Address from the root of the site."""
    width: int
    height: int
    places: list[Place]


class PagePictures:
    """Draws the pictures of one build; a context manager, for pages are drawn in a child process."""

    def __init__(self, reports: Path | None, site: Path, folder: str) -> None:
        """``reports`` is the folder with the source files (None for no pictures); pictures go into ``site/folder``."""
        self._reports, self._site, self._folder = reports, site, folder
        self._children = Children()

    def __enter__(self) -> PagePictures:
        return self

    def __exit__(self, *_: object) -> None:
        self._children.close()

    def of(self, report: Row, tables: list[PrintedTable]) -> list[Picture]:
        """The pages of a report that print tables; none for anything but PDF."""
        content = self._content(report)
        if content is None:
            return []
        cells: dict[int, list[Row]] = {}
        for table in tables:
            for line in table.lines:
                for cell in line:
                    if cell.get("page") is not None:
                        cells.setdefault(cell["page"], []).append(cell)
        pictures = []
        for page in sorted(cells):
            try:
                drawn = self._children.small_page(content, page, WIDTH, QUALITY)
            except ExtractionError:
                continue  # the page was read once; that it cannot be drawn now must not cost the site
            pictures.append(self._picture(report, page, drawn, cells[page]))
        return pictures

    def _content(self, report: Row) -> bytes | None:
        if self._reports is None or report["media_type"] != "application/pdf":
            return None
        try:
            content = path_of(self._reports, report["file_name"]).read_bytes()
        except OSError:
            return None
        return content if hashlib.sha256(content).hexdigest() == report["sha256"] else None

    def _picture(
        self, report: Row, page: int, drawn: tuple[bytes, int, int, float | None], cells: list[Row]
    ) -> Picture:
        content, width, height, scale = drawn
        name = f"{self._folder}/{file_name(report['report_id'])}-{page}.webp"
        (self._site / self._folder).mkdir(exist_ok=True)
        (self._site / name).write_bytes(content)
        if scale is None:
            # A page beyond the limit was drawn at a scale of its own: its picture is shown, without places.
            return Picture(page, name, width, height, [])
        across, down = width / scale / 100, height / scale / 100
        places = [
            Place(
                figure_anchor(cell["figures"][0]["fact_key"]),
                cell["text"],
                round(cell["x0"] / across, 2),
                round(cell["y0"] / down, 2),
                round((cell["x1"] - cell["x0"]) / across, 2),
                round((cell["y1"] - cell["y0"]) / down, 2),
            )
            for cell in cells
            if cell["figures"] and cell.get("x0") is not None
        ]
        return Picture(page, name, width, height, places)
