"""Word documents: what Word writes of itself (by hand), and what python-docx writes.

Belongs here: DOCX cases. Does not belong here: what the readers make of them.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence

import docx
from docx.enum.section import WD_ORIENT
from docx.enum.text import WD_BREAK
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.table import Table

from tests.hard.model import Case, Expected
from tests.typeset_office.word_parts import cell, paragraph, row, run, table, word

STYLES = "".join(
    f'<w:style w:type="paragraph" w:styleId="Rubrik{level}"><w:name w:val="heading {level}"/>'
    '<w:basedOn w:val="Normal"/></w:style>'
    for level in range(1, 5)
) + (
    '<w:style w:type="paragraph" w:default="1" w:styleId="Normal"><w:name w:val="Normal"/></w:style>'
    '<w:style w:type="paragraph" w:styleId="Beskrivning"><w:name w:val="caption"/></w:style>'
    '<w:style w:type="paragraph" w:styleId="Innehll1"><w:name w:val="toc 1"/></w:style>'
    '<w:style w:type="paragraph" w:styleId="Tabelltext"><w:name w:val="Tabelltext"/></w:style>'
)
BOLD = "<w:b/>"


def heading(text: str, level: int = 1) -> str:
    return paragraph(text, f'<w:pStyle w:val="Rubrik{level}"/>')


def head(*texts: str) -> str:
    """A header row that repeats on each page, in bold."""
    return row(*(cell(f"<w:p>{run(text, BOLD)}</w:p>") for text in texts), properties="<w:tblHeader/>")


def _styled(body: str, **parts: str) -> bytes:
    return word(body, styles=STYLES, **parts)


def _swedish_styles() -> Case:
    toc = (
        "<w:p><w:r><w:fldChar w:fldCharType='begin'/></w:r><w:r><w:instrText>TOC \\o</w:instrText></w:r>"
        "<w:r><w:fldChar w:fldCharType='separate'/></w:r></w:p>"
        + paragraph("Inledning\t3", '<w:pStyle w:val="Innehll1"/>')
        + paragraph("Driftredovisning\t4", '<w:pStyle w:val="Innehll1"/>')
        + "<w:p><w:r><w:fldChar w:fldCharType='end'/></w:r></w:p>"
    )
    body = (
        paragraph("Delårsrapport augusti 2024")
        + toc
        + heading("Inledning")
        + paragraph("Nämnden ansvarar för förskola och skola. Målet är 95 % behörighet.")
        + heading("Driftredovisning")
        + paragraph("Tabell 1. Driftredovisning per verksamhet, tkr", '<w:pStyle w:val="Beskrivning"/>')
        + table(
            head("Verksamhet", "Budget 2024", "Utfall jan–aug", "Prognos helår", "Avvikelse"),
            row("Förskola", "112 450", "74 321", "113 100", "-650"),
            row("Grundskola", "298 700", "197 455", "297 900", "800"),
            row("Gymnasieskola", "87 300", "58 020", "88 150", "-850"),
            row("Summa", "498 450", "329 796", "499 150", "-700"),
        )
    )
    return Case(
        "swedish styles, contents, caption",
        "delår.docx",
        _styled(body),
        (
            Expected(
                [
                    ["Verksamhet", "Budget 2024", "Utfall jan–aug", "Prognos helår", "Avvikelse"],
                    ["Förskola", "112 450", "74 321", "113 100", "-650"],
                    ["Grundskola", "298 700", "197 455", "297 900", "800"],
                    ["Gymnasieskola", "87 300", "58 020", "88 150", "-850"],
                    ["Summa", "498 450", "329 796", "499 150", "-700"],
                ],
                heading="Driftredovisning",
            ),
        ),
    )


def _controls() -> Case:
    """Rows, cells, runs and whole tables in content controls, as templates of case systems make them."""

    def control(inner: str) -> str:
        return f"<w:sdt><w:sdtPr><w:alias w:val='Fält'/></w:sdtPr><w:sdtContent>{inner}</w:sdtContent></w:sdt>"

    body = heading("Måluppfyllelse") + control(
        table(
            row("Indikator", "Utfall 2022", "Utfall 2023", "Mål 2023"),
            control(row("Andel behöriga till gymnasiet", "84,2 %", "86,1 %", "88 %")),
            row("Sjukfrånvaro", control(cell("7,9 %")), "7,1 %", cell(f"<w:p>{control(run('6,5 %'))}</w:p>")),
            control(row("Antal elever", "2 310", "2 355", "") + row("Elever per lärare", "12,4", "12,1", "12,0")),
        )
    )
    return Case(
        "content controls",
        "mål.docx",
        _styled(body),
        (
            Expected(
                [
                    ["Indikator", "Utfall 2022", "Utfall 2023", "Mål 2023"],
                    ["Andel behöriga till gymnasiet", "84,2 %", "86,1 %", "88 %"],
                    ["Sjukfrånvaro", "7,9 %", "7,1 %", "6,5 %"],
                    ["Antal elever", "2 310", "2 355", ""],
                    ["Elever per lärare", "12,4", "12,1", "12,0"],
                ],
                heading="Måluppfyllelse",
            ),
        ),
    )


def _tracked() -> Case:
    def inserted(inner: str) -> str:
        return f'<w:ins w:id="1" w:author="a">{inner}</w:ins>'

    def deleted(text: str) -> str:
        return f'<w:del w:id="2" w:author="a"><w:r><w:delText xml:space="preserve">{text}</w:delText></w:r></w:del>'

    body = heading("Investeringar") + table(
        head("Projekt", "Budget", "Utfall"),
        row("Idrottshall", cell(f"<w:p>{deleted('12,5')}{inserted(run('14,0'))}</w:p>"), "13,2"),
        row("Badhus", "45,0", cell(f"<w:p>{run('4')}{deleted('4')}{inserted(run('3'))}{run(',1')}</w:p>")),
        row(
            *(cell(f"<w:p>{deleted(text)}</w:p>") for text in ("Struket projekt", "1,0", "0,9")),
            properties='<w:del w:id="3" w:author="a"/>',
        ),
        row("Nytt projekt", "2,0", "1,8", properties='<w:ins w:id="4" w:author="a"/>'),
        row("Summa", "61,0", "58,1"),
    )
    return Case(
        "tracked changes",
        "ändrad.docx",
        _styled(body),
        (
            Expected(
                [
                    ["Projekt", "Budget", "Utfall"],
                    ["Idrottshall", "14,0", "13,2"],
                    ["Badhus", "45,0", "43,1"],
                    ["Nytt projekt", "2,0", "1,8"],
                    ["Summa", "61,0", "58,1"],
                ],
                heading="Investeringar",
            ),
        ),
        ("tracked changes",),
    )


def _merged_headers() -> Case:
    span2, span3 = '<w:gridSpan w:val="2"/>', '<w:gridSpan w:val="3"/>'
    start, more = '<w:vMerge w:val="restart"/>', "<w:vMerge/>"
    body = heading("Resultaträkning", 2) + table(
        row(cell("Belopp i mnkr", start), cell("Utfall", span2), cell("Budget", span2), cell("Avvikelse", start)),
        row(cell("", more), "2022", "2023", "2022", "2023", cell("", more)),
        row("Intäkter", "98,5", "102,1", "96,0", "100,0", "2,1"),
        row("Kostnader", "-410,2", "-433,7", "-405,0", "-425,0", "-8,7"),
        row(cell("Resultat", start), "-311,7", "-331,6", "-309,0", "-325,0", "-6,6"),
        row(cell("", more), cell("varav engångsposter", span3), "-1,0", "-0,5"),
    )
    return Case(
        "header on two levels, merged both ways",
        "resultat.docx",
        _styled(body),
        (
            Expected(
                [
                    ["Belopp i mnkr", "Utfall", "", "Budget", "", "Avvikelse"],
                    ["", "2022", "2023", "2022", "2023", ""],
                    ["Intäkter", "98,5", "102,1", "96,0", "100,0", "2,1"],
                    ["Kostnader", "-410,2", "-433,7", "-405,0", "-425,0", "-8,7"],
                    ["Resultat", "-311,7", "-331,6", "-309,0", "-325,0", "-6,6"],
                    ["", "varav engångsposter", "", "", "-1,0", "-0,5"],
                ],
                2,
                "Resultaträkning",
            ),
        ),
    )


def _three_levels() -> Case:
    def across(text: str, columns: int) -> str:
        return cell(text, f'<w:gridSpan w:val="{columns}"/>')

    rows = [
        row(cell("Nämnd"), across("Driftbudget", 4), across("Investeringar", 2)),
        row("", across("Utfall", 2), across("Budget", 2), across("Utfall", 1), across("Budget", 1)),
        row("", "2022", "2023", "2022", "2023", "2023", "2023"),
        row("Kommunstyrelsen", "120,1", "124,0", "121,0", "125,5", "12,0", "15,0"),
        row("Kultur- och fritidsnämnden", "64,3", "66,9", "63,0", "65,5", "3,4", "4,0"),
        row("Samhällsbyggnadsnämnden", "38,8", "39,5", "40,0", "40,2", "88,1", "110,0"),
    ]
    return Case(
        "header on three levels",
        "nämnder.docx",
        _styled(heading("Nämndernas utfall") + table(*rows)),
        (
            Expected(
                [
                    ["Nämnd", "Driftbudget", "", "", "", "Investeringar", ""],
                    ["", "Utfall", "", "Budget", "", "Utfall", "Budget"],
                    ["", "2022", "2023", "2022", "2023", "2023", "2023"],
                    ["Kommunstyrelsen", "120,1", "124,0", "121,0", "125,5", "12,0", "15,0"],
                    ["Kultur- och fritidsnämnden", "64,3", "66,9", "63,0", "65,5", "3,4", "4,0"],
                    ["Samhällsbyggnadsnämnden", "38,8", "39,5", "40,0", "40,2", "88,1", "110,0"],
                ],
                3,
                "Nämndernas utfall",
            ),
        ),
    )


def _ragged_grid() -> Case:
    """gridBefore and gridAfter, and column lines that the mouse has pulled a hair apart."""
    grid = "<w:tblGrid>" + "".join(f'<w:gridCol w:w="{w}"/>' for w in (3000, 1200, 30, 1170, 1200)) + "</w:tblGrid>"
    one, two = '<w:gridSpan w:val="1"/>', '<w:gridSpan w:val="2"/>'
    rows = (
        row(cell("2022", one), cell("2023", two), cell("2024"), properties='<w:gridBefore w:val="1"/>')
        + row(cell("Antal ärenden"), cell("1 204", two), cell("1 311"), cell("1 290"))
        + row(cell("Handläggningstid, dagar"), cell("34", one), cell("31", two), cell("29"))
        + row(cell("Överklagade beslut"), cell("12"), cell("9", two), properties='<w:gridAfter w:val="1"/>')
    )
    return Case(
        "gridBefore, gridAfter, shifted lines",
        "ärenden.docx",
        _styled(heading("Ärenden") + f"<w:tbl>{grid}{rows}</w:tbl><w:p/>"),
        (
            Expected(
                [
                    ["", "2022", "2023", "2024"],
                    ["Antal ärenden", "1 204", "1 311", "1 290"],
                    ["Handläggningstid, dagar", "34", "31", "29"],
                    ["Överklagade beslut", "12", "9", ""],
                ],
                heading="Ärenden",
            ),
        ),
    )


def _footnotes() -> Case:
    def note(number: int) -> str:
        return f'<w:r><w:rPr><w:vertAlign w:val="superscript"/></w:rPr><w:footnoteReference w:id="{number}"/></w:r>'

    raised = '<w:vertAlign w:val="superscript"/>'
    body = heading("Personal") + table(
        head("Mått", "2022", "2023"),
        row("Årsarbetare", cell(f"<w:p>{run('412')}{note(2)}</w:p>"), "398"),
        row(cell(f"<w:p>{run('Personalomsättning')}{note(3)}</w:p>"), "11,2 %", "12,9 %"),
        row(
            cell(f"<w:p>{run('Lokalyta, m')}{run('2', raised)}</w:p>"),
            "12 400",
            cell(f"<w:p>{run('12 900')}{run('1)', raised)}</w:p>"),
        ),
    )
    notes = "".join(
        f'<w:footnote w:id="{n}">{paragraph(text)}</w:footnote>'
        for n, text in ((2, "Exklusive timavlönade."), (3, "Externa avgångar 45 av 402."))
    )
    return Case(
        "footnotes and superscripts",
        "personal.docx",
        _styled(body, footnotes=notes),
        (
            Expected(
                [
                    ["Mått", "2022", "2023"],
                    ["Årsarbetare", "412 (1)", "398"],
                    ["Personalomsättning (2)", "11,2 %", "12,9 %"],
                    ["Lokalyta, m²", "12 400", "12 900 (1)"],
                ],
                heading="Personal",
            ),
        ),
    )


def _nested_and_layout() -> Case:
    inner = table(
        head("Nyckeltal", "2023", "2024"),
        row("Besökare bad", "88 120", "91 400"),
        row("Lån per invånare", "5,1", "5,4"),
    )
    layout = table(row(cell(heading("Kultur", 2) + inner), cell(paragraph("Bild: badhuset"))))
    nested = table(
        head("Område", "Uppföljning"),
        row(
            "Bibliotek",
            cell(paragraph("Se tabell:") + table(row("År", "Lån"), row("2023", "120 400"), row("2024", "124 050"))),
        ),
        row("Musikskola", "Kön är 120 barn."),
    )
    return Case(
        "layout table and nested table",
        "kultur.docx",
        _styled(heading("Verksamhet") + layout + heading("Uppföljning", 2) + nested),
        (
            Expected(
                [
                    ["Nyckeltal", "2023", "2024"],
                    ["Besökare bad", "88 120", "91 400"],
                    ["Lån per invånare", "5,1", "5,4"],
                ],
                heading="Kultur",
            ),
            Expected(
                [["Område", "Uppföljning"], ["Bibliotek", "Se tabell:"], ["Musikskola", "Kön är 120 barn."]],
                heading="Uppföljning",
            ),
            Expected([["År", "Lån"], ["2023", "120 400"], ["2024", "124 050"]], heading="Uppföljning"),
        ),
    )


def _text_boxes_and_hidden() -> Case:
    box = (
        "<w:p><w:r><mc:AlternateContent xmlns:mc='http://schemas.openxmlformats.org/markup-compatibility/2006'>"
        "<mc:Choice Requires='wps'><w:drawing><w:txbxContent>"
        + paragraph("Faktaruta")
        + table(row("Invånare", "31 204"), row("Hushåll", "14 120"))
        + "</w:txbxContent></w:drawing></mc:Choice><mc:Fallback><w:pict><w:txbxContent>"
        + paragraph("Faktaruta")
        + table(row("Invånare", "31 204"), row("Hushåll", "14 120"))
        + "</w:txbxContent></w:pict></mc:Fallback></mc:AlternateContent></w:r></w:p>"
    )
    vanish = "<w:vanish/>"
    body = (
        heading("Kommunen i siffror")
        + box
        + heading("Ekonomi")
        + table(
            head("Post", "2023", "2024"),
            row("Skatteintäkter", cell(f"<w:p>{run('9 999', vanish)}{run('1 902')}</w:p>"), "1 954"),
            row("Dold rad", "1", "2", properties="<w:hidden/>"),
            row("Generella statsbidrag", "512", cell(f"<w:p>{run('498', '<w:strike/>')}{run('505')}</w:p>")),
        )
    )
    return Case(
        "text box, hidden text, struck text",
        "siffror.docx",
        _styled(body),
        (
            Expected([["Invånare", "31 204"], ["Hushåll", "14 120"]], 0, "Kommunen i siffror"),
            Expected(
                [
                    ["Post", "2023", "2024"],
                    ["Skatteintäkter", "1 902", "1 954"],
                    ["Generella statsbidrag", "512", "505"],
                ],
                heading="Ekonomi",
            ),
        ),
        ("hidden text left out",),
    )


def _section_rows() -> Case:
    def section(text: str) -> str:
        return row(cell(f"<w:p>{run(text, BOLD)}</w:p>", '<w:gridSpan w:val="4"/>'))

    body = heading("Indikatorer") + table(
        head("Indikator", "2022", "2023", "Mål"),
        section("En trygg kommun"),
        row("Trygghetsindex", "61", "63", "65"),
        row("Anmälda brott per 1 000 invånare", "88,1", "85,4", "≤ 85"),
        section("En hållbar kommun"),
        row("Ekologiska livsmedel", "31 %", "34 %", "40 %"),
        row("Utsläpp, ton CO2", "1 204", "1 150", "–"),
        row(cell("Källa: Kolada och egna mätningar.", '<w:gridSpan w:val="4"/>')),
    )
    return Case(
        "section rows and a source row",
        "indikatorer.docx",
        _styled(body),
        (
            Expected(
                [
                    ["Indikator", "2022", "2023", "Mål"],
                    ["En trygg kommun"],
                    ["Trygghetsindex", "61", "63", "65"],
                    ["Anmälda brott per 1 000 invånare", "88,1", "85,4", "≤ 85"],
                    ["En hållbar kommun"],
                    ["Ekologiska livsmedel", "31 %", "34 %", "40 %"],
                    ["Utsläpp, ton CO2", "1 204", "1 150", "–"],
                    ["Källa: Kolada och egna mätningar."],
                ],
                heading="Indikatorer",
            ),
        ),
    )


def _split_by_page_break() -> Case:
    """One table that its author cut in two with a page break, and tables with equal headers that are two."""
    columns = ("Enhet", "Utfall", "Budget")
    body = (
        heading("Enheter")
        + table(head(*columns), row("Norr", "12,1", "12,0"), row("Söder", "9,8", "10,0"))
        + heading("Övriga")
        + table(head(*columns), row("Öster", "7,7", "8,0"), row("Väster", "6,1", "6,0"))
    )
    return Case(
        "equal headers under two headings",
        "enheter.docx",
        _styled(body),
        (
            Expected([columns, ["Norr", "12,1", "12,0"], ["Söder", "9,8", "10,0"]], heading="Enheter"),
            Expected([columns, ["Öster", "7,7", "8,0"], ["Väster", "6,1", "6,0"]], heading="Övriga"),
        ),
    )


def _fields_and_breaks() -> Case:
    formula = (
        "<w:p><w:r><w:fldChar w:fldCharType='begin'/></w:r><w:r><w:instrText> =SUM(ABOVE) </w:instrText></w:r>"
        "<w:r><w:fldChar w:fldCharType='separate'/></w:r>"
        + run("20,5")
        + "<w:r><w:fldChar w:fldCharType='end'/></w:r></w:p>"
    )
    simple = f"<w:p><w:fldSimple w:instr='=B2*2'>{run('41,0')}</w:fldSimple></w:p>"
    label = f"<w:p>{run('Kostnad per')}<w:r><w:br/></w:r>{run('inskrivet barn')}</w:p>"
    pair = cell(paragraph("Barn och") + paragraph("unga"))
    tabbed = f"<w:p>{run('8')}<w:r><w:noBreakHyphen/></w:r>{run('9')}<w:r><w:tab/></w:r>{run('år')}</w:p>"
    body = heading("Kostnader") + table(
        head("Mått", "Värde", "Dubbelt"),
        row(cell(label), cell(formula), cell(simple)),
        row(pair, "11,0", cell(f"<w:p>{run('22')}<w:r><w:softHyphen/></w:r>{run(',0')}</w:p>")),
        row(cell(tabbed), "1\u00a0204", "2\u2009408"),
    )
    return Case(
        "fields, breaks, special characters",
        "kostnader.docx",
        _styled(body),
        (
            Expected(
                [
                    ["Mått", "Värde", "Dubbelt"],
                    ["Kostnad per\ninskrivet barn", "20,5", "41,0"],
                    ["Barn och\nunga", "11,0", "22,0"],
                    ["8-9 år", "1 204", "2 408"],
                ],
                heading="Kostnader",
            ),
        ),
    )


def _check_boxes() -> Case:
    """Status by content-control checkboxes, drop-downs and symbol fonts."""

    def box(mark: str) -> str:
        return (
            "<w:sdt><w:sdtPr><w14:checkbox xmlns:w14='http://schemas.microsoft.com/office/word/2010/wordml'/></w:sdtPr>"
            f"<w:sdtContent>{run(mark)}</w:sdtContent></w:sdt>"
        )

    choice = f"<w:sdt><w:sdtPr><w:dropDownList/></w:sdtPr><w:sdtContent>{run('Pågår')}</w:sdtContent></w:sdt>"
    body = heading("Uppdrag") + table(
        head("Uppdrag", "Klart", "Status"),
        row("Ta fram lokalplan", cell(f"<w:p>{box('☒')}</w:p>"), "Slutfört"),
        row("Revidera taxa", cell(f"<w:p>{box('☐')}</w:p>"), cell(f"<w:p>{choice}</w:p>")),
    )
    return Case(
        "check boxes and drop-downs",
        "uppdrag.docx",
        _styled(body),
        (
            Expected(
                [
                    ["Uppdrag", "Klart", "Status"],
                    ["Ta fram lokalplan", "☒", "Slutfört"],
                    ["Revidera taxa", "☐", "Pågår"],
                ],
                heading="Uppdrag",
            ),
        ),
    )


def _bold_headings() -> Case:
    """A document without heading styles: bold lines head its parts, as many clerks write them."""

    def bold(text: str) -> str:
        return f"<w:p>{run(text, BOLD)}</w:p>"

    body = (
        bold("Bokslut 2023 miljö- och byggnadsnämnden")
        + paragraph("Nämnden redovisar ett underskott om 1,2 mnkr.")
        + bold("Ekonomiskt utfall")
        + table(
            row("Tkr", "Budget", "Bokslut", "Avvikelse"),
            row("Intäkter", "4 500", "4 120", "-380"),
            row("Kostnader", "-19 800", "-20 620", "-820"),
        )
        + paragraph("Underskottet beror på lägre intäkter.")
        + bold("Verksamhetsmått")
        + table(row("Mått", "2022", "2023"), row("Bygglov", "412", "377"), row("Tillsynsbesök", "160", "188"))
    )
    return Case(
        "bold lines for headings",
        "bokslut.docx",
        word(body),
        (
            Expected(
                [
                    ["Tkr", "Budget", "Bokslut", "Avvikelse"],
                    ["Intäkter", "4 500", "4 120", "-380"],
                    ["Kostnader", "-19 800", "-20 620", "-820"],
                ],
                heading="Ekonomiskt utfall",
            ),
            Expected(
                [["Mått", "2022", "2023"], ["Bygglov", "412", "377"], ["Tillsynsbesök", "160", "188"]],
                heading="Verksamhetsmått",
            ),
        ),
    )


def _word_without_header() -> Case:
    """Tables that begin with figures, and a label block of one row a line."""
    body = (
        heading("Fakta")
        + table(row("Antal platser", "120"), row("Beläggning", "97 %"), row("Kostnad per plats, kr", "912 400"))
        + heading("Mål")
        + table(
            row("Mål", "Alla barn ska nå målen"),
            row("Bedömning", "Delvis uppnått"),
            row("Kommentar", "Resultatet har ökat från 71 till 74 procent."),
        )
    )
    return Case(
        "tables without header",
        "fakta.docx",
        _styled(body),
        (
            Expected(
                [["Antal platser", "120"], ["Beläggning", "97 %"], ["Kostnad per plats, kr", "912 400"]], 0, "Fakta"
            ),
            Expected(
                [
                    ["Mål", "Alla barn ska nå målen"],
                    ["Bedömning", "Delvis uppnått"],
                    ["Kommentar", "Resultatet har ökat från 71 till 74 procent."],
                ],
                1,
                "Mål",
            ),
        ),
    )


# --- python-docx ----------------------------------------------------------------------------------------------------


def _filled(word_table: Table, rows: Sequence[Sequence[str]]) -> None:
    for at, texts in enumerate(rows):
        for column, text in enumerate(texts):
            word_table.cell(at, column).text = text


def _python_docx(build: Callable[[docx.document.Document], None]) -> bytes:
    document = docx.Document()
    build(document)
    buffer = io.BytesIO()
    document.save(buffer)
    return buffer.getvalue()


def _library_document() -> Case:
    rows = [
        ["Verksamhet (tkr)", "Budget", "Utfall", "Avvikelse"],
        ["Äldreomsorg", "410 200", "418 950", "-8 750"],
        ["Funktionsstöd", "188 100", "186 300", "1 800"],
        ["Individ- och familjeomsorg", "92 400", "101 020", "-8 620"],
        ["Totalt", "690 700", "706 270", "-15 570"],
    ]
    wide = [
        ["Månad", *(f"2024-{m:02d}" for m in range(1, 13))],
        ["Hemtjänsttimmar", *(f"{18_000 + 37 * m:,}".replace(",", " ") for m in range(1, 13))],
    ]

    def build(document: docx.document.Document) -> None:
        document.add_heading("Årsrapport vård- och omsorgsnämnden", 0)
        document.add_heading("Ekonomi", 1)
        document.add_paragraph("Nämndens resultat är ett underskott.", style="List Bullet")
        table = document.add_table(rows=len(rows), cols=4, style="Light Grid Accent 1")
        _filled(table, rows)
        document.add_paragraph().add_run().add_break(WD_BREAK.PAGE)
        section = document.add_section()
        section.orientation = WD_ORIENT.LANDSCAPE
        document.add_heading("Volymer", 2)
        table = document.add_table(rows=2, cols=13)
        _filled(table, wide)
        section.header.paragraphs[0].text = "Vård- och omsorgsnämnden\t2024"
        section.footer.paragraphs[0].text = "Sida 1"

    return Case(
        "python-docx with sections and a wide table",
        "årsrapport.docx",
        _python_docx(build),
        (Expected(rows, heading="Ekonomi"), Expected(wide, heading="Volymer")),
    )


def _library_merges() -> Case:
    def build(document: docx.document.Document) -> None:
        document.add_heading("Personal", 1)
        table = document.add_table(rows=5, cols=5, style="Table Grid")
        _filled(
            table,
            [
                ["Sjukfrånvaro", "Kvinnor", "", "Män", ""],
                ["", "2022", "2023", "2022", "2023"],
                ["Korttid", "3,1 %", "2,9 %", "2,4 %", "2,2 %"],
                ["Långtid", "4,4 %", "4,6 %", "1,9 %", "2,0 %"],
                ["Totalt", "7,5 %", "7,5 %", "4,3 %", "4,2 %"],
            ],
        )
        for first, last in (((0, 1), (0, 2)), ((0, 3), (0, 4)), ((0, 0), (1, 0))):
            table.cell(*first).merge(table.cell(*last))
        for merged in (table.cell(0, 0), table.cell(0, 1), table.cell(0, 3)):
            merged.text = merged.text.strip()
        properties = table.rows[0]._tr.get_or_add_trPr()
        properties.append(OxmlElement("w:cantSplit"))
        shading = OxmlElement("w:shd")
        shading.set(qn("w:fill"), "D9E2F3")
        table.cell(0, 0)._tc.get_or_add_tcPr().append(shading)

    return Case(
        "python-docx with merged header cells",
        "personal.docx",
        _python_docx(build),
        (
            Expected(
                [
                    ["Sjukfrånvaro", "Kvinnor", "", "Män", ""],
                    ["", "2022", "2023", "2022", "2023"],
                    ["Korttid", "3,1 %", "2,9 %", "2,4 %", "2,2 %"],
                    ["Långtid", "4,4 %", "4,6 %", "1,9 %", "2,0 %"],
                    ["Totalt", "7,5 %", "7,5 %", "4,3 %", "4,2 %"],
                ],
                2,
                "Personal",
            ),
        ),
    )


def _adjacent_tables() -> Case:
    """Two tables with an empty paragraph between them, of different width; and one that a caption divides."""
    body = heading("Resurser") + (
        table(head("Resurs", "Antal"), row("Bilar", "14"), row("Cyklar", "30"))
        + table(head("Lokal", "Yta, kvm", "Hyra, tkr"), row("Skola", "4 200", "5 100"), row("Hall", "1 900", "2 300"))
        + paragraph("Tabell 3. Avtal", '<w:pStyle w:val="Beskrivning"/>')
        + table(head("Avtal", "Slutdatum"), row("Städ", "2025-12-31"), row("Måltid", "2026-06-30"))
    )
    return Case(
        "tables one after the other",
        "resurser.docx",
        _styled(body),
        (
            Expected([["Resurs", "Antal"], ["Bilar", "14"], ["Cyklar", "30"]], heading="Resurser"),
            Expected([["Lokal", "Yta, kvm", "Hyra, tkr"], ["Skola", "4 200", "5 100"], ["Hall", "1 900", "2 300"]]),
            Expected([["Avtal", "Slutdatum"], ["Städ", "2025-12-31"], ["Måltid", "2026-06-30"]], heading="Resurser"),
        ),
    )


def _title_row() -> Case:
    """The title of the table in its first row, merged over all columns, then the head."""
    body = heading("Bilaga") + table(
        row(cell("Driftbudget per verksamhet 2025–2027, tkr", '<w:gridSpan w:val="4"/>')),
        row("Verksamhet", "2025", "2026", "2027"),
        row("Gator och vägar", "31 200", "31 900", "32 500"),
        row("Parker", "12 050", "12 300", "12 600"),
        row("VA", "0", "0", "0"),
    )
    return Case(
        "title in the first row",
        "bilaga.docx",
        _styled(body),
        (
            Expected(
                [
                    ["Driftbudget per verksamhet 2025–2027, tkr"],
                    ["Verksamhet", "2025", "2026", "2027"],
                    ["Gator och vägar", "31 200", "31 900", "32 500"],
                    ["Parker", "12 050", "12 300", "12 600"],
                    ["VA", "0", "0", "0"],
                ],
                2,
                "Bilaga",
            ),
        ),
    )


def cases() -> list[Case]:
    """All cases of Word."""
    return [
        build()
        for build in (
            _swedish_styles,
            _controls,
            _tracked,
            _merged_headers,
            _three_levels,
            _ragged_grid,
            _footnotes,
            _nested_and_layout,
            _text_boxes_and_hidden,
            _section_rows,
            _split_by_page_break,
            _fields_and_breaks,
            _check_boxes,
            _bold_headings,
            _word_without_header,
            _library_document,
            _library_merges,
            _adjacent_tables,
            _title_row,
        )
    ]
