"""Queries that no list of functions can tell from an analyst's, and that crash, hold or fill the DuckDB that runs them.

Belongs here: the statements, for the tests and for ``tools/bench_serving.py``. Does not belong here: sending them.
"""

from __future__ import annotations

CRASHING = (
    "select json_structure(repeat('[', 100000) || repeat(']', 100000))",
    "select json_structure(repeat('{\"a\":', 100000) || '1' || repeat('}', 100000))",
)

HOLDING = (
    "select levenshtein(repeat('a', 200000), repeat('b', 200000))",
    "select damerau_levenshtein(repeat('a', 20000), repeat('b', 20000))",
    "select jaro_winkler_similarity(repeat('ab', 500000), repeat('ba', 500000))",
    "select sum(levenshtein(repeat('a', 9000), repeat('b', 9000) || i::varchar)) from range(1000) as t(i)",
    "select " + "/*" * 60_000 + " 1",
    "select count(*) from range(99999999) as a, range(99999999) as b",
    "select count(*) from range(9999999) as a inner join range(9999999) as b on a.range % 7 <> b.range % 5",
    "with recursive t as (select 1 as i union all select i + 1 from t where i > 0) select max(i) from t",
    "select max(i) from range(999999999999) as t(i)",
    "select sum(sin(i)) from range(99999999999) as t(i)",
    "select regexp_replace(repeat('a', 10000000), '(a*)*b', 'x', 'g') from range(1000)",
    "select list_sum(list_transform(range(1000000), lambda x: length(repeat('y', x % 1000)))) from range(1000)",
)

FILLING = (
    "select repeat('x', 4000000000)",
    "select length(repeat('x', 4000000000))",
    "select repeat(repeat('x', 100000), 40000)",
    "select unnest(range(1000000000))",
    "select max(i) from (select unnest(range(1000000000)) as i)",
    "select list_distinct(range(100000000))",
    "select list(i) from range(2000000000) as t(i)",
    "select string_agg(repeat('x', 1000), '') from range(10000000)",
    "select lpad('x', 2000000000, 'y')",
    "select count(distinct i::varchar || 'x') from range(500000000) as t(i)",
    "select i from range(100000000) as t(i) order by sin(i) desc",
    "select flatten(list_transform(range(100000), lambda x: range(100000)))",
    "select array_to_string(range(500000000), ',')",
    "select histogram(i) from range(500000000) as t(i)",
    "select list_sort(range(300000000))",
    "select repeat([1, 2, 3], 1000000000)",
    "select format('{:>2000000000}', 'x')",
    "select a.*, b.* from range(100000) as a, range(100000) as b",
    "select i, row_number() over (order by i desc) from range(300000000) as t(i)",
    "from (pivot range(1000000) on range in (1, 2) using list(range))",
)

SWELLING = (
    "select null from range(200000000)",
    "select list_transform(range(1000), lambda x: null) from range(100000)",
    "select {'a': null, 'b': null, 'c': {'d': null}} from range(50000000)",
)
"""Small as they come from DuckDB, large as messages."""

TANGLED = (
    "select " + "(" * 50_000 + "1" + ")" * 50_000,
    "select " + "-" * 50_000 + "1",
    "select " + "not " * 30_000 + "true",
    "select " + "1 + " * 49_000 + "1",
    "select " + "[" * 50_000 + "]" * 50_000,
    "select " + "case when true then " * 9_000 + "1" + " end" * 9_000,
    "select * from " + "(select * from " * 9_000 + "range(1)" + ")" * 9_000,
    "select 1" + " union all select 1" * 9_000,
    "select " + "{'a': " * 20_000 + "1" + "}" * 20_000,
    "select '" + "\\" * 190_000,
    "with " + ", ".join(f"t{i} as (select 1)" for i in range(7_000)) + " select 1",
    "select 1::" + "struct(a " * 15_000 + "int" + ")" * 15_000,
)

COSTLY = (*CRASHING, *HOLDING, *FILLING, *SWELLING, *TANGLED)
"""Statements that are queries, and that no list of functions can tell from an analyst's."""
