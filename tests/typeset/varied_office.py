"""Draws the made-up reports in Word documents, which LibreOffice turns into PDF.

Belongs here: styles, borders and merged cells of Word, and the call of LibreOffice. Does not belong here: what is
printed (``varied``).
"""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from pathlib import Path

import docx
from docx.enum.section import WD_ORIENT
from docx.enum.table import WD_CELL_VERTICAL_ALIGNMENT, WD_TABLE_ALIGNMENT
from docx.enum.text import WD_ALIGN_PARAGRAPH
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.shared import Pt, RGBColor
from docx.table import _Cell

from tests.typeset.varied import Bullets, Heading, Prose, Report, VariedTable

PROGRAM = shutil.which("soffice")


def typeset(report: Report) -> bytes:
    """PDF bytes; reports made with ``plain=True`` only. RuntimeError if LibreOffice gives none."""
    if PROGRAM is None:
        raise RuntimeError("no LibreOffice on this machine")
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder) / "report.docx"
        _write(report, source)
        command = [PROGRAM, f"-env:UserInstallation=file://{folder}/profile", "--headless", "--convert-to", "pdf"]
        subprocess.run([*command, "--outdir", folder, str(source)], check=True, capture_output=True, timeout=180)
        return source.with_suffix(".pdf").read_bytes()


def _write(report: Report, target: Path) -> None:
    look = report.look
    word = docx.Document()
    normal = word.styles["Normal"]
    normal.font.name, normal.font.size = look.font, Pt(look.size)
    for level in (1, 2, 3):
        style = word.styles[f"Heading {level}"]
        style.font.name = look.font
        style.font.size = Pt(look.size * (1.9, 1.45, 1.2)[level - 1])
        style.font.bold = look.heading != "colour"
        style.font.color.rgb = RGBColor(0x1F, 0x5C, 0x99) if look.heading == "colour" else RGBColor(0, 0, 0)
        style.element.rPr.rFonts.set(qn("w:asciiTheme"), "")
        for name in ("w:asciiTheme", "w:hAnsiTheme", "w:eastAsiaTheme", "w:cstheme"):
            style.element.rPr.rFonts.attrib.pop(qn(name), None)
    section = word.sections[0]
    if look.landscape:
        section.orientation = WD_ORIENT.LANDSCAPE
        section.page_width, section.page_height = section.page_height, section.page_width
    section.header.paragraphs[0].text = report.furniture[0]
    section.footer.paragraphs[0].text = report.furniture[1]
    for block in report.blocks:
        match block:
            case Heading(level, text):
                word.add_heading(text, level)
            case Prose(text):
                word.add_paragraph(text)
            case Bullets(items):
                for item in items:
                    word.add_paragraph(item, "List Bullet")
            case VariedTable():
                _table(word, block, report)
                word.add_paragraph()
            case _:
                raise ValueError(f"{block} cannot be drawn")
    word.save(str(target))


def _table(word: object, table: VariedTable, report: Report) -> None:
    look = report.look
    numeric = table.numeric_columns() - table.texts
    drawn = word.add_table(table.n_rows, table.n_cols)  # type: ignore[attr-defined]
    drawn.alignment = WD_TABLE_ALIGNMENT.LEFT
    drawn.autofit = False
    size = look.table_size if table.n_cols < 9 else 6.5
    for column, width in enumerate(_widths(table, 690 if look.landscape else 430)):
        drawn.columns[column].width = Pt(width)
        for cell in drawn.columns[column].cells:
            cell.width = Pt(width)
    for (row, column), (text, down, across) in table.cells.items():
        cell = drawn.cell(row, column)
        is_group = row in table.groups and column == 0
        if down + across > 2 or is_group:
            cell = cell.merge(drawn.cell(row + down - 1, table.n_cols - 1 if is_group else column + across - 1))
        paragraph = cell.paragraphs[0]
        run = paragraph.add_run(text)
        is_header = row < table.header_rows
        run.bold = (is_header and look.head_bold) or row in table.sums or row in table.groups
        run.font.size = Pt(size)
        if look.rules == "darkhead" and is_header:
            run.font.color.rgb = RGBColor(255, 255, 255)
        paragraph.paragraph_format.space_after = Pt(look.pad_y)
        paragraph.paragraph_format.space_before = Pt(look.pad_y)
        if across > 1:
            paragraph.alignment = WD_ALIGN_PARAGRAPH.CENTER
        elif column in numeric and not (is_header and look.head_align == "left"):
            paragraph.alignment = WD_ALIGN_PARAGRAPH.RIGHT if look.numbers == "right" else WD_ALIGN_PARAGRAPH.CENTER
        cell.vertical_alignment = {
            "top": WD_CELL_VERTICAL_ALIGNMENT.TOP,
            "middle": WD_CELL_VERTICAL_ALIGNMENT.CENTER,
            "bottom": WD_CELL_VERTICAL_ALIGNMENT.BOTTOM,
        }.get(look.valign, WD_CELL_VERTICAL_ALIGNMENT.TOP)
    for row in range(table.n_rows):
        for column in range(table.n_cols):
            _look(drawn.cell(row, column), row, table, look.rules, look.rule_colour, look.shade)
        properties = drawn.rows[row]._tr.get_or_add_trPr()
        if look.keep_rows:
            properties.append(OxmlElement("w:cantSplit"))
        if row < table.header_rows and look.repeat_header:
            properties.append(OxmlElement("w:tblHeader"))


def _widths(table: VariedTable, room: float) -> list[float]:
    """Points for every column: its longest word, then room by the text that it holds, as an author drags them."""
    texts = [
        [t for (_, c), (t, _, across) in table.cells.items() if c == column and across == 1]
        for column in range(table.n_cols)
    ]
    least = [
        max([len(word) for t in found for word in ([t] if t[:1].isdigit() else t.split())] or [3]) for found in texts
    ]
    likes = [max([min(len(t), 45) for t in found] or [3]) for found in texts]
    total = sum(6.2 * low + 12 for low in least)
    spare = max(0.0, room - total)
    scale = min(1.0, room / total)
    return [scale * (6.2 * low + 12) + spare * like / sum(likes) for low, like in zip(least, likes, strict=True)]


def _look(cell: _Cell, row: int, table: VariedTable, rules: str, colour: str, shade: str) -> None:
    is_header, last_header = row < table.header_rows, row == table.header_rows - 1
    last = row == table.n_rows - 1
    edges: set[str] = set()
    if rules == "grid":
        edges = {"top", "bottom", "left", "right"}
    elif rules in ("hrule", "dotted", "shadecolumn") or (rules == "darkhead" and not is_header):
        edges = {"top", "bottom"}
    elif rules == "vbox":
        edges = {"left", "right"} | ({"top"} if row == 0 else set()) | ({"bottom"} if last or last_header else set())
    elif rules == "sumrule" and row in table.sums:
        edges = {"top"}
    elif rules == "outer" and (row == 0 or last):
        edges = {"top" if row == 0 else "bottom"}
    if last_header and rules in ("headrule", "sumrule", "outer", "groupshade", "zebra"):
        edges = edges | {"bottom"}
    fill = None
    if (
        (is_header and rules in ("shadehead", "whitegrid"))
        or (rules == "zebra" and not is_header and (row - table.header_rows) % 2)
        or (rules == "groupshade" and (row in table.groups or row in table.sums))
    ):
        fill = shade
    elif rules == "whitegrid":
        fill = "#eeeeee"
    elif is_header and rules == "darkhead":
        fill = "#1f4e79"
    properties = cell._tc.get_or_add_tcPr()
    if edges:
        borders = OxmlElement("w:tcBorders")
        for edge in ("top", "left", "bottom", "right"):
            if edge in edges:
                border = OxmlElement(f"w:{edge}")
                border.set(qn("w:val"), "dotted" if rules == "dotted" else "single")
                border.set(qn("w:sz"), "6")
                border.set(qn("w:color"), _hex(colour))
                borders.append(border)
        properties.append(borders)
    if fill:
        shading = OxmlElement("w:shd")
        shading.set(qn("w:val"), "clear")
        shading.set(qn("w:fill"), _hex(fill))
        properties.append(shading)


def _hex(colour: str) -> str:
    plain = colour.lstrip("#")
    return plain if len(plain) == 6 else "".join(char * 2 for char in plain)
