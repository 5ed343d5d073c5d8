"""The known name that is most like a label which the vocabulary does not know.

Belongs here: likeness by rapidfuzz, as a suggestion to a human who accepts it by adding a row to a seed. Does not
belong here: any effect on a figure; no model reads this one but the list of unmapped labels.
"""

import re

import pandas as pd
from rapidfuzz import fuzz, process

THRESHOLD = 85
"""Least likeness, 0 to 100 (token_sort_ratio: the order of words does not count). Each of 1,016 names of concepts that
have others was looked up among the rest: 70 of 100 got a suggestion, and 88 of 100 of these were right; at 75 they are
89 and 86, at 90 52 and 90. Good enough to read, not to accept unseen."""

MAX_LABELS = 2000
"""Labels that get a suggestion in one refresh, those of most reports first: cost is labels times names."""

AT_ONCE = 256
"""Labels compared at a time: bounds the memory."""

KNOWN = {
    "account": ("account_aliases", "alias", "account_key"),
    "unit": ("unit_words", "term", "unit_key"),
    "scenario": ("scenario_words", "term", "scenario_key"),
    "status": ("status_words", "term", "status_key"),
}
"""Kind of label to seed, column of the name, and column of the key that it stands for."""


def model(dbt, session):
    """One row per unmapped label with a likely name."""
    dbt.config(materialized="table")
    labels = dbt.ref("int_unmapped_labels").df()
    names = dbt.ref("int_indicator_names").df()
    groups = dbt.ref("context_words").df()
    singling_out = set(groups.loc[groups["role"] == "group", "term"])
    seeds = {
        "account_aliases": dbt.ref("account_aliases").df(),
        "unit_words": dbt.ref("unit_words").df(),
        "scenario_words": dbt.ref("scenario_words").df(),
        "status_words": dbt.ref("status_words").df(),
    }
    names = names[(names["match"] == "label") & names["words"].ne("")]
    labels = labels.sort_values(
        ["reports", "values", "label_type", "label"], ascending=[False, False, True, True], kind="stable"
    ).head(MAX_LABELS)
    rows = []
    for (label_type, unit_key), wanted in labels.groupby(["label_type", "unit_key"], dropna=False):
        if label_type == "indicator":
            known = names[names["base_unit_key"] == unit_key]
            known = known.assign(key=known["concept_key"].fillna(known["kolada_kpi_id"]))
            known = known.sort_values(["words", "key"], kind="stable")
            choices = list(zip(known["words"], known["label"], known["key"], strict=True))
        elif label_type in KNOWN:
            seed, name, key = KNOWN[label_type]
            known = seeds[seed].dropna(subset=[name, key]).sort_values([name, key], kind="stable")
            choices = [(_plain(text), text, value) for text, value in zip(known[name], known[key], strict=True)]
        else:
            continue
        rows += _likely(wanted, choices, singling_out)
    columns = ["label_type", "label", "unit_key", "suggested_label", "suggested_key", "score"]
    found = pd.DataFrame(rows, columns=columns)
    # "string" has a type even where all are missing; a column of None alone would be one of integers.
    return found.astype(dict.fromkeys(columns[:-1], "string") | {"score": "float64"})


def _likely(wanted, choices, singling_out):
    """The best choice for each label; of equally good ones the first."""
    known, asked = {}, {}
    # 1-6 år is not 7-12 år, and women are not men, however alike the words.
    for choice in choices:
        known.setdefault(_mark(choice[0], singling_out), []).append(choice)
    for row in wanted.itertuples():
        asked.setdefault(_mark(row.words, singling_out), []).append(row)
    for mark, rows in asked.items():
        likely = known.get(mark, [])
        texts = [_sorted(choice[0]) for choice in likely]
        for begin in range(0, len(rows) if texts else 0, AT_ONCE):
            some = rows[begin : begin + AT_ONCE]
            # The ratio of sorted words is what token_sort_ratio is, and each is sorted once.
            words = [_sorted(row.words) for row in some]
            scores = process.cdist(words, texts, scorer=fuzz.ratio, score_cutoff=THRESHOLD)
            for row, best, score in zip(some, scores.argmax(axis=1), scores.max(axis=1), strict=True):
                if score >= THRESHOLD:
                    _, name, key = likely[best]
                    unit_key = row.unit_key if isinstance(row.unit_key, str) else None
                    yield (row.label_type, row.label, unit_key, name, key, round(float(score), 1))


def _sorted(words):
    return " ".join(sorted(words.split()))


def _mark(words, singling_out):
    """What must be the same in both: numbers, and words that single out a group of persons."""
    found = words.split()
    return frozenset(word for word in found if re.search(r"\d", word)), frozenset(singling_out.intersection(found))


def _plain(text):
    return " ".join(re.sub(r"[^a-z0-9åäöéü%‰]+", " ", text.lower()).split())
