"""Word documents with what their authors leave in them."""

from __future__ import annotations

from dagster_project.extract import Document, extract
from tests.typeset_office.tables import headings, paragraphs, rows, spans
from tests.typeset_office.word_parts import STRICT, cell, paragraph, row, run, table, word

SIMPLE = table(row("Mått", "2023"), row("Antal", "5"))


def read(body: str, **parts: str) -> Document:
    return extract(word(body, **parts), "rapport.docx")


def test_heading_levels_follow_names_inheritance_and_outline_levels() -> None:
    styles = """
    <w:style w:type="paragraph" w:default="1" w:styleId="Normal"><w:name w:val="Normal"/></w:style>
    <w:style w:type="paragraph" w:styleId="Rubrik1"><w:name w:val="heading 1"/></w:style>
    <w:style w:type="paragraph" w:styleId="Egen"><w:name w:val="Nämndens rubrik"/><w:basedOn w:val="Rubrik1"/></w:style>
    <w:style w:type="paragraph" w:styleId="Niva3"><w:name w:val="Mål"/>
      <w:pPr><w:outlineLvl w:val="2"/></w:pPr></w:style>
    <w:style w:type="paragraph" w:styleId="Loop"><w:name w:val="Slinga"/><w:basedOn w:val="Loop"/></w:style>"""
    document = read(
        paragraph("Ekonomi", '<w:pStyle w:val="Rubrik1"/>')
        + paragraph("Personal", '<w:pStyle w:val="Egen"/>')
        + paragraph("Trygghet", '<w:pStyle w:val="Niva3"/>')
        + paragraph("Bilaga", '<w:outlineLvl w:val="1"/>')
        + paragraph("detta är löpande text.", '<w:pStyle w:val="Loop"/>')
        + SIMPLE,
        styles=styles,
    )
    assert headings(document) == [(1, "Ekonomi"), (1, "Personal"), (3, "Trygghet"), (2, "Bilaga")]
    assert paragraphs(document) == ["detta är löpande text."]


def test_automatic_numbers_of_headings_and_lists() -> None:
    levels = "".join(
        f'<w:lvl w:ilvl="{index}"><w:start w:val="1"/><w:numFmt w:val="decimal"/><w:lvlText w:val="{text}"/>'
        f'<w:pStyle w:val="Rubrik{index + 1}"/></w:lvl>'
        for index, text in enumerate(("%1", "%1.%2"))
    )
    letters = (
        '<w:lvl w:ilvl="0"><w:start w:val="1"/><w:numFmt w:val="lowerLetter"/><w:lvlText w:val="%1)"/></w:lvl>'
        '<w:lvl w:ilvl="1"><w:numFmt w:val="bullet"/><w:lvlText w:val="-"/></w:lvl>'
    )
    numbering = (
        f'<w:abstractNum w:abstractNumId="0">{levels}</w:abstractNum>'
        f'<w:abstractNum w:abstractNumId="1">{letters}</w:abstractNum>'
        '<w:num w:numId="1"><w:abstractNumId w:val="0"/></w:num><w:num w:numId="2"><w:abstractNumId w:val="1"/></w:num>'
    )
    styles = "".join(
        f'<w:style w:type="paragraph" w:styleId="Rubrik{level}"><w:name w:val="heading {level}"/>'
        '<w:pPr><w:numPr><w:numId w:val="1"/></w:numPr></w:pPr></w:style>'
        for level in (1, 2)
    )
    one, two = '<w:pStyle w:val="Rubrik1"/>', '<w:pStyle w:val="Rubrik2"/>'
    item = '<w:numPr><w:ilvl w:val="{}"/><w:numId w:val="2"/></w:numPr>'
    document = read(
        paragraph("Inledning", one)
        + paragraph("Ekonomi", one)
        + paragraph("Resultat", two)
        + paragraph("Budget", two)
        + paragraph("Nämnd", item.format(0))
        + paragraph("Punkt", item.format(1))
        + paragraph("Styrelse", item.format(0))
        + SIMPLE,
        styles=styles,
        numbering=numbering,
    )
    assert headings(document) == [(1, "1 Inledning"), (1, "2 Ekonomi"), (2, "2.1 Resultat"), (2, "2.2 Budget")]
    assert [heading.number for heading in document.headings] == ["1", "2", "2.1", "2.2"]
    assert paragraphs(document) == ["a) Nämnd", "Punkt", "b) Styrelse"]


def test_cells_merged_both_ways_and_rows_that_begin_later() -> None:
    document = read(
        table(
            row(
                cell("Mått", '<w:vMerge w:val="restart"/>'),
                cell("2023", '<w:gridSpan w:val="2"/>'),
                properties="<w:tblHeader/>",
            ),
            row(cell("rest", "<w:vMerge/>"), "Budget", "Utfall", properties="<w:tblHeader/>"),
            row("Barn", "1", "2"),
            row("3", "4", properties='<w:gridBefore w:val="1"/>'),
        )
    )
    assert rows(document) == [["Mått", "2023", ""], ["", "Budget", "Utfall"], ["Barn", "1", "2"], ["", "3", "4"]]
    assert spans(document) == {"Mått": (2, 1), "2023": (1, 2)}
    assert document.tables[0].header_rows == 2


def test_grid_lines_a_hair_apart_are_one() -> None:
    grid = "".join(f'<w:gridCol w:w="{width}"/>' for width in (3000, 40, 1500, 1500))
    wide = '<w:gridSpan w:val="2"/>'
    document = read(
        f"<w:tbl><w:tblGrid>{grid}</w:tblGrid>"
        + row(cell("Mått", wide), "2023", "2022")
        + row("Antal", cell("5", wide), "6")
        + "</w:tbl>"
    )
    assert rows(document) == [["Mått", "2023", "2022"], ["Antal", "5", "6"]]
    assert spans(document) == {}


def test_nested_table_and_frame_around_text() -> None:
    inner = table(row("Antal", "5"), row("Andel", "7,6 %"))
    document = read(
        table(row("Mål", "Status"), row(cell(paragraph("Trygghet") + inner), "Uppnått"))
        + table(row("Faktaruta om nämnden"))
    )
    assert rows(document, 1) == [["Mål", "Status"], ["Trygghet", "Uppnått"]]
    assert rows(document, 2) == [["Antal", "5"], ["Andel", "7,6 %"]]
    assert len(document.tables) == 2


def test_content_controls_around_rows_cells_and_runs() -> None:
    def control(content: str) -> str:
        return f"<w:sdt><w:sdtPr><w:text/></w:sdtPr><w:sdtContent>{content}</w:sdtContent></w:sdt>"

    document = read(
        control(
            "<w:tbl>"
            + row("Mått", "2023")
            + control(row("Antal", control(cell("5"))))
            + row(cell(f"<w:p>{run('An')}{control(run('del'))}</w:p>"), "6")
            + "</w:tbl>"
        )
    )
    assert rows(document) == [["Mått", "2023"], ["Antal", "5"], ["Andel", "6"]]


def test_tracked_changes_are_read_as_accepted() -> None:
    deleted = "<w:del><w:r><w:delText>1 000</w:delText></w:r></w:del>"
    document = read(
        f"<w:p><w:pPr><w:rPr><w:del/></w:rPr></w:pPr>{run('Första delen ')}</w:p>"
        + paragraph("och resten av meningen.")
        + table(
            row("Mått", "2023"),
            row("Antal", cell(f"<w:p>{deleted}<w:ins>{run('1 200')}</w:ins></w:p>")),
            row("Bort", "7", properties="<w:del/>"),
            row("Ny", "8", properties="<w:ins/>"),
            row("Flytt", cell(f"<w:p><w:moveFrom>{run('3')}</w:moveFrom><w:moveTo>{run('4')}</w:moveTo></w:p>")),
        )
    )
    assert rows(document) == [["Mått", "2023"], ["Antal", "1 200"], ["Ny", "8"], ["Flytt", "4"]]
    assert paragraphs(document) == ["Första delen och resten av meningen."]
    assert document.notes == ("tracked changes read as accepted: 3 insertions, 3 deletions or moves",)


def test_footnotes_keep_their_mark_and_follow_the_section() -> None:
    footnotes = (
        '<w:footnote w:type="separator" w:id="-1"><w:p/></w:footnote>'
        f'<w:footnote w:id="2"><w:p><w:r><w:footnoteRef/></w:r>{run(" Avser helår.")}</w:p></w:footnote>'
    )
    mark = '<w:r><w:rPr><w:vertAlign w:val="superscript"/></w:rPr><w:footnoteReference w:id="2"/></w:r>'
    document = read(
        table(
            row("Mått", "2023"),
            row(cell(f"<w:p>{run('Antal')}{mark}</w:p>"), cell(f"<w:p>{run('82')}{run('1', VERTICAL)}</w:p>")),
        )
        + paragraph("Nästa del", '<w:outlineLvl w:val="0"/>'),
        footnotes=footnotes,
    )
    assert rows(document)[1] == ["Antal (1)", "82 (1)"]
    assert paragraphs(document) == ["(1) Avser helår."]
    assert document.paragraphs[0].heading_seq is None


VERTICAL = '<w:vertAlign w:val="superscript"/>'


def test_hidden_and_struck_text_fields_tabs_and_breaks() -> None:
    field = (
        '<w:r><w:fldChar w:fldCharType="begin"/></w:r><w:r><w:instrText>PAGE</w:instrText></w:r>'
        + run("instruktion")
        + f'<w:r><w:fldChar w:fldCharType="separate"/></w:r>{run("7")}<w:r><w:fldChar w:fldCharType="end"/></w:r>'
    )
    special = "<w:p><w:r><w:t>A</w:t><w:tab/><w:t>B</w:t><w:br/><w:t>C</w:t><w:noBreakHyphen/><w:t>D</w:t></w:r></w:p>"
    struck = run("9", "<w:strike/>")
    document = read(
        table(
            row("Mått", "2023"),
            row(cell(special), cell(f"<w:p>{run('hemligt', '<w:vanish/>')}{field}{struck}</w:p>")),
            row("Dold", "8", properties="<w:hidden/>"),
        )
    )
    assert rows(document) == [["Mått", "2023"], ["A B\nC-D", "7"]]
    assert document.notes == ("hidden text left out: 2 runs or rows",)


def test_contents_and_captions_are_no_headings() -> None:
    styles = (
        '<w:style w:type="paragraph" w:styleId="Inneh1"><w:name w:val="toc 1"/></w:style>'
        '<w:style w:type="paragraph" w:styleId="Beskrivning"><w:name w:val="caption"/></w:style>'
    )
    document = read(
        paragraph("Ekonomi 3", '<w:pStyle w:val="Inneh1"/>')
        + paragraph("Ekonomi", '<w:outlineLvl w:val="0"/>')
        + paragraph("Tabell 1 Kostnader per område", '<w:pStyle w:val="Beskrivning"/>')
        + SIMPLE,
        styles=styles,
    )
    assert headings(document) == [(1, "Ekonomi")]
    assert paragraphs(document) == ["Tabell 1 Kostnader per område"]
    assert document.tables[0].caption == "Tabell 1 Kostnader per område"


def test_strict_files_and_macro_files_are_read() -> None:
    assert rows(extract(word(SIMPLE, namespace=STRICT), "rapport.docx")) == [["Mått", "2023"], ["Antal", "5"]]
    macro = word(SIMPLE, main_type="application/vnd.ms-word.document.macroEnabled.main+xml")
    assert rows(extract(macro, "rapport.docm")) == [["Mått", "2023"], ["Antal", "5"]]
