"""Reader for Word documents (docx, docm): the text as printed with all tracked changes accepted.

Belongs here: styles, numbering, fields, merged cells, footnotes of WordprocessingML. Does not belong here: zip and XML
safety (``package``), macros (never read), pages (Word files have none until printed), and meaning (dbt).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise

from lxml import etree

from dagster_project.extract.columns import AMBIGUOUS
from dagster_project.extract.document import (
    Document,
    ExtractionError,
    Limits,
    StructureWords,
    fault_of,
    running_lines,
)
from dagster_project.extract.grids import (
    MAX_NESTED,
    GridBuilder,
    is_layout,
    marked_header_rows,
    superscript,
    with_prose,
)
from dagster_project.extract.package import Package
from dagster_project.extract.spelling import shown, shown_lines
from dagster_project.extract.structure import YEAR_CELL, Grid, Item, Line, assemble, is_number, place_of

EXTRACTOR = "docx"
VERSION = "2"

HEADING_NAME = re.compile(r"(?:heading|rubrik) ?([1-9])$", re.IGNORECASE)
"""Word writes style names in English whatever its language; some converters write the Swedish one."""
CONTENTS_NAME = re.compile(r"(?:toc|innehåll) (?:\d|heading)$|table of figures$", re.IGNORECASE)
BODY_NAME = re.compile(r"caption|list\b|footnote|endnote|quote|beskrivning|lista\b", re.IGNORECASE)
BODY_LEVEL = 9
"""The outline level (from 0) by which Word says "body text"."""
REMOVED = frozenset({"del", "moveFrom", "delText", "delInstrText", "instrText", "rPr", "pPr", "sdtPr", "sdtEndPr"})
WRAPPERS = frozenset({"sdt", "sdtContent", "ins", "moveTo", "smartTag", "customXml", "hyperlink", "fldSimple", "dir"})
MERGED_EDGE = 115
"""Twips (2 mm) between two grid lines that were meant to be one: Word keeps every pull of the mouse as a column."""
SYMBOL = {0x2D: "\u2212", 0xA3: "≤", 0xB3: "≥", 0xB1: "±", 0xB4: "×", 0xB0: "°", 0xB7: ""}
"""Signs of the font Symbol that are not those of ASCII; 0xB7 is a bullet."""
WINGDINGS = {0xFC: "✓", 0xFB: "✗", 0xFE: "☑", 0xFD: "☒", 0xA8: "☐", 0x6F: "☐"}
"""Marks of the font Wingdings that stand for a status."""
MIN_TABBED = 2
"""Paragraphs with figures behind a tab that make a table."""
MAX_BASED_ON = 50
"""Styles that a style may be based on, one on the other; Word makes a handful."""
MAX_FIELDS = 50
"""Fields inside each other that are kept; more are such as are never ended, and the oldest is forgotten."""
MAX_INSTRUCTION = 1000
"""Characters of the instruction of a field that are kept; the first word tells its kind."""
MAX_DESCRIPTION = 60
"""Characters of the words for a picture that may stand for the text of a cell."""
GENERATED = re.compile(r"automati\w* genere?ra|automatically generated|^en bild som visar", re.IGNORECASE)
PLACEHOLDER = re.compile(r"%([1-9])")
ROMAN = ((1000, "m"), (900, "cm"), (500, "d"), (400, "cd"), (100, "c"), (90, "xc"), (50, "l"), (40, "xl"))
ROMAN_ONES = ((10, "x"), (9, "ix"), (5, "v"), (4, "iv"), (1, "i"))


def read_docx(data: bytes, limits: Limits, words: StructureWords) -> Document:
    """Read a Word document; see :func:`dagster_project.extract.extract` for arguments, result and errors."""
    package = Package(data, limits)
    main = next(iter(package.related("").get("officeDocument", [])), "word/document.xml")
    root = package.xml(main)
    body = None if root is None else root.find("{*}body")
    if body is None:
        raise ExtractionError("damaged: the container has no Word text")
    reader = _Reader(package, main, root, limits)
    flow = _Flow(reader)
    flow.read(body)
    items, unclear = _with_tabbed_tables(flow.items, flow.tabbed)
    items.extend(reader.take_footnotes())
    document = assemble(with_prose(items), limits, words, faults=reader.faults)
    return replace(
        document,
        media_type="application/vnd.openxmlformats-officedocument.wordprocessingml.document",
        extractor=EXTRACTOR,
        extractor_version=VERSION,
        running_lines=running_lines(map(shown, _running_texts(package, main))),
        notes=(*reader.notes(), *unclear, *document.notes),
    )


def _running_texts(package: Package, main: str) -> Iterator[str]:
    """Paragraphs of the page headers and footers."""
    related = package.related(main)
    for part in (*related.get("header", []), *related.get("footer", [])):
        root = package.xml(part)
        for paragraph in () if root is None else root.iter("{*}p"):
            pieces = paragraph.iter("{*}t", "{*}tab", "{*}br")
            yield "".join((node.text or "") if _name(node) == "t" else " " for node in pieces)


def _with_tabbed_tables(items: Sequence[Item], tabbed: Mapping[int, tuple[str, ...]]) -> tuple[list[Item], list[str]]:
    """Paragraphs that tab stops set in columns as tables; also remarks on those whose columns are not clear.

    Successive paragraphs are a table if two of them hold figures behind a tab. All must have as many tabs: where one
    has more or fewer, only their stops would tell which column is meant.
    """
    result: list[Item] = []
    notes: list[str] = []
    index = 0
    while index < len(items):
        end = index
        while end in tabbed:
            end += 1
        rows = [tabbed[at] for at in range(index, end)]
        figures = sum(any(is_number(cell) and not YEAR_CELL.fullmatch(cell) for cell in row[1:]) for row in rows)
        if figures < MIN_TABBED:
            result.extend(items[index : max(end, index + 1)])
        elif len({len(row) for row in rows}) == 1:
            result.append(Grid(tuple(rows), whole=True))
        else:
            notes.append(
                f"{len(rows)} paragraphs divided by tabs from {rows[0][0]!r} on: {AMBIGUOUS}, no table is made"
            )
            result.extend(replace(item, body=True) for item in items[index:end] if isinstance(item, Line))
        index = max(end, index + 1)
    return result, notes


# --- XML ------------------------------------------------------------------------------------------------------------


def _name(node: etree._Element) -> str:
    """The local name: transitional and strict files differ only in the namespace."""
    return str(node.tag).rpartition("}")[2]


def _attribute(node: etree._Element | None, name: str) -> str | None:
    if node is None:
        return None
    for key, value in node.attrib.items():
        if str(key).rpartition("}")[2] == name:
            return str(value)
    return None


def _child(node: etree._Element | None, *path: str) -> etree._Element | None:
    for name in path:
        node = None if node is None else node.find(f"{{*}}{name}")
    return node


def _value(node: etree._Element | None, *path: str) -> str | None:
    return _attribute(_child(node, *path), "val")


def _number(text: str | None) -> int | None:
    return int(text) if text is not None and re.fullmatch(r"-?\d{1,9}", text) else None


def _switch(node: etree._Element | None, name: str) -> bool | None:
    """An on/off property: None where it is not stated."""
    found = _child(node, name)
    if found is None:
        return None
    return (_attribute(found, "val") or "1") not in ("0", "false", "off")


# --- styles and numbers ---------------------------------------------------------------------------------------------


WHITE = "FFFFFF"


@dataclass(slots=True)
class _Style:
    """What matters of a style, inherited properties filled in."""

    names: tuple[str, ...] = ()
    outline: int | None = None
    bold: bool | None = None
    hidden: bool | None = None
    struck: bool | None = None
    raised: bool | None = None
    white: bool | None = None
    num_id: str | None = None
    num_level: int | None = None

    @property
    def level(self) -> int | None:
        """Heading level from 1; None for body text."""
        for name in self.names:
            if match := HEADING_NAME.match(name):
                return int(match[1])
        if "title" in self.names[:1]:
            return 1
        return self.outline + 1 if self.outline is not None and self.outline < BODY_LEVEL else None

    def is_named(self, pattern: re.Pattern[str]) -> bool:
        """Whether the style or one that it is based on has such a name."""
        return any(pattern.match(name) for name in self.names)


@dataclass(slots=True)
class _Run:
    """Properties of a run that change what is printed."""

    bold: bool | None
    hidden: bool | None
    struck: bool | None
    raised: bool | None
    white: bool | None


def _run_properties(properties: etree._Element | None) -> _Run:
    raised = _value(properties, "vertAlign")
    colour = _value(properties, "color")
    struck = _switch(properties, "strike")
    return _Run(
        _switch(properties, "b"),
        _switch(properties, "vanish"),
        _switch(properties, "dstrike") if struck is None else struck,
        None if raised is None else raised == "superscript",
        None if colour is None else colour.upper() == WHITE,
    )


def _is_shaded(root: etree._Element | None) -> bool:
    """Whether anything of a part has a ground of its own: white text may be meant for it."""
    return root is not None and any(
        (_attribute(node, "fill") or "auto").upper() not in ("AUTO", WHITE) or _attribute(node, "themeFill")
        if _name(node) == "shd"
        else True
        for node in root.iter("{*}shd", "{*}highlight", "{*}background", "{*}blip", "{*}pict")
    )


class _Styles:
    """The style sheet, with inheritance resolved."""

    def __init__(self, root: etree._Element | None) -> None:
        self._nodes: dict[str, etree._Element] = {}
        self._resolved: dict[str, _Style] = {}
        self.default = ""
        for node in () if root is None else root.iterfind("{*}style"):
            identifier = _attribute(node, "styleId") or ""
            self._nodes[identifier] = node
            if _attribute(node, "type") == "paragraph" and (_attribute(node, "default") or "0") in ("1", "true", "on"):
                self.default = identifier

    def get(self, identifier: str | None) -> _Style:
        """A style by its id; one that says nothing if there is none."""
        chain: list[str] = []
        at = identifier
        while at and at in self._nodes and len(chain) < MAX_BASED_ON and at not in self._resolved:
            chain.append(at)
            at = _value(self._nodes[at], "basedOn")
        style = self._resolved.get(at or "", _Style())
        for name in reversed(chain):
            style = self._inherited(self._nodes[name], style)
            self._resolved[name] = style
        return style

    @staticmethod
    def _inherited(node: etree._Element, base: _Style) -> _Style:
        run = _run_properties(_child(node, "rPr"))
        outline = _number(_value(node, "pPr", "outlineLvl"))
        level = _number(_value(node, "pPr", "numPr", "ilvl"))
        return _Style(
            ((_value(node, "name") or "").casefold(), *base.names[: MAX_BASED_ON - 1]),
            base.outline if outline is None else outline,
            base.bold if run.bold is None else run.bold,
            base.hidden if run.hidden is None else run.hidden,
            base.struck if run.struck is None else run.struck,
            base.raised if run.raised is None else run.raised,
            base.white if run.white is None else run.white,
            _value(node, "pPr", "numPr", "numId") or base.num_id,
            base.num_level if level is None else level,
        )


@dataclass(slots=True)
class _Level:
    """One level of a list."""

    start: int = 1
    form: str = "decimal"
    text: str = ""
    legal: bool = False


class _Numbering:
    """Automatic numbers, counted as Word counts them."""

    def __init__(self, root: etree._Element | None) -> None:
        self._levels: dict[str, dict[int, _Level]] = {}
        self._abstract: dict[str, str] = {}
        self._styled: dict[tuple[str, str], int] = {}
        self._starts: dict[str, dict[int, int]] = {}
        self._counters: dict[str, dict[int, int]] = {}
        self._begun: set[str] = set()
        for node in () if root is None else root.iterfind("{*}abstractNum"):
            self._read_levels(_attribute(node, "abstractNumId") or "", node)
        for node in () if root is None else root.iterfind("{*}num"):
            identifier = _attribute(node, "numId") or ""
            self._abstract[identifier] = _value(node, "abstractNumId") or ""
            for override in node.iterfind("{*}lvlOverride"):
                start = _number(_value(override, "startOverride"))
                if start is not None:
                    level = _number(_attribute(override, "ilvl")) or 0
                    self._starts.setdefault(identifier, {})[level] = start

    def _read_levels(self, identifier: str, node: etree._Element) -> None:
        levels = self._levels.setdefault(identifier, {})
        for level in node.iterfind("{*}lvl"):
            index = _number(_attribute(level, "ilvl")) or 0
            start = _number(_value(level, "start"))
            levels[index] = _Level(
                0 if start is None else start,
                _value(level, "numFmt") or "decimal",
                _value(level, "lvlText") or "",
                _switch(level, "isLgl") is True,
            )
            if style := _value(level, "pStyle"):
                self._styled[identifier, style] = index

    def level_of_style(self, num_id: str, style: str) -> int | None:
        """The level of a list that belongs to a paragraph style."""
        return self._styled.get((self._abstract.get(num_id, ""), style))

    def next(self, num_id: str, level: int) -> str | None:
        """Count one paragraph and return its number as printed; None for bullets and unknown lists."""
        abstract = self._abstract.get(num_id)
        levels = self._levels.get(abstract or "", {})
        if abstract is None or level not in levels:
            return None
        counters = self._counters.setdefault(abstract, {})
        if num_id not in self._begun:
            self._begun.add(num_id)
            for index, start in self._starts.get(num_id, {}).items():
                counters[index] = start - 1
        counters[level] = counters.get(level, levels[level].start - 1) + 1
        for deeper in [index for index in counters if index > level]:
            del counters[deeper]
        own = levels[level]
        if own.form in ("bullet", "none"):
            return None

        def counted(match: re.Match[str]) -> str:
            index = int(match[1]) - 1
            count = counters.get(index, levels[index].start if index in levels else 1)
            return _formatted(count, "decimal" if own.legal or index not in levels else levels[index].form)

        return shown(PLACEHOLDER.sub(counted, own.text)) or None


def _formatted(count: int, form: str) -> str:
    if form in ("lowerLetter", "upperLetter") and count > 0:
        letter = chr(ord("a") + (count - 1) % 26) * min(1 + (count - 1) // 26, 8)
        return letter if form == "lowerLetter" else letter.upper()
    if form in ("lowerRoman", "upperRoman") and 0 < count < 4000:
        roman = ""
        for value, sign in (*ROMAN, *ROMAN_ONES):
            roman += sign * (count // value)
            count %= value
        return roman if form == "lowerRoman" else roman.upper()
    return f"{count:02d}" if form == "decimalZero" else str(count)


# --- the document ---------------------------------------------------------------------------------------------------


@dataclass(slots=True)
class _Field:
    """A field that is open: its instruction, and whether its result has begun."""

    instruction: str = ""
    in_result: bool = False


class _Reader:
    """What all flows of one document share."""

    def __init__(self, package: Package, main: str, root: etree._Element | None, limits: Limits) -> None:
        self.limits = limits
        related = package.related(main)

        def part(kind: str) -> etree._Element | None:
            names = related.get(kind, [])
            return package.xml(names[0]) if names else None

        styles = part("styles")
        self.styles = _Styles(styles)
        self.is_shaded = _is_shaded(root) or _is_shaded(styles)
        self.numbering = _Numbering(part("numbering"))
        self.fields: list[_Field] = []
        self.removed = 0
        self.inserted = 0
        self.hidden = 0
        self.embedded = 0
        self.faults: list[str] = []
        self._notes: dict[tuple[str, str], etree._Element] = {}
        for kind in ("footnote", "endnote"):
            root = part(f"{kind}s")
            for node in () if root is None else root.iterfind(f"{{*}}{kind}"):
                self._notes[kind, _attribute(node, "id") or ""] = node
        self._counts = {"footnote": 0, "endnote": 0}
        self._pending: list[Line] = []

    def note_mark(self, kind: str, reference: etree._Element) -> str:
        """The mark of a footnote or endnote; its text is kept for :meth:`take_footnotes`."""
        node = self._notes.pop((kind, _attribute(reference, "id") or ""), None)
        if node is None:
            return ""
        own = _attribute(reference, "customMarkFollows") in ("1", "true", "on")
        if not own:
            self._counts[kind] += 1
        mark = "" if own else _formatted(self._counts[kind], "decimal" if kind == "footnote" else "lowerRoman")
        outer, self.fields = self.fields, []
        flow = _Flow(self)
        flow.read(node)
        self.fields = outer
        text = " ".join(item.text for item in flow.items if isinstance(item, Line))
        if text:
            self._pending.append(Line(f"({mark}) {text}" if mark else text, body=True))
        return f" ({mark})" if mark else ""

    def take_footnotes(self) -> list[Line]:
        """The footnotes met since the last call, each as one paragraph."""
        pending, self._pending = self._pending, []
        return pending

    def is_suppressed(self) -> bool:
        """Whether the text here is the instruction of a field, or the result of one that lists the contents."""
        return any(not one.in_result or one.instruction.split()[:1] == ["TOC"] for one in self.fields)

    def end_instructions(self) -> None:
        """Forget fields whose instruction does not end with its paragraph: what follows is text."""
        self.fields = [one for one in self.fields if one.in_result]

    def notes(self) -> tuple[str, ...]:
        """Remarks for a human."""
        result = []
        if self.inserted or self.removed:
            result.append(
                f"tracked changes read as accepted: {self.inserted} insertions, {self.removed} deletions or moves"
            )
        if self.hidden:
            result.append(f"hidden text left out: {self.hidden} runs or rows")
        if self.embedded:
            result.append(f"embedded documents left out: {self.embedded}")
        return tuple(result)


@dataclass(slots=True)
class _Text:
    """The text of one paragraph while it is read."""

    parts: list[str] = field(default_factory=list)
    plain_seen: bool = False
    boxes: list[etree._Element] = field(default_factory=list)

    def add(self, text: str, *, bold: bool) -> None:
        if text.strip() and not bold:
            self.plain_seen = True
        self.parts.append(text)


class _Flow:
    """The items of one element, in order; ``items`` is the result."""

    def __init__(self, reader: _Reader, depth: int = 0, tables: int = 0) -> None:
        self.items: list[Item] = []
        self.images: list[str] = []
        """Words that stand for pictures: a status is often drawn."""
        self._reader = reader
        self._depth = depth
        self._tables = tables
        self.tabbed: dict[int, tuple[str, ...]] = {}
        """Paragraphs that tabs divide, by their place among the items."""
        self._carried: _Text | None = None

    def read(self, node: etree._Element) -> None:
        """Read the blocks of an element: paragraphs, tables and what wraps them."""
        self._depth += 1
        if self._depth > self._reader.limits.max_depth:
            raise ExtractionError(f"elements are nested more than {self._reader.limits.max_depth} deep")
        for child in node:
            name = _name(child)
            if name == "p":
                self._paragraph(child)
            elif name == "tbl":
                self._table(child)
            elif name == "sdt":
                if _value(child, "sdtPr", "docPartObj", "docPartGallery") != "Table of Contents":
                    self.read(child)
            elif name == "AlternateContent":
                self._alternative(child)
            elif name == "altChunk":
                self._reader.embedded += 1
            elif name in WRAPPERS:
                self.read(child)
        self._depth -= 1

    def _alternative(self, node: etree._Element) -> None:
        chosen = next(iter(node), None)
        if chosen is not None:
            self.read(chosen)

    # paragraphs

    def _paragraph(self, node: etree._Element) -> None:
        properties = _child(node, "pPr")
        identifier = _value(properties, "pStyle") or self._reader.styles.default
        style = self._reader.styles.get(identifier)
        text = self._carried or _Text()
        self._carried = None
        if style.level:
            # A list of contents whose field is never ended must not swallow the document.
            self._reader.fields.clear()
        self._runs(node, text, style, self._depth)
        self._reader.end_instructions()
        mark = _child(properties, "rPr")
        if _child(mark, "del") is not None or _child(mark, "moveFrom") is not None:
            # The end of the paragraph was deleted: the next one goes on with it.
            self._carried = text
            return
        if not style.is_named(CONTENTS_NAME):
            self._emit(text, style, identifier, properties)
        for box in text.boxes:
            inner = _Flow(self._reader, self._depth, self._tables)
            inner.read(box)
            self.items.extend(replace(item, body=True) if isinstance(item, Line) else item for item in inner.items)

    def _emit(self, text: _Text, style: _Style, identifier: str, properties: etree._Element | None) -> None:
        content = shown_lines("".join(text.parts))
        if not content:
            return
        number = self._automatic_number(style, identifier, properties)
        outline = _number(_value(properties, "outlineLvl"))
        level = style.level
        if outline is not None:
            level = outline + 1 if outline < BODY_LEVEL else None
        if number:
            content = f"{number} {content}"
        if level:
            if not self._tables:
                self.items.extend(self._reader.take_footnotes())
            self.items.append(Line(content.replace("\n", " "), level=level, outline=True))
            return
        lines = content.split("\n")
        in_list = self._num_id(style, properties) is not None
        bold = not text.plain_seen
        if not self._tables and not in_list and len(lines) == 1:
            row = [shown(part) for part in "".join(text.parts).split("\t")]
            while row and not row[-1]:
                row.pop()
            if len(row) > 1:
                self.tabbed[len(self.items)] = tuple(row)
        body = in_list or style.is_named(BODY_NAME) or (len(lines) > 1 and not bold)
        self.items.extend(Line(line, bold=bold and not body, body=body) for line in lines)

    @staticmethod
    def _num_id(style: _Style, properties: etree._Element | None) -> str | None:
        num_id = _value(properties, "numPr", "numId") or style.num_id
        return None if num_id == "0" else num_id

    def _automatic_number(self, style: _Style, identifier: str, properties: etree._Element | None) -> str | None:
        num_id = self._num_id(style, properties)
        if num_id is None:
            return None
        level = _number(_value(properties, "numPr", "ilvl"))
        if level is None:
            level = self._reader.numbering.level_of_style(num_id, identifier)
        if level is None:
            level = style.num_level or 0
        return self._reader.numbering.next(num_id, level)

    # runs

    def _runs(self, node: etree._Element, text: _Text, style: _Style, depth: int) -> None:
        if depth > self._reader.limits.max_depth:
            raise ExtractionError(f"elements are nested more than {self._reader.limits.max_depth} deep")
        for child in node:
            name = _name(child)
            if name == "r":
                self._run(child, text, style)
            elif name in ("del", "moveFrom"):
                self._reader.removed += 1
            elif name == "oMath":
                text.add(shown("".join(str(part) for part in child.itertext())), bold=False)
            elif name == "AlternateContent":
                chosen = next(iter(child), None)
                if chosen is not None:
                    self._runs(chosen, text, style, depth + 1)
            elif name in WRAPPERS or name in ("bdo", "oMathPara"):
                self._reader.inserted += name in ("ins", "moveTo")
                self._runs(child, text, style, depth + 1)

    def _run(self, node: etree._Element, text: _Text, style: _Style) -> None:
        properties = _child(node, "rPr")
        own = _run_properties(properties)
        named = self._reader.styles.get(_value(properties, "rStyle"))
        bold = next((value for value in (own.bold, named.bold, style.bold) if value is not None), False)
        hidden = next((value for value in (own.hidden, named.hidden, style.hidden) if value is not None), False)
        struck = next((value for value in (own.struck, named.struck, style.struck) if value is not None), False)
        white = next((value for value in (own.white, named.white, style.white) if value is not None), False)
        hidden = hidden or (white and not self._reader.is_shaded)
        raised = next((value for value in (own.raised, named.raised) if value is not None), False)
        if hidden:
            self._reader.hidden += 1
        pieces: list[str] = []
        for child in node:
            piece = self._piece(child, text, visible=not hidden and not struck)
            if piece and not hidden and not struck and not self._reader.is_suppressed():
                pieces.append(piece)
        content = "".join(pieces)
        if raised and content and not content.startswith(" ("):
            content = superscript("".join(text.parts[-3:]), content)
        if content:
            text.add(content, bold=bold)

    def _piece(self, node: etree._Element, text: _Text, *, visible: bool) -> str:
        name = _name(node)
        if name == "t":
            # Line ends inside the text are blanks in print.
            return re.sub(r"\s", " ", node.text or "")
        if name in ("tab", "ptab"):
            return "\t"
        if name in ("br", "cr"):
            return "\n"
        if name == "noBreakHyphen":
            return "-"
        if name in ("footnoteReference", "endnoteReference"):
            return self._reader.note_mark(name.removesuffix("Reference"), node) if visible else ""
        if name == "fldChar":
            self._field(_attribute(node, "fldCharType"))
        elif name == "instrText" and self._reader.fields:
            one = self._reader.fields[-1]
            one.instruction = (one.instruction + (node.text or ""))[:MAX_INSTRUCTION]
        elif name == "sym":
            return _symbol(node)
        elif name in ("drawing", "pict", "AlternateContent") and visible:
            chosen = next(iter(node), None) if name == "AlternateContent" else node
            if chosen is not None:
                text.boxes.extend(_outermost_boxes(chosen))
                self.images.extend(_descriptions(chosen))
        return ""

    def _field(self, kind: str | None) -> None:
        fields = self._reader.fields
        if kind == "begin":
            if len(fields) == MAX_FIELDS:
                del fields[0]
            fields.append(_Field())
        elif kind == "separate" and fields:
            fields[-1].in_result = True
        elif kind == "end" and fields:
            fields.pop()

    # tables

    def _table(self, node: etree._Element) -> None:
        if self._tables + 1 > MAX_NESTED:
            raise ExtractionError(f"tables are nested more than {MAX_NESTED} deep")
        try:
            table = _Table(self._reader, self._depth, self._tables + 1)
            table.read(node)
            if not table.rows:
                return
            grid = table.grid()
        except Exception as error:
            self._reader.faults.append(f"{place_of(self.items)}: a table was left out, {fault_of(error)}")
            return
        if table.is_layout:
            for row in table.rows:
                for cell in row:
                    self.items.extend(cell.items)
            return
        self.items.append(grid)
        self.items.extend(item for row in table.rows for cell in row for item in cell.items if isinstance(item, Grid))


def _outermost_boxes(node: etree._Element) -> Iterator[etree._Element]:
    """Text boxes in a drawing; a box inside a box is read with the outer one."""
    for box in node.iter("{*}txbxContent"):
        if not any(_name(above) == "txbxContent" for above in box.iterancestors()):
            yield box


def _descriptions(node: etree._Element) -> Iterator[str]:
    """The words that stand for pictures, as their authors gave them; a program's own guesses are long and say so."""
    for properties in node.iter("{*}docPr"):
        words = shown(_attribute(properties, "descr") or "")
        if 0 < len(words) <= MAX_DESCRIPTION and not GENERATED.search(words):
            yield words


def _symbol(node: etree._Element) -> str:
    """A character of a symbol font; those of the private area mean nothing where the font is not known.

    The font Symbol has figures and signs in the places of ASCII: a digit that was lost would make another figure.
    """
    code = _attribute(node, "char") or ""
    if not re.fullmatch(r"[0-9A-Fa-f]{4}", code):
        return ""
    char = chr(int(code, 16))
    font = (_attribute(node, "font") or "").casefold()
    place = int(code, 16) & 0xFF
    if "\uf020" <= char <= "\uf0ff":
        if font == "symbol":
            return SYMBOL.get(place, chr(place) if place < 0x40 else "")
        return WINGDINGS.get(place, "") if font == "wingdings" else ""
    return char if char.isprintable() and not "\ue000" <= char <= "\uf8ff" else ""


@dataclass(slots=True)
class _Cell:
    """A cell by its grid lines."""

    start: int
    end: int
    merge: str | None
    items: list[Item]

    @property
    def text(self) -> str:
        return "\n".join(item.text for item in self.items if isinstance(item, Line))


class _Table:
    """One table; ``rows`` holds the cells as written, with the continuations of merged ones."""

    def __init__(self, reader: _Reader, depth: int, tables: int) -> None:
        self.rows: list[list[_Cell]] = []
        self.is_layout = False
        self._reader = reader
        self._depth = depth
        self._tables = tables
        self._marks: list[bool] = []

    def read(self, node: etree._Element) -> None:
        """Read all rows that are in print."""
        for row in self._members(node, "tr"):
            properties = _child(row, "trPr")
            if _child(properties, "del") is not None:
                self._reader.removed += 1
                continue
            if _switch(properties, "hidden"):
                self._reader.hidden += 1
                continue
            self._reader.inserted += _child(properties, "ins") is not None
            self._row(row, properties)
        self._snap(node)

    def _members(self, node: etree._Element, wanted: str) -> Iterator[etree._Element]:
        """Rows of a table or cells of a row, also inside content controls."""
        stack = list(reversed(node))
        while stack:
            child = stack.pop()
            name = _name(child)
            if name == wanted:
                yield child
            elif name in WRAPPERS:
                stack.extend(reversed(child))

    def _row(self, row: etree._Element, properties: etree._Element | None) -> None:
        most = self._reader.limits.max_columns
        column = _span(_value(properties, "gridBefore"), 0, most)
        cells: list[_Cell] = []
        for node in self._members(row, "tc"):
            cell = _child(node, "tcPr")
            if _child(cell, "cellDel") is not None:
                self._reader.removed += 1
                continue
            span = _span(_value(cell, "gridSpan"), 1, most)
            if _child(cell, "hMerge") is not None and _value(cell, "hMerge") != "restart" and cells:
                cells[-1].end += span
                column += span
                continue
            merge = None
            if (merged := _child(cell, "vMerge")) is not None:
                merge = _attribute(merged, "val") or "continue"
            inner = _Flow(self._reader, self._depth + 2, self._tables)
            inner.read(node)
            items = inner.items or [Line(image, body=True) for image in inner.images[:1]]
            cells.append(_Cell(column, column + span, merge, items))
            column += span
        if cells:
            self.rows.append(cells)
            self._marks.append(_switch(properties, "tblHeader") is True)

    def _snap(self, node: etree._Element) -> None:
        """Take grid lines that are less than 2 mm apart as one, unless a cell would vanish."""
        widths = [_number(_attribute(line, "w")) for line in node.iterfind("{*}tblGrid/{*}gridCol")]
        last = max((cell.end for row in self.rows for cell in row), default=0)
        if len(widths) < last or any(width is None for width in widths):
            return
        lines = [0]
        for width in widths:
            lines.append(lines[-1] + (width or 0))
        snapped = [0]
        for before, after in pairwise(lines):
            snapped.append(snapped[-1] + (after - before >= MERGED_EDGE))
        moved = [[(snapped[cell.start], snapped[cell.end]) for cell in row] for row in self.rows]
        if any(start == end for row in moved for start, end in row):
            return
        for row, places in zip(self.rows, moved, strict=True):
            for cell, (start, end) in zip(row, places, strict=True):
                cell.start, cell.end = start, end

    def grid(self) -> Grid:
        """The table with its merged cells; also finds out whether it is one."""
        builder = GridBuilder(self._reader.limits)
        texts = 0
        open_cells: dict[int, tuple[int, _Cell]] = {}
        spans: dict[tuple[int, int], int] = {}
        for index, row in enumerate(self.rows):
            for cell in row:
                origin = open_cells.get(cell.start)
                if cell.merge == "continue" and origin and origin[1].end == cell.end:
                    spans[origin[0], cell.start] += 1
                    cell.items = [item for item in cell.items if isinstance(item, Grid)]
                else:
                    cell.merge = None if cell.merge == "continue" else cell.merge
                    open_cells[cell.start] = (index, cell)
                    spans[index, cell.start] = 1
            starts = {cell.start for cell in row if cell.merge}
            open_cells = {start: place for start, place in open_cells.items() if start in starts}
        for index, row in enumerate(self.rows):
            builder.next_row()
            column = 0
            for cell in row:
                builder.skip(cell.start - column)
                column = cell.end
                if (index, cell.start) in spans:
                    builder.place(cell.text, spans[index, cell.start], cell.end - cell.start)
                    texts += bool(cell.text)
                else:
                    builder.skip(cell.end - cell.start)
        items = [item for row in self.rows for cell in row for item in cell.items]
        self.is_layout = is_layout(
            builder.size,
            texts=texts,
            has_tables=any(isinstance(item, Grid) for item in items),
            has_headings=any(isinstance(item, Line) and item.level for item in items),
        )
        return builder.grid(marked_header_rows(self._marks))


def _span(text: str | None, least: int, most: int) -> int:
    value = _number(text)
    return least if value is None else max(least, min(value, most))
