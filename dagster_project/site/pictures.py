"""Pictures of the pages of PDF that print tables.

Belongs here: which pages, and their files. Does not belong here: reading tables. A report whose file is gone or has
changed since it was read has no pictures: a picture must show what the figures were read from.
"""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Final

from dagster_project.site.read import PrintedTable, Row
from dagster_project.site.text import file_name

WIDTH_PIXELS: Final = 1000
QUALITY: Final = 60


class PagePictures:
    """Writes the pictures of one build."""

    def __init__(self, reports: Path | None, folder: Path) -> None:
        """``reports`` is the folder with the source files; None for no pictures."""
        self._reports, self._folder = reports, folder

    def of(self, report: Row, tables: list[PrintedTable]) -> dict[int, str]:
        """File names, from the root of the site, of the pages that print the tables; empty for anything but PDF."""
        if self._reports is None or report["media_type"] != "application/pdf":
            return {}
        try:
            content = (self._reports / report["file_name"]).read_bytes()
        except OSError:
            return {}
        if hashlib.sha256(content).hexdigest() != report["sha256"]:
            return {}
        pages = sorted(
            {cell["page"] for table in tables for line in table.lines for cell in line if cell.get("page") is not None}
        )
        import pypdfium2

        self._folder.mkdir(exist_ok=True)
        names = {}
        document = pypdfium2.PdfDocument(content)
        try:
            for page_number in pages:
                page = document[page_number - 1]
                picture = page.render(scale=WIDTH_PIXELS / page.get_width()).to_pil().convert("L")
                name = f"{file_name(report['report_id'])}-{page_number}.webp"
                picture.save(self._folder / name, "WEBP", quality=QUALITY, method=4)
                names[page_number] = f"{self._folder.name}/{name}"
        finally:
            document.close()
        return names
