# ruff: noqa: E501 - pages stand as they are written
"""More Word documents, web pages and texts, written after the first ones were read.

Belongs here: DOCX, HTML, CSV and text cases. Does not belong here: what the readers make of them.
"""

from __future__ import annotations

from tests.hard.model import Case, Expected
from tests.hard.web_cases import _page
from tests.hard.word_cases import _styled, head, heading
from tests.typeset_office.word_parts import cell, paragraph, row, run, table

# --- Word -----------------------------------------------------------------------------------------------------------


def picture(description: str) -> str:
    """A picture in line with the text, with its alternative text."""
    return (
        "<w:r><w:drawing><wp:inline xmlns:wp='http://schemas.openxmlformats.org/drawingml/2006/wordprocessingDrawing'>"
        f"<wp:docPr id='1' name='Bild 1' descr='{description}'/></wp:inline></w:drawing></w:r>"
    )


def _status_pictures() -> Case:
    """Statuses drawn as coloured dots, as management systems export them."""
    body = heading("Mål") + table(
        head("Mål", "Status", "Utfall"),
        row("Trygg förskola", cell(f"<w:p>{picture('Uppfyllt')}</w:p>"), "92 %"),
        row("Fler i arbete", cell(f"<w:p>{picture('Delvis uppfyllt')}</w:p>"), "71 %"),
        row(
            "Logotyp",
            cell(
                f"<w:p>{picture('En bild som visar text, logotyp, Teckensnitt Automatiskt genererad beskrivning')}</w:p>"
            ),
            "1",
        ),
    )
    return Case(
        "statuses as pictures",
        "mål.docx",
        _styled(body),
        (
            Expected(
                [
                    ["Mål", "Status", "Utfall"],
                    ["Trygg förskola", "Uppfyllt", "92 %"],
                    ["Fler i arbete", "Delvis uppfyllt", "71 %"],
                    ["Logotyp", "", "1"],
                ],
                heading="Mål",
            ),
        ),
    )


def _management_system() -> Case:
    """Everything inside one frame table of one column, a row for each section: how management systems export."""
    frame = table(
        row(cell(heading("Ekonomi", 2) + paragraph("Resultatet är bättre än budget."))),
        row(
            cell(
                table(
                    head("Tkr", "Budget", "Utfall"),
                    row("Intäkter", "4 500", "4 620"),
                    row("Kostnader", "-19 800", "-19 650"),
                )
            )
        ),
        row(cell(heading("Personal", 2) + table(head("Mått", "2022", "2023"), row("Sjukfrånvaro", "7,9", "7,1")))),
    )
    return Case(
        "frame of a management system",
        "export.docx",
        _styled(heading("Årsrapport") + frame),
        (
            Expected(
                [["Tkr", "Budget", "Utfall"], ["Intäkter", "4 500", "4 620"], ["Kostnader", "-19 800", "-19 650"]],
                heading="Ekonomi",
            ),
            Expected([["Mått", "2022", "2023"], ["Sjukfrånvaro", "7,9", "7,1"]], heading="Personal"),
        ),
    )


def _half_marked_header() -> Case:
    """Two header rows of which only the first is set to repeat."""
    body = heading("Utfall") + table(
        row(cell("Mnkr"), cell("Utfall", '<w:gridSpan w:val="2"/>'), cell("Budget"), properties="<w:tblHeader/>"),
        row("", "2022", "2023", "2023"),
        row("Intäkter", "12,1", "12,9", "12,5"),
        row("Kostnader", "-40,2", "-41,9", "-41,0"),
    )
    return Case(
        "header marked by half",
        "utfall.docx",
        _styled(body),
        (
            Expected(
                [
                    ["Mnkr", "Utfall", "", "Budget"],
                    ["", "2022", "2023", "2023"],
                    ["Intäkter", "12,1", "12,9", "12,5"],
                    ["Kostnader", "-40,2", "-41,9", "-41,0"],
                ],
                2,
                "Utfall",
            ),
        ),
    )


def _all_rows_marked() -> Case:
    """Every row set to repeat, by one who marked the table and ticked the box."""
    repeat = "<w:tblHeader/>"
    body = heading("Volymer") + table(
        row("Volym", "2022", "2023", properties=repeat),
        row("Elever", "1 204", "1 255", properties=repeat),
        row("Klasser", "52", "54", properties=repeat),
    )
    return Case(
        "every row marked",
        "volymer.docx",
        _styled(body),
        (
            Expected(
                [["Volym", "2022", "2023"], ["Elever", "1 204", "1 255"], ["Klasser", "52", "54"]], heading="Volymer"
            ),
        ),
    )


def _numbered_cells() -> Case:
    """Labels numbered by Word, lists inside cells, a manual line break, a comment reference."""
    numbering = (
        '<w:abstractNum w:abstractNumId="0"><w:lvl w:ilvl="0"><w:start w:val="1"/><w:numFmt w:val="decimal"/><w:lvlText w:val="%1."/></w:lvl></w:abstractNum>'
        '<w:abstractNum w:abstractNumId="1"><w:lvl w:ilvl="0"><w:numFmt w:val="bullet"/><w:lvlText w:val="•"/></w:lvl></w:abstractNum>'
        '<w:num w:numId="1"><w:abstractNumId w:val="0"/></w:num><w:num w:numId="2"><w:abstractNumId w:val="1"/></w:num>'
    )

    def item(text: str, number: int) -> str:
        return paragraph(text, f'<w:numPr><w:ilvl w:val="0"/><w:numId w:val="{number}"/></w:numPr>')

    body = heading("Åtgärder") + table(
        head("Åtgärd", "Effekt, tkr", "Kommentar"),
        row(cell(item("Minska vikarier", 1)), "1 200", cell(item("Ny rutin", 2) + item("Bemanningsplan", 2))),
        row(
            cell(item("Samordna lokaler", 1)),
            "850",
            cell(f"<w:p>{run('Klart')}<w:r><w:commentReference w:id='1'/></w:r></w:p>"),
        ),
    )
    return Case(
        "numbered labels, lists in cells",
        "åtgärder.docx",
        _styled(body, numbering=numbering),
        (
            Expected(
                [
                    ["Åtgärd", "Effekt, tkr", "Kommentar"],
                    ["1. Minska vikarier", "1 200", "Ny rutin\nBemanningsplan"],
                    ["2. Samordna lokaler", "850", "Klart"],
                ],
                heading="Åtgärder",
            ),
        ),
    )


def _tab_stops() -> Case:
    """A table made with tab stops, between paragraphs of prose."""

    def line(*texts: str) -> str:
        inner = "<w:r><w:tab/></w:r>".join(run(text) for text in texts)
        return f"<w:p><w:pPr><w:tabs><w:tab w:val='right' w:pos='5000'/></w:tabs></w:pPr>{inner}</w:p>"

    body = (
        heading("Resultat")
        + paragraph("Nämndens resultat i tkr framgår nedan.")
        + line("Tkr", "Budget", "Utfall")
        + line("Intäkter", "4 500", "4 120")
        + line("Kostnader", "-19 800", "-20 620")
        + line("Netto", "-15 300", "-16 500")
        + paragraph("Avvikelsen beror på vikarier.")
        + heading("Personal")
        + table(head("Mått", "2023"), row("Årsarbetare", "398"))
    )
    return Case(
        "tab stops",
        "resultat.docx",
        _styled(body),
        (
            Expected(
                [
                    ["Tkr", "Budget", "Utfall"],
                    ["Intäkter", "4 500", "4 120"],
                    ["Kostnader", "-19 800", "-20 620"],
                    ["Netto", "-15 300", "-16 500"],
                ],
                heading="Resultat",
            ),
            Expected([["Mått", "2023"], ["Årsarbetare", "398"]], heading="Personal"),
        ),
    )


def _symbol_fonts() -> Case:
    """Signs, and even digits, typed in symbol fonts."""

    def sign(code: str, font: str = "Symbol") -> str:
        return f"<w:r><w:sym w:font='{font}' w:char='{code}'/></w:r>"

    body = heading("Mål") + table(
        head("Mått", "Mål", "Utfall", "Klart"),
        row(
            "Väntetid",
            cell(f"<w:p>{sign('F0A3')}{run(' 30')}</w:p>"),
            "28",
            cell(f"<w:p>{sign('F0FC', 'Wingdings')}</w:p>"),
        ),
        row(
            "Resultat",
            "5,0",
            cell(f"<w:p>{sign('F02D')}{run('1')}{sign('F032')}{run(',4')}</w:p>"),
            cell(f"<w:p>{sign('F0FB', 'Wingdings')}</w:p>"),
        ),
    )
    return Case(
        "symbol fonts",
        "mål.docx",
        _styled(body),
        (
            Expected(
                [
                    ["Mått", "Mål", "Utfall", "Klart"],
                    ["Väntetid", "≤ 30", "28", "✓"],
                    ["Resultat", "5,0", "−12,4", "✗"],
                ],
                heading="Mål",
            ),
        ),
    )


def _blank_and_spacer() -> Case:
    """A spacer column and a spacer row in the middle, kept as they are printed: empty."""
    body = heading("Drift") + table(
        row("Verksamhet", "Budget", "", "Utfall"),
        row("Park", "12,0", "", "11,8"),
        row("", "", "", ""),
        row("Summa", "12,0", "", "11,8"),
    )
    return Case(
        "spacer column and row",
        "drift.docx",
        _styled(body),
        (
            Expected(
                [["Verksamhet", "Budget", "", "Utfall"], ["Park", "12,0", "", "11,8"], ["Summa", "12,0", "", "11,8"]],
                heading="Drift",
            ),
        ),
    )


# --- HTML -----------------------------------------------------------------------------------------------------------


def _responsive() -> Case:
    """A data table script and labels for narrow screens; links, inputs, icons by letter fonts, time elements."""
    body = """<h2>Indikatorer</h2><div class="table-responsive"><table class="dataTable" role="grid"><thead><tr role="row"><th aria-sort="ascending" tabindex="0">Indikator</th><th>Utfall&nbsp;2023</th><th>Mål</th><th>Senast ändrad</th></tr></thead>
    <tbody><tr role="row" class="odd"><td data-label="Indikator"><a href="/i/1">Behörighet</a></td><td data-label="Utfall 2023">86,1&#160;%</td><td>88&nbsp;%</td><td><time datetime="2024-02-01T10:00">2024-02-01</time></td></tr>
    <tr role="row" class="even"><td><a href="/i/2">Frånvaro</a><i class="fa fa-arrow-up"></i></td><td>7,1&#160;%</td><td>&le;&nbsp;6,5&nbsp;%</td><td>2024&#8209;02&#8209;01</td></tr></tbody></table></div>
    <nav><table><tr><td>1</td><td>2</td><td>3</td></tr></table></nav>"""
    return Case(
        "data table script",
        "indikatorer.html",
        _page(body),
        (
            Expected(
                [
                    ["Indikator", "Utfall 2023", "Mål", "Senast ändrad"],
                    ["Behörighet", "86,1 %", "88 %", "2024-02-01"],
                    ["Frånvaro", "7,1 %", "≤ 6,5 %", "2024\u201102\u201101"],
                ],
                heading="Indikatorer",
            ),
        ),
    )


def _clipped_icons() -> Case:
    """Statuses as icons whose word only screen readers get."""
    body = """<h2>Måluppfyllelse</h2><table><tr><th>Mål</th><th>Status</th><th><span class="sr-only">Länk</span></th></tr>
    <tr><td>Trygghet</td><td><span class="ikon gron" aria-hidden="true"></span><span class="visually-hidden">Uppnått</span></td><td></td></tr>
    <tr><td>Hållbarhet</td><td><svg><title>Delvis</title><path d=""/></svg><span class="visuallyhidden">Delvis uppnått</span></td><td></td></tr></table>"""
    return Case(
        "statuses for screen readers",
        "mål.html",
        _page(body),
        (
            Expected(
                [["Mål", "Status", "Länk"], ["Trygghet", "Uppnått"], ["Hållbarhet", "Delvis uppnått"]],
                heading="Måluppfyllelse",
            ),
        ),
    )


def _headings_around() -> Case:
    """Headings inside captions, strong lines for headings, tables after one another under one heading."""
    body = """<h1>Delårsrapport</h1><h2>Nämnden</h2><p><strong>Resultaträkning</strong></p>
    <table><tr><td>Tkr</td><td>2023</td><td>2024</td></tr><tr><td>Intäkter</td><td>410</td><td>432</td></tr></table>
    <p>Text om volymer.</p><p><b>Volymer</b></p>
    <table><caption><h3>Volymer i förskolan</h3></caption><tr><th>Mått</th><th>Utfall</th></tr><tr><td>Barn</td><td>812</td></tr></table>
    <table><tr><th>Mått</th><th>Utfall</th></tr><tr><td>Avdelningar</td><td>51</td></tr></table>"""
    return Case(
        "strong lines for headings",
        "delår.html",
        _page(body),
        (
            Expected([["Tkr", "2023", "2024"], ["Intäkter", "410", "432"]], heading="Resultaträkning"),
            Expected([["Mått", "Utfall"], ["Barn", "812"]]),
            Expected([["Mått", "Utfall"], ["Avdelningar", "51"]]),
        ),
    )


def _uneven() -> Case:
    """Rows with too few cells, spans beyond the edge, empty rows, a row of one cell as a note."""
    body = """<h2>Budget</h2><table><tr><th>Post<th>2024<th>2025<th>2026</tr><tr><td>Drift<td>100<td>102</tr><tr></tr>
    <tr><td>Investering<td colspan="9">beslutas senare</tr><tr><td>Summa<td>100<td>102<td>0</tr><tr><td colspan=4>Källa: budgetbeslut</td></tr></table>"""
    return Case(
        "uneven rows",
        "budget.html",
        _page(body),
        (
            Expected(
                [
                    ["Post", "2024", "2025", "2026"],
                    ["Drift", "100", "102"],
                    ["Investering", "beslutas senare"],
                    ["Summa", "100", "102", "0"],
                    ["Källa: budgetbeslut"],
                ],
                heading="Budget",
            ),
        ),
    )


def _xhtml() -> Case:
    text = """<?xml version="1.0" encoding="ISO-8859-1"?><!DOCTYPE html PUBLIC "-//W3C//DTD XHTML 1.0 Strict//EN" "http://www.w3.org/TR/xhtml1/DTD/xhtml1-strict.dtd">
<html xmlns="http://www.w3.org/1999/xhtml"><head><title>x</title><meta http-equiv="Content-Type" content="text/html; charset=iso-8859-1" /></head>
<body><h2>Kostnader för färdtjänst</h2><table><tr><th>År</th><th>Kostnad</th><th>Förändring</th></tr><tr><td>2022</td><td>8 120</td><td>\u2013</td></tr><tr><td>2023</td><td>8 455</td><td>4,1 %</td></tr></table></body></html>"""
    return Case(
        "XHTML in Latin-1",
        "färdtjänst.html",
        text.encode("cp1252"),
        (
            Expected(
                [["År", "Kostnad", "Förändring"], ["2022", "8 120", "–"], ["2023", "8 455", "4,1 %"]],
                heading="Kostnader för färdtjänst",
            ),
        ),
    )


# --- text -----------------------------------------------------------------------------------------------------------


def _csv_sparse() -> Case:
    text = "Indikator;2021;2022;2023;;Mål 2023\r\nNöjda elever;81 %;;84 %;;85 %\r\nNöjda föräldrar;;;79 %;;\r\n;;;;;\r\nSvar;310;;402;;400\r\n"
    return Case(
        "gaps and a spacer column",
        "enkät.csv",
        text.encode("utf-8-sig"),
        (
            Expected(
                [
                    ["Indikator", "2021", "2022", "2023", "Mål 2023"],
                    ["Nöjda elever", "81 %", "", "84 %", "85 %"],
                    ["Nöjda föräldrar", "", "", "79 %"],
                    ["Svar", "310", "", "402", "400"],
                ]
            ),
        ),
    )


def _csv_one_column_prose() -> Case:
    """Prose with commas above, then a table with semicolons."""
    text = "Uppföljning, augusti\nUtfallet är lägre än budget, främst för personal, lokaler och köpt vård.\n\nPost;Budget;Utfall\nLöner;-9 800;-9 650\nHyror;-2 200;-2 195\n"
    return Case(
        "prose with commas above",
        "uppföljning.csv",
        text.encode(),
        (Expected([["Post", "Budget", "Utfall"], ["Löner", "-9 800", "-9 650"], ["Hyror", "-2 200", "-2 195"]]),),
    )


def _csv_english() -> Case:
    text = 'kommun,kpi,year,value\nÅre,N00945,2022,1234.5\nÅre,N00945,2023,-1.5e-3\n"Malung-Sälen",N00945,2023,\n'
    return Case(
        "long format",
        "kolada.csv",
        text.encode(),
        (
            Expected(
                [
                    ["kommun", "kpi", "year", "value"],
                    ["Åre", "N00945", "2022", "1234.5"],
                    ["Åre", "N00945", "2023", "-1.5e-3"],
                    ["Malung-Sälen", "N00945", "2023"],
                ]
            ),
        ),
    )


def _psql() -> Case:
    text = """Resultat per enhet

 enhet | budget | utfall
-------+--------+--------
 Norr  |   12,1 |   12,9
 Söder |    8,4 |    8,8
(2 rader)
"""
    return Case(
        "as databases print",
        "resultat.txt",
        text.encode(),
        (Expected([["enhet", "budget", "utfall"], ["Norr", "12,1", "12,9"], ["Söder", "8,4", "8,8"]]),),
    )


def _line_characters() -> Case:
    text = """Volymer

┌──────────┬───────┬───────┐
│ Mått     │  2022 │  2023 │
├──────────┼───────┼───────┤
│ Elever   │ 1 204 │ 1 255 │
│ Klasser  │    52 │    54 │
└──────────┴───────┴───────┘
"""
    return Case(
        "line characters",
        "volymer.txt",
        text.encode(),
        (Expected([["Mått", "2022", "2023"], ["Elever", "1 204", "1 255"], ["Klasser", "52", "54"]]),),
    )


def _aligned_wrapped() -> Case:
    """Columns of spaces with section lines, a rule of dashes under the header, negative numbers, dashes."""
    text = """Ekonomisk uppföljning

Verksamhet                    Budget      Utfall    Avvikelse
-------------------------------------------------------------
Äldreomsorg                  410 200     418 950       -8 750
Hemtjänst                     92 400     101 020       -8 620
Administration                12 000           -       12 000
-------------------------------------------------------------
Summa                        514 600     519 970       -5 370
"""
    return Case(
        "columns of spaces with rules",
        "uppföljning.txt",
        text.encode(),
        (
            Expected(
                [
                    ["Verksamhet", "Budget", "Utfall", "Avvikelse"],
                    ["Äldreomsorg", "410 200", "418 950", "-8 750"],
                    ["Hemtjänst", "92 400", "101 020", "-8 620"],
                    ["Administration", "12 000", "-", "12 000"],
                    ["Summa", "514 600", "519 970", "-5 370"],
                ]
            ),
        ),
    )


WORD = (
    _status_pictures,
    _management_system,
    _half_marked_header,
    _all_rows_marked,
    _numbered_cells,
    _tab_stops,
    _symbol_fonts,
    _blank_and_spacer,
)
WEB = (_responsive, _clipped_icons, _headings_around, _uneven, _xhtml)
TEXT = (_csv_sparse, _csv_one_column_prose, _csv_english, _psql, _line_characters, _aligned_wrapped)


def cases() -> list[Case]:
    """All these cases."""
    return [build() for build in (*WORD, *WEB, *TEXT)]
