// The figure page: which series, as what, drawn and given away. The state is the address; the numbers are the page's own.
"use strict";
(() => {
  const { word, load, root, ink, ground, draw: drawChart, number } = window.kommunlager;
  const figure = document.querySelector("figure.view");
  const data = JSON.parse(figure.querySelector("script").textContent);
  const part = (selector) => figure.querySelector(selector);
  const plot = part(".plot");
  const national = data.national;
  const PALETTE = matchMedia("(prefers-color-scheme: dark)").matches
    ? ["#7cc0f0", "#ff9d6b", "#5fd1ae", "#f0c05a", "#d9a3d0", "#b5b5b5", "#56b4e9", "#ffffff"]
    : ["#0072b2", "#d55e00", "#00795c", "#8a6d00", "#a3457f", "#595959", "#004b7a", "#1a1a1a"];
  const MOST = PALETTE.length;

  // --- series: printed ones as they stand, national ones made when they are picked
  const printed = new Map(data.series.map((one) => [one.id, one]));
  const zip = (values, per) => national.years.map((year, at) => [year, values?.[at] ?? null, per?.[at] ?? null, null, []]);
  const compared = (values) => (national.slot === "per" ? zip(null, values) : zip(values, null));
  const series = (id) => {
    if (printed.has(id)) return printed.get(id);
    const [kind, key] = [id.slice(0, 1), id.slice(2)];
    const one = national?.municipalities[key];
    if (kind === "n" && one) return { id, kind: "national", code: key, name: one.name, points: zip(one.value, one.per) };
    if (kind === "s" && one?.similar) return { id, kind: "similar", name: one.name, points: compared(one.similar) };
    if (kind === "c" && national?.counties[key]) return { id, kind: "county", name: key, points: compared(national.counties[key]) };
    if (id === "r-0000" && national?.country) return { id, kind: "country", name: word("Riket", "Sweden"), points: compared(national.country) };
    return null;
  };
  const called = (one) => ({
    national: word(`${one.name} (statistik)`, `${one.name} (statistics)`),
    similar: word(`Liknande ${one.name} (median)`, `Similar to ${one.name} (median)`),
    county: word(`${one.name} (statistik)`, `${one.name} (statistics)`),
  })[one.kind] ?? one.name;

  // --- state
  const has = (id, at) => series(id)?.points.some((point) => point[at] !== null);
  const all = () => [
    ...printed.keys(),
    ...(national ? [...(national.country ? ["r-0000"] : []), ...Object.keys(national.counties).map((name) => `c-${name}`),
      ...Object.keys(national.municipalities).flatMap((code) => [`n-${code}`, `s-${code}`])] : []),
  ];
  const hasPer = data.series.some((one) => one.points.some((point) => point[2] !== null)) || national?.slot === "per";
  const hasMap = national && Object.keys(national.municipalities).length > 1;
  const read = () => {
    const given = new URLSearchParams(location.hash.slice(1));
    const ids = given.get("s")?.split(".").filter((id) => id && series(id));
    return {
      ids: given.has("s") ? ids : data.first,
      mode: given.get("m") === "per" && hasPer ? "per" : "value",
      fixed: given.get("p") === "1" && Boolean(data.prices),
      index: given.get("i") === "1",
      tab: given.get("t") === "map" && hasMap ? "map" : "chart",
      year: Number(given.get("y")) || null,
      embed: given.get("embed") === "1",
    };
  };
  let state = read();
  const address = (more = {}) => {
    const said = new URLSearchParams();
    said.set("s", state.ids.join("."));
    if (state.mode === "per") said.set("m", "per");
    if (state.fixed) said.set("p", "1");
    if (state.index) said.set("i", "1");
    if (state.tab === "map") { said.set("t", "map"); said.set("y", state.year); }
    for (const [name, value] of Object.entries(more)) said.set(name, value);
    return `${location.href.split("#")[0]}#${said}`;
  };
  const change = (changes) => {
    state = { ...state, ...changes };
    history.replaceState(null, "", address(state.embed ? { embed: "1" } : {}));
    show();
  };

  // --- numbers: in fixed prices by the year's factor, as an index of the first year with a number
  const factor = (year) => (state.fixed ? data.prices.factors[year] ?? null : 1);
  const numbers = (one) => {
    const at = state.mode === "per" ? 2 : 1;
    const points = one.points
      .filter((point) => point[at] !== null && factor(point[0]) !== null)
      .map((point) => ({ year: point[0], value: point[at] * factor(point[0]), href: point[3], facts: point[4] }));
    if (!state.index) return points;
    const base = points.find((point) => point.value !== 0)?.value;
    return base ? points.map((point) => ({ ...point, value: (100 * point.value) / base })) : [];
  };
  const unitKey = () => (state.index ? "index" : data.unit);
  const rows = () => {
    if (state.tab === "map") {
      const codes = Object.keys(national.municipalities).map((code) => series(`n-${code}`));
      return codes.flatMap((one) => numbers(one).filter((point) => point.year === state.year).map((point) => ({ ...point, one, name: one.name })));
    }
    return state.ids.map(series).flatMap((one) => numbers(one).map((point) => ({ ...point, one, name: called(one) })));
  };
  const scaled = (shown) => {
    const millions = unitKey() === "kr" && shown.some((row) => Math.abs(row.value) >= 1e6);
    return { by: millions ? 1e6 : 1, unit: millions ? "mnkr" : state.index ? "index" : { percent: "%", kr: "kr" }[unitKey()] ?? word(...data.words) };
  };
  const title = () => [document.querySelector("h1").innerText, scaled(rows()).unit,
    state.mode === "per" && word("per invånare", "per inhabitant"), state.fixed && word(`${data.prices.year} års priser`, `prices of ${data.prices.year}`),
    state.index && word("första året = 100", "first year = 100"), state.tab === "map" && state.year].filter(Boolean);

  // --- drawing
  const chart = async (shown, scale) => {
    const names = [...new Set(shown.map((row) => row.name))];
    const values = shown.map((row) => ({ year: row.year, name: row.name, value: row.value / scale.by, kind: row.one.kind }));
    const years = [...new Set(values.map((row) => row.year))].sort();
    const said = [{ field: "name", title: word("Vems", "Whose") }, { field: "year", title: word("År", "Year") }, { field: "value", title: scale.unit, format: ",.2~f" }];
    const colour = { field: "name", sort: null, title: null, scale: { domain: names, range: PALETTE.slice(0, names.length) } };
    const narrow = plot.clientWidth < 600;
    const legend = { orient: "top", columns: narrow ? 1 : 3, labelLimit: narrow ? plot.clientWidth - 110 : 300, symbolType: "circle" };
    const specification = years.length > 1 ? {
      data: { values }, height: 340,
      encoding: {
        x: { field: "year", type: "quantitative", title: null, scale: { nice: false, domain: [years[0], years.at(-1)], padding: 12 }, axis: { format: "d", values: years.length < (narrow ? 6 : 13) ? years : undefined, tickMinStep: 1, grid: false, labelOverlap: true } },
        y: { field: "value", type: "quantitative", title: null, scale: { zero: !state.index && data.unit !== "percent" }, axis: { format: ",~f", tickCount: 6 } },
        color: { ...colour, legend }, tooltip: said,
        detail: { field: "name" },
      },
      layer: [
        { mark: { type: "line", strokeWidth: 2.5 }, encoding: { strokeDash: { condition: { test: "indexof(['national','county','country','similar'], datum.kind) >= 0", value: [5, 3] }, value: [1, 0] } } },
        { mark: { type: "point", filled: true, size: 55, opacity: 1 } },
      ],
    } : {
      data: { values }, height: 34 * names.length,
      encoding: { y: { field: "name", type: "nominal", sort: "-x", title: null, axis: { labelLimit: narrow ? 130 : 300 } }, tooltip: said },
      layer: [
        { mark: { type: "bar", height: 18 }, encoding: { x: { field: "value", type: "quantitative", title: String(years[0]), axis: { format: ",~f", tickCount: narrow ? 3 : 6 } }, color: { ...colour, legend: null } } },
      ],
    };
    await drawChart(figure, specification);
  };

  const BINS = 5;
  const map = async (shown, scale) => {
    if (!window.siteMap) await load("map.js");
    const { width, height, paths, names } = window.siteMap;
    const byCode = new Map(shown.map((row) => [row.one.code, row.value / scale.by]));
    const sorted = [...byCode.values()].sort((one, other) => one - other);
    const bounds = Array.from({ length: BINS - 1 }, (_, at) => sorted[Math.floor(((at + 1) * sorted.length) / BINS)]);
    const colours = ground() === "#ffffff" ? ["#d6e6f4", "#abcfe6", "#6aaed6", "#3787c0", "#0a4a90"] : ["#1d3a52", "#2a5d86", "#3f86b8", "#74b3dc", "#c8e3f5"];
    const bin = (value) => bounds.filter((bound) => value >= bound).length;
    const escape = (text) => text.replace(/[&<"]/g, (sign) => ({ "&": "&amp;", "<": "&lt;", '"': "&quot;" })[sign]);
    const shapes = Object.entries(paths).map(([code, path]) => {
      const value = byCode.get(code);
      const fill = value === undefined ? "none" : colours[bin(value)];
      return `<path d="${path}" data-code="${code}" fill="${fill}"><title>${escape(names[code])}: ${value === undefined ? word("saknas", "missing") : `${number(value)} ${scale.unit}`}</title></path>`;
    });
    const key = colours.map((colour, at) => {
      const low = at ? bounds[at - 1] : sorted[0];
      const high = at < BINS - 1 ? bounds[at] : sorted.at(-1);
      return low === undefined ? "" : `<rect x="0" y="${20 + at * 22}" width="16" height="16" fill="${colour}" stroke="none"/><text x="22" y="${33 + at * 22}" font-size="13" fill="${ink()}" stroke="none">${number(low)}–${number(high)}</text>`;
    });
    plot.innerHTML = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width + 150} ${height}" width="${width + 150}" height="${height}" font-family="sans-serif" class="map" aria-hidden="true"><g transform="translate(150 0)" stroke="${ink()}" stroke-width=".4" stroke-opacity=".6">${shapes.join("")}</g><g>${key.join("")}</g></svg>`;
    plot.querySelectorAll("path").forEach((shape) => shape.addEventListener("click", () => {
      const id = `n-${shape.dataset.code}`;
      if (series(id)) change({ ids: state.ids.includes(id) ? state.ids.filter((one) => one !== id) : [...state.ids, id].slice(-MOST), tab: "chart" });
    }));
    figure.dataset.drawn = "";
  };

  // --- the table of the same numbers
  const reasonless = new Intl.NumberFormat("sv", { maximumFractionDigits: 2 });
  const table = document.querySelector("table.shown");
  const fill = (shown, scale) => {
    table.tBodies[0].replaceChildren(...shown.map((row) => {
      const line = document.createElement("tr");
      const cells = Array.from({ length: 5 }, () => line.insertCell());
      cells[0].textContent = row.name;
      cells[1].textContent = row.year; cells[1].className = "n"; Object.assign(cells[1].dataset, { value: row.year, of: "year" });
      cells[2].textContent = reasonless.format(row.value / scale.by).replace("-", "\u2212");
      cells[2].className = "n"; Object.assign(cells[2].dataset, { value: String(Number((row.value / scale.by).toPrecision(12))), of: "shown", unit: scale.unit });
      cells[3].textContent = scale.unit;
      if (row.href) { const link = document.createElement("a"); link.href = root + row.href; link.textContent = word("cellen i rapporten", "the cell of the report"); cells[4].append(link); }
      else cells[4].textContent = word("nationell statistik", "national statistics");
      return line;
    }));
    table.dispatchEvent(new Event("filled"));
  };

  // --- controls
  const add = part("select.add");
  const options = () => {
    const groups = [
      [word("Hela kommuner, tryckt", "Whole municipalities, printed"), data.series.filter((one) => one.kind === "municipality")],
      [word("Koncerner, tryckt", "Groups, printed"), data.series.filter((one) => one.kind === "group")],
      [word("Nämnder, tryckt", "Committees, printed"), data.series.filter((one) => one.kind !== "municipality" && one.kind !== "group")],
      [word("Riket och län", "The country and counties"), all().filter((id) => /^[rc]-/.test(id)).map(series)],
      [word("Kommuner, nationell statistik", "Municipalities, national statistics"), all().filter((id) => id.startsWith("n-")).map(series)],
      [word("Liknande kommuner, median", "Similar municipalities, median"), all().filter((id) => id.startsWith("s-")).map(series)],
    ];
    add.replaceChildren(new Option(word("välj …", "choose …"), ""), ...groups.map(([label, found]) => {
      const group = document.createElement("optgroup");
      group.label = label;
      group.append(...found.filter(Boolean).sort((one, other) => called(one).localeCompare(called(other), "sv")).map((one) => new Option(called(one), one.id)));
      return group;
    }).filter((group) => group.children.length));
  };
  add.addEventListener("change", () => {
    if (add.value && !state.ids.includes(add.value)) {
      const at = state.mode === "per" ? 2 : 1;
      const other = { value: "per", per: "value" }[state.mode];
      const mode = has(add.value, at) || !has(add.value, 3 - at) ? state.mode : other;
      change({ ids: [...state.ids, add.value].slice(-MOST), tab: "chart", mode });
    }
    add.value = "";
  });
  for (const button of figure.querySelectorAll("button[data-tab]")) button.addEventListener("click", () => change({ tab: button.dataset.tab }));
  for (const button of figure.querySelectorAll("button[data-mode]")) button.addEventListener("click", () => change({ mode: button.dataset.mode }));
  for (const box of figure.querySelectorAll("input[data-switch]")) box.addEventListener("change", () => change({ [box.dataset.switch]: box.checked }));
  const years = part(".year select");
  years.addEventListener("change", () => change({ year: Number(years.value) }));
  part("[data-tab=map]").hidden = !hasMap;
  part("[data-tab=map]").closest(".tabs").hidden = !hasMap;
  part("[data-mode=per]").closest(".tabs").hidden = !hasPer;
  part("[data-mode=per]").hidden = !hasPer;
  part("[data-switch=fixed]").closest("label").hidden = !data.prices;

  const show = async () => {
    if (state.tab === "map") {
      state.index = false;
      const at = state.mode === "per" ? 2 : 1;
      const known = national.years.filter((_, place) => Object.values(national.municipalities).some((one) => (at === 2 ? one.per : one.value)?.[place] != null));
      if (!known.includes(state.year)) state.year = known.at(-1) ?? null;
      years.replaceChildren(...known.map((year) => new Option(year, year, false, year === state.year)));
    }
    document.body.classList.toggle("embedded", state.embed);
    part(".year").hidden = state.tab !== "map";
    part("[data-switch=index]").closest("label").hidden = state.tab === "map";
    part(".pick").hidden = state.tab === "map";
    for (const button of figure.querySelectorAll("button[data-tab]")) button.setAttribute("aria-pressed", button.dataset.tab === state.tab);
    for (const button of figure.querySelectorAll("button[data-mode]")) button.setAttribute("aria-pressed", button.dataset.mode === state.mode);
    for (const box of figure.querySelectorAll("input[data-switch]")) box.checked = state[box.dataset.switch];
    part(".picked").replaceChildren(...state.ids.map(series).map((one) => {
      const item = document.createElement("li");
      const button = document.createElement("button");
      button.type = "button";
      button.textContent = `${called(one)} ×`;
      button.setAttribute("aria-label", word(`Ta bort ${called(one)}`, `Remove ${called(one)}`));
      button.addEventListener("click", () => change({ ids: state.ids.filter((id) => id !== one.id) }));
      item.append(button);
      return item;
    }));
    const shown = rows();
    const scale = scaled(shown);
    fill(shown, scale);
    part(".showing").textContent = [title()[1], ...title().slice(2)].join(" · ");
    const silent = state.tab === "map" ? [] : state.ids.map(series).filter((one) => !shown.some((row) => row.one === one || row.name === called(one)));
    const notes = [];
    if (silent.length) notes.push(word(`Inget att visa på detta sätt av: ${silent.map(called).join(", ")}.`, `Nothing to show this way of: ${silent.map(called).join(", ")}.`));
    if (!shown.length) notes.push(word("Välj någon eller något ovan.", "Choose something above."));
    if (state.fixed) notes.push(word(`Omräknat med konsumentpriser till ${data.prices.year} års priser.`, `In prices of ${data.prices.year}, by consumer prices.`));
    if (state.index) notes.push(word("Index: seriens första år med ett tal = 100.", "Index: the first year of a series with a number = 100."));
    part(".note").textContent = notes.join(" ");
    part("textarea").value = `<iframe src="${address({ embed: "1" }).replaceAll("&", "&amp;")}" title="${document.querySelector("h1").innerText.replaceAll('"', "&quot;")}" width="100%" height="620" loading="lazy"></iframe>`;
    const where = document.querySelector(".cite .address");
    where.textContent = address();
    delete figure.dataset.drawn;
    plot.replaceChildren();
    if (!shown.length) { figure.dataset.drawn = ""; return; }
    await (state.tab === "map" ? map : chart)(shown, scale);
  };

  // --- take it along
  const source = () => document.querySelector(".cite").firstChild.textContent.trim();
  const picture = () => {
    const inner = plot.querySelector("svg").cloneNode(true);
    const width = Math.max(Number(inner.getAttribute("width")), 480), height = Number(inner.getAttribute("height"));
    const lines = [];
    for (const one of source().split(" ")) (lines.length && `${lines.at(-1)} ${one}`.length < width / 6.2 ? (lines[lines.length - 1] += ` ${one}`) : lines.push(one));
    inner.removeAttribute("aria-hidden");
    inner.setAttribute("x", 12);
    inner.setAttribute("y", 44);
    inner.querySelectorAll("title").forEach((one) => one.remove());
    const escape = (text) => text.replace(/[&<]/g, (sign) => ({ "&": "&amp;", "<": "&lt;" })[sign]);
    const full = height + 66 + 15 * lines.length;
    return [width + 24, full, `<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" width="${width + 24}" height="${full}" font-family="system-ui, Segoe UI, Roboto, Liberation Sans, sans-serif"><rect width="100%" height="100%" fill="${ground()}"/><text x="12" y="26" font-size="17" font-weight="600" fill="${ink()}">${escape(title().join(" · "))}</text>${new XMLSerializer().serializeToString(inner)}${lines.map((line, at) => `<text x="12" y="${height + 64 + 15 * at}" font-size="11" fill="${ink()}">${escape(line)}</text>`).join("")}</svg>`];
  };
  const give = (content, type, ending) => {
    const link = document.createElement("a");
    link.href = typeof content === "string" && content.startsWith("data:") ? content : URL.createObjectURL(new Blob([content], { type }));
    link.download = `${figure.dataset.key}.${ending}`;
    link.click();
    if (link.href.startsWith("blob:")) setTimeout(() => URL.revokeObjectURL(link.href), 1000);
  };
  const takes = {
    svg: () => give(picture()[2], "image/svg+xml", "svg"),
    png: async () => {
      const [width, height, svg] = picture();
      const image = new Image();
      image.src = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(svg)}`;
      await image.decode();
      const canvas = Object.assign(document.createElement("canvas"), { width: 2 * width, height: 2 * height });
      canvas.getContext("2d").drawImage(image, 0, 0, 2 * width, 2 * height);
      give(canvas.toDataURL("image/png"), "image/png", "png");
    },
    csv: () => table.closest(".scroll").previousElementSibling.querySelector(".download").click(),
    json: () => {
      const shown = rows();
      const dataset = JSON.parse(document.querySelector('script[type="application/ld+json"]').textContent);
      const values = shown.map((row) => ({ series: row.name, kind: row.one.kind, year: row.year, value: row.value, unit: unitKey(), facts: row.facts, cell: row.href && new URL(root + row.href, location.href).href }));
      give(JSON.stringify({ title: title().join(" · "), per_inhabitant: state.mode === "per", fixed_prices_of: state.fixed ? data.prices.year : null, address: address(), dataset, values }, null, 1), "application/json", "json");
    },
    link: () => navigator.clipboard?.writeText(address()).then(() => { part(".note").textContent = word("Länken är kopierad.", "The link is copied."); }, () => {}),
  };
  for (const button of figure.querySelectorAll("[data-take]")) button.addEventListener("click", () => takes[button.dataset.take]());

  addEventListener("hashchange", () => { if (/(^|&)s=/.test(location.hash.slice(1))) { state = read(); show(); } });
  document.addEventListener("language", () => { options(); show(); });
  let width = plot.clientWidth;
  addEventListener("resize", () => { if (plot.clientWidth !== width) { width = plot.clientWidth; show(); } });
  options();
  if (state.mode === "value" && !state.ids.some((id) => has(id, 1)) && !has(all()[0], 1) && hasPer && !location.hash) state.mode = "per";
  show();
})();
