"""Reader for HTML: the tree that a browser would build, as headings, paragraphs and tables with their merged cells.

Belongs here: encodings of web pages, which elements are shown, table markup. Does not belong here: running scripts or
fetching anything (never done), which lines are headings where the page marks none (``structure``), and meaning (dbt).
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from selectolax.lexbor import LexborHTMLParser, LexborNode, SelectolaxError

from dagster_project.extract.document import Document, ExtractionError, Limits, StructureWords, fault_of, running_lines
from dagster_project.extract.grids import (
    MAX_NESTED,
    GridBuilder,
    is_layout,
    marked_header_rows,
    superscript,
    with_prose,
)
from dagster_project.extract.spelling import shown, shown_lines
from dagster_project.extract.structure import Grid, Item, Line, assemble, place_of
from dagster_project.extract.text import decode

EXTRACTOR = "html"
VERSION = "3"

META_CHARSET = re.compile(rb"<meta[^>]{0,200}?charset\s*=\s*[\"']?\s*([\w.:-]{1,40})", re.IGNORECASE)
ANY_TAG = re.compile(rb"<[^<>]*>")
HEADINGS = {f"h{level}": level for level in range(1, 7)}
NOT_SHOWN = frozenset(
    re.findall(
        r"\w+",
        "head script style template noembed noframes title meta link base svg math canvas object embed applet "
        "iframe audio video map select datalist option textarea button dialog nav del s strike rp rt col colgroup",
    )
)
"""Elements without text of the document, and struck-out text: ``1 234`` struck before ``1 300`` is no figure."""
BLOCKS = frozenset(
    re.findall(
        r"\w+",
        "address article aside blockquote body caption center dd details dir div dl dt fieldset figcaption figure "
        "footer form header hgroup hr legend li main menu ol p pre search section summary table tbody td tfoot th "
        "thead tr ul",
    )
) | frozenset(HEADINGS)
BODY_BLOCKS = frozenset({"li", "dt", "dd", "figcaption", "blockquote", "caption", "legend"})
"""Blocks whose text is never a heading, however short."""
BOLD = frozenset(("b", "strong"))
TABLE_ROLES = frozenset({"table", "grid", "treegrid"})
CELL_ROLES = frozenset({"cell", "gridcell", "columnheader", "rowheader"})
NO_ROLES = frozenset({"presentation", "none"})
"""What a table says that only arranges the page."""
HIDING = re.compile(
    r"(?:^|;)\s*(?:display\s*:\s*none|opacity\s*:\s*(?:0|0?\.0{1,9})\s*(?:[;!]|$)|font-size\s*:\s*0[a-z%]{0,4}\s*(?:[;!]|$))",
    re.IGNORECASE,
)
FOR_SCREEN_READERS = re.compile(
    r"(?:^|[\s_-])(?:visually-?hidden|sr-only|screen-reader(?:-only|-text)?|assistive-text|element-invisible|"
    r"hidden-visually)(?:$|[\s_-])",
    re.IGNORECASE,
)
"""Names that style sheets outside the page give to text that is read out and not shown (Bootstrap, WordPress, Drupal,
SiteVision)."""
CLIPPED = re.compile(
    r"(?=.*position\s*:\s*absolute)(?=.*(?:clip(?:-path)?\s*:\s*(?:rect|inset)|(?:width|height)\s*:\s*1px|"
    r"left\s*:\s*-\d{3,}))",
    re.IGNORECASE | re.DOTALL,
)
"""How style rules make such text; to be matched from their beginning."""
BLANKING = re.compile(r"(?:^|;)\s*visibility\s*:\s*(?:hidden|collapse)", re.IGNORECASE)
COLOUR = re.compile(r"(?:^|;)\s*color\s*:\s*([^;!]{1,60})", re.IGNORECASE)
GROUND = re.compile(r"(?:^|;)\s*background(?:-color)?\s*:\s*([^;!]{1,60})", re.IGNORECASE)
WHITE = "#ffffff"
COLOURS = {"white": WHITE, "black": "#000000", "transparent": "transparent"}
LINKED_STYLES = 'link[rel~="stylesheet"]'
BOLD_STYLE = re.compile(r"(?:^|;)\s*font-weight\s*:\s*(?:bold|[6-9]00)", re.IGNORECASE)
MAX_SELECTOR = 400
TAG = re.compile(r"<(/?)([a-z][a-z0-9]*)", re.IGNORECASE)
NEVER_CLOSED = frozenset(
    re.findall(
        r"\w+",
        "area base br col embed hr img input link meta param source track wbr html head body p li td th tr thead"
        " tbody tfoot dt dd option optgroup colgroup rp rt",
    )
)
"""Elements without an end tag, and those that may go without: counting them says nothing of depth."""
MAX_OPEN_TAGS = 5000
"""Start tags without an end tag up to a place of the page. The parser's time grows with their square."""
MAX_STYLE_RULES = 2000
MAX_STYLE_WORK = 1_000_000_000
"""Style rules that hide times characters of the page: each is looked for in all of it."""
PAGE_START = re.compile(r"<(?:html|body)[\s>]", re.IGNORECASE)
PAGE_END = re.compile(r"</(?:html|body)\s*>", re.IGNORECASE)
PAGE_TAIL = 65_536
"""Characters at the end of a page in which its end is looked for; scripts may follow it."""
PAGE_PARTS = re.compile(r"<(table|/table|/body|/html)[\s>]", re.IGNORECASE)


def read_html(data: bytes, limits: Limits, words: StructureWords) -> Document:
    """Read an HTML page; see :func:`dagster_project.extract.extract` for arguments, result and errors."""
    text, notes = decode_page(data)
    if _most_open_tags(text) > MAX_OPEN_TAGS:
        raise ExtractionError(f"elements are nested more than {limits.max_depth} deep")
    if _is_cut_off(text):
        raise ExtractionError("cut off in the middle of a table: the page ends before the table does")
    if PAGE_START.search(text) and not PAGE_END.search(text, max(0, len(text) - PAGE_TAIL)):
        notes = (*notes, "the page has no end: it may be cut off")
    tree = LexborHTMLParser(text)
    if tree.body is None:
        raise ExtractionError("no table found")
    hidden = _hidden_by_styles(tree, min(MAX_STYLE_RULES, MAX_STYLE_WORK // len(text)))
    # A ground that a style sheet gives may be under any text.
    hidden.is_paper_white = tree.css_first(LINKED_STYLES) is None and all(
        "background" not in style.text().lower() for style in tree.css("style")
    )
    flow = _Flow(limits, hidden)
    flow.read(tree.body)
    if hidden.coloured:
        notes = (*notes, f"text in the colour of its ground left out: {hidden.coloured} elements")
    if hidden.met:
        notes = (*notes, f"text for screen readers only left out: {hidden.met} elements")
    document = assemble(with_prose(flow.items), limits, words, faults=hidden.faults)
    notes = (*notes, *document.notes)
    title = tree.css_first("head title")
    return replace(
        document,
        media_type="text/html",
        extractor=EXTRACTOR,
        extractor_version=VERSION,
        running_lines=running_lines([shown(title.text())] if title is not None else []),
        notes=notes,
    )


def _most_open_tags(page: str) -> int:
    """The most elements that may be open at one place, going by the tags alone."""
    open_now = most = 0
    for match in TAG.finditer(page):
        if match[2].lower() not in NEVER_CLOSED:
            open_now = max(0, open_now - 1) if match[1] else open_now + 1
            most = max(most, open_now)
    return most


def _is_cut_off(page: str) -> bool:
    """Whether the page ends inside its last table. A table that is never closed in a page that goes on to its end is
    only sloppy, and browsers know where it ends.
    """
    ends = {match[1].lower(): match.start() for match in PAGE_PARTS.finditer(page)}
    return ends.get("table", -1) > max(ends.get("/table", -1), ends.get("/body", -1), ends.get("/html", -1))


def decode_page(data: bytes) -> tuple[str, tuple[str, ...]]:
    """Decode a page by its byte order mark, by what it says of itself, or as text is decoded; with remarks."""
    declared = META_CHARSET.search(data, 0, 4096)
    if declared and not data.startswith((b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff")):
        name = declared[1].decode("ascii", "replace").lower()
        # Browsers read all three as Windows-1252.
        name = "cp1252" if name in ("iso-8859-1", "latin1", "us-ascii", "windows-1252") else name
        try:
            codec = codecs.lookup(name).name
            if codec.startswith("utf-") and codec != "utf-8":
                codec = "utf-8"
            page = data.decode(codec)
        except (LookupError, UnicodeDecodeError, ValueError):
            text, notes = _decode_unstated(data)
            return text, (*notes, f"the page is not in the encoding it states ({name})")
        if codec != "utf-8":
            return page, (f"read as {codec}",)
    return _decode_unstated(data)


def _decode_unstated(data: bytes) -> tuple[str, tuple[str, ...]]:
    """Decode as text is; what is checked is the text without its tags, for these have symbols between letters."""
    if b"\x00" in data:
        return decode(data)
    _, notes = decode(ANY_TAG.sub(b" ", data))
    codec = "cp1252" if any("Windows-1252" in note for note in notes) else "utf-8-sig"
    return data.decode(codec, "replace"), notes


@dataclass(slots=True)
class _Hidden:
    """Elements that style rules of the page take out of the picture, and those that they only let be read out."""

    gone: set[int] = field(default_factory=set)
    clipped: set[int] = field(default_factory=set)
    met: int = 0
    """Clipped elements with text that were left out so far."""
    coloured: int = 0
    """Elements whose text has the colour of its ground that were left out so far."""
    is_paper_white: bool = False
    """Whether no style sheet gives anything another ground than the page's white."""
    faults: list[str] = field(default_factory=list)
    """What was left out by a fault of ours, for a human."""


def _hidden_by_styles(tree: LexborHTMLParser, most: int) -> _Hidden:
    """What the page's own style rules hide, ``most`` of them. Rules for print or widths are left alone.

    Raises:
        ExtractionError: more rules; what the others hide would be read as shown.
    """
    hidden = _Hidden()
    rules = 0
    for style in tree.css("style"):
        for rule in _outside_at_rules(_without_comments(style.text())).split("}"):
            selector, _, declarations = rule.partition("{")
            selector = selector.rpartition(";")[2].strip()
            if HIDING.search(declarations):
                found = hidden.gone
            elif len(declarations) <= MAX_SELECTOR and CLIPPED.match(declarations):
                found = hidden.clipped
            else:
                continue
            if ":" in selector or not 0 < len(selector) <= MAX_SELECTOR:
                continue
            rules += 1
            if rules > most:
                raise ExtractionError(f"the page has more than {most} style rules that hide something")
            try:
                found.update(node.mem_id for node in tree.css(selector))
            except (SelectolaxError, ValueError):
                continue
    return hidden


def _without_comments(sheet: str) -> str:
    """The sheet without its comments; one that is never closed goes to its end."""
    kept: list[str] = []
    at = 0
    while (begin := sheet.find("/*", at)) >= 0:
        kept.append(sheet[at:begin])
        end = sheet.find("*/", begin + 2)
        if end < 0:
            return "".join(kept)
        at = end + 2
    return "".join((*kept, sheet[at:]))


def _outside_at_rules(sheet: str) -> str:
    """The sheet without its ``@media`` and other blocks."""
    kept: list[str] = []
    depth = 0
    at_rule = False
    for part in re.split(r"([{}@])", sheet):
        if part == "@" and depth == 0:
            at_rule = True
        elif part == "{":
            depth += 1
        elif part == "}":
            depth = max(0, depth - 1)
            if at_rule and depth == 0:
                at_rule = False
                continue
        if not at_rule:
            kept.append(part)
    return "".join(kept)


def _children(node: LexborNode) -> Iterator[LexborNode]:
    child = node.child
    while child is not None:
        yield child
        child = child.next


def _colour(text: str) -> str:
    """A colour as six hexadecimal digits where it is white, black or written so; else as it is written."""
    plain = "".join(text.lower().split())
    if match := re.fullmatch(r"#([0-9a-f])([0-9a-f])([0-9a-f])", plain):
        return "#" + "".join(2 * digit for digit in match.groups())
    if match := re.fullmatch(r"rgba?\((\d{1,3}),(\d{1,3}),(\d{1,3})(?:,1(?:\.0{1,9})?)?\)", plain):
        return "#" + "".join(f"{min(int(part), 255):02x}" for part in match.groups())
    return COLOURS.get(plain, plain)


def _ground(node: LexborNode) -> str | None:
    """The colour that an element itself lays under its text; None for none."""
    attributes = node.attributes
    found = GROUND.search(attributes.get("style") or "")
    given = found[1] if found else attributes.get("bgcolor")
    return None if given is None or _colour(given) == "transparent" else _colour(given)


def _is_of_its_ground(node: LexborNode, style: str, is_paper_white: bool) -> bool:
    """Whether all text of an element has the colour of what is under it, as far as the page itself says."""
    match = COLOUR.search(style)
    if match is None:
        return False
    colour = _colour(match[1])
    if colour == "transparent":
        return True
    if any(COLOUR.search(one.attributes.get("style") or "") or _ground(one) for one in node.css("*") if one != node):
        return False  # some of it stands out
    under: LexborNode | None = node
    while under is not None:
        if (ground := _ground(under)) is not None:
            return ground == colour
        under = under.parent
    return is_paper_white and colour == WHITE


class _Flow:
    """The items of one element, in the order of the page; ``items`` is the result."""

    def __init__(self, limits: Limits, hidden: _Hidden, depth: int = 0, tables: int = 0) -> None:
        self.items: list[Item] = []
        self.images: list[str] = []
        """Texts that stand for pictures: a status is often drawn and its word only written there."""
        self._limits = limits
        self._hidden = hidden
        self._depth = depth
        self._tables = tables
        self._parts: list[str] = []
        self._plain_seen = False
        self._bold = 0
        self._level: int | None = None
        self._body = 0

    def read(self, node: LexborNode) -> None:
        """Read an element's content."""
        self._content(node)
        self._flush()

    def _content(self, node: LexborNode) -> None:
        self._depth += 1
        if self._depth > self._limits.max_depth:
            raise ExtractionError(f"elements are nested more than {self._limits.max_depth} deep")
        for child in _children(node):
            if child.is_text_node:
                self._text(child.text_content or "")
            elif child.is_element_node and not self.is_hidden(child):
                self._element(child)
        self._depth -= 1

    def is_hidden(self, node: LexborNode) -> bool:
        """Whether an element takes no place on the page."""
        if node.tag in NOT_SHOWN or node.mem_id in self._hidden.gone:
            return True
        attributes = node.attributes
        style = attributes.get("style") or ""
        if "hidden" in attributes or HIDING.search(style) is not None:
            return True
        is_coloured = _is_of_its_ground(node, style, self._hidden.is_paper_white)
        self._hidden.coloured += is_coloured
        return is_coloured

    def _is_clipped(self, node: LexborNode) -> bool:
        """Whether an element is only read out."""
        attributes = node.attributes
        style = attributes.get("style") or ""
        return (
            node.mem_id in self._hidden.clipped
            or FOR_SCREEN_READERS.search(attributes.get("class") or "") is not None
            or (len(style) <= MAX_SELECTOR and CLIPPED.match(style) is not None)
        )

    def _inner_text(self, node: LexborNode) -> str:
        inner = _Flow(self._limits, self._hidden, self._depth, self._tables)
        inner.read(node)
        return " ".join(item.text for item in inner.items if isinstance(item, Line))

    def _text(self, text: str) -> None:
        if text.strip() and not self._bold:
            self._plain_seen = True
        self._parts.append(re.sub(r"\s+", " ", text))

    def _element(self, node: LexborNode) -> None:
        tag = node.tag or ""
        if self._is_clipped(node):
            # A status is often an icon, and only this text has its word.
            self.images.append(self._inner_text(node))
            self._hidden.met += bool(self.images[-1])
        elif tag == "br":
            self._parts.append("\n")
        elif tag == "img":
            self.images.append(shown(node.attributes.get("alt") or ""))
        elif tag == "sup":
            self._raised(node)
        elif tag == "table" or _role(node) in TABLE_ROLES:
            self._flush()
            self._table(node)
        elif tag in BLOCKS:
            self._block(node, tag)
        elif BLANKING.search(node.attributes.get("style") or ""):
            return
        else:
            bold = tag in BOLD or BOLD_STYLE.search(node.attributes.get("style") or "") is not None
            self._bold += bold
            self._content(node)
            self._bold -= bold

    def _block(self, node: LexborNode, tag: str) -> None:
        self._flush()
        attributes = node.attributes
        if BLANKING.search(attributes.get("style") or ""):
            return
        level = HEADINGS.get(tag)
        if (attributes.get("role") or "") == "heading":
            stated = attributes.get("aria-level") or ""
            level = int(stated) if re.fullmatch("[1-9]", stated) else 2
        outer, self._level = self._level, level or self._level
        # A summary heads what it opens.
        bold = tag == "summary" or BOLD_STYLE.search(attributes.get("style") or "") is not None
        self._body += tag in BODY_BLOCKS
        self._bold += bold
        self._content(node)
        self._flush()
        self._bold -= bold
        self._body -= tag in BODY_BLOCKS
        self._level = outer

    def _raised(self, node: LexborNode) -> None:
        self._text(superscript("".join(self._parts[-3:]), self._inner_text(node)))

    def _flush(self) -> None:
        """End the paragraph; forced line breaks divide it, but not a heading."""
        text = shown_lines("".join(self._parts))
        bold = not self._plain_seen
        self._parts.clear()
        self._plain_seen = False
        if not text:
            return
        if self._level:
            self.items.append(Line(text.replace("\n", " "), level=self._level, outline=True))
            return
        lines = text.split("\n")
        body = self._body > 0 or (len(lines) > 1 and not bold)
        self.items.extend(Line(line, bold=bold and not body, body=body) for line in lines)

    # tables

    def _table(self, node: LexborNode) -> None:
        if BLANKING.search(node.attributes.get("style") or ""):
            return
        if self._tables + 1 > MAX_NESTED:
            raise ExtractionError(f"tables are nested more than {MAX_NESTED} deep")
        try:
            table = _Table(self._limits, self._hidden, self._depth, self._tables + 1)
            table.read(node)
            is_layout = _role(node) in NO_ROLES or table.is_layout()
            grid = None if is_layout else table.builder.grid(table.header_rows(), table.caption or None)
        except Exception as error:
            self._hidden.faults.append(f"{place_of(self.items)}: a table was left out, {fault_of(error)}")
            return
        if table.caption:
            self.items.append(Line(table.caption, body=True))
        if grid is None:
            for cell in table.contents:
                self.items.extend(cell)
            return
        if grid.rows:
            self.items.append(grid)
        self.items.extend(table.nested)


class _Table:
    """One table element."""

    def __init__(self, limits: Limits, hidden: _Hidden, depth: int, tables: int) -> None:
        self.builder = GridBuilder(limits)
        self.caption = ""
        self.nested: list[Item] = []
        self.contents: list[list[Item]] = []
        self._limits = limits
        self._hidden = hidden
        self._depth = depth
        self._tables = tables
        self._texts = 0
        self._row_headers: list[bool] = []
        self._has_headings = False

    def read(self, node: LexborNode) -> None:
        """Read the groups in the order a browser shows them: head, bodies, foot."""
        if node.tag != "table":
            self._read_roles(node)
            return
        groups: dict[str, list[LexborNode]] = {"thead": [], "tbody": [], "tfoot": []}
        flow = _Flow(self._limits, self._hidden, self._depth, self._tables)
        for child in _children(node):
            if not child.is_element_node or flow.is_hidden(child):
                continue
            if child.tag == "caption":
                inner = _Flow(self._limits, self._hidden, self._depth, self._tables)
                inner.read(child)
                self.caption = " ".join(item.text for item in inner.items if isinstance(item, Line))
            elif child.tag in groups:
                groups[child.tag].append(child)
        for name, members in groups.items():
            for group in members:
                for row in _children(group):
                    if row.tag == "tr" and not flow.is_hidden(row) and not _is_blank(row):
                        self._row(row, in_head=name == "thead", flow=flow)
                self.builder.end_group()

    def _read_roles(self, node: LexborNode) -> None:
        """Read a table that only the roles of its elements tell (``role=table``), as readers of the screen do."""
        flow = _Flow(self._limits, self._hidden, self._depth, self._tables)
        stack = list(reversed(list(_children(node))))
        while stack:
            child = stack.pop()
            if not child.is_element_node or flow.is_hidden(child):
                continue
            if _role(child) == "row":
                self._row(child, in_head=False, flow=flow)
            else:
                stack.extend(reversed(list(_children(child))))
        self.builder.end_group()

    def _row(self, row: LexborNode, *, in_head: bool, flow: _Flow) -> None:
        self.builder.next_row()
        filled = header = first = 0
        most = self._limits.max_columns
        for index, cell in enumerate(_cells(row)):
            if flow.is_hidden(cell):
                continue
            text, items = ("", []) if _is_blank(cell) else self._cell(cell)
            filled += bool(text)
            header += bool(text) and (cell.tag == "th" or _role(cell) == "columnheader")
            first += bool(text) and index == 0
            self._texts += bool(text)
            self.contents.append(items)
            self.builder.place(
                text,
                _span(cell.attributes.get("rowspan") or cell.attributes.get("aria-rowspan"), 0, 65534),
                _span(cell.attributes.get("colspan") or cell.attributes.get("aria-colspan"), 1, most),
            )
        # Below a header, a header cell alone in its row heads the rows that follow, not the columns.
        is_section = any(self._row_headers) and filled == first == 1
        self._row_headers.append(in_head or (filled > 0 and header == filled and not is_section))

    def _cell(self, cell: LexborNode) -> tuple[str, list[Item]]:
        inner = _Flow(self._limits, self._hidden, self._depth + 3, self._tables)
        inner.read(cell)
        lines = [item for item in inner.items if isinstance(item, Line)]
        grids = [item for item in inner.items if isinstance(item, Grid)]
        self.nested.extend(grids)
        self._has_headings = self._has_headings or any(line.level for line in lines)
        text = "\n".join(line.text for line in lines)
        if not text and not grids:
            text = " ".join(image for image in inner.images if image)
        return text, inner.items

    def header_rows(self) -> int | None:
        """Leading rows in the head or of header cells only, if the page marks some."""
        return marked_header_rows(self._row_headers)

    def is_layout(self) -> bool:
        """Whether the table only arranges the page."""
        return is_layout(
            self.builder.size, texts=self._texts, has_tables=bool(self.nested), has_headings=self._has_headings
        )


def _role(node: LexborNode) -> str:
    return (node.attributes.get("role") or "").strip().lower()


def _cells(row: LexborNode) -> Iterator[LexborNode]:
    """The cells of a row, by their tags or by their roles."""
    for child in _children(row):
        if child.is_element_node and (child.tag in ("td", "th") if row.tag == "tr" else _role(child) in CELL_ROLES):
            yield child


def _is_blank(node: LexborNode) -> bool:
    return BLANKING.search(node.attributes.get("style") or "") is not None


def _span(text: str | None, least: int, most: int) -> int:
    """A span attribute as browsers read it; what is no number is 1."""
    match = re.match(r"\s*(\d{1,6})", text or "")
    value = int(match[1]) if match else 1
    return min(value, most) if value >= least else 1
