"""Words that have lost a character before their document came here.

Belongs here: by what such words are known, in any format. Does not belong here: mending them, for another word might
come of it; whole documents that lost their characters, which the readers refuse.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from dagster_project.extract.document import Document

LOST = re.compile("\\S*[\ufffd\ue000-\uf8ff]\\S*")
"""A character that says that there was one, or one that means something in the font of its writer only."""
QUESTIONED = re.compile(r"[^\W\d_]+\?[^\W\d_]+")
"""``F?rskola``: a letter that an encoding did not have."""
DOUBLED = re.compile("\\S*\u00c3[\u0084\u0085\u0096\u00a4\u00a5\u00b6\u201e\u2026\u2013\u00a9]\\S*")
"""``FÃ¶rskola``: UTF-8 that was read as Windows-1252."""
MIN_QUESTIONED = 3
"""Words with a question mark inside, fewer of which may be addresses of pages or slips."""
NAMED = 5


def damage(document: Document) -> tuple[str, ...]:
    """A remark on the words of a document that have lost a character; none for a document without such words."""
    found: dict[str, None] = {}
    questioned: dict[str, None] = {}
    count = 0
    for text in _texts(document):
        if text.isascii() and "?" not in text:
            continue
        for pattern, words in ((LOST, found), (DOUBLED, found), (QUESTIONED, questioned)):
            for match in pattern.finditer(text):
                words[match[0]] = None
                count += pattern is not QUESTIONED
    if len(questioned) >= MIN_QUESTIONED:
        found |= questioned
        count += len(questioned)
    if not found:
        return ()
    more = ", …" if len(found) > NAMED else ""
    return (f"{count} words have lost a character: {', '.join(list(found)[:NAMED])}{more}",)


def _texts(document: Document) -> Iterator[str]:
    yield from (heading.text for heading in document.headings)
    yield from (paragraph.text for paragraph in document.paragraphs)
    yield from (cell.text for cell in document.cells)
