"""Reader for born-digital PDF, on PDFium: words, rules and areas to lines and grids in reading order.

Belongs here: opening the file, the order of the steps, what makes a PDF unreadable. Does not belong here: each step
(the modules of this package) and joining fragments to tables (``structure``).
"""

from __future__ import annotations

from dagster_project.extract.pdf.reader import read_pdf

__all__ = ["read_pdf"]
