# ruff: noqa: E501 - pages stand as they are written
"""Web pages as municipalities' content management systems write them.

Belongs here: HTML cases. Does not belong here: what the readers make of them.
"""

from __future__ import annotations

from tests.hard.model import Case, Expected


def _page(body: str, head: str = "") -> bytes:
    return f'<!DOCTYPE html>\n<html lang="sv"><head><meta charset="utf-8"><title>x</title>{head}</head><body>{body}</body></html>'.encode()


def _no_groups() -> Case:
    body = """
    <h1>Årsbokslut 2023</h1><h2>Ekonomi</h2><p>Nämnden redovisar underskott.</p><h2>Ekonomi per verksamhet</h2><p>Utfall jämfört med budget, samtliga enheter</p>
    <table><tr><td><b>Verksamhet</b><td><b>Budget</b><td><b>Utfall</b>
    <tr><td>Hemtjänst<td>112&nbsp;450<td>118&thinsp;020
    <tr><td>Särskilt boende<td>201&#8239;300<td>199&nbsp;870
    <tr><td>Avvikelse<td>&nbsp;<td>&minus;4,1&nbsp;%</table>"""
    return Case(
        "no groups, unclosed cells, entities",
        "bokslut.html",
        _page(body),
        (
            Expected(
                [
                    ["Verksamhet", "Budget", "Utfall"],
                    ["Hemtjänst", "112 450", "118 020"],
                    ["Särskilt boende", "201 300", "199 870"],
                    ["Avvikelse", "", "−4,1 %"],
                ],
                heading="Ekonomi per verksamhet",
            ),
        ),
    )


def _row_headers() -> Case:
    body = """<main><h2>Volymer</h2><table class="table table-striped"><caption>Tabell 1: Volymer per år</caption>
    <thead><tr><th scope="col">Mått</th><th scope="col">2022</th><th scope="col">2023</th></tr></thead>
    <tbody><tr><th scope="row">Antal brukare</th><td>1 204</td><td>1 255</td></tr>
    <tr><th scope="row">Beviljade timmar</th><td>88 120</td><td>90 400</td></tr></tbody>
    <tfoot><tr><th scope="row">Timmar per brukare</th><td>73,2</td><td>72,0</td></tr></tfoot></table></main>"""
    return Case(
        "header cells in rows, caption, foot",
        "volymer.html",
        _page(body),
        (
            Expected(
                [
                    ["Mått", "2022", "2023"],
                    ["Antal brukare", "1 204", "1 255"],
                    ["Beviljade timmar", "88 120", "90 400"],
                    ["Timmar per brukare", "73,2", "72,0"],
                ],
                heading="Volymer",
            ),
        ),
    )


def _spans() -> Case:
    body = """<h2>Resultaträkning</h2><table border="1">
    <tr><th rowspan="2">Mnkr</th><th colspan="2">Utfall</th><th colspan="2">Budget</th><th rowspan=2>Avvikelse</th></tr>
    <tr><th>2022</th><th>2023</th><th>2022</th><th>2023</th></tr>
    <tr><td>Intäkter</td><td>98,5</td><td>102,1</td><td>96,0</td><td>100,0</td><td>2,1</td></tr>
    <tr><td rowspan="2">Kostnader</td><td>-410,2</td><td>-433,7</td><td>-405,0</td><td>-425,0</td><td>-8,7</td></tr>
    <tr><td colspan="4">varav engångsposter</td><td>-0,5</td></tr></table>"""
    return Case(
        "spans both ways",
        "resultat.htm",
        _page(body),
        (
            Expected(
                [
                    ["Mnkr", "Utfall", "", "Budget", "", "Avvikelse"],
                    ["", "2022", "2023", "2022", "2023"],
                    ["Intäkter", "98,5", "102,1", "96,0", "100,0", "2,1"],
                    ["Kostnader", "-410,2", "-433,7", "-405,0", "-425,0", "-8,7"],
                    ["", "varav engångsposter", "", "", "", "-0,5"],
                ],
                2,
                "Resultaträkning",
            ),
        ),
    )


def _layout() -> Case:
    body = """<table width="100%"><tr><td class="meny"><ul><li><a href="/">Start</a></li><li>Kommun 2023</li></ul></td>
    <td><h1>Verksamhetsberättelse</h1><h2>Personal</h2>
      <table><tr><th>Mått</th><th>2022</th><th>2023</th></tr><tr><td>Årsarbetare</td><td>412</td><td>398</td></tr>
      <tr><td>Sjukfrånvaro</td><td>7,9 %</td><td>7,1 %</td></tr></table>
      <h2>Mål</h2><table><tr><th>Mål</th><th>Bedömning</th></tr><tr><td>Trygghet</td><td>Uppnått</td></tr></table>
    </td></tr></table>"""
    return Case(
        "layout table",
        "berättelse.html",
        _page(body),
        (
            Expected(
                [["Mått", "2022", "2023"], ["Årsarbetare", "412", "398"], ["Sjukfrånvaro", "7,9 %", "7,1 %"]],
                heading="Personal",
            ),
            Expected([["Mål", "Bedömning"], ["Trygghet", "Uppnått"]], heading="Mål"),
        ),
    )


def _footnotes() -> Case:
    body = """<h3>Nyckeltal</h3><table><thead><tr><th>Nyckeltal</th><th>2022</th><th>2023<sup>1</sup></th></tr></thead>
    <tr><td>Kostnad per m<sup>2</sup></td><td>412</td><td>430<sup><a href="#f2">2)</a></sup></td></tr>
    <tr><td>Utsläpp CO<sub>2</sub>, ton</td><td>1&nbsp;204</td><td>1 150</td></tr>
    <tr><td>Nöjda<br>brukare</td><td>81 %</td><td>84<span> </span>%</td></tr></table>
    <p><sup>1</sup> Preliminära uppgifter.</p>"""
    return Case(
        "footnotes, powers, breaks",
        "nyckeltal.html",
        _page(body),
        (
            Expected(
                [
                    ["Nyckeltal", "2022", "2023 (1)"],
                    ["Kostnad per m²", "412", "430 (2)"],
                    ["Utsläpp CO2, ton", "1 204", "1 150"],
                    ["Nöjda\nbrukare", "81 %", "84 %"],
                ],
                heading="Nyckeltal",
            ),
        ),
    )


def _screen_readers() -> Case:
    """Text for screen readers only, sort buttons, tooltips, responsive labels: none of it is on the page."""
    style = """<style>.visually-hidden{position:absolute;width:1px;height:1px;overflow:hidden;clip:rect(0,0,0,0)}
    .sr-only{position:absolute!important;width:1px;height:1px;padding:0;margin:-1px;overflow:hidden;clip:rect(0 0 0 0)}
    .d-none{display:none}</style>"""
    body = """<h2>Budgetuppföljning</h2><table><thead><tr><th>Post <button>Sortera</button></th><th>Utfall<span class="visually-hidden">, tusentals kronor</span></th><th>Avvikelse</th></tr></thead>
    <tr><td>Intäkter</td><td><span class="sr-only">Utfall: </span>4 120</td><td>-380 <span class="visually-hidden">negativ avvikelse 380</span></td></tr>
    <tr><td>Kostnader</td><td>20 620<span class="d-none">0</span></td><td><span aria-hidden="true">▼</span> -820</td></tr></table>"""
    return Case(
        "hidden spans and controls",
        "uppföljning.html",
        _page(body, style),
        (
            Expected(
                [["Post", "Utfall", "Avvikelse"], ["Intäkter", "4 120", "-380"], ["Kostnader", "20 620", "▼ -820"]],
                heading="Budgetuppföljning",
            ),
        ),
    )


def _figures_and_details() -> Case:
    body = """<article><h2>Investeringar</h2><figure class="wp-block-table"><table><tbody><tr><td>Projekt</td><td>Budget</td><td>Utfall</td></tr>
    <tr><td>Skola</td><td>45,0</td><td>44,1</td></tr><tr><td>Hall</td><td>12,0</td><td>13,9</td></tr></tbody></table>
    <figcaption>Belopp i mnkr</figcaption></figure>
    <details><summary>Tabellen som text: driftkostnader</summary><table><tr><th>År</th><th>Kostnad</th></tr><tr><td>2022</td><td>8,1</td></tr><tr><td>2023</td><td>8,4</td></tr></table></details></article>"""
    return Case(
        "figure and details",
        "investeringar.html",
        _page(body),
        (
            Expected(
                [["Projekt", "Budget", "Utfall"], ["Skola", "45,0", "44,1"], ["Hall", "12,0", "13,9"]],
                heading="Investeringar",
            ),
            Expected(
                [["År", "Kostnad"], ["2022", "8,1"], ["2023", "8,4"]], heading="Tabellen som text: driftkostnader"
            ),
        ),
    )


def _cards() -> Case:
    """Grids of divisions and definition cards are no tables; the one real table is."""
    body = """<h1>Kommunen i siffror</h1>
    <div class="grid"><div class="row"><div class="col">Invånare</div><div class="col">31 204</div></div>
    <div class="row"><div class="col">Skattesats</div><div class="col">21,64</div></div></div>
    <dl class="card"><dt>Sysselsättning</dt><dd>79,1 %</dd><dt>Medelålder</dt><dd>42,3 år</dd></dl>
    <ul><li>Resultat: 12,4 mnkr</li><li>Soliditet: 44 %</li></ul>
    <h2>Befolkning</h2><table><tr><th>År</th><th>Invånare</th></tr><tr><td>2022</td><td>31 050</td></tr><tr><td>2023</td><td>31 204</td></tr></table>"""
    return Case(
        "cards and grids are no tables",
        "siffror.html",
        _page(body),
        (Expected([["År", "Invånare"], ["2022", "31 050"], ["2023", "31 204"]], heading="Befolkning"),),
    )


def _word_export() -> Case:
    """A page saved from Word: conditional comments, mso styles, fonts, o:p elements, empty paragraphs in cells."""
    body = """<div class=WordSection1><h1><a name="_Toc1"></a>Delårsrapport<o:p></o:p></h1>
    <p class=MsoNormal><span style='font-size:11.0pt'>Utfallet är bättre än budget.<o:p></o:p></span></p>
    <h2>Driftredovisning<o:p></o:p></h2>
    <table class=MsoTableGrid border=1 cellspacing=0 cellpadding=0 style='border-collapse:collapse;mso-yfti-tbllook:1184'>
     <tr style='mso-yfti-irow:0'><td width=201 valign=top><p class=MsoNormal><b>Nämnd<o:p></o:p></b></p></td>
     <td><p class=MsoNormal align=right><b>Budget<o:p></o:p></b></p></td><td><p class=MsoNormal><b>Prognos<o:p></o:p></b></p></td></tr>
     <tr><td><p class=MsoNormal>Kommunstyrelsen<o:p></o:p></p></td><td><p class=MsoNormal>-88<span style='mso-spacerun:yes'>\u00a0</span>400<o:p></o:p></p></td><td><p class=MsoNormal>-89 100<o:p></o:p></p></td></tr>
     <tr><td><p class=MsoNormal>Barnnämnden<o:p></o:p></p><p class=MsoNormal><o:p>&nbsp;</o:p></p></td><td><p class=MsoNormal>-510 250</p></td><td><p class=MsoNormal>-512 000</p></td></tr>
     <![if !supportMisalignedColumns]><tr height=0><td width=201 style='border:none'></td><td width=90 style='border:none'></td><td width=90 style='border:none'></td></tr><![endif]>
    </table></div>"""
    text = f'<html xmlns:o="urn:schemas-microsoft-com:office:office"><head><meta http-equiv=Content-Type content="text/html; charset=windows-1252"><!--[if gte mso 9]><xml><o:x>1</o:x></xml><![endif]--></head><body lang=SV>{body}</body></html>'
    return Case(
        "saved from Word, Windows-1252",
        "delår.htm",
        text.encode("cp1252"),
        (
            Expected(
                [
                    ["Nämnd", "Budget", "Prognos"],
                    ["Kommunstyrelsen", "-88 400", "-89 100"],
                    ["Barnnämnden", "-510 250", "-512 000"],
                ],
                heading="Driftredovisning",
            ),
        ),
        ("cp1252",),
    )


def _sections() -> Case:
    """Section rows over all columns, header repeated in the middle, several bodies."""
    body = """<h2>Indikatorer</h2><table><thead><tr><th>Indikator</th><th>2022</th><th>2023</th><th>Trend</th></tr></thead>
    <tbody><tr><th colspan="4">Kund</th></tr><tr><td>Nöjd kund</td><td>71</td><td>74</td><td><img src="upp.png" alt="Ökar"></td></tr></tbody>
    <tbody><tr><th colspan="4">Medarbetare</th></tr><tr><td>HME</td><td>78</td><td>79</td><td><img src="ner.png" alt="Minskar"></td></tr></tbody></table>"""
    return Case(
        "section rows and pictures for words",
        "indikatorer.html",
        _page(body),
        (
            Expected(
                [
                    ["Indikator", "2022", "2023", "Trend"],
                    ["Kund"],
                    ["Nöjd kund", "71", "74", "Ökar"],
                    ["Medarbetare"],
                    ["HME", "78", "79", "Minskar"],
                ],
                heading="Indikatorer",
            ),
        ),
    )


def _nested() -> Case:
    body = """<h2>Uppdrag</h2><table><tr><th>Uppdrag</th><th>Redovisning</th></tr>
    <tr><td>Digitalisering</td><td>Pågår enligt plan.<table><tr><td>Fas</td><td>Klar</td></tr><tr><td>1</td><td>2023</td></tr><tr><td>2</td><td>2024</td></tr></table></td></tr>
    <tr><td>Lokaler</td><td>Slutfört.</td></tr></table>"""
    return Case(
        "nested table",
        "uppdrag.html",
        _page(body),
        (
            Expected(
                [["Uppdrag", "Redovisning"], ["Digitalisering", "Pågår enligt plan."], ["Lokaler", "Slutfört."]],
                heading="Uppdrag",
            ),
            Expected([["Fas", "Klar"], ["1", "2023"], ["2", "2024"]], heading="Uppdrag"),
        ),
    )


def _transposed() -> Case:
    """A table with its heads in the first column only, and one without any."""
    body = """<h2>Fakta</h2><table><tr><th>Antal elever</th><td>1 204</td></tr><tr><th>Antal lärare</th><td>96</td></tr><tr><th>Kostnad per elev</th><td>118 400 kr</td></tr></table>
    <h2>Utfall</h2><table><tr><td></td><td>Kvinnor</td><td>Män</td></tr><tr><td>Sysselsatta</td><td>81,2</td><td>83,9</td></tr><tr><td>Arbetslösa</td><td>5,5</td><td>6,1</td></tr></table>"""
    return Case(
        "heads in the first column",
        "fakta.html",
        _page(body),
        (
            Expected(
                [["Antal elever", "1 204"], ["Antal lärare", "96"], ["Kostnad per elev", "118 400 kr"]], 0, "Fakta"
            ),
            Expected(
                [["", "Kvinnor", "Män"], ["Sysselsatta", "81,2", "83,9"], ["Arbetslösa", "5,5", "6,1"]], 1, "Utfall"
            ),
        ),
    )


def _scripts() -> Case:
    body = """<h2>Ekonomi</h2><table id="t"><tr><th>Post</th><th>2023</th></tr><tr><td>Intäkter<script>document.write('9')</script></td><td>12,4</td></tr>
    <tr><td>Kostnader</td><td>-11,9<!-- gammalt: -10 --></td></tr></table><script>t.innerHTML='<tr><td>x<td>1</tr>'</script>
    <noscript><p>Slå på JavaScript</p></noscript><template><table><tr><td>mall<td>5</table></template>"""
    return Case(
        "scripts, comments, templates",
        "ekonomi.html",
        _page(body),
        (Expected([["Post", "2023"], ["Intäkter", "12,4"], ["Kostnader", "-11,9"]], heading="Ekonomi"),),
    )


def _excel_export() -> Case:
    """Saved from a spreadsheet or a BI tool: every cell a td, colgroups, x:num, empty columns to the right."""
    body = """<table border=0><colgroup><col width=200><col width=80></colgroup><tr><td colspan=3><b>Uppföljning tkr</b></td><td></td></tr>
    <tr><td>Konto</td><td>Budget</td><td>Utfall</td><td></td></tr>
    <tr><td>30 Försäljning</td><td align=right x:num="1200">1 200</td><td align=right>1 310</td><td></td></tr>
    <tr><td>50 Löner</td><td align=right>-9 800</td><td align=right>-10 020</td><td></td></tr></table>"""
    return Case(
        "saved from a spreadsheet",
        "uppföljning.htm",
        _page(body),
        (
            Expected(
                [
                    ["Uppföljning tkr"],
                    ["Konto", "Budget", "Utfall"],
                    ["30 Försäljning", "1 200", "1 310"],
                    ["50 Löner", "-9 800", "-10 020"],
                ],
                2,
            ),
        ),
    )


def _aria_grid() -> Case:
    """Divisions that say they are a table (role=table) are one to every reader of the page."""
    body = """<h2>Mål</h2><div role="table"><div role="rowgroup"><div role="row"><span role="columnheader">Mål</span><span role="columnheader">2022</span><span role="columnheader">2023</span></div></div>
    <div role="rowgroup"><div role="row"><span role="cell">Behörighet</span><span role="cell">84,2</span><span role="cell">86,1</span></div>
    <div role="row"><span role="rowheader">Frånvaro</span><span role="cell">7,9</span><span role="cell">7,1</span></div></div></div>
    <h2>Siffror</h2><table role="presentation"><tr><td>Kontakt</td><td>0123-456 78</td></tr></table>
    <table><tr><th>A</th><th>B</th></tr><tr><td>x</td><td>1,5</td></tr><tr><td>y</td><td>2,5</td></tr></table>"""
    return Case(
        "roles",
        "mål.html",
        _page(body),
        (
            Expected(
                [["Mål", "2022", "2023"], ["Behörighet", "84,2", "86,1"], ["Frånvaro", "7,9", "7,1"]], heading="Mål"
            ),
            Expected([["A", "B"], ["x", "1,5"], ["y", "2,5"]]),
        ),
    )


def cases() -> list[Case]:
    """All cases of HTML."""
    return [
        build()
        for build in (
            _no_groups,
            _row_headers,
            _spans,
            _layout,
            _footnotes,
            _screen_readers,
            _figures_and_details,
            _cards,
            _word_export,
            _sections,
            _nested,
            _transposed,
            _scripts,
            _excel_export,
            _aria_grid,
        )
    ]
