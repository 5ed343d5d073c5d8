"""The words that mark structure in documents without layout, from their seed.

Belongs here: reading and checking ``structure_words.csv``. Does not belong here: what a reader does with the words.
"""

from __future__ import annotations

import csv
from pathlib import Path

from dagster_project.extract.document import StructureWords, collapse
from dagster_project.settings import ConfigurationError

FIELDS = {
    "status_label": "status_labels",
    "status_value": "status_values",
    "contents_title": "contents_titles",
    "caption": "captions",
}
"""Role in the seed to field of :class:`StructureWords`."""


def read_structure_words(path: Path) -> StructureWords:
    """The seed at ``path`` (columns ``role`` and ``word``, others ignored), words normalised by case and white space.

    Raises:
        ConfigurationError: the file is not there, is not such a table, or a role is not one of :data:`FIELDS`.
    """
    words: dict[str, set[str]] = {field: set() for field in FIELDS.values()}
    try:
        with path.open(encoding="utf-8-sig", newline="") as handle:
            rows = csv.DictReader(handle, strict=True)
            missing = {"role", "word"} - set(rows.fieldnames or ())
            if missing:
                raise ConfigurationError(f"{path}: the column {', '.join(sorted(missing))} is missing.")
            for row in rows:
                role, word = (row["role"] or "").strip(), collapse(row["word"] or "").casefold()
                if role not in FIELDS or not word:
                    raise ConfigurationError(
                        f"{path}, line {rows.line_num}: a word and one of the roles {', '.join(FIELDS)} are expected, "
                        f"not {role!r} and {word!r}."
                    )
                words[FIELDS[role]].add(word)
    except OSError as error:
        raise ConfigurationError(f"{path} cannot be read: {error.strerror}.") from None
    except (UnicodeDecodeError, csv.Error) as error:
        raise ConfigurationError(f"{path} is no table in UTF-8: {error}.") from None
    return StructureWords(**{field: frozenset(found) for field, found in words.items()})
