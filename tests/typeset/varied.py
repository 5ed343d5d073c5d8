"""Made-up reports of made-up municipalities: kinds of tables and looks that the five reports do not have.

Belongs here: what is printed (the truth) and the choice of looks, both from a seed. Does not belong here: drawing
(``varied_html``, ``varied_platypus``) and judging (``varied_score``).
"""

# ruff: noqa: E501 - what is printed reads better in one piece

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, field

from tests.typeset.model import TableBlock

RULES = (
    "grid",
    "hrule",
    "headrule",
    "none",
    "zebra",
    "shadehead",
    "whitegrid",
    "vbox",
    "darkhead",
    "outer",
    "dotted",
    "groupshade",
    "sumrule",
    "shadecolumn",
)
UNRULED = frozenset({"none"})

SUPERSCRIPT = str.maketrans("0123456789)", "⁰¹²³⁴⁵⁶⁷⁸⁹⁾")


@dataclass(frozen=True)
class VariedTable(TableBlock):
    """A table with what its look depends on."""

    sums: frozenset[int] = frozenset()
    groups: frozenset[int] = frozenset()
    caption: str | None = None
    note: str | None = None
    texts: frozenset[int] = frozenset()
    """Columns of running text, which need room."""


@dataclass(frozen=True)
class Heading:
    level: int
    text: str


@dataclass(frozen=True)
class Prose:
    text: str


@dataclass(frozen=True)
class Bullets:
    items: tuple[str, ...]


@dataclass(frozen=True)
class Cards:
    """Figures in boxes, with a word below each: no table."""

    items: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Pair:
    """Two small tables side by side, each with a title of its own or none."""

    left: VariedTable
    right: VariedTable


@dataclass(frozen=True)
class TwoColumns:
    """A part of the page that is set in two columns."""

    blocks: tuple[Block, ...]


@dataclass(frozen=True)
class Box:
    """Blocks inside a frame or on a shaded ground."""

    blocks: tuple[Block, ...]


Block = Heading | Prose | Bullets | Cards | Pair | TwoColumns | Box | VariedTable


@dataclass(frozen=True)
class Look:
    """How a report looks; lengths in points."""

    rules: str
    font: str
    size: float
    table_size: float
    leading: float
    pad_x: float
    pad_y: float
    numbers: str
    head_align: str
    head_bold: bool
    valign: str
    width: str
    landscape: bool
    repeat_header: bool
    keep_rows: bool
    heading: str
    """``size``, ``bold``, ``colour`` or ``serif``: what tells headings from prose."""
    numbered: bool
    justify: bool
    furniture: str
    rule_colour: str
    shade: str
    italic_notes: bool = True
    tagged: bool = False


@dataclass(frozen=True)
class Report:
    """A report and its look."""

    name: str
    blocks: tuple[Block, ...]
    look: Look
    furniture: tuple[str, str] = ("", "")

    def tables(self) -> list[tuple[str | None, VariedTable]]:
        """All tables in reading order with the heading above each."""
        found: list[tuple[str | None, VariedTable]] = []
        heading: str | None = None

        def walk(blocks: tuple[Block, ...]) -> None:
            nonlocal heading
            for block in blocks:
                match block:
                    case Heading():
                        heading = block.text
                    case VariedTable():
                        found.append((heading, block))
                    case Pair():
                        found.extend([(heading, block.left), (heading, block.right)])
                    case TwoColumns() | Box():
                        walk(block.blocks)
                    case _:
                        pass

        walk(self.blocks)
        return found


# --- words -----------------------------------------------------------------------------------------------------------

BOARDS = (
    "Kommunstyrelsen", "Barn- och utbildningsnämnden", "Socialnämnden", "Kultur- och fritidsnämnden",
    "Miljö- och byggnadsnämnden", "Tekniska nämnden", "Överförmyndarnämnden", "Valnämnden", "Revisionen",
    "Vård- och omsorgsnämnden", "Gymnasie- och vuxenutbildningsnämnden", "Samhällsbyggnadsnämnden",
    "Arbetsmarknads- och integrationsnämnden",
)  # fmt: skip
SERVICES = (
    "Förskola", "Grundskola F–9", "Fritidshem", "Anpassad grundskola", "Gymnasieskola", "Elevhälsa", "Kulturskola",
    "Särskilt boende", "Hemtjänst", "Hemsjukvård", "Personlig assistans", "Bostad med särskild service",
    "Daglig verksamhet", "Ekonomiskt bistånd", "Familjehemsvård", "Öppenvård för barn och unga", "HVB vuxna",
    "Gator och vägar", "Parker och lekplatser", "Fastighetsförvaltning", "Vinterväghållning", "Bibliotek",
    "Räddningstjänst", "Nämndens ledning och gemensam administration", "Måltidsservice", "Flyktingmottagande",
    "Tillfällig verksamhet riktad till äldre utanför ordinarie boenden", "Kollektivtrafik", "VA-verksamhet",
    "Färdtjänst", "Turism", "Näringsliv och utveckling", "Avfall", "Bostadsanpassning",
)  # fmt: skip
PROJECTS = (
    "Ny förskola Ekbacken", "Ombyggnad Vallaskolan etapp 2", "Gång- och cykelväg Storgatan–Resecentrum",
    "Reinvesteringar VA-ledningsnät", "Inventarier grundskola", "Energieffektivisering kommunala fastigheter",
    "Konstgräsplan Tallvallen", "Beläggningsarbeten", "Digitala verktyg i hemtjänsten", "Nytt badhus", "Överföringsledning",
    "Trygghetsskapande belysning i parker och vid busshållplatser", "Exploatering Sjöängen", "Brandbil", "Larmanläggning",
    "Utbyte av lekplatser", "Ventilation Centralskolan", "Storköksutrustning",
)  # fmt: skip
INDICATORS = (
    ("Andel elever i åk 9 som är behöriga till yrkesprogram", "%"),
    ("Antal inskrivna barn per årsarbetare i förskolan", "antal"),
    ("Brukarbedömning hemtjänst äldreomsorg – helhetssyn", "%"),
    ("Sjukfrånvaro", "%"),
    ("Kostnad per betygspoäng i gymnasieskolan, kr/betygspoäng", "kr"),
    ("Väntetid i antal dagar från ansökan till erbjudet inflyttningsdatum till särskilt boende, medelvärde", "dagar"),
    ("Företagsklimat enligt öppna jämförelser (Insikt), NKI", "index"),
    ("Insamlat hushållsavfall totalt", "kg/inv"),
    ("Andel ekologiska livsmedel i kommunens verksamhet", "%"),
    ("Personalomsättning, tillsvidareanställda", "%"),
    ("Antal personal som en hemtjänsttagare möter under 14 dagar", "antal"),
    ("Elever i åk 6 med lägst betyget E i matematik, kommunala skolor, andel", "%"),
    ("Nettokostnadsavvikelse individ- och familjeomsorg", "%"),
    ("Medieinköp bibliotek", "kr/inv"),
    ("Självförsörjningsgrad", "%"),
    ("Energianvändning", "kWh/m²"),
)  # fmt: skip
GOALS = (
    "Alla barn och elever ska nå målen", "En trygg och säker kommun för alla som bor och vistas här",
    "Ett hållbart samhälle", "God ekonomisk hushållning", "Attraktiv arbetsgivare", "Ett växande näringsliv",
    "Invånarna ska ha inflytande över de insatser som de får", "Digitaliseringen ska ge kvalitet och effektivitet",
)  # fmt: skip
SENTENCES = (
    "Arbetet fortgår enligt plan.", "Åtgärder har vidtagits för att komma till rätta med underskottet.",
    "Rekryteringsläget är fortsatt ansträngt, särskilt vad gäller legitimerad personal.",
    "Under hösten har samtliga enheter påbörjat införandet av den nya modellen för systematiskt kvalitetsarbete.",
    "Utfallet förklaras av högre volymer än budgeterat.", "Måttet följs upp vid årets slut.",
    "Kostnaden per brukare har ökat med 3,2 procent jämfört med föregående år.",
    "Samverkan med regionen har utvecklats.", "Nämnden bedömer att målet kommer att nås under planperioden.",
)  # fmt: skip
PROSE = (
    "Kommunens resultat för perioden är bättre än budgeterat, vilket främst beror på högre skatteintäkter och lägre "
    "avskrivningar än planerat.",
    "Befolkningen har ökat med 214 personer under året, och prognosen pekar på en fortsatt men avtagande tillväxt.",
    "Nämnden redovisar en avvikelse mot budget som till största delen förklaras av volymökningar inom placeringar. Ett "
    "åtgärdsprogram har tagits fram och följs upp månadsvis.",
    "Sjukfrånvaron har minskat något men ligger fortfarande över målet. Satsningar på hälsofrämjande ledarskap "
    "fortsätter under 2025 i samtliga förvaltningar.",
    "Arbetet med att effektivisera lokalutnyttjandet har påbörjats. En första redovisning lämnas i delårsrapporten.",
)  # fmt: skip
TITLES = {
    "drift": ("Driftredovisning", "Nämndernas utfall mot budget", "Driftbudget per nämnd", "Ekonomiskt utfall"),
    "result": ("Resultaträkning", "Resultatbudget", "Resultaträkning kommunen"),
    "balance": ("Balansräkning", "Ställning per den 31 december"),
    "invest": ("Investeringsredovisning", "Investeringar", "Större investeringsprojekt"),
    "kpi": ("Nyckeltal", "Verksamhetsmått", "Uppföljning av indikatorer"),
    "staff": ("Personal och bemanning", "Sjukfrånvaro", "Medarbetare i siffror"),
    "years": ("Femårsöversikt", "Fem år i sammandrag", "Kommunen i siffror"),
    "goals": ("Måluppfyllelse", "Uppföljning av mål och uppdrag", "Nämndens mål"),
    "small": ("Ekonomisk sammanfattning", "Fördelning av statsbidrag", "Omställningsmedel"),
    "risks": ("Intern kontroll", "Riskanalys", "Uppdrag"),
    "long": ("Driftbudget per verksamhet", "Detaljerad verksamhetsredovisning", "Verksamhetsmått per enhet"),
    "volumes": ("Volymer", "Volymutveckling"),
    "tax": ("Skatteintäkter och utjämning",),
    "cross": ("Nettokostnad per ålder", "Åldersfördelning"),
}
MORE_HEADINGS = ("Vart är vi på väg?", "Händelser av väsentlig betydelse", "Förväntad utveckling", "Bakgrund")


# --- content ---------------------------------------------------------------------------------------------------------


@dataclass
class _Hand:
    """One author: how numbers are written."""

    r: random.Random
    space: str
    minus: str
    plus: bool
    none: str
    decimals: int
    cells: dict[tuple[int, int], tuple[str, int, int]] = field(default_factory=dict)

    def number(self, low: float, high: float, decimals: int | None = None) -> str:
        value = self.r.uniform(low, high)
        decimals = self.decimals if decimals is None else decimals
        text = f"{abs(value):,.{decimals}f}".replace(",", self.space).replace(".", ",")
        is_zero = not any(char in "123456789" for char in text)
        if value < 0 and not is_zero:
            return f"{self.minus}{text}"
        return f"+{text}" if self.plus and low < 0 and not is_zero else text

    def table(self, rows: list[list[object]], header_rows: int, **options: object) -> VariedTable:
        """Rows of texts, or (text, row span, column span); None for a place under a span."""
        cells: dict[tuple[int, int], tuple[str, int, int]] = {}
        n_cols = max(len(row) for row in rows)
        for i, row in enumerate(rows):
            for j, cell in enumerate(row):
                if cell is None or cell == "":
                    continue
                cells[i, j] = cell if isinstance(cell, tuple) else (str(cell), 1, 1)
        return VariedTable(len(rows), n_cols, header_rows, cells, **options)  # type: ignore[arg-type]


def _drift(h: _Hand) -> VariedTable:
    r = h.r
    boards = r.sample(BOARDS, r.randint(5, 10))
    unit = r.choice(["tkr", "mnkr", "Belopp i tkr", "(tkr)"])
    rows: list[list[object]]
    kind = r.randint(0, 3)
    if kind == 0:
        rows = [[f"Nämnd, {unit.strip('()')}", "Budget 2024", "Utfall 2024", "Avvikelse"]]
        n, depth = 3, 1
    elif kind == 1:
        rows = [
            [("Nämnd", 2, 1), ("Januari–augusti 2024", 1, 3), None, None, ("Helår 2024", 1, 3), None, None],
            [None, "Budget", "Utfall", "Avvikelse", "Budget", "Prognos", "Avvikelse"],
        ]
        n, depth = 6, 2
    elif kind == 2:
        rows = [
            ["", ("2023", 1, 3), None, None, ("2024", 1, 3), None, None],
            [unit, "Intäkt", "Kostnad", "Netto", "Intäkt", "Kostnad", "Netto"],
        ]
        n, depth = 6, 2
    else:
        rows = [
            [
                unit,
                "Utfall 2023",
                "Budget 2024",
                "Utfall 2024",
                "Avvikelse mot budget",
                "Förändring i procent mot föregående år",
            ]
        ]
        n, depth = 5, 1
    for board in boards:
        rows.append([board, *(h.number(-90000, 900000, 0) for _ in range(n))])
    rows.append(["Summa nämnder", *(h.number(100000, 2900000, 0) for _ in range(n))])
    sums = {len(rows) - 1}
    if r.random() < 0.5:
        rows.append(["Finansförvaltning", *(h.number(-2000000, -1000, 0) for _ in range(n))])
        rows.append(["Totalt", *(h.number(-50000, 90000, 0) for _ in range(n))])
        sums.add(len(rows) - 1)
    return h.table(rows, depth, sums=frozenset(sums))


def _result(h: _Hand) -> VariedTable:
    r = h.r
    rows: list[list[object]]
    both = r.random() < 0.4
    if both:
        rows = [
            [("Mnkr", 2, 1), ("Not", 2, 1), ("Kommunen", 1, 3), None, None, ("Koncernen", 1, 2), None],
            [None, None, "Utfall 2023", "Budget 2024", "Utfall 2024", "2023", "2024"],
        ]
        n, depth = 5, 2
    else:
        rows = [["Mnkr", "Not", "Utfall 2023", "Budget 2024", "Utfall 2024"]]
        n, depth = 3, 1
    sums = set()
    for number, label in enumerate(
        (
            "Verksamhetens intäkter", "Verksamhetens kostnader", "Avskrivningar", "Verksamhetens nettokostnader",
            "Skatteintäkter", "Generella statsbidrag och utjämning", "Verksamhetens resultat", "Finansiella intäkter",
            "Finansiella kostnader", "Resultat efter finansiella poster", "Extraordinära poster", "Årets resultat",
        ),
        start=1,
    ):  # fmt: skip
        is_sum = label.startswith(("Verksamhetens netto", "Verksamhetens res", "Resultat", "Årets"))
        if is_sum:
            sums.add(len(rows))
        values = [h.number(-2000, 2500, 1) for _ in range(n)]
        if label.startswith("Extra"):
            values = [h.none] * n
        rows.append([label, "" if is_sum else str(number), *values])
    return h.table(rows, depth, sums=frozenset(sums))


def _balance(h: _Hand) -> VariedTable:
    rows: list[list[object]] = [["Belopp i mnkr", "Not", "2023-12-31", "2024-12-31"]]
    groups, sums = set(), set()
    number = 10
    for title, labels in (
        ("TILLGÅNGAR", ("Immateriella anläggningstillgångar", "Mark, byggnader och tekniska anläggningar", "Maskiner och inventarier", "Finansiella anläggningstillgångar", "Summa anläggningstillgångar")),
        ("Omsättningstillgångar", ("Förråd m.m.", "Fordringar", "Kassa och bank", "SUMMA TILLGÅNGAR")),
        ("EGET KAPITAL, AVSÄTTNINGAR OCH SKULDER", ("Eget kapital", "– därav årets resultat", "Avsättningar för pensioner", "Långfristiga skulder", "Kortfristiga skulder", "SUMMA EGET KAPITAL, AVSÄTTNINGAR OCH SKULDER")),
    ):  # fmt: skip
        groups.add(len(rows))
        rows.append([title])
        for label in labels:
            is_sum = label.casefold().startswith("summa")
            number += 1
            if is_sum:
                sums.add(len(rows))
            rows.append(
                [label, "" if is_sum or label[0] == "–" else str(number), h.number(1, 2500, 1), h.number(1, 2500, 1)]
            )
    return h.table(rows, 1, sums=frozenset(sums), groups=frozenset(groups))


def _invest(h: _Hand) -> VariedTable:
    r = h.r
    rows: list[list[object]] = [
        ["Projekt", "Total budget", "Ack. utfall", "Budget 2024", "Utfall 2024", "Prognos", "Färdigt år"]
    ]
    columns = r.sample(range(1, 7), r.randint(3, 6))
    keep = [0, *sorted(columns)]
    for project in r.sample(PROJECTS, r.randint(5, 11)):
        row: list[object] = [project, *(h.number(-200, 95000, 0) if r.random() < 0.72 else "" for _ in range(5))]
        row.append(r.choice(["2024", "2025", "2026", "Klart", ""]))
        rows.append(row)
    rows.append(["Summa investeringar", *(h.number(5000, 250000, 0) for _ in range(5)), ""])
    rows = [[row[i] for i in keep] for row in rows]
    filled = [row for row in rows if any(row[1:])]
    return h.table(filled, 1, sums=frozenset({len(filled) - 1}))


def _kpi(h: _Hand) -> VariedTable:
    r = h.r
    head: list[object] = ["Nyckeltal", "Enhet", "2022", "2023", "2024"]
    extra = r.choice([[], ["Mål 2024"], ["Mål 2024", "Trend"], ["Riket 2023", "Bedömning"]])
    rows: list[list[object]] = [[*head, *extra]]
    for name, unit in r.sample(INDICATORS, r.randint(5, 11)):
        low, high, decimals = {"%": (1, 99, 1), "kr": (300, 120000, 0), "index": (55, 80, 0)}.get(unit, (1, 400, 1))

        def value(low: float = low, high: float = high, decimals: int = decimals) -> str:
            return r.choice(["-", "i.u.", ""]) if r.random() < 0.08 else h.number(low, high, decimals)

        mark = str(r.randint(1, 4)).translate(SUPERSCRIPT) if r.random() < 0.15 else ""
        row: list[object] = [name + mark, unit, value(), value(), h.number(low, high, decimals)]
        for word in extra:
            if word == "Trend":
                row.append(r.choice(["↑", "↓", "→", "Ökar", "Minskar"]))
            elif word == "Bedömning":
                row.append(r.choice(["Uppnått", "Delvis uppnått", "Ej uppnått", ""]))
            else:
                row.append(value())
        rows.append(row)
    note = "¹ Preliminär uppgift. i.u. = ingen uppgift." if r.random() < 0.5 else None
    return h.table(rows, 1, note=note)


def _staff(h: _Hand) -> VariedTable:
    r = h.r
    rows: list[list[object]] = [
        [("Sjukfrånvaro, %", 2, 1), ("2023", 1, 3), None, None, ("2024", 1, 3), None, None],
        [None, "Kvinnor", "Män", "Totalt", "Kvinnor", "Män", "Totalt"],
    ]
    labels = [
        "Total sjukfrånvaro",
        "Varav långtidssjukfrånvaro (60 dagar eller mer)",
        "29 år och yngre",
        "30–49 år",
        "50 år och äldre",
    ]
    if r.random() < 0.5:
        labels += r.sample(BOARDS, 4)
    for label in labels:
        rows.append([label, *(h.number(0.5, 14, 1) + (" %" if r.random() < 0 else "") for _ in range(6))])
    return h.table(rows, 2)


def _years(h: _Hand) -> VariedTable:
    r = h.r
    first = r.randint(2015, 2020)
    rows: list[list[object]] = [[r.choice(["", "Kommunen", "Femårsöversikt"]), *(str(first + i) for i in range(5))]]
    for label, low, high, decimals in (
        ("Antal invånare den 31 december", 8000, 90000, 0), ("Skattesats, kr", 20, 23, 2), ("Årets resultat, mnkr", -60, 160, 1),
        ("Soliditet inkl. pensionsåtagande, %", -10, 60, 1), ("Nettokostnadsandel, %", 93, 102, 1), ("Låneskuld, kr/inv", 9000, 60000, 0),
        ("Antal årsarbetare", 900, 6000, 0), ("Investeringar, mnkr", 30, 700, 1), ("Självfinansieringsgrad av investeringar, %", 30, 140, 0),
    ):  # fmt: skip
        if r.random() < 0.85:
            rows.append([label, *(h.number(low, high, decimals) for _ in range(5))])
    return h.table(rows, 1)


def _goals(h: _Hand) -> VariedTable:
    r = h.r
    rows: list[list[object]] = [["Mål", "Indikator", "Utfall 2023", "Utfall 2024", "Kommentar"]]
    for goal in r.sample(GOALS, r.randint(3, 5)):
        rows.append(
            [
                goal,
                r.choice(INDICATORS)[0],
                h.number(1, 99, 1),
                h.number(1, 99, 1),
                " ".join(r.sample(SENTENCES, r.randint(1, 2))),
            ]
        )
    return h.table(rows, 1, texts=frozenset({0, 1, 4}))


def _small(h: _Hand) -> VariedTable:
    r = h.r
    rows: list[list[object]] = [
        [r.choice(["Post", "Tkr", "Statsbidrag", "Åtgärd"]), r.choice(["Belopp", "2024", "Utfall"])]
    ]
    for label in r.sample(SERVICES, r.randint(3, 6)):
        rows.append([label, h.number(-900, 90000, 0)])
    rows.append(["Summa", h.number(1000, 200000, 0)])
    return h.table(rows, 1, sums=frozenset({len(rows) - 1}))


def _risks(h: _Hand) -> VariedTable:
    r = h.r
    rows: list[list[object]] = [["Risk", "Sannolikhet", "Konsekvens", "Åtgärd", "Ansvarig"]]
    for goal in r.sample(GOALS, r.randint(3, 5)):
        rows.append(
            [
                "Risk att " + goal[0].lower() + goal[1:] + " inte nås",
                str(r.randint(1, 4)),
                str(r.randint(1, 4)),
                r.choice(SENTENCES),
                r.choice(["Förvaltningschef", "Ekonomichef", "Enhetschef hemtjänst"]),
            ]
        )
    return h.table(rows, 1, texts=frozenset({0, 3}))


def _long(h: _Hand) -> VariedTable:
    r = h.r
    n = r.randint(3, 5)
    heads = ["Bokslut 2023", "Budget 2024", "Budget 2025", "Plan 2026", "Plan 2027"][:n]
    rows: list[list[object]] = [["Verksamhet", *heads]]
    groups, sums = set(), set()
    for board in r.sample(BOARDS, r.randint(5, 8)):
        groups.add(len(rows))
        rows.append([board])
        for label in r.sample(SERVICES, r.randint(5, 9)):
            rows.append([label, *(h.number(-5000, 250000, 0) for _ in range(n))])
        sums.add(len(rows))
        rows.append([f"Summa {board}", *(h.number(9000, 900000, 0) for _ in range(n))])
    return h.table(rows, 1, groups=frozenset(groups), sums=frozenset(sums))


def _volumes(h: _Hand) -> VariedTable:
    r = h.r
    rows: list[list[object]] = [["Volymer", "Bokslut 2023", "Budget 2024", "Bokslut 2024", "Differens"]]
    groups = set()
    for title in r.sample(("Förskola", "Grundskola", "Äldreomsorg", "LSS", "Individ- och familjeomsorg"), 3):
        groups.add(len(rows))
        rows.append([title])
        for label in r.sample(
            (
                "Antal barn/elever",
                "varav fristående",
                "Beviljade timmar per månad",
                "Antal platser",
                "Antal hushåll med ekonomiskt bistånd, genomsnitt per månad",
                "Vårddygn",
            ),
            r.randint(2, 4),
        ):
            rows.append(
                [
                    label,
                    h.number(5, 9000, 0),
                    h.number(5, 9000, 0) if r.random() < 0.8 else "",
                    h.number(5, 9000, 0),
                    h.number(-300, 300, 0),
                ]
            )
    return h.table(rows, 1, groups=frozenset(groups))


def _tax(h: _Hand) -> VariedTable:
    rows: list[list[object]] = [["Tkr", "Budget", "Prognos", "Avvikelse", "Avvikelse %"]]
    for label in (
        "Preliminära skatteintäkter",
        "Slutavräkning 2023",
        "Slutavräkning 2024",
        "Inkomstutjämning",
        "Kostnadsutjämning",
        "Regleringsavgift",
        "LSS-utjämning",
        "Fastighetsavgift",
    ):
        rows.append(
            [
                label,
                h.number(-9000, 1900000, 0),
                h.number(-9000, 1900000, 0),
                h.number(-9000, 9000, 0),
                h.number(-9, 9, 1) + " %",
            ]
        )
    rows.append(
        [
            "Summa",
            h.number(1000000, 2900000, 0),
            h.number(1000000, 2900000, 0),
            h.number(-9000, 9000, 0),
            h.number(-3, 3, 1) + " %",
        ]
    )
    return h.table(rows, 1, sums=frozenset({len(rows) - 1}))


def _cross(h: _Hand) -> VariedTable:
    r = h.r
    months = ["Jan", "Feb", "Mar", "Apr", "Maj", "Jun", "Jul", "Aug", "Sep", "Okt", "Nov", "Dec"]
    rows: list[list[object]] = [["Enhet", *months]]
    for label in r.sample(("Norr", "Söder", "Öster", "Väster", "Centrum", "Landsbygd"), r.randint(3, 6)):
        rows.append([label, *(h.number(0, 999, 0) for _ in months)])
    return h.table(rows, 1)


MAKERS: dict[str, Callable[[_Hand], VariedTable]] = {
    "drift": _drift,
    "result": _result,
    "balance": _balance,
    "invest": _invest,
    "kpi": _kpi,
    "staff": _staff,
    "years": _years,
    "goals": _goals,
    "small": _small,
    "risks": _risks,
    "long": _long,
    "volumes": _volumes,
    "tax": _tax,
    "cross": _cross,
}


def _look(r: random.Random, rules: str, fonts: tuple[str, ...]) -> Look:
    size = r.choice([9, 9.5, 10, 10.5, 11, 12])
    return Look(
        rules=rules,
        font=r.choice(fonts),
        size=size,
        table_size=r.choice([size, size - 1, 8, 9]),
        leading=r.choice([1.15, 1.2, 1.3, 1.4, 1.5]),
        pad_x=r.choice([3, 4, 5.5, 8]),
        pad_y=r.choice([0.5, 1.5, 3, 4, 6]) if rules != "none" else r.choice([1, 1.5, 3, 4]),
        numbers=r.choice(["right", "right", "right", "center"]),
        head_align=r.choice(["same", "same", "left", "right", "center"]),
        head_bold=r.random() < 0.85,
        valign=r.choice(["top", "middle", "bottom", "baseline"]),
        width=r.choice(["100%", "100%", "auto", "85%"]),
        landscape=r.random() < 0.15,
        repeat_header=r.random() < 0.6,
        keep_rows=r.random() < 0.85,
        heading=r.choice(["size", "size", "bold", "colour", "serif"]),
        numbered=r.random() < 0.3,
        justify=r.random() < 0.2,
        furniture=r.choice(["both", "foot", "none", "ruled"]),
        rule_colour=r.choice(["#000", "#444", "#888", "#bbb", "#1f5c99"]),
        shade=r.choice(["#e8eef4", "#f2f2f2", "#ddd", "#fff2cc", "#e2efda"]),
        tagged=r.random() < 0.5,
    )


CHROMIUM_FONTS = ("Liberation Sans", "Liberation Serif", "DejaVu Sans", "DejaVu Serif", "Liberation Sans Narrow")


def make_report(seed: int, rules: str, *, fonts: tuple[str, ...] = CHROMIUM_FONTS, plain: bool = False) -> Report:
    """One report in one ruling style.

    Args:
        seed: chooses content and look.
        rules: ruling style of its tables, one of ``RULES``.
        fonts: fonts to choose from.
        plain: without columns, boxes, cards and tables side by side, for writers that cannot draw them.
    """
    r = random.Random(f"{seed}-{rules}")
    look = _look(r, rules, fonts)
    hand = _Hand(
        r,
        space=r.choice([" ", "\u00a0", "\u00a0", "\u2009", "\u202f"]),
        minus=r.choice(["-", "-", "\u2212", "–"]),
        plus=r.random() < 0.15,
        none=r.choice(["0,0", "-", "–"]),
        decimals=r.choice([0, 1]),
    )
    kinds = [*MAKERS, "small", "drift"]
    r.shuffle(kinds)
    blocks: list[Block] = [
        Heading(1, r.choice(["Årsredovisning 2024", "Delårsrapport augusti 2024", "Budget 2025 med plan 2026–2027"]))
    ]
    blocks.append(Prose(" ".join(r.sample(PROSE, 2))))
    used: set[str] = set()
    chapter = section = 0
    for index, kind in enumerate(kinds):
        if index % 4 == 0:
            chapter, section = chapter + 1, 0
            title = r.choice(
                [
                    t
                    for t in (
                        "Förvaltningsberättelse",
                        "Ekonomi",
                        "Verksamhet",
                        "Personal och arbetsmiljö",
                        "Nämndernas redovisningar",
                        "Räkenskaper",
                    )
                    if t not in used
                ]
            )
            used.add(title)
            blocks.append(Heading(1, f"{chapter} {title}" if look.numbered else title))
            blocks.append(Prose(r.choice(PROSE)))
        section += 1
        free = [t for t in TITLES[kind] if t not in used]
        title = (
            r.choice(free)
            if free
            else f"{r.choice(TITLES[kind])} {r.choice(['per område', 'i detalj', 'jämfört med riket'])}"
        )
        used.add(title)
        blocks.append(Heading(2, f"{chapter}.{section} {title}" if look.numbered else title))
        if r.random() < 0.7:
            blocks.append(Prose(" ".join(r.sample(PROSE, r.randint(1, 2)))))
        if r.random() < 0.15:
            blocks.append(Bullets(tuple(r.sample(SENTENCES, 3))))
        wide = kind in {"cross", "goals", "risks"}
        table = MAKERS[kind](hand)
        special = r.random()
        if not plain and kind in {"small", "years", "tax"} and special < 0.35:
            blocks.append(Pair(_small(hand), _small(hand)))
        elif not plain and kind in {"small"} and special < 0.7:
            blocks.append(
                TwoColumns(
                    (
                        Prose(" ".join(PROSE)),
                        Heading(3, r.choice(MORE_HEADINGS)),
                        Prose(PROSE[1]),
                        table,
                        Prose(" ".join(PROSE[2:])),
                    )
                )
            )
        elif not plain and special < 0.1 and not wide:
            blocks.append(Box((table,)))
        elif not plain and special < 0.2:
            blocks.append(
                Cards(
                    tuple(
                        (hand.number(1, 9999, 0), word)
                        for word in r.sample(("anställda", "elever", "mnkr i resultat", "platser"), 3)
                    )
                )
            )
            blocks.append(table)
        else:
            blocks.append(table)
        if table.note and blocks[-1] is table:
            blocks.append(Prose(table.note))
        if r.random() < 0.6:
            blocks.append(Prose(r.choice(PROSE)))
    furniture = ("Exempelstads kommun", blocks[0].text if isinstance(blocks[0], Heading) else "")
    return Report(f"{rules}-{seed}", tuple(blocks), look, furniture)
