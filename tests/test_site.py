"""The site as a reader meets it: opened from disk in a real Chromium, every page, link, table and chart.

Belongs here: pages, their files and what they do in the browser. Does not belong here: whether a figure is right
(``test_gold``); a page must show what the marts say.
"""

from __future__ import annotations

import csv
import io
import json
import re
import shutil
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, unquote, urldefrag

import duckdb
import pytest

from dagster_project.site import SiteError, build_site, judged
from dagster_project.site.text import SCENARIO_WORDS, file_name
from dagster_project.warehouse.build.transform import manifest_path
from tests.conftest import ROOT, Project

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page


class Tab:
    """A page of the browser that notes every complaint and every request that leaves the folder."""

    def __init__(self, browser: Browser, site: Path, **options: Any) -> None:
        self.site, self.complaints = site, list[str]()
        self.page: Page = browser.new_page(**options)
        self.page.on("console", lambda message: self.complaints.append(f"{message.type}: {message.text}"))
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on("request", self._requested)

    def _requested(self, request: Any) -> None:
        if not request.url.startswith((self.site.as_uri(), "data:", "blob:")):
            self.complaints.append(f"request to {request.url}")

    def open(self, name: str) -> Page:
        self.page.goto(f"{self.site.as_uri()}/{name}")
        return self.page

    def draw(self) -> None:
        """Scroll through the page and wait until every chart is drawn."""
        figures = self.page.locator("figure.chart")
        for index in range(figures.count()):
            figures.nth(index).scroll_into_view_if_needed()
            self.page.wait_for_function(
                f"document.querySelectorAll('figure.chart')[{index}].dataset.drawn !== undefined"
            )


@pytest.fixture
def tab(browser: Browser, site: Path) -> Iterator[Tab]:
    tab = Tab(browser, site, viewport={"width": 1100, "height": 900}, color_scheme="light")
    yield tab
    tab.page.close()


def _example(site: Path, folder: str, mark: str) -> str:
    """The first page of a folder that has what a test is about."""
    for path in sorted((site / folder).glob("*.html")):
        if mark in path.read_text(encoding="utf-8"):
            return f"{folder}/{path.name}"
    raise AssertionError(f"no page in {folder} has {mark}")


def _ask(warehouse: Path, sql: str) -> list[tuple[Any, ...]]:
    with duckdb.connect(str(warehouse.resolve()), read_only=True) as connection:
        return connection.execute(sql).fetchall()


class _Addresses(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.links: list[str] = []
        self.names: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = dict(attrs)
        self.links += [value for name in ("href", "src") if (value := found.get(name))]
        self.names += [value for value in [found.get("id")] if value]


def test_every_link_resolves(site: Path) -> None:
    """Files and the places within them; no id stands twice on a page."""
    pages = {}
    for path in site.rglob("*.html"):
        pages[path] = _Addresses()
        pages[path].feed(path.read_text(encoding="utf-8"))
    assert len(pages) > 50
    for path, found in pages.items():
        assert len(found.names) == len(set(found.names)), path
        for link in found.links:
            if link.startswith("data:"):
                continue
            address, place = urldefrag(link)
            target = (path.parent / unquote(address)).resolve() if address else path
            assert target.exists(), (path.name, link)
            if place and "=" not in place:
                assert place in pages[target].names, (path.name, link)


def test_every_figure_stands_on_the_page_of_its_report(site: Path, warehouse: Path) -> None:
    """The cell of each value has its anchor, and the text there is the printed one."""
    rows = _ask(
        warehouse,
        "select distinct report_id, table_seq, row_index, col_index, cell.text "
        "from marts.report_values inner join raw.cell using (report_id, table_seq, row_index, col_index)",
    )
    pages = {path.stem: path.read_text(encoding="utf-8") for path in (site / "r").glob("*.html")}
    assert len(rows) > 600
    for report_id, table, row, col, text in rows:
        found = re.search(rf'<t[dh] id="t{table}r{row}c{col}"[^>]*>(?:<a [^>]*>)?([^<]*)<', pages[report_id])
        assert found is not None, (report_id, table, row, col)
        assert found[1].replace("&amp;", "&").replace("&#34;", '"').replace("&gt;", ">") == text


def test_pages_open_without_a_complaint(tab: Tab) -> None:
    """No error, no warning, no request to anywhere else, on any page, with its charts drawn."""
    for path in sorted(tab.site.rglob("*.html")):
        name = path.relative_to(tab.site).as_posix()
        tab.open(name)
        tab.draw()
        assert tab.complaints == [], name


def test_a_marked_figure_says_what_proves_it_or_makes_it_doubtful(tab: Tab, warehouse: Path) -> None:
    """In the reader's language, with the way to the sum; every figure of the report has the sign that the mart says."""
    report = "goteborg-socialnamnd-hisingen-arsrapport-2024"
    cells = _ask(
        warehouse,
        "select arg_min(fact_key, part_index), arg_min(proof, part_index), arg_min(is_doubtful, part_index)"
        f" from marts.report_values where report_id = '{report}' group by table_seq, row_index, col_index",
    )
    page = tab.open(f"r/{report}.html")
    signs = dict(
        page.evaluate(
            "[...document.querySelectorAll('table.printed a[data-proof]')].map(one => [one.id, one.dataset.proof])"
        )
    )
    expected = {f"f-{key[:16]}": "?" if doubtful else "✓" for key, proof, doubtful in cells if proof or doubtful}
    assert signs == expected
    assert {"?", "✓"} == set(signs.values())
    said = page.locator(".proved")
    assert said.is_hidden()
    ((proven, total), (doubtful, _)) = _ask(
        warehouse,
        "select part.fact_key, total.fact_key from marts.figure_identity as part"
        " inner join marts.figure_identity as total using (identity_key)"
        " inner join marts.report_values as told on total.fact_key = told.fact_key"
        f" where part.report_id = '{report}' and part.role = 'part' and total.role = 'total'"
        " and told.row_label = 'Summa'"
        " and (part.is_broken or (part.is_proving and part.table_seq = 6))"
        " qualify row_number() over (partition by part.is_broken order by part.fact_key) = 1 order by part.is_broken",
    )
    page = tab.open(f"r/{report}.html#f-{proven[:16]}")
    assert said.inner_text() == "✓ Bevisad av summan på rad Summa"
    assert said.locator("a").get_attribute("href") == f"#f-{total[:16]}"
    page.locator(".language").click()
    assert said.inner_text() == "✓ Proven by the sum in the row Summa"
    tab.open(f"r/{report}.html#f-{doubtful[:16]}")
    assert said.inner_text().startswith("? Doubtful: the sum in the row Summa does not hold here")


def test_a_marked_figure_says_what_decided_and_shows_its_arithmetic(tab: Tab, warehouse: Path) -> None:
    """Unit, kind, period and owner with what told them; a proving sum with its parts, each a link to its cell."""
    ((key, identity, unit_basis),) = _ask(
        warehouse,
        "select fact_key, identity_key, unit_basis"
        " from marts.figure_identity inner join marts.report_values using (fact_key)"
        " where figure_identity.kind = 'sum' and is_proving and figure_identity.sign is not null"
        " and unit_basis = 'table' and scenario_basis = 'header' order by fact_key limit 1",
    )
    ((report,),) = _ask(warehouse, f"select report_id from marts.report_values where fact_key = '{key}'")
    parts = _ask(
        warehouse,
        f"select left(fact_key, 16) from marts.figure_identity where identity_key = '{identity}'"
        " and (sign is null or value_numeric != 0)",
    )
    page = tab.open(f"r/{file_name(report)}.html#f-{key[:16]}")
    said = page.locator(".decided dl").inner_text()
    assert [text for text in ("Enhet", "Slag", "Period", "Vems") if text not in said] == []
    assert unit_basis == "table"
    assert "står vid tabellen" in said
    assert "sägs i kolumnens rubrik" in said
    assert re.fullmatch(r"Det den jämförts med \(\d+\)", page.locator(".sums summary").inner_text())
    page.locator(".sums summary").click()
    proving = page.locator(".sums li", has_text="stämmer, och bevisar talet").first
    links = proving.locator("a").evaluate_all("links => links.map(one => one.hash.slice(3))")
    assert sorted(links) == sorted(part for (part,) in parts)
    page.locator(".language").click()
    assert "stands at the table" in page.locator(".decided dl").inner_text()
    proving = page.locator(".sums li", has_text="holds, and proves the number").first
    total = proving.locator("a").first.get_attribute("href")
    proving.locator("a").first.click()
    page.wait_for_url(f"**{total}")
    assert f"#{page.locator('table.printed :target').get_attribute('id')}" == total


@pytest.mark.parametrize("reports", ["corpora", "small_reports"])
def test_every_judgement_has_words(reports: str, request: pytest.FixtureRequest) -> None:
    """A key that the marts hold is never shown to a reader of Swedish."""
    built = request.getfixturevalue(reports)
    published = built if isinstance(built, Path) else built[0]
    known = {
        "unit_basis": judged.UNIT_BASES,
        "scenario_basis": judged.SCENARIO_BASES,
        "sign_basis": judged.SIGN_BASES,
        "scenario": SCENARIO_WORDS,
    }
    for column, words in known.items():
        held = {key for (key,) in _ask(published, f"select distinct {column} from marts.report_values") if key}
        assert held <= words.keys(), column
    kinds = {key for (key,) in _ask(published, "select distinct kind from marts.figure_identity")}
    assert kinds <= judged.KINDS.keys()


def test_amounts_of_another_size_are_shown_beside_each_other(
    small_reports: tuple[Path, object], tmp_path: Path
) -> None:
    """A site of reports made to be odd: everything that the marts can say of a figure stands on one."""
    build_site(small_reports[0], tmp_path / "site")
    page = (tmp_path / "site" / "r" / "enheter.html").read_text(encoding="utf-8")
    shown = json.loads(re.search(r'class="judged">(.*?)</script>', page, re.DOTALL)[1])  # type: ignore[index]
    (one,) = [found for found in shown["sums"] if found[0] == "Storleksordning"]
    assert one[2] == -1, "it holds on the other lines"
    assert {part[1] for part in one[4]} == {"6 700", "6 720 300"}


def test_a_table_filters_sorts_and_downloads(tab: Tab, warehouse: Path) -> None:
    page = tab.open("index.html")
    rows = page.locator("table[data-download=rapporter] tbody tr")
    assert rows.count() == 5
    tools = page.locator(".tools").last
    tools.locator("input.filter").fill("gävle plan")
    assert page.locator("table[data-download=rapporter] tbody tr:visible").count() == 2
    with page.expect_download() as download:
        tools.locator("button.download").click()
    text = Path(download.value.path()).read_text(encoding="utf-8-sig")
    table = list(csv.reader(io.StringIO(text), delimiter=";"))
    assert [line[0] for line in table] == ["Kommun", "Gävle", "Gävle"]
    assert {int(line[5]) for line in table[1:]} == {29, 2}
    tools.locator("input.filter").fill("")
    page.locator("thead button", has_text="Siffror").click()
    ascending = [int(text) for text in rows.locator("td:nth-child(6)").all_inner_texts()]
    assert ascending == sorted(
        row[0] for row in _ask(warehouse, "select count(*) from marts.report_values group by report_id")
    )
    page.locator("thead button", has_text="Siffror").click()
    assert [int(text) for text in rows.locator("td:nth-child(6)").all_inner_texts()] == ascending[::-1]


@pytest.mark.parametrize(
    ("asked", "kind", "found"),
    [
        ("goteborg", "Kommun", "Göteborg"),
        ("sjukfranvaro", "Mått", "Sjukfrånvaro"),
        ("sjukfrnvaro", "Mått", "Sjukfrånvaro"),
        ("franvaro", "Mått", "Sjukfrånvaro"),
        ("vantetid ansok", "Mått", "Väntetid från ansökan till beslut om insats"),
        ("59 475", "Siffra", "Antal vård dygn externa placeringar"),
        ("institutionsvård dagar", "Indikator", "institutionsvård"),
        ("fotnot diagrammet prognos", "Text", "Fotnot: Diagrammet"),
    ],
)
def test_search_finds(tab: Tab, asked: str, kind: str, found: str) -> None:
    """Without its accents, misspelt, by its beginnings, by its end, and by its number."""
    page = tab.open(f"index.html#q={quote(asked)}")
    first = page.locator("#found li").first
    first.wait_for()
    assert first.locator(".kind").inner_text() == kind
    assert found in first.locator("a").inner_text()


def test_search_works_with_a_keyboard_and_is_an_address(tab: Tab) -> None:
    page = tab.open("index.html")
    page.keyboard.press("/")
    page.keyboard.type("59 475")
    page.locator("#found a").first.wait_for()
    assert unquote(page.url).endswith("#q=59 475")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    page.wait_for_url("**/r/helsingborg-*#f-*")
    assert page.locator("table.printed td:has(a:target)").inner_text() == "59 475"
    page.go_back()
    page.locator("#found a").first.wait_for()
    assert page.locator("#search").input_value() == "59 475"
    page.locator("#search").focus()
    page.keyboard.press("Escape")
    assert page.locator("#found a").count() == 0
    assert tab.complaints == []


def test_charts_show_what_sql_says(tab: Tab, warehouse: Path) -> None:
    """The rows behind the drawn marks are those of the marts."""
    rows = _ask(
        warehouse,
        """
        select indicator_key, list(value_numeric order by period_start) from marts.fct_indicator_value
        inner join marts.dim_period using (period_key)
        where scenario_key = 'actual' and is_current and flag is null group by all
        having count(distinct period_key) = 5 and count(*) = 5 order by indicator_key limit 3
        """,
    )
    assert rows
    for key, values in rows:
        page = tab.open(f"i/{key}.html")
        tab.draw()
        drawn = "document.querySelector('figure.chart').view.data('source_0')"
        shown = page.evaluate(f"{drawn}.filter(d => d.scenario == 'actual').map(d => d.value)")
        assert shown == values
    name = _example(tab.site, "o", 'data-chart="bullets"')
    page = tab.open(name)
    tab.draw()
    shown = page.evaluate(
        "document.querySelector('[data-chart=bullets]').view.data('source_0').map(d => Math.round(d.actual * 1e6))"
    )
    organisation = Path(name).stem
    wanted = _ask(
        warehouse,
        f"""
        select actual_sek from marts.budget_variance inner join marts.dim_report using (report_id)
        where dim_report.organisation_key = '{organisation}' and statement = 'income_statement' and not is_total
            and actual_sek is not null and budget_sek is not null and account_key != 'equity'
            and year = (select max(year) from marts.budget_variance inner join marts.dim_report using (report_id)
                where dim_report.organisation_key = '{organisation}' and statement = 'income_statement' and not is_total
                    and actual_sek is not null and budget_sek is not null)
        """,
    )
    assert sorted(shown) == sorted(round(amount) for (amount,) in wanted)


def _shown(page: Page) -> list[list[str]]:
    page.wait_for_selector("figure.view[data-drawn]")
    lines = page.locator("table.shown tbody tr")
    return [[text.replace("\u00a0", "") for text in line.split("\t")] for line in lines.all_inner_texts()]


def test_a_figure_page_is_what_its_address_says(tab: Tab, warehouse: Path) -> None:
    """Printed and published series, per inhabitant, in fixed prices, as an index and on the map; never mixed."""
    ((owner,),) = _ask(
        warehouse,
        "select distinct organisation_key from marts.municipality_comparison where concept_key = 'net_cost_ifo'",
    )
    page = tab.open("c/net-cost-ifo.html")
    assert [line[:2] for line in _shown(page)] == [
        ["Göteborg, Socialnämnden Hisingen", year] for year in ("2022", "2023", "2024")
    ]
    address = page.locator("table.shown tbody a").first.get_attribute("href")
    assert address is not None
    place = urldefrag(address)
    assert f'id="{place.fragment}"' in (tab.site / "c" / place.url).resolve().read_text(encoding="utf-8")
    page.locator("select.add").select_option("n-1480")
    page.locator("select.add").select_option("r-0000")
    assert "m=per" in page.url, "what has no value but one per inhabitant is shown as that"
    ((city, country),) = _ask(
        warehouse,
        "select compared_value, country_value from marts.statistic_comparison"
        " where statistic_key = 'net_cost_ifo' and municipality_code = '1480'",
    )
    expected = [["Göteborg (statistik)", "2024", city], ["Riket", "2024", country]]
    shown = _shown(page)
    assert [line[:2] for line in shown] == [line[:2] for line in expected]
    for line, wanted in zip(shown, expected, strict=True):
        assert float(line[2].replace(",", ".")) == pytest.approx(wanted[2], abs=0.005)
    other = Tab(page.context.browser, tab.site)  # type: ignore[arg-type]
    other.page.goto(page.url)
    assert _shown(other.page) == shown
    other.page.close()
    page = tab.open(f"c/net-cost-ifo.html#s=o-{owner[:16]}&i=1&p=1")
    page.reload()
    values = dict(
        _ask(
            warehouse,
            "select year, value_fixed_prices from marts.municipality_comparison where concept_key = 'net_cost_ifo'",
        )
    )
    shown = _shown(page)
    assert [float(line[2].replace(",", ".")) for line in shown] == [
        pytest.approx(100 * values[int(line[1])] / values[2022], abs=0.005) for line in shown
    ]
    page.locator("button[data-tab=map]").click()
    assert len(_shown(page)) == 290
    assert page.locator("svg.map path:not([fill=none])").count() == 290
    assert tab.complaints == []


def test_a_chart_can_be_taken_along(tab: Tab) -> None:
    """As a picture, as numbers, and into another page, where it is the same view and nothing else."""
    page = tab.open("n/net-cost.html")
    shown = _shown(page)
    taken = {}
    for kind in ("png", "svg", "csv", "json"):
        with page.expect_download() as download:
            page.locator(f"button[data-take={kind}]").click()
        taken[kind] = Path(download.value.path()).read_bytes()
    assert taken["png"].startswith(b"\x89PNG")
    assert "Källor:" in taken["svg"].decode()
    assert len(taken["csv"].decode("utf-8-sig").splitlines()) == len(shown) + 1
    told = json.loads(taken["json"])
    assert [[row["series"], str(row["year"])] for row in told["values"]] == [line[:2] for line in shown]
    assert told["dataset"]["@type"] == "Dataset"
    assert all(row["facts"] and row["cell"] for row in told["values"])
    page.locator("details summary", has_text="Bädda in").click()
    code = page.locator("textarea").input_value()
    page = tab.open("404.html")
    page.goto(re.search(r'src="([^"]+)"', code)[1].replace("&amp;", "&"))  # type: ignore[index]
    assert page.locator("figure.view svg").count() == 1
    assert page.locator("header.top").is_hidden()
    assert tab.complaints == []


def test_the_language_changes_and_stays(tab: Tab) -> None:
    page = tab.open("index.html")
    assert page.locator("h2").first.inner_text() == "Kommuner"
    page.locator("button.language").click()
    assert page.locator("h2").first.inner_text() == "Municipalities"
    assert page.locator("html").get_attribute("lang") == "en"
    page = tab.open("quality.html")
    assert page.locator("h1").inner_text() == "Data quality"


@pytest.mark.slow
@pytest.mark.parametrize(
    ("scheme", "width", "language"),
    [("light", 320, "sv"), ("dark", 320, "en"), ("light", 1280, "en"), ("dark", 1280, "sv")],
)
def test_nobody_is_shut_out(browser: Browser, site: Path, scheme: str, width: int, language: str) -> None:
    """axe finds nothing on any kind of page; a phone shows it without scrolling sideways. Pictures stay in build/."""
    from axe_playwright_python.sync_playwright import Axe

    names = ["index.html", "quality.html", "dictionary.html", _example(site, "o", 'data-chart="bullets"')]
    names += [_example(site, "m", "data-chart"), _example(site, "i", "data-chart"), _example(site, "r", 'class="v"')]
    names += [
        "c/net-cost-ifo.html",
        "c/tax-rate-municipal.html#s=&t=map",
        "n/net-cost.html",
        "index.html#q=sjukfranvaro",
    ]
    tab = Tab(browser, site, viewport={"width": width, "height": 800}, color_scheme=scheme)
    for name in names:
        page = tab.open(name)
        page.reload()
        if language == "en" and page.locator("html").get_attribute("lang") != "en":
            page.locator("button.language").click()
        tab.draw()
        if page.locator("figure.view").count():
            page.wait_for_selector("figure.view[data-drawn]")
        page.screenshot(path=ROOT / "build" / "pages" / f"{file_name(name)}-{width}-{scheme}-{language}.png")
        assert page.evaluate("document.documentElement.scrollWidth") <= width, name
        found = Axe().run(page).response["violations"]
        assert [(one["id"], one["nodes"][0]["html"][:200]) for one in found] == [], name
    tab.page.close()


def test_the_next_figure_is_one_step_away(tab: Tab) -> None:
    """From a marked cell to its neighbours in the order of the report; Close marks nothing any more."""
    page = tab.open("r/helsingborg-socialnamnden-arsbokslut-2023.html")
    order = page.evaluate("[...document.querySelectorAll('table.printed a[id^=f-]')].map(one => one.id)")
    page.goto(f"{page.url}#{order[0]}")
    assert page.locator("aside.cell .previous").is_hidden()
    page.locator("aside.cell .next").click()
    page.locator("aside.cell .next").click()
    assert page.url.endswith(order[2])
    assert page.locator("table.printed :target").get_attribute("id") == order[2]
    page.locator("aside.cell .previous").click()
    assert page.url.endswith(order[1])
    page.locator("aside.cell .close").click()
    assert page.locator("aside.cell").is_hidden()


def test_a_long_table_is_paged_and_whole_on_paper(tab: Tab) -> None:
    page = tab.open("c/tax-rate-municipal.html#s=&t=map&y=2022")
    page.wait_for_selector("figure.view[data-drawn]")
    rows = page.locator("table.shown tbody tr")
    assert rows.locator("visible=true").count() == 100
    page.locator(".pager button", has_text="Nästa").first.click()
    assert rows.nth(100).is_visible()
    assert rows.nth(0).is_hidden()
    page.emulate_media(media="print")
    assert rows.nth(0).is_visible()


def test_a_keyboard_reaches_content_and_sorts(tab: Tab) -> None:
    page = tab.open("index.html")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    page.keyboard.press("Enter")
    page.wait_for_url("**#main")
    page.locator("table[data-download=rapporter] thead button", has_text="År").focus()
    page.keyboard.press("Enter")
    assert page.locator("th[aria-sort=ascending]").count() == 1


def test_a_release_of_another_version_is_told_of_and_costs_no_site(warehouse: Path, tmp_path: Path) -> None:
    older, out = tmp_path / "older.duckdb", tmp_path / "site"
    shutil.copyfile(warehouse, older)
    with duckdb.connect(older) as connection:
        connection.execute("alter table vocabulary.measure_definitions drop column definition_sv")
    with pytest.raises(SiteError, match=r"another version of this program: .*definition_sv.*kommunlager refresh"):
        build_site(older, out)
    assert [path.name for path in tmp_path.iterdir()] == ["older.duckdb"]


def test_another_folder_is_left_alone(warehouse: Path, tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("mine", encoding="utf-8")
    with pytest.raises(SiteError, match="is no site of ours"):
        build_site(warehouse, tmp_path)
    assert (tmp_path / "mine.txt").read_text(encoding="utf-8") == "mine"


def test_a_site_replaces_the_one_before_and_is_the_same(site: Path, warehouse: Path, tmp_path: Path) -> None:
    """Built twice into one folder: nothing is left over, and every file is the same."""
    folder = tmp_path / "site"
    for _ in range(2):
        build_site(warehouse, folder, reports=ROOT / "seeds" / "reports", manifest=manifest_path())
    assert sorted(tmp_path.iterdir()) == [folder]
    files = {path.relative_to(folder): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    assert files == {path.relative_to(site): path.read_bytes() for path in site.rglob("*") if path.is_file()}


def test_it_is_small(site: Path) -> None:
    assert sum(path.stat().st_size for path in site.rglob("*")) < 10e6


def test_a_link_to_a_figure_that_is_gone_says_so(warehouse: Path, tmp_path: Path) -> None:
    """On the page of its report with the figure that stands for it; and on a page for a report that is gone itself."""
    copy = tmp_path / "kommunlager.duckdb"
    shutil.copyfile(warehouse.resolve(), copy)
    ((report_id, key),) = _ask(copy, "select report_id, fact_key from marts.report_values order by fact_key limit 1")
    with duckdb.connect(copy) as connection:
        for gone, of, now in (("a" * 32, report_id, key), ("b" * 32, "withdrawn", None)):
            connection.execute(
                "insert into raw.figure_history by name select ? as fact_key, ? as report_id, '' as file_name,"
                " ? as row_label, ? as indicator_key, ? as replaced_by, 'actual' as scenario, 'r1' as last_release,"
                " now() as gone_at, 'corrected' as reason",
                [gone, of, "Ränta" if now else None, "c" * 32, now],
            )
    folder = tmp_path / "site"
    build_site(copy, folder)
    there = (folder / "r" / f"{report_id}.html").read_text(encoding="utf-8")
    assert re.search(rf'<li id="f-{"a" * 16}">Ränta.*href="../r/{report_id}.html#f-{key[:16]}"', there)
    assert f'id="f-{key[:16]}"' in there
    assert f'id="f-{"b" * 16}"' in (folder / "r" / "withdrawn.html").read_text(encoding="utf-8")
    assert (folder / "i" / f"{'c' * 32}.html").read_text(encoding="utf-8").count("<li id=") == 2


@pytest.mark.slow
def test_a_figure_of_a_pdf_is_marked_on_the_picture_of_its_page(
    every_format: Project, browser: Browser, tmp_path: Path
) -> None:
    """From the cell on the page of the report to the picture; what the mark frames is where the cell is printed."""
    folder = tmp_path / "site"
    build_site(every_format.warehouse, folder, reports=every_format.reports)
    ((report_id, place, text, page_number),) = _ask(
        every_format.warehouse,
        """
        select report_id, 'f-' || left(fact_key, 16), cell.text, cell.page
        from marts.report_values inner join raw.cell using (report_id, table_seq, row_index, col_index)
        where report_id like 'pdf-helsingborg%' and value_numeric > 1000
        order by table_seq, row_index, col_index limit 1
        """,
    )
    tab = Tab(browser, folder, viewport={"width": 1100, "height": 900})
    page = tab.open(f"r/{report_id}.html#{place}")
    page.locator(".on-page a").click()
    page.wait_for_url(f"**/p/{report_id}.html#{place}")
    marked = page.locator(f"#p{page_number} a:target")
    assert marked.get_attribute("aria-label") == text
    page.wait_for_function("[...document.images].every(i => i.complete && i.naturalWidth || i.loading == 'lazy')")
    box = marked.bounding_box()
    assert box is not None
    assert box["width"] > 10
    assert box["height"] > 5
    marked.click()
    page.wait_for_url(f"**/r/{report_id}.html#{place}")
    assert tab.complaints == []
    tab.page.close()
    # A file that has changed since it was read shows nothing.
    changed = tmp_path / "reports"
    (changed / "pdf").mkdir(parents=True)
    for path in (every_format.reports / "pdf").iterdir():
        (changed / "pdf" / path.name).write_bytes(path.read_bytes() + b"\n")
    build_site(every_format.warehouse, folder, reports=changed)
    assert not (folder / "p").exists()


def test_a_page_of_a_very_long_name_can_be_written_and_is_its_own(tmp_path: Path) -> None:
    names = [file_name("a" * 300 + end) for end in ("b", "c")]
    assert len(set(names)) == 2
    for name in names:
        (tmp_path / f"{name}-1000.webp").write_bytes(b"")
    assert file_name("2023-årsbokslut växjö") == "2023-arsbokslut-vaxjo"
