"""Typesets blocks to PDF with headless Chromium.

Belongs here: HTML, CSS and the call of the browser. Does not belong here: what is printed and how it is judged.
"""

from __future__ import annotations

import html
import shutil
import subprocess
import tempfile
from pathlib import Path

from tests.typeset.model import Block, ContentsBlock, HeadingBlock, ParagraphBlock, Style, TableBlock

PROGRAM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")


def typeset(blocks: list[Block], style: Style) -> bytes:
    """PDF bytes; raises RuntimeError if the browser gives none."""
    return print_html(document(blocks, style), tagged=style.tagged)


def print_html(markup: str, *, tagged: bool = False) -> bytes:
    """One HTML page as PDF."""
    if PROGRAM is None:
        raise RuntimeError("no Chromium on this machine")
    with tempfile.TemporaryDirectory() as folder:
        source, target = Path(folder) / "page.html", Path(folder) / "page.pdf"
        source.write_text(markup, "utf-8")
        command = [PROGRAM, "--headless", "--no-sandbox", "--disable-gpu", "--no-pdf-header-footer"]
        command += [f"--user-data-dir={folder}/profile", f"--print-to-pdf={target}"]
        command += [] if tagged else ["--disable-pdf-tagging"]
        subprocess.run([*command, source.as_uri()], check=True, capture_output=True, timeout=120)
        return target.read_bytes()


def document(blocks: list[Block], style: Style) -> str:
    body = "\n".join(_block(block, style) for block in blocks)
    return (
        f"<!doctype html><html lang='sv'><meta charset='utf-8'><style>{_css(style)}</style><body>{body}</body></html>"
    )


def _css(style: Style) -> str:
    cell = {
        "grid": "td,th{border:0.75pt solid #444}",
        "hrule": "td,th{border-bottom:0.75pt solid #888} table{border-top:0.75pt solid #888}",
        "none": "",
        "headrule": "table{border-top:1pt solid #000;border-bottom:1pt solid #000}"
        " .last{border-bottom:0.5pt solid #000}",
        "zebra": "tr:nth-child(even) td{background:#e8eef4} th{background:#c9d8e8}",
        "vbox": "td,th{border-left:0.75pt solid #444;border-right:0.75pt solid #444} table{border:0.75pt solid #444}"
        " .last{border-bottom:0.75pt solid #444}",
        "whitegrid": "td,th{border:1.5pt solid #fff;background:#eee} th{background:#bcd}",
        "shadehead": "th{background:#d0d0d0}",
    }[style.rules]
    size = style.size
    scale = style.heading_scale
    headings = "".join(
        f"h{level}{{font-size:{points * scale}pt;margin:{points * 0.9}pt 0 {points * 0.4}pt;break-after:avoid}}"
        for level, points in enumerate((size * 1.9, size * 1.5, size * 1.25, size * 1.12, size * 1.05, size), start=1)
    )
    weight = "bold" if style.bold_header else "normal"
    header_align = "left" if style.header_align == "left" else "inherit"
    return f"""
    @page {{ size: A4{" landscape" if style.landscape else ""}; margin: 25mm 22mm;
      @top-left {{ content: "Exempelkommun – Socialnämnden"; font-size: 8pt; }}
      @bottom-right {{ content: "Sida " counter(page) " (" counter(pages) ")"; font-size: 8pt; }} }}
    body {{ font-family: "{style.font}"; font-size: {size}pt; line-height: {style.leading}; margin: 0 }}
    p {{ margin: 0 0 {size * 0.6}pt }}
    {headings}
    table {{ border-collapse: collapse; width: {style.width}; margin: 4pt 0 10pt; line-height: {style.leading} }}
    td,th {{ padding: {style.pad_y}pt {style.pad_x}pt; vertical-align: {style.valign}; text-align: left;
      font-weight: normal }}
    th {{ font-weight: {weight} }}
    td.n {{ text-align: {style.numbers} }} th.n {{ text-align: {style.numbers if header_align != "left" else "left"} }}
    th.m {{ text-align: center }}
    tr {{ break-inside: avoid }}
    .toc {{ display: flex; align-items: flex-end }}
    .toc span.d {{ flex: 1; overflow: hidden; white-space: nowrap; margin: 0 3pt }}
    .toc p {{ margin: 0 }}
    {cell}
    """


def _block(block: Block, style: Style) -> str:
    if isinstance(block, HeadingBlock):
        level = min(block.level, 6)
        return f"<h{level}>{html.escape(block.text)}</h{level}>"
    if isinstance(block, ParagraphBlock):
        return f"<p>{html.escape(block.text)}</p>"
    if isinstance(block, ContentsBlock):
        return "".join(
            f"<div class=toc><span>{html.escape(text)}</span><span class=d>{'.' * 200}</span><span>{page}</span></div>"
            for text, page in block.entries
        )
    return _table(block, style)


def _table(table: TableBlock, style: Style) -> str:
    numeric = table.numeric_columns()
    rows = []
    for index, row in enumerate(table.rows()):
        is_header = index < table.header_rows
        tag = "th" if is_header else "td"
        cells, column = [], 0
        for text, row_span, col_span in row:
            kind = "n" if column in numeric else ""
            if col_span > 1 and is_header:
                kind = "m"
            if index == table.header_rows - 1:
                kind += " last"
            paragraphs = "".join(f"<div>{html.escape(part)}</div>" for part in text.split("\n")) if text else ""
            spans = f" rowspan={row_span} colspan={col_span}" if row_span + col_span > 2 else ""
            cells.append(f"<{tag} class='{kind}'{spans}>{paragraphs}</{tag}>")
            column += col_span
        rows.append(f"<tr>{''.join(cells)}</tr>")
    head, body = "".join(rows[: table.header_rows]), "".join(rows[table.header_rows :])
    if style.repeat_header and head:
        return f"<table><thead>{head}</thead><tbody>{body}</tbody></table>"
    return f"<table><tbody>{head}{body}</tbody></table>"
