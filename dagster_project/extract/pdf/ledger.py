"""The ledger of a document: what became of every word with a digit.

Belongs here: one fate for each such word, so that nothing is lost in silence. Does not belong here: the decisions that
make the fates.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Final

from dagster_project.extract.document import Document, WordFate, collapse
from dagster_project.extract.pdf.characters import Word
from dagster_project.extract.pdf.outline import Paragraph
from dagster_project.extract.pdf.tables import PageTable, Refused

SAMPLE: Final = 20
"""Words of a sample."""

Content = PageTable | Paragraph | Refused


def word_fates(
    page: int,
    words: Sequence[Word],
    sideways: Sequence[Word],
    running: Collection[int],
    contents: Iterable[Content],
    is_kept: Mapping[int, bool],
    *,
    is_tagged: bool,
) -> list[WordFate]:
    """The fates of the words of one page.

    Args:
        page: its number.
        words: its words in reading direction.
        sideways: its other words.
        running: identities of the words in running lines.
        contents: what stands on it.
        is_kept: for each paragraph, by the identity of its record, whether the document keeps its text.
        is_tagged: whether the file says what the text of the page is: what stands above or below all of it is none.
    """
    fates: dict[int, tuple[str, str | None]] = dict.fromkeys(running, ("running", None))
    for content in contents:
        fate = _fate_of(content, is_kept)
        for key in content.words:
            fates[key] = fate
    heights = [word.y for word in words if id(word) in fates and id(word) not in running]
    found: dict[tuple[str, str | None], list[str]] = {}
    for word in words:
        if any(char.isdigit() for char in word.text):
            is_outside = is_tagged and bool(heights) and not min(heights) <= word.y <= max(heights)
            left_over = "running" if is_outside else "nothing"
            found.setdefault(fates.get(id(word), (left_over, None)), []).append(word.text)
    for word in sideways:
        if any(char.isdigit() for char in word.text):
            found.setdefault(fates.get(id(word), ("sideways", None)), []).append(word.text)
    return [
        WordFate(page, fate, reason, len(texts), " ".join(texts[:SAMPLE]))
        for (fate, reason), texts in sorted(found.items(), key=lambda item: (item[0][0], item[0][1] or ""))
    ]


def _fate_of(content: Content, is_kept: Mapping[int, bool]) -> tuple[str, str | None]:
    if isinstance(content, PageTable):
        return "table", None
    if isinstance(content, Refused):
        return "refused", content.reason
    return ("text" if is_kept.get(id(content), True) else "contents"), None


def kept_texts(document: Document) -> set[str]:
    """The texts of a document outside of tables, spaces made single."""
    texts = {collapse(paragraph.text) for paragraph in document.paragraphs}
    texts |= {collapse(table.caption) for table in document.tables if table.caption}
    for heading in document.headings:
        texts.add(collapse(heading.text))
        texts.add(collapse(f"{heading.number} {heading.text}"))
        texts.add(collapse(f"{heading.number}. {heading.text}"))
    return texts
