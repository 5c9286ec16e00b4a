// One box finds subjects, displays and rows of all listings. It shows what is there and computes nothing.
const MOST_SUBJECTS = 8;
const MOST_DISPLAYS = 8;
const MOST_ROWS = 3;
const finder = { input: document.getElementById("find"), panel: document.getElementById("found"), grids: new Map() };

const wordsOf = (text) => text.toLowerCase().split(/\s+/).filter(Boolean);

// Rows in which each word stands in some column; codes are compared, so each distinct text is searched once.
function matching(columns, rows, text) {
  let found = rows;
  for (const word of wordsOf(text)) {
    const met = columns.map((c) => Uint8Array.from(c.d, (v) => (String(v).toLowerCase().includes(word) ? 1 : 0)));
    found = found.filter((row) => columns.some((c, k) => met[k][codeOf(c, row)]));
  }
  return found;
}

function titles() {
  if (!finder.titles) {
    finder.titles = Array.from(document.querySelectorAll("#contents ol ol a"), (a) => ({ id: a.hash.slice(1), href: a.getAttribute("href"), text: a.textContent }));
  }
  return finder.titles;
}

function seek() {
  const text = finder.input.value.trim();
  const { panel } = finder;
  panel.hidden = !text;
  if (!text) { panel.replaceChildren(); return; }
  const words = wordsOf(text);
  const all = (said) => words.every((word) => said.toLowerCase().includes(word));
  const persons = page.profile || page.people ? roll().list.filter((p) => all(`${p.id} ${p.label}`)) : [];
  const displays = titles().filter((d) => all(d.text));
  const listings = Object.entries(page.listings).map(([id, listing]) => ({ id, listing, rows: matching(listing.columns, positionsOf(listing), text) })).filter(({ rows }) => rows.length);
  const rows = listings.reduce((sum, { rows: mine }) => sum + mine.length, 0);
  const parts = [persons.length && plural(persons.length, "subject"), displays.length && plural(displays.length, "display"), rows && t("{0} in {1}", plural(rows, "row"), plural(listings.length, "listing"))].filter(Boolean);
  panel.replaceChildren(make("p", { class: "tally", role: "status" }, parts.length ? parts.join(", ") : t("Nothing in this document meets these words.")),
    ...group(t("Subjects"), persons.slice(0, MOST_SUBJECTS).map((p) => entry(t("Subject {0}", p.label), () => showPerson(p, finder.input)))),
    ...group(t("Displays"), displays.slice(0, MOST_DISPLAYS).map((d) => entry(d.text, () => (d.href.startsWith("#") ? leadTo(d.id) : location.assign(d.href))))),
    ...listings.flatMap(({ id, listing, rows: mine }) => listed(id, listing, mine, text)));
}

const positionsOf = (listing) => (listing.all ??= Int32Array.from({ length: listing.n }, (_, k) => k));
const entry = (text, click) => make("li", {}, link(text, click));
const group = (head, entries) => (entries.length ? [make("h2", {}, head), make("ul", {}, entries)] : []);

function listed(id, listing, rows, text) {
  const title = titleOf(id);
  const samples = Array.from(rows.subarray(0, MOST_ROWS), (k) => entry(shortened(listing.columns.map((c) => valueOf(c, k)).filter((v) => v !== null).join(" \u00b7 "), 110), () => openLine(listing, k, title)));
  return [make("h2", {}, link(title, () => leadTo(id, text)), make("span", { class: "found" }, plural(rows.length, "row"))), make("ul", {}, samples)];
}

function titleOf(id) {
  const place = document.querySelector(`[data-listing="${CSS.escape(id)}"]`);
  return place ? place.dataset.label : id;
}

// To a display; a listing is opened with the words already in its search.
function leadTo(id, text) {
  finder.panel.hidden = true;
  const place = document.querySelector(`[data-listing="${CSS.escape(id)}"]`);
  const article = place ? place.closest("article") : document.getElementById(id);
  if (place) {
    showListing(place);
    if (text !== undefined) finder.grids.get(place)?.find(text);
  }
  arrival = performance.now();
  if (location.hash === `#${article.id}`) article.scrollIntoView();
  else location.hash = article.id;
  const first = place ? place.querySelector("input") : article.querySelector("[tabindex='0'], a");
  if (first) first.focus({ preventScroll: true });
}

function prepareFinder() {
  finder.input.closest("[hidden]").hidden = false;
  if (page.profile || page.people) finder.input.placeholder = t("Subject, display, or words");
  let waiting = 0;
  finder.input.addEventListener("input", () => { clearTimeout(waiting); waiting = setTimeout(seek, 120); });
  finder.input.addEventListener("focus", () => { if (finder.input.value.trim() && finder.panel.hidden) seek(); });
  const place = finder.input.closest("search, [role=search]");
  place.addEventListener("keydown", (event) => {
    const stops = [finder.input, ...finder.panel.querySelectorAll("button")];
    const at = stops.indexOf(document.activeElement);
    if (event.key === "Escape") { finder.panel.hidden = true; finder.input.focus(); event.preventDefault(); }
    else if (event.key === "Enter" && at === 0) { clearTimeout(waiting); seek(); stops.length = 1; finder.panel.querySelector("button")?.click(); event.preventDefault(); }
    else if (event.key === "ArrowDown" && at >= 0 && at < stops.length - 1) { stops[at + 1].focus(); event.preventDefault(); }
    else if (event.key === "ArrowUp" && at > 0) { stops[at - 1].focus(); event.preventDefault(); }
  });
  document.addEventListener("click", (event) => { if (!place.contains(event.target) && !walk.dialog.contains(event.target)) finder.panel.hidden = true; });
  document.addEventListener("keydown", (event) => {
    if (event.key !== "/" || walk.dialog.open || event.target.matches("input, select, textarea")) return;
    event.preventDefault();
    finder.input.focus();
  });
}
