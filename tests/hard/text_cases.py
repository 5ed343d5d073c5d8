"""Delimited text and plain text.

Belongs here: CSV, TSV, aligned and Markdown cases. Does not belong here: what the readers make of them.
"""

from __future__ import annotations

from tests.hard.model import Case, Expected

OUTCOME = [
    ["Verksamhet", "Budget", "Utfall", "Avvikelse"],
    ["Äldreomsorg", "410 200", "418 950", "-8 750"],
    ["Hälso- och sjukvård", "88,5", "90,1", "-1,6"],
    ["Övrigt", "12", "11", "1"],
]


def _joined(rows: list[list[str]], delimiter: str, end: str = "\r\n") -> str:
    return end.join(delimiter.join(row) for row in rows) + end


def _csv(name: str, data: bytes, *tables: Expected, file_name: str = "utfall.csv") -> Case:
    return Case(name, file_name, data, tables)


def _delimiters() -> list[Case]:
    quoted = [[f'"{cell}"' for cell in row] for row in OUTCOME]
    return [
        _csv("semicolon, UTF-8", _joined(OUTCOME, ";").encode(), Expected(OUTCOME)),
        _csv("semicolon, BOM", _joined(OUTCOME, ";").encode("utf-8-sig"), Expected(OUTCOME)),
        _csv("semicolon, Windows-1252", _joined(OUTCOME, ";").encode("cp1252"), Expected(OUTCOME)),
        _csv("tab, UTF-16", _joined(OUTCOME, "\t").encode("utf-16"), Expected(OUTCOME)),
        _csv("tab, tsv", _joined(OUTCOME, "\t", "\n").encode(), Expected(OUTCOME), file_name="utfall.tsv"),
        _csv("comma, quoted", _joined(quoted, ",").encode(), Expected(OUTCOME)),
        _csv("pipe", _joined(OUTCOME, "|").encode(), Expected(OUTCOME)),
        _csv("old Mac line ends", _joined(OUTCOME, ";", "\r").encode(), Expected(OUTCOME)),
        _csv("without a line end", _joined(OUTCOME, ";").encode().rstrip(), Expected(OUTCOME)),
        _csv("named txt", _joined(OUTCOME, ";").encode(), Expected(OUTCOME), file_name="utfall.txt"),
        _csv("sep line", b"sep=;\r\n" + _joined(OUTCOME, ";").encode("cp1252"), Expected(OUTCOME)),
    ]


def _titles() -> Case:
    rows = [
        ["Uppföljning augusti 2024", "", "", "", ""],
        ["Kultur- och fritidsnämnden;;;;"],
        ["Belopp i tkr", "", "", "", ""],
        ["", "", "", "", ""],
        ["Slag", "Budget", "Utfall", "Prognos", ""],
        ["Intäkter", "4 500", "3 020", "4 400", ""],
        ["Kostnader", "-19 800", "-13 100", "-20 100", ""],
        ["", "", "", "", ""],
        ["Källa: ekonomisystemet", "", "", "", ""],
    ]
    return _csv(
        "title rows, trailing empty columns, source below",
        _joined(rows, ";").encode("cp1252"),
        Expected(
            [
                ["Slag", "Budget", "Utfall", "Prognos"],
                ["Intäkter", "4 500", "3 020", "4 400"],
                ["Kostnader", "-19 800", "-13 100", "-20 100"],
            ]
        ),
    )


def _quotes() -> Case:
    text = (
        "Mål;Utfall;Kommentar\r\n"
        '"Trygg skola";"84,2 %";"Resultatet ökar.\r\nSärskilt i åk 8; se bilaga."\r\n'
        '"Rör 5"" koppar";12;"Han sa ""ja"""\r\n'
        "Nöjda elever;81 %;\r\n"
    )
    return _csv(
        "quotes, line breaks, delimiters in cells",
        text.encode(),
        Expected(
            [
                ["Mål", "Utfall", "Kommentar"],
                ["Trygg skola", "84,2 %", "Resultatet ökar.\nSärskilt i åk 8; se bilaga."],
                ['Rör 5" koppar', "12", 'Han sa "ja"'],
                ["Nöjda elever", "81 %"],
            ]
        ),
    )


def _several() -> Case:
    text = (
        "Resultat per enhet\nEnhet;2022;2023\nNorr;12,1;12,9\nSöder;8,4;8,8\n\n"
        "Personal\nYrke;Antal\nLärare;88\nFritids;31\n\n"
    )
    return _csv(
        "two tables with titles",
        text.encode(),
        Expected(
            [["Enhet", "2022", "2023"], ["Norr", "12,1", "12,9"], ["Söder", "8,4", "8,8"]], heading="Resultat per enhet"
        ),
        Expected([["Yrke", "Antal"], ["Lärare", "88"], ["Fritids", "31"]], heading="Personal"),
    )


def _kolada_like() -> Case:
    """Decimal points, codes with leading zeros, dates: nothing of it is touched."""
    rows = [
        ["kommun", "kod", "datum", "värde", "andel"],
        ["Växjö", "0780", "2024-01-31", "12.5", "0.076"],
        ["Åre", "2321", "2024-02-29", "-3.25", "0.1"],
        ["Upplands Väsby", "0114", "", "1e3", ""],
    ]
    return _csv("data export with points", _joined(rows, ",", "\n").encode(), Expected(rows))


def _two_header_rows() -> Case:
    rows = [
        ["", "Utfall", "", "Budget", ""],
        ["Nämnd", "2022", "2023", "2022", "2023"],
        ["Socialnämnden", "247,9", "296,4", "240,0", "250,0"],
        ["Byggnadsnämnden", "8,5", "11,7", "9,0", "9,5"],
    ]
    return _csv("header on two rows", _joined(rows, ";").encode(), Expected(rows, 2))


def _comma_decimals() -> Case:
    text = 'Mått,2022,2023\nBehörighet,"84,2","86,1"\nFrånvaro,"7,9","7,1"\nElever,1204,1255\n'
    return _csv(
        "commas with quoted decimals",
        text.encode(),
        Expected(
            [
                ["Mått", "2022", "2023"],
                ["Behörighet", "84,2", "86,1"],
                ["Frånvaro", "7,9", "7,1"],
                ["Elever", "1204", "1255"],
            ]
        ),
    )


def _aligned() -> Case:
    text = """Bokslut 2023

1 Ekonomi

Tkr                        Budget     Utfall   Avvikelse
Intäkter                    4 500      4 120        -380
Personalkostnader         -12 300    -12 950        -650
Övriga kostnader           -7 500     -7 670        -170
Resultat                  -15 300    -16 500      -1 200

Underskottet beror på lägre intäkter.
"""
    return Case(
        "columns of spaces",
        "bokslut.txt",
        text.encode(),
        (
            Expected(
                [
                    ["Tkr", "Budget", "Utfall", "Avvikelse"],
                    ["Intäkter", "4 500", "4 120", "-380"],
                    ["Personalkostnader", "-12 300", "-12 950", "-650"],
                    ["Övriga kostnader", "-7 500", "-7 670", "-170"],
                    ["Resultat", "-15 300", "-16 500", "-1 200"],
                ],
                heading="Ekonomi",
            ),
        ),
    )


def _markdown() -> Case:
    text = """# Årsrapport

## Nyckeltal

Nyckeltal | 2022 | 2023
:--- | ---: | ---:
Behörighet | 84,2 % | **86,1 %**
Sjukfrånvaro | 7,9 % | 7,1 %

## Uppdrag

| Uppdrag | Status |
|---|---|
| Ta fram plan<br>för lokaler | Klart |
| A \\| B | Pågår |
"""
    return Case(
        "Markdown pipes",
        "rapport.md",
        text.encode(),
        (
            Expected(
                [["Nyckeltal", "2022", "2023"], ["Behörighet", "84,2 %", "86,1 %"], ["Sjukfrånvaro", "7,9 %", "7,1 %"]],
                heading="Nyckeltal",
            ),
            Expected(
                [["Uppdrag", "Status"], ["Ta fram plan\nför lokaler", "Klart"], ["A | B", "Pågår"]], heading="Uppdrag"
            ),
        ),
    )


def _drawn_boxes() -> Case:
    text = """Resultat

+------------+--------+--------+
| Enhet      | Budget | Utfall |
+============+========+========+
| Norr       |   12,1 |   12,9 |
+------------+--------+--------+
| Söder      |    8,4 |    8,8 |
+------------+--------+--------+

Slut.
"""
    return Case(
        "boxes drawn with characters",
        "lådor.txt",
        text.encode(),
        (Expected([["Enhet", "Budget", "Utfall"], ["Norr", "12,1", "12,9"], ["Söder", "8,4", "8,8"]]),),
    )


def _tabs() -> Case:
    text = (
        "Delårsrapport 2024\n\nEkonomi\n\nMnkr\tUtfall\tBudget\nIntäkter\t12,4\t11,9\nKostnader\t-98,5\t-97,0\n\n"
        "Personal\n\n\tKvinnor\tMän\nAntal\t312\t88\nAndel\t78 %\t22 %\n"
    )
    return Case(
        "tabs",
        "delår.txt",
        text.encode(),
        (
            Expected(
                [["Mnkr", "Utfall", "Budget"], ["Intäkter", "12,4", "11,9"], ["Kostnader", "-98,5", "-97,0"]],
                heading="Ekonomi",
            ),
            Expected([["", "Kvinnor", "Män"], ["Antal", "312", "88"], ["Andel", "78 %", "22 %"]], heading="Personal"),
        ),
    )


def cases() -> list[Case]:
    """All cases of text."""
    return [
        *_delimiters(),
        *(
            build()
            for build in (
                _titles,
                _quotes,
                _several,
                _kolada_like,
                _two_header_rows,
                _comma_decimals,
                _aligned,
                _markdown,
                _drawn_boxes,
                _tabs,
            )
        ),
    ]
