"""Typesets blocks to PDF with ReportLab's Platypus.

Belongs here: the drawing. Does not belong here: what is printed and how it is judged.
"""

from __future__ import annotations

import html
import io
from functools import cache
from pathlib import Path

from reportlab.lib import colors
from reportlab.lib.enums import TA_CENTER, TA_LEFT, TA_RIGHT
from reportlab.lib.pagesizes import A4, landscape
from reportlab.lib.styles import ParagraphStyle
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import Flowable, Paragraph, SimpleDocTemplate, Spacer, Table

from dagster_project.extract.structure import is_number
from tests.typeset.model import Block, ContentsBlock, HeadingBlock, ParagraphBlock, Style, TableBlock

FONT_FOLDERS = (
    Path("/usr/share/fonts/truetype/dejavu"),
    Path("/usr/share/fonts/truetype/liberation2"),
    Path("/usr/share/fonts/truetype/liberation"),
    Path("/usr/share/fonts/truetype/crosextra"),
)
FONTS = {
    "DejaVu Sans": ("DejaVuSans.ttf", "DejaVuSans-Bold.ttf"),
    "Liberation Sans": ("LiberationSans-Regular.ttf", "LiberationSans-Bold.ttf"),
    "Liberation Serif": ("LiberationSerif-Regular.ttf", "LiberationSerif-Bold.ttf"),
    "Carlito": ("Carlito-Regular.ttf", "Carlito-Bold.ttf"),
}


@cache
def _fonts(name: str) -> tuple[str, str]:
    """Names of the plain and the bold font; Helvetica (one of the fourteen that need no file) where it is missing."""
    found = []
    for file_name in FONTS.get(name, ()):
        path = next((folder / file_name for folder in FONT_FOLDERS if (folder / file_name).exists()), None)
        if path is None:
            return "Helvetica", "Helvetica-Bold"
        pdfmetrics.registerFont(TTFont(path.stem, str(path)))
        found.append(path.stem)
    return (found[0], found[1]) if found else ("Helvetica", "Helvetica-Bold")


def typeset(blocks: list[Block], style: Style) -> bytes:
    """PDF bytes."""
    buffer = io.BytesIO()
    page = landscape(A4) if style.landscape else A4
    template = SimpleDocTemplate(buffer, pagesize=page, leftMargin=62, rightMargin=62, topMargin=70, bottomMargin=70)
    plain, bold = _fonts(style.font)
    size = style.size
    body = ParagraphStyle("body", fontName=plain, fontSize=size, leading=size * style.leading, spaceAfter=size * 0.6)
    story: list[Flowable] = []
    for block in blocks:
        if isinstance(block, HeadingBlock):
            points = (1.9, 1.5, 1.25, 1.12, 1.05, 1.0)[min(block.level, 6) - 1] * size * style.heading_scale
            heading = ParagraphStyle(
                f"h{block.level}",
                fontName=bold,
                fontSize=points,
                leading=points * 1.2,
                spaceBefore=points * 0.9,
                spaceAfter=points * 0.4,
                keepWithNext=1,
            )
            story.append(Paragraph(html.escape(block.text), heading))
        elif isinstance(block, ParagraphBlock):
            story.append(Paragraph(html.escape(block.text), body))
        elif isinstance(block, ContentsBlock):
            story.extend(_entry(text, number, template.width, plain, body) for text, number in block.entries)
        else:
            story.append(_table(block, style, template.width, plain, bold))
            story.append(Spacer(1, size))

    def furniture(canvas: Canvas, document: SimpleDocTemplate) -> None:
        canvas.setFont(plain, 8)
        canvas.drawString(62, page[1] - 40, "Exempelkommun – Socialnämnden")
        canvas.drawRightString(page[0] - 62, 35, f"Sida {document.page}")

    template.build(story, onFirstPage=furniture, onLaterPages=furniture)
    return buffer.getvalue()


def _entry(text: str, page: int, width: float, font: str, body: ParagraphStyle) -> Table:
    style = ParagraphStyle("entry", parent=body, spaceAfter=0)
    room = width - 40 - pdfmetrics.stringWidth(text, font, body.fontSize)
    dots = "." * max(5, int(room / pdfmetrics.stringWidth(".", font, body.fontSize)))
    entry = Table([[Paragraph(html.escape(text) + dots, style), Paragraph(str(page), style)]], [width - 25, 25])
    entry.setStyle(
        [
            ("VALIGN", (0, 0), (-1, -1), "BOTTOM"),
            ("TOPPADDING", (0, 0), (-1, -1), 0),
            ("BOTTOMPADDING", (0, 0), (-1, -1), 0),
        ]
    )
    return entry


def _widths(table: TableBlock, width: float, font: str, size: float, pad: float) -> list[float]:
    """Room for the longest word of every column; the rest goes to columns by the text they hold."""
    least, likes = [], []
    for column in range(table.n_cols):
        texts = [t for (_, c), (t, _, span) in table.cells.items() if c == column and span == 1]
        # A number with spaces for thousands is not to be broken.
        words = [t if is_number(t) else word for t in texts for word in t.split() or [""]]
        least.append(max([pdfmetrics.stringWidth(word, font, size) * 1.08 for word in words] or [5]) + 2 * pad + 1)
        likes.append(max([pdfmetrics.stringWidth(t[:60], font, size) for t in texts] or [0]))
    spare = max(0.0, width - sum(least))
    wished = sum(likes) or 1
    return [low + spare * like / wished for low, like in zip(least, likes, strict=True)]


def _table(table: TableBlock, style: Style, width: float, plain: str, bold: str) -> Table:
    numeric = table.numeric_columns()
    size = min(style.size, 10 if table.n_cols < 8 else 6.5)
    data: list[list[object]] = []
    commands: list[tuple[object, ...]] = []
    places = table.places()
    for index, row in enumerate(table.rows()):
        line: list[object] = [""] * table.n_cols
        is_header = index < table.header_rows
        for (text, row_span, col_span), column in zip(row, places[index], strict=True):
            align = {"right": TA_RIGHT, "center": TA_CENTER, "left": TA_LEFT}[style.numbers]
            align = align if column in numeric and not (is_header and style.header_align == "left") else TA_LEFT
            align = TA_CENTER if is_header and col_span > 1 else align
            font = bold if is_header and style.bold_header else plain
            cell = ParagraphStyle("c", fontName=font, fontSize=size, leading=size * style.leading, alignment=align)
            line[column] = [Paragraph(html.escape(part), cell) for part in text.split("\n")] if text else ""
            if col_span > 1 or row_span > 1:
                commands.append(("SPAN", (column, index), (column + col_span - 1, index + row_span - 1)))
        data.append(line)
    last_header = table.header_rows - 1
    ink, fine = colors.HexColor("#444444"), 0.6
    everything = ((0, 0), (-1, -1))
    rules: dict[str, list[tuple[object, ...]]] = {
        "grid": [("GRID", *everything, fine, ink)],
        "hrule": [("LINEBELOW", *everything, fine, ink), ("LINEABOVE", (0, 0), (-1, 0), fine, ink)],
        "none": [],
        "headrule": [
            ("LINEABOVE", (0, 0), (-1, 0), 1, ink),
            ("LINEBELOW", (0, last_header), (-1, last_header), fine, ink),
            ("LINEBELOW", (0, -1), (-1, -1), 1, ink),
        ],
        "zebra": [("ROWBACKGROUNDS", *everything, [colors.white, colors.HexColor("#e8eef4")])],
        "vbox": [
            ("LINEBEFORE", *everything, fine, ink),
            ("LINEAFTER", (-1, 0), (-1, -1), fine, ink),
            ("BOX", *everything, fine, ink),
            ("LINEBELOW", (0, last_header), (-1, last_header), fine, ink),
        ],
        "whitegrid": [
            ("BACKGROUND", *everything, colors.HexColor("#eeeeee")),
            ("GRID", *everything, 1.5, colors.white),
        ],
        "shadehead": [("BACKGROUND", (0, 0), (-1, last_header), colors.HexColor("#d0d0d0"))],
    }
    commands += rules[style.rules]
    commands += [
        ("VALIGN", *everything, style.valign.upper()),
        ("TOPPADDING", *everything, style.pad_y),
        ("BOTTOMPADDING", *everything, style.pad_y),
        ("LEFTPADDING", *everything, style.pad_x),
        ("RIGHTPADDING", *everything, style.pad_x),
    ]
    drawn = Table(
        data, _widths(table, width, bold, size, style.pad_x), repeatRows=table.header_rows if style.repeat_header else 0
    )
    drawn.setStyle(commands)
    return drawn
