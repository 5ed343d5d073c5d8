// What moves on a page: language, sorting, filtering, downloads and charts. Nothing is fetched but our own scripts.
"use strict";
(() => {
  const html = document.documentElement;
  const root = html.dataset.root;
  const word = (sv, en) => (html.lang === "en" ? en : sv);

  // --- language
  const label = () => {
    for (const element of document.querySelectorAll("[data-label-en]")) {
      element.dataset.labelSv ??= element.getAttribute("aria-label");
      element.setAttribute("aria-label", word(element.dataset.labelSv, element.dataset.labelEn));
    }
    for (const element of document.querySelectorAll("[data-title-en]")) {
      element.dataset.titleSv ??= element.title;
      element.title = word(element.dataset.titleSv, element.dataset.titleEn);
    }
  };
  const button = document.querySelector(".language");
  button.hidden = false;
  button.addEventListener("click", () => {
    html.lang = html.lang === "en" ? "sv" : "en";
    try { localStorage.kommunlagerLanguage = html.lang; } catch { /* a page from disk may have no storage */ }
    label();
    document.dispatchEvent(new Event("language"));
  });
  label();

  const load = (name) => new Promise((done, failed) => {
    const script = document.createElement("script");
    script.src = `${root}assets/${name}`;
    script.onload = done;
    script.onerror = failed;
    document.head.append(script);
  });

  // --- the marked cell: what proves it, the page beside it, and the way to the next
  const panel = document.querySelector("aside.cell");
  if (panel) {
    const reasons = JSON.parse(document.querySelector("script.reasons").textContent);
    const places = JSON.parse(document.querySelector("script.places").textContent);
    const every = [...document.querySelectorAll("table.printed a[id^=f-]")];
    const proved = panel.querySelector(".proved"), onPage = panel.querySelector(".on-page"), beside = panel.querySelector(".beside");
    const judged = JSON.parse(document.querySelector("script.judged").textContent);
    const decided = panel.querySelector(".decided"), sums = panel.querySelector(".sums");
    decided.open = innerWidth >= 800;
    const made = (name, ...content) => { const element = document.createElement(name); element.append(...content); return element; };
    const to = ([, printed, address, label]) => { const link = made("a", printed); link.href = address; link.title = label; return link; };
    const held = ([sv, en, state, remark, parts], mine) => {
      const [first, ...others] = parts;
      const line = made("li", `${word(sv, en)}: `);
      if (remark) line.append(first[1], " · ", remark);
      else if (!others.length || others.some(([sign]) => sign)) {
        line.append(to(first), " = ");
        others.forEach((one, at) => line.append(one[0] < 0 ? " \u2212 " : at ? " + " : "", /^[-\u2010-\u2015\u2212]/.test(one[1]) ? made("span", "(", to(one), ")") : to(one)));
        if (!others.length) line.append("0");
      } else parts.forEach((one, at) => line.append(at ? " · " : "", to(one)));
      const proves = parts.find(([, , address]) => address === mine)?.[4];
      line.append(made("small", ` ${state > 0 ? (proves ? word("stämmer, och bevisar talet", "holds, and proves the number") : word("stämmer, men är för svagt för att bevisa talet", "holds, too weak to prove the number")) : state < 0 ? word("stämmer inte, men gör det på andra ställen i tabellen", "does not hold, though it does elsewhere in the table") : word("stämmer inte", "does not hold")}`));
      return line;
    };
    // What decided, and the arithmetic that the figure takes part in.
    const judge = (figure) => {
      const steps = (judged.of[figure?.id] ?? []).map((at) => judged.steps[at]);
      decided.hidden = !steps.length;
      decided.querySelector("dl").replaceChildren(...steps.flatMap(([sv, en, is, isEn, how, howEn]) => [
        made("dt", word(sv, en)), made("dd", word(is, isEn), ...(how ? [made("small", ` ${word(how, howEn)}`)] : [])),
      ]));
      const mine = `#${figure?.id}`;
      const found = judged.sums.filter(([, , , , parts]) => parts.some(([, , address]) => address === mine));
      sums.hidden = !found.length;
      sums.querySelector(".many").textContent = `(${found.length})`;
      sums.querySelector("ul").replaceChildren(...found.map((one) => held(one, mine)));
    };
    const titles = () => {
      for (const figure of document.querySelectorAll("a[data-reason]")) {
        const [, sv, en] = reasons[figure.dataset.reason];
        figure.title = word(sv, en);
      }
    };
    const marked = () => {
      // A place of the table is marked by the figure that stands there: that is what its page knows it by.
      const place = document.getElementById(location.hash.slice(1))?.closest("table.printed td, table.printed th");
      const figure = place?.querySelector("a[id^=f-]");
      panel.hidden = !place;
      document.body.classList.toggle("with-cell", Boolean(place));
      if (!place) return;
      const at = every.indexOf(figure);
      for (const [name, by] of [["previous", -1], ["next", 1]]) {
        const link = panel.querySelector(`.${name}`);
        const to = every[at + by];
        link.hidden = at < 0 || !to;
        link.hash = to?.id ?? "";
      }
      if (onPage) { onPage.hidden = !figure; onPage.querySelector("a").hash = figure?.id ?? ""; }
      judge(figure);
      const reason = reasons[figure?.dataset.reason];
      proved.hidden = !reason;
      if (reason) {
        const [sign, sv, en, where] = reason;
        const said = document.createElement(where ? "a" : "span");
        said.textContent = word(sv, en);
        if (where) said.href = where;
        proved.replaceChildren(`${sign} `, said);
      }
      const found = places[figure?.id];
      beside.hidden = !found;
      if (!found) return;
      const [file, width, height, left, top, across, down] = found;
      const image = document.createElement("img");
      image.src = root + file;
      image.width = width;
      image.height = height;
      image.alt = word("Sidan med den markerade cellen", "The page with the marked cell");
      const mark = document.createElement("span");
      mark.style.cssText = `left:${left}%;top:${top}%;width:${across}%;height:${down}%`;
      const sheet = document.createElement("div");
      sheet.append(image, mark);
      beside.replaceChildren(sheet);
      const scroll = () => { beside.scrollTop = (beside.scrollHeight * top) / 100 - beside.clientHeight / 3; beside.scrollLeft = (beside.scrollWidth * left) / 100 - beside.clientWidth / 3; };
      image.addEventListener("load", scroll);
      scroll();
    };
    panel.querySelector(".close").addEventListener("click", () => { location.hash = "main"; });
    addEventListener("hashchange", marked);
    document.addEventListener("language", () => { titles(); marked(); });
    titles();
    marked();
  }

  // --- tables: sort by a click on a header, filter, download
  const value = (cell) => cell?.dataset.value ?? cell?.innerText.trim() ?? "";
  const order = (cell) => cell?.dataset.sort ?? value(cell);
  const compare = (one, other) => {
    if (one === "" || other === "") return (one === "") - (other === "");
    const numbers = [Number(one), Number(other)];
    return numbers.some(Number.isNaN) ? one.localeCompare(other, "sv", { numeric: true }) : numbers[0] - numbers[1];
  };
  const both = (sv, en) => `<span lang="sv">${sv}</span><span lang="en">${en}</span>`;
  const PAGE = 100;
  const turns = new Map();
  for (const table of document.querySelectorAll("table.data")) {
    const body = table.tBodies[0];
    const headers = [...table.tHead.rows[0].cells];
    headers.forEach((header, index) => {
      const sorter = document.createElement("button");
      sorter.type = "button";
      sorter.append(...header.childNodes);
      header.append(sorter);
      sorter.addEventListener("click", () => {
        const down = header.getAttribute("aria-sort") === "ascending";
        headers.forEach((other) => other.removeAttribute("aria-sort"));
        header.setAttribute("aria-sort", down ? "descending" : "ascending");
        const rows = [...body.rows].map((row) => [order(row.cells[index]), row]);
        rows.sort(([one], [other]) => (one === "" || other === "" ? compare(one, other) : (down ? -1 : 1) * compare(one, other)));
        body.append(...rows.map(([, row]) => row));
        turns.get(table)?.(0);
      });
    });
    if (body.rows.length < 2 && !("live" in table.dataset)) continue;
    const tools = document.createElement("div");
    tools.className = "tools";
    tools.innerHTML = `<label>${both("Filtrera", "Filter")} <input type="search" class="filter"></label> <span role="status" class="count"></span> <button type="button" class="download">${both("Hämta CSV", "Download CSV")}</button>`;
    table.closest(".scroll").before(tools);
    const filter = tools.querySelector("input");
    const pager = document.createElement("p");
    pager.className = "pager";
    table.closest(".scroll").after(pager);
    let page = 0;
    // Long tables a page at a time: the rows of the others stay in the table, for paper and for the CSV.
    const turn = (to) => {
      const kept = [...body.rows].filter((row) => !row.hidden);
      const last = Math.max(0, Math.ceil(kept.length / PAGE) - 1);
      page = Math.min(Math.max(to, 0), last);
      kept.forEach((row, at) => row.classList.toggle("beyond", Math.floor(at / PAGE) !== page));
      pager.hidden = last === 0;
      if (pager.hidden) return;
      const step = (sv, en, by) => {
        const button = document.createElement("button");
        button.type = "button";
        button.innerHTML = both(sv, en);
        button.disabled = page + by < 0 || page + by > last;
        button.addEventListener("click", () => turn(page + by));
        return button;
      };
      const where = document.createElement("span");
      where.innerHTML = both(`Rad ${page * PAGE + 1}–${Math.min((page + 1) * PAGE, kept.length)} av ${kept.length}`, `Rows ${page * PAGE + 1}–${Math.min((page + 1) * PAGE, kept.length)} of ${kept.length}`);
      pager.replaceChildren(step("Föregående", "Previous", -1), " ", where, " ", step("Nästa", "Next", 1));
    };
    turns.set(table, turn);
    const sift = () => {
      const words = filter.value.toLowerCase().split(/\s+/).filter(Boolean);
      let shown = 0;
      for (const row of body.rows) {
        const text = row.textContent.toLowerCase();
        row.hidden = !words.every((one) => text.includes(one));
        shown += !row.hidden;
      }
      tools.querySelector(".count").textContent = words.length ? `${shown} / ${body.rows.length}` : "";
      turn(0);
    };
    turn(0);
    filter.addEventListener("input", sift);
    table.addEventListener("filled", () => {
      headers.forEach((header) => header.removeAttribute("aria-sort"));
      sift();
    });
    tools.querySelector(".download").addEventListener("click", () => {
      // As `harmless` in warehouse/query.py: a text that a spreadsheet would take for a formula is kept a text.
      const number = /^[+\-＋－]?(?: ?\d[\d \u00a0\u2009\u202f.,]*[ \u00a0\u202f]?[%‰]?)?$/;
      const formula = /(^|[;\t\r\n])((?:[^\S\t\r\n]|[\x00-\x08\x0e-\x1b\u200b-\u200f\u2060])*)(?=[=+\-@＝＋－＠])/g;
      const safe = (text) => (number.test(text) || Number.isFinite(Number(text)) ? text : text.replace(formula, "$1'$2").replace(/^[\t\r]/, "'$&"));
      // As a spreadsheet of the reader's language expects it: semicolons and decimal commas in Swedish.
      const [separator, decimal] = html.lang === "en" ? [",", "."] : [";", ","];
      const written = (cell) => (cell.dataset.of && cell.dataset.of !== "text" ? value(cell).replace(".", decimal) : value(cell));
      const quoted = (text) => `"${safe(text).replaceAll('"', '""')}"`;
      const lines = [headers.map((cell) => quoted(cell.innerText.trim()))];
      for (const row of body.rows) if (!row.hidden) lines.push([...row.cells].map((cell) => quoted(written(cell))));
      const link = document.createElement("a");
      link.href = URL.createObjectURL(new Blob(["\ufeff" + lines.map((line) => line.join(separator)).join("\r\n") + "\r\n"], { type: "text/csv" }));
      link.download = `${table.dataset.download}.csv`;
      link.click();
      setTimeout(() => URL.revokeObjectURL(link.href), 1000);
    });
  }

  // --- charts: the specifications stand here once; a page carries only its data
  const colours = { actual: "#0072b2", budget: "#d55e00", target: "#d55e00", forecast: "#009e73", plan: "#8a6d00" };
  const names = () => ({
    actual: word("Utfall", "Outcome"), target: word("Målvärde", "Target"), budget: "Budget",
    forecast: word("Prognos", "Forecast"), plan: "Plan",
  });
  const labelLimit = Math.min(220, innerWidth / 3);
  const distinct = (data) => new Set(data.map((row) => row.name)).size;
  const numeric = { type: "quantitative", axis: { format: ",~f", tickCount: innerWidth < 600 ? 3 : 6 } };
  const specifications = {
    timeline: (data, unit) => {
      const called = names();
      const kinds = Object.keys(called).filter((kind) => data.some((point) => point.scenario === kind));
      return {
        data: { values: data.map((point) => ({ ...point, kind: called[point.scenario] })) },
        height: 260,
        encoding: {
          x: { field: "period", type: "ordinal", sort: { field: "start" }, title: null, axis: { labelAngle: 0 } },
          y: { field: "value", ...numeric, title: unit, scale: { zero: unit !== "index" } },
          color: { field: "kind", title: null, scale: { domain: kinds.map((kind) => called[kind]), range: kinds.map((kind) => colours[kind]) }, legend: { orient: "top" } },
          shape: { field: "kind", title: null, scale: { domain: kinds.map((kind) => called[kind]), range: ["circle", "diamond", "square", "triangle-up", "cross"].slice(0, kinds.length) } },
          tooltip: [{ field: "period", title: "Period" }, { field: "kind", title: word("Slag", "Kind") }, { field: "value", title: unit, format: ",~f" }],
        },
        layer: [{ mark: { type: "line", strokeWidth: 2 } }, { mark: { type: "point", filled: true, size: 70 } }],
      };
    },
    course: (data, unit) => {
      const by = unit === "kr" && data.some((row) => Math.abs(row.value) >= 1e6) ? 1e6 : 1;
      const lines = [...new Set(data.map((row) => row.name))];
      const said = by > 1 ? "mnkr" : unit === "percent" ? "%" : unit;
      return {
        data: { values: data.map((row) => ({ ...row, value: row.value / by })) },
        height: 220,
        encoding: {
          x: { field: "period", type: "ordinal", title: null, axis: { labelAngle: 0 } },
          y: { field: "value", type: "quantitative", title: null, axis: { format: ",~f", tickCount: 5 } },
          color: { field: "name", sort: null, title: null, scale: { domain: lines, range: Object.values(colours).filter((one, at, every) => every.indexOf(one) === at) }, legend: lines.length > 1 ? { orient: "top", columns: innerWidth < 600 ? 1 : 3, labelLimit } : null },
          tooltip: [{ field: "name", title: word("Vad", "What") }, { field: "period", title: word("År", "Year") }, { field: "value", title: said, format: ",.2~f" }],
        },
        layer: [{ mark: { type: "line", strokeWidth: 2.5 } }, { mark: { type: "point", filled: true, size: 70, opacity: 1 } }],
      };
    },
    bullets: (data, unit) => ({
      data: { values: data.map((row, order) => ({ ...row, order })) },
      height: 26 * data.length,
      encoding: { y: { field: "order", type: "ordinal", title: null, axis: { labelExpr: `${JSON.stringify(data.map((row) => row.name))}[datum.value]`, labelLimit } } },
      layer: [
        { mark: { type: "bar", color: colours.actual, height: 12 }, encoding: { x: { field: "actual", ...numeric, title: unit }, tooltip: [{ field: "name", title: word("Rad", "Line") }, { field: "actual", title: word("Utfall", "Outcome"), format: ",.1f" }, { field: "budget", title: "Budget", format: ",.1f" }] } },
        { mark: { type: "tick", color: colours.budget, thickness: 3, size: 20 }, encoding: { x: { field: "budget", ...numeric } } },
      ],
    }),
    variances: (data, unit) => ({
      data: { values: data },
      height: 26 * distinct(data),
      mark: "bar",
      encoding: {
        y: { field: "name", type: "nominal", sort: null, title: null, axis: { labelLimit } },
        x: { field: "value", ...numeric, title: unit },
        color: { condition: { test: "datum.value < 0", value: colours.budget }, value: colours.actual },
        tooltip: [{ field: "name", title: word("Nämnd", "Committee") }, { field: "value", title: unit, format: ",.1f" }],
      },
    }),
    grants: (data, unit) => ({
      data: { values: data },
      height: 24 * distinct(data),
      mark: { type: "bar", color: colours.actual },
      encoding: {
        y: { field: "name", type: "nominal", sort: "-x", title: null, axis: { labelLimit } },
        x: { aggregate: "sum", field: "value", ...numeric, title: unit },
        tooltip: [{ field: "name", title: word("Bidragsgivare", "Grantor") }, { aggregate: "sum", field: "value", title: unit, format: ",.1f" }],
      },
    }),
  };
  const dark = matchMedia("(prefers-color-scheme: dark)").matches;
  const ink = dark ? "#ececec" : "#1a1a1a";
  const style = {
    background: null, view: { stroke: null }, font: "system-ui, Segoe UI, Roboto, Liberation Sans, sans-serif",
    axis: { labelColor: ink, titleColor: ink, labelFontSize: 12, gridColor: dark ? "#4a4f55" : "#dddddd" }, legend: { labelColor: ink, labelFontSize: 12 },
  };
  const locale = { decimal: ",", thousands: "\u00a0", grouping: [3], currency: ["", "\u00a0kr"], minus: "\u2212" };
  const drawn = async (figure, specification) => {
    if (!window.vegaEmbed) await (window.vegaLoading ??= load("vega.js"));
    const plot = figure.querySelector(".plot");
    const whole = { ...specification, width: "container", config: style };
    figure.view = (await vegaEmbed(plot, whole, { renderer: "svg", actions: false, formatLocale: locale, ast: false })).view;
    plot.querySelector("svg")?.setAttribute("aria-hidden", "true");
    figure.dataset.drawn = "";
  };
  const draw = (figure) => {
    const data = JSON.parse(figure.querySelector("script").textContent);
    return drawn(figure, specifications[figure.dataset.chart](data, figure.dataset.unit));
  };
  const shortest = new Intl.NumberFormat("sv", { maximumSignificantDigits: 4 });
  window.kommunlager = {
    word, load, root, draw: drawn, ink: () => ink, ground: () => (dark ? "#16191d" : "#ffffff"), number: (value) => shortest.format(value),
  };
  const figures = [...document.querySelectorAll("figure.chart")];
  if (figures.length) {
    // Charts are drawn when they come near the window: a page with many opens as fast as one with none.
    const watcher = new IntersectionObserver((seen) => {
      for (const entry of seen) if (entry.isIntersecting) { watcher.unobserve(entry.target); draw(entry.target); }
    }, { rootMargin: "300px" });
    figures.forEach((figure) => watcher.observe(figure));
    // The rest when there is nothing else to do: on paper every chart is there.
    addEventListener("load", () => setTimeout(() => figures.forEach((figure) => { watcher.unobserve(figure); if (!("drawn" in figure.dataset) && !figure.view) draw(figure); }), 1500));
    addEventListener("beforeprint", () => figures.forEach((figure) => "drawn" in figure.dataset || draw(figure)));
    document.addEventListener("language", () => figures.filter((figure) => "drawn" in figure.dataset).forEach(draw));
  }
})();
