"""Words that a narrow column breaks: ``Kostna`` above ``d``, ``Förvaltnings-`` above ``ledning``.

Belongs here: joining them in heads of columns where the words of the document leave no doubt. Does not belong here:
lines and columns of a page (``pdf``).
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterable

WORD = re.compile(r"[^\W\d_]{2,}")
FIRST_PART = re.compile(r"\(?([^\W\d_]{2,})")
REST = re.compile(r"([^\W\d_]+)([-\u2010,.:)]*)")
DIVIDED = re.compile(r"\b([^\W\d_]{2,})[-\u2010]([^\W\d_]{2,})\b")
LETTER_WORDS = frozenset("iåöo")
"""Swedish words of one letter."""
SHORT = 3
"""Letters of a rest that may look like a word (``se``) and be none."""
LEAST_KNOWN = 5
"""Letters of a joined word that may be the beginning or the end of a longer one."""
LONGEST = 80
"""Letters of a word, and more than any has: what has grown together beyond it is none."""
BLANK_BEFORE_COMMA = re.compile(r"(?<=\w) ,(?=\s|$)")


class KnownWords:
    """The words of a document, whole."""

    def __init__(self, texts: Iterable[str]) -> None:
        self._words = {word.casefold() for text in texts for word in WORD.findall(text)}
        self._sorted = sorted(self._words)
        self._reversed = sorted(word[::-1] for word in self._words)

    def mended(self, text: str) -> str:
        """The text with the words joined that can only be one."""
        parts = BLANK_BEFORE_COMMA.sub(",", text).split(" ")
        result = parts[:1]
        for part in parts[1:]:
            if self._is_broken(result[-1], part):
                result[-1] += part
            else:
                result.append(part)
        return DIVIDED.sub(self._undivided, " ".join(result))

    def _undivided(self, found: re.Match[str]) -> str:
        """Without the hyphen where the document has the word whole; ``HR-stöd`` keeps it."""
        is_whole = found[1][-1].islower() and found[2].islower() and (found[1] + found[2]).casefold() in self._words
        return found[1] + found[2] if is_whole else found[0]

    def _is_broken(self, before: str, behind: str) -> bool:
        if len(before) + len(behind) > LONGEST:
            return False
        first, rest = FIRST_PART.fullmatch(before), REST.fullmatch(behind)
        if first is None or rest is None or not rest[1].islower() or rest[1] in LETTER_WORDS:
            return False
        whole = (first[1] + rest[1]).casefold()
        are_words = (first[1].casefold() in self._words, rest[1] in self._words)
        if not any(are_words):
            return whole in self._words or (len(whole) >= LEAST_KNOWN and self._is_part(whole))
        return not all(are_words) and len(rest[1]) <= SHORT and whole in self._words

    def _is_part(self, whole: str) -> bool:
        """Whether a longer word begins or ends with it."""
        return _begins(self._sorted, whole) or _begins(self._reversed, whole[::-1])


def _begins(words: list[str], beginning: str) -> bool:
    index = bisect_left(words, beginning)
    return index < len(words) and words[index].startswith(beginning)
