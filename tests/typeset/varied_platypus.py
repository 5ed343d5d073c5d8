"""Draws the made-up reports with ReportLab, in the looks that it shares with the browser.

Belongs here: turning them into the blocks and styles of ``platypus``. Does not belong here: drawing.
"""

from __future__ import annotations

from tests.typeset import model, platypus
from tests.typeset.varied import Block, Bullets, Heading, Prose, Report, VariedTable

RULES = {
    "darkhead": "shadehead",
    "outer": "headrule",
    "dotted": "hrule",
    "groupshade": "headrule",
    "sumrule": "headrule",
    "shadecolumn": "hrule",
}


def typeset(report: Report) -> bytes:
    """PDF bytes; reports made with ``plain=True`` only."""
    look = report.look
    style = model.Style(
        report.name,
        RULES.get(look.rules, look.rules),
        font=look.font,
        size=look.table_size,
        leading=look.leading,
        pad_x=look.pad_x,
        pad_y=look.pad_y,
        valign=look.valign if look.valign != "baseline" else "top",
        repeat_header=look.repeat_header,
        bold_header=look.head_bold,
        numbers=look.numbers,
        landscape=look.landscape,
        header_align="left" if look.head_align == "left" else "same",
    )
    return platypus.typeset([printed for block in report.blocks for printed in _printed(block)], style)


def _printed(block: Block) -> list[model.Block]:
    match block:
        case Heading(level, text):
            return [model.HeadingBlock(level, text)]
        case Prose(text):
            return [model.ParagraphBlock(text)]
        case Bullets(items):
            return [model.ParagraphBlock(f"• {item}") for item in items]
        case VariedTable():
            return [block]
    raise ValueError(f"{block} cannot be drawn")
