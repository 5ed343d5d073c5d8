"""Draws the made-up reports as web pages, which a browser prints.

Belongs here: HTML and CSS. Does not belong here: what is printed (``varied``) and the call of the browser
(``chromium``).
"""

# ruff: noqa: E501 - what is printed reads better in one piece

from __future__ import annotations

import html
import re

from tests.typeset.varied import Block, Box, Bullets, Cards, Heading, Look, Pair, Prose, Report, TwoColumns, VariedTable

MARKS = re.compile("[⁰¹²³⁴⁵⁶⁷⁸⁹⁾]+")
DIGITS = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁾", "0123456789)")


def markup(report: Report) -> str:
    """The whole page."""
    body = "\n".join(_block(block, report.look) for block in report.blocks)
    css = _css(report.look, report.furniture)
    return f"<!doctype html><html lang='sv'><meta charset='utf-8'><style>{css}</style><body>{body}</body></html>"


def _text(text: str) -> str:
    return MARKS.sub(lambda m: f"<sup>{m[0].translate(DIGITS)}</sup>", html.escape(text))


def _block(block: Block, look: Look) -> str:
    match block:
        case Heading(level, text):
            return f"<h{level}>{_text(text)}</h{level}>"
        case Prose(text):
            kind = " class=note" if text[:1] == "¹" else ""
            return f"<p{kind}>{_text(text)}</p>"
        case Bullets(items):
            return "<ul>" + "".join(f"<li>{_text(item)}</li>" for item in items) + "</ul>"
        case Cards(items):
            cards = "".join(f"<div class=card><b>{_text(n)}</b><span>{_text(word)}</span></div>" for n, word in items)
            return f"<div class=cards>{cards}</div>"
        case Pair(left, right):
            return f"<div class=pair><div>{_table(left, look)}</div><div>{_table(right, look)}</div></div>"
        case TwoColumns(blocks):
            return "<div class=two>" + "".join(_block(b, look) for b in blocks) + "</div>"
        case Box(blocks):
            return "<div class=box>" + "".join(_block(b, look) for b in blocks) + "</div>"
        case VariedTable():
            return _table(block, look)
    raise AssertionError(block)


def _table(table: VariedTable, look: Look) -> str:
    numeric = table.numeric_columns()
    rows = []
    places = table.places()
    for index, row in enumerate(table.rows()):
        is_header = index < table.header_rows
        tag = "th" if is_header else "td"
        kinds = ["sum"] * (index in table.sums) + ["group"] * (index in table.groups)
        if index == table.header_rows - 1:
            kinds.append("lasthead")
        if is_header:
            kinds.append("head")
        elif (index - table.header_rows) % 2:
            kinds.append("odd")
        cells = []
        for (text, row_span, col_span), column in zip(row, places[index], strict=True):
            kind = "n" if column in numeric and column not in table.texts else ""
            kind += " t" if column in table.texts else ""
            kind += " m" if col_span > 1 else ""
            if index in table.groups and column == 0:
                col_span = table.n_cols
            spans = f" rowspan={row_span} colspan={col_span}" if row_span + col_span > 2 else ""
            cells.append(f"<{tag} class='{kind.strip()}'{spans}>{_text(text)}</{tag}>")
            if index in table.groups:
                break
        rows.append(f"<tr class='{' '.join(kinds)}'>{''.join(cells)}</tr>")
    head, body = "".join(rows[: table.header_rows]), "".join(rows[table.header_rows :])
    small = " small" if table.n_cols > 9 else ""
    if look.repeat_header:
        return f"<table class='{small}'><thead>{head}</thead><tbody>{body}</tbody></table>"
    return f"<table class='{small}'><tbody>{head}{body}</tbody></table>"


def _css(look: Look, furniture: tuple[str, str]) -> str:
    colour, shade = look.rule_colour, look.shade
    rules = {
        "grid": f"td,th{{border:0.75pt solid {colour}}}",
        "hrule": f"td,th{{border-bottom:0.75pt solid {colour}}} table{{border-top:0.75pt solid {colour}}}",
        "headrule": f".lasthead th{{border-bottom:1pt solid {colour}}}",
        "none": "",
        "zebra": f"tr.odd td{{background:{shade}}} th{{border-bottom:1pt solid {colour}}}",
        "shadehead": f"th{{background:{shade}}}",
        "whitegrid": f"td,th{{border:1.5pt solid #fff;background:#eee}} th{{background:{shade}}}",
        "vbox": f"td,th{{border-left:0.75pt solid {colour};border-right:0.75pt solid {colour}}}"
        f" table{{border:0.75pt solid {colour}}} .lasthead th{{border-bottom:0.75pt solid {colour}}}",
        "darkhead": f"th{{background:#1f4e79;color:#fff}} td{{border-bottom:0.5pt solid {colour}}}",
        "outer": f"table{{border:1pt solid {colour}}} .lasthead th{{border-bottom:1pt solid {colour}}}",
        "dotted": f"td{{border-bottom:0.75pt dotted {colour}}} .lasthead th{{border-bottom:1pt solid {colour}}}",
        "groupshade": f"tr.group td,tr.sum td{{background:{shade}}} .lasthead th{{border-bottom:1pt solid {colour}}}",
        "sumrule": f"tr.sum td{{border-top:0.75pt solid {colour}}} .lasthead th{{border-bottom:0.75pt solid {colour}}}",
        "shadecolumn": f"td:last-child{{background:{shade}}} td,th{{border-bottom:0.5pt solid {colour}}}",
    }[look.rules]
    size = look.size
    sizes = {"size": (1.9, 1.45, 1.2), "bold": (1.6, 1.0, 1.0), "colour": (1.8, 1.3, 1.1), "serif": (2.0, 1.5, 1.2)}
    extra = {
        "size": "font-weight:bold",
        "bold": "font-weight:bold",
        "colour": "font-weight:normal;color:#1f5c99",
        "serif": "font-weight:normal;font-family:'Liberation Serif'",
    }[look.heading]
    heads = "".join(
        f"h{level}{{font-size:{size * scale}pt;margin:{size * 1.2}pt 0 {size * 0.4}pt;break-after:avoid;{extra}}}"
        for level, scale in enumerate(sizes[look.heading], start=1)
    )
    align = look.numbers if look.head_align == "same" else look.head_align
    line = "border-bottom: 0.5pt solid #888;" if look.furniture == "ruled" else ""
    top = (
        f'@top-left {{ content: "{furniture[0]}"; font-size: 8pt; {line} }}'
        if look.furniture in {"both", "ruled"}
        else ""
    )
    foot = (
        f'@bottom-left {{ content: "{furniture[1]}"; font-size: 8pt }}'
        '@bottom-right { content: counter(page) " (" counter(pages) ")"; font-size: 8pt }'
        if look.furniture != "none"
        else ""
    )
    return f"""
    @page {{ size: A4{" landscape" if look.landscape else ""}; margin: 24mm 20mm; {top} {foot} }}
    body {{ font: {size}pt "{look.font}"; line-height: {look.leading}; margin: 0 }}
    p {{ margin: 0 0 {size * 0.7}pt; {"text-align: justify" if look.justify else ""} }}
    p.note {{ font-size: {size * 0.8}pt; font-style: italic }}
    {heads}
    table {{ border-collapse: collapse; width: {look.width}; margin: 5pt 0 12pt; font-size: {look.table_size}pt }}
    table.small {{ font-size: 7pt; width: 100% }} table.small td, table.small th {{ padding: 1.5pt 2pt }}
    td,th {{ padding: {look.pad_y}pt {look.pad_x}pt; vertical-align: {look.valign}; text-align: left; font-weight: normal }}
    th {{ font-weight: {"bold" if look.head_bold else "normal"} }}
    td.n {{ text-align: {look.numbers}; white-space: nowrap }} th.n {{ text-align: {align} }}
    th.m {{ text-align: center }} td.t {{ min-width: 70pt }}
    tr.sum td {{ font-weight: bold }} tr.group td {{ font-weight: bold }}
    tr {{ {"break-inside: avoid" if look.keep_rows else ""} }}
    .pair {{ display: flex; gap: 34pt }} .pair div {{ flex: 1 }} .pair table {{ width: 100%; break-inside: avoid }}
    .two {{ columns: 2; column-gap: 22pt }} .two table {{ width: 100%; break-inside: avoid }}
    .box {{ border: 1pt solid {colour}; padding: 8pt; background: #fafafa; margin: 6pt 0 }}
    .cards {{ display: flex; gap: 14pt; margin: 8pt 0; break-inside: avoid }}
    .card {{ flex: 1; background: {shade}; padding: 8pt; text-align: center }}
    .card b {{ display: block; font-size: {size * 1.8}pt }}
    {rules}
    """
