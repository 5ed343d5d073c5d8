// The search of the start page: MiniSearch over entries that are loaded with the first letter; the question is the address.
"use strict";
(() => {
  const { word, load, root } = window.kommunlager;
  const input = document.getElementById("search");
  const list = document.getElementById("found");
  const status = document.getElementById("found-count");
  const MOST = 40;
  const KINDS = {
    f: ["Mått", "Figure"], m: ["Kommun", "Municipality"], o: ["Nämnd", "Committee"], r: ["Rapport", "Report"],
    i: ["Indikator", "Indicator"], v: ["Siffra", "Number"], h: ["Rubrik", "Heading"], t: ["Text", "Text"],
  };
  const BOOST = { f: 4, m: 6, o: 4, r: 2.5, i: 2, v: 1, h: 1, t: 0.8 };
  // å is a, é is e; "59 475" is one number.
  const plain = (text) => text.normalize("NFD").replace(/[\u0300-\u036f]/g, "").toLowerCase()
    .replace(/(\d)[ \u00a0\u2009\u202f](?=\d{3}(?!\d))/g, "$1").replace(/\u2212/g, "-");
  const words = (text) => plain(text).split(/[^a-z0-9,.%-]+/).map((one) => one.replace(/^[-.,]+(?!\d)|[-.,]+$/g, "")).filter(Boolean);
  const isNumber = (term) => /\d/.test(term);

  let entries, index;
  const ready = async () => {
    if (index) return;
    await Promise.all([load("minisearch.js"), load("entries.js")]);
    entries = window.siteEntries.map(([kind, title, where, address], id) => ({ id, kind, title, where, address }));
    index = new MiniSearch({
      fields: ["title", "where"], tokenize: words, processTerm: (term) => term,
      searchOptions: {
        combineWith: "AND", prefix: (term) => !isNumber(term), boost: { title: 2 },
        fuzzy: (term) => (isNumber(term) || term.length < 5 ? false : term.length < 8 ? 1 : 2),
        weights: { fuzzy: 0.2, prefix: 0.6 },
        boostDocument: (id) => BOOST[entries[id].kind],
      },
    });
    index.addAll(entries);
  };

  const look = (asked) => {
    const found = index.search(asked).map((one) => entries[one.id]);
    if (found.length) return found;
    // Swedish writes words together: "franvaro" is in "sjukfranvaro".
    const parts = words(asked);
    return parts.length ? entries.filter((entry) => parts.every((one) => plain(`${entry.title} ${entry.where}`).includes(one))).sort((one, other) => BOOST[other.kind] - BOOST[one.kind]) : [];
  };

  let latest = 0;
  const show = async () => {
    const turn = ++latest;
    const asked = input.value.trim();
    history.replaceState(null, "", asked ? `#q=${encodeURIComponent(asked)}` : location.href.split("#")[0]);
    if (!asked) { list.replaceChildren(); status.textContent = ""; return; }
    await ready();
    if (turn !== latest) return;
    const found = look(asked);
    list.replaceChildren(...found.slice(0, MOST).map((entry) => {
      const item = document.createElement("li");
      const link = document.createElement("a");
      link.href = root + entry.address;
      link.textContent = entry.title.length > 160 ? `${entry.title.slice(0, 157)} …` : entry.title;
      const kind = document.createElement("small");
      kind.className = "kind";
      kind.textContent = word(...KINDS[entry.kind]);
      const where = document.createElement("small");
      where.textContent = entry.where;
      item.append(kind, " ", link, " ", where);
      return item;
    }));
    const many = found.length === 1 ? word("1 träff", "1 hit") : word(`${found.length} träffar`, `${found.length} hits`);
    status.textContent = found.length > MOST ? `${many}, ${word(`de första ${MOST} visas`, `the first ${MOST} shown`)}` : many;
  };
  input.addEventListener("input", show);
  document.addEventListener("language", () => input.value && show());

  // Arrows go through the hits, Escape back; a slash goes to the search from anywhere on the page.
  document.addEventListener("keydown", (event) => {
    const links = [...list.querySelectorAll("a")];
    const at = links.indexOf(document.activeElement);
    const inside = document.activeElement === input || at >= 0;
    if (event.key === "/" && !/^(INPUT|SELECT|TEXTAREA)$/.test(document.activeElement.tagName)) input.focus();
    else if (event.key === "ArrowDown" && inside && links.length) links[Math.min(at + 1, links.length - 1)].focus();
    else if (event.key === "ArrowUp" && at >= 0) (links[at - 1] ?? input).focus();
    else if (event.key === "Enter" && document.activeElement === input && links.length) links[0].click();
    else if (event.key === "Escape" && inside) { input.value = ""; input.focus(); show(); }
    else return;
    event.preventDefault();
  });
  const given = () => {
    const asked = /^#q=(.*)$/.exec(location.hash);
    if (!asked) return;
    input.value = decodeURIComponent(asked[1]);
    if (input.value) show(); else input.focus();
  };
  addEventListener("hashchange", given);
  given();
})();
