// A listing on the screen: search, sort and filter over codes; of many rows only those in sight are in the page.
const HEIGHT = 32;     // of a row, in px, where rows come and go
const AT_ONCE = 60;    // up to this many rows stand all, and may be as high as their text
const COLLATOR = new Intl.Collator("en", { numeric: true });

const longest = (c) => c.d.slice(0, 2000).reduce((most, v) => Math.max(most, String(v).length), 0);
const kindOf = (c) => (typeof c.d[0] === "number" ? "value" : longest(c) <= 24 ? "brief" : longest(c) > 60 ? "long" : null);

// columns: {name, label, d, i}; rows: positions in them; open(row): what a row's button does, or null.
function grid({ label, columns, rows, open }) {
  const state = { search: "", filters: new Map(), sorted: null, down: false, shown: rows, hidden: new Set() };
  const persons = columns.map((c) => isSubject(c.name));
  // Where the first column leads to the subject, the row itself is opened by a button before it.
  const before = open && persons[0] ? 1 : 0;
  const all = rows.length <= AT_ONCE;
  const kinds = columns.map((c) => kindOf(c));
  const status = make("output", { class: "found" });
  const search = make("input", { type: "search", "aria-label": t("Search {0}", label), placeholder: t("Search"), spellcheck: "false" });
  const body = make("tbody");
  const heads = columns.map((c, k) => head(c, k));
  const sieve = make("tr", { class: "sieve", hidden: true }, before ? make("td") : null, columns.map((c, k) => make("td", {}, filter(c, k))));
  const table = make("table", { class: "listing", "aria-rowcount": rows.length + 1 },
    make("caption", { class: "quiet" }, label), make("colgroup", {}, before ? make("col", { class: "go" }) : null, columns.map((c) => width(c))),
    make("thead", {}, make("tr", {}, before ? make("td") : null, heads.map((h) => h.node)), sieve), body);
  const view = make("div", { class: all ? "window" : "window many", tabindex: "0", role: "region", "aria-label": label }, table);
  const toggle = make("button", { type: "button", class: "tool", "aria-expanded": "false", click: () => {
    sieve.hidden = !sieve.hidden;
    toggle.setAttribute("aria-expanded", String(!sieve.hidden));
  } }, t("Filter"));
  const chooser = make("fieldset", { class: "chooser", hidden: true }, make("legend", {}, t("Columns shown")), columns.map((c, k) => make("label", {},
    make("input", { type: "checkbox", checked: true, disabled: k === 0, change: (event) => showColumn(k, event.target.checked) }), " ", inWords(c.label) || c.name)));
  const choice = make("button", { type: "button", class: "tool", "aria-expanded": "false", click: () => {
    chooser.hidden = !chooser.hidden;
    choice.setAttribute("aria-expanded", String(!chooser.hidden));
  } }, t("Columns"));
  const download = make("button", { type: "button", class: "tool", click: () => save(label, asShown()) }, t("Download CSV"));
  const tools = make("div", { class: "tools" }, search, toggle, columns.length > 2 ? choice : null, download, status);
  if (rows.length < 2) tools.hidden = true;

  function showColumn(k, wanted) {
    state.hidden[wanted ? "delete" : "add"](k);
    for (const line of [table.querySelector("colgroup"), ...table.tHead.rows]) line.children[k + before].hidden = !wanted;
    draw(true);
  }

  // The rows that are found, in their order, and the columns that are shown.
  function asShown() {
    const kept = columns.filter((c, k) => !state.hidden.has(k));
    return [kept.map((c) => c.title || inWords(c.label) || c.name), ...Array.from(state.shown, (row) => kept.map((c) => valueOf(c, row) ?? ""))];
  }

  function width(c) {
    const col = document.createElement("col");
    const most = Math.max(longest(c), Math.min(c.label.length, 18));
    if (!all) col.style.width = `${Math.min(Math.max(most, 5), 34) * 0.62 + 1.4}em`;
    return col;
  }

  function head(c, k) {
    const button = make("button", { type: "button", class: "sort", title: t("{0}: sort", c.name) }, inWords(c.label) || c.name);
    const node = make("th", { scope: "col" }, button);
    button.addEventListener("click", () => {
      if (state.sorted !== k) [state.sorted, state.down] = [k, false];
      else if (!state.down) state.down = true;
      else state.sorted = null;
      heads.forEach((h, j) => (j === state.sorted ? h.node.setAttribute("aria-sort", state.down ? "descending" : "ascending") : h.node.removeAttribute("aria-sort")));
      choose();
    });
    return { node };
  }

  function filter(c, k) {
    const few = c.d.length <= 25;
    const input = few
      ? make("select", { "aria-label": t("Filter {0}", inWords(c.label)) }, make("option", { value: "" }, t("All")), c.d.map((v, j) => make("option", { value: j }, v)))
      : make("input", { type: "text", "aria-label": t("Filter {0}", inWords(c.label)), spellcheck: "false" });
    input.addEventListener("input", () => {
      const wanted = input.value.toLowerCase();
      const test = few ? (v, j) => String(j) === wanted : (v) => String(v).toLowerCase().includes(wanted);
      if (wanted) state.filters.set(k, Uint8Array.from(c.d, (v, j) => (test(v, j) ? 1 : 0)));
      else state.filters.delete(k);
      choose();
    });
    return input;
  }

  function choose() {
    let found = rows;
    for (const [k, met] of state.filters) found = found.filter((row) => met[codeOf(columns[k], row)]);
    found = matching(columns, found, state.search);
    if (state.sorted !== null) found = ordered(found, columns[state.sorted], state.down);
    state.shown = found;
    status.textContent = found.length === rows.length ? plural(rows.length, "row") : t("{0} of {1}", grouped(found.length), plural(rows.length, "row"));
    view.scrollTop = 0;
    draw(true);
  }

  // The dictionary is sorted as text or as numbers; short ones are ranked so that "Week 2" comes before "Week 12".
  function ordered(list, c, down) {
    const rank = new Int32Array(c.d.length);
    const order = Array.from(c.d.keys());
    if (order.length <= 20000 && typeof c.d[0] === "string") order.sort((a, b) => COLLATOR.compare(c.d[a], c.d[b]));
    order.forEach((code, k) => { rank[code] = k; });
    const of = (row) => { const code = codeOf(c, row); return code < 0 ? -1 : rank[code]; };
    return Array.from(list).sort(down ? (a, b) => of(b) - of(a) : (a, b) => of(a) - of(b));
  }

  let first = -1;
  let last = -1;
  function draw(anew = false) {
    const count = state.shown.length;
    const from = all ? 0 : Math.max(0, Math.floor(view.scrollTop / HEIGHT) - 8);
    const to = all ? count : Math.min(count, from + Math.ceil((view.clientHeight || 480) / HEIGHT) + 16);
    if (!anew && from === first && to === last) return;
    [first, last] = [from, to];
    const focused = body.contains(document.activeElement) ? Number(document.activeElement.closest("tr").dataset.k) : -1;
    const lines = [];
    if (from > 0) lines.push(spacer(from));
    for (let k = from; k < to; k++) lines.push(line(k));
    if (to < count) lines.push(spacer(count - to));
    if (!count) lines.push(make("tr", {}, make("td", { colspan: columns.length + before, class: "none" }, rows.length ? t("No row meets this search.") : t("No rows."))));
    body.replaceChildren(...lines);
    if (focused >= 0) focus(Math.min(Math.max(focused, from), to - 1));
  }

  function spacer(count) {
    const row = make("tr", { "aria-hidden": "true", class: "spacer" }, make("td", { colspan: columns.length + before }));
    row.firstChild.style.height = `${count * HEIGHT}px`;
    return row;
  }

  function line(k) {
    const row = state.shown[k];
    const first = valueOf(columns[0], row) ?? t("row");
    const go = before ? make("td", { class: "go" }, make("button", { type: "button", class: "n", "aria-label": t("Open the row of {0}", first), click: () => open(row) }, "\u203a")) : null;
    return make("tr", { "aria-rowindex": k + 2, "data-k": k }, go, columns.map((c, j) => {
      const text = valueOf(c, row);
      const kind = kinds[j];
      const hidden = state.hidden.has(j);
      if (j || !open || before) return make(j ? "td" : "th", { scope: j ? null : "row", class: kind, hidden, title: all ? null : text }, persons[j] ? personLink(text) : text);
      return make("th", { scope: "row", class: kind }, link(text ?? t("(blank)"), () => open(row), { "aria-label": t("Open {0}", text ?? t("row")) }));
    }));
  }

  function focus(k) {
    const target = body.querySelector(`tr[data-k="${k}"] button`);
    if (target) target.focus({ preventScroll: true });
  }

  const STEPS = { ArrowDown: 1, ArrowUp: -1, PageDown: 12, PageUp: -12 };
  body.addEventListener("keydown", (event) => {
    if (!(event.key in STEPS)) return;
    event.preventDefault();
    const k = Math.min(Math.max(Number(event.target.closest("tr").dataset.k) + STEPS[event.key], 0), state.shown.length - 1);
    if (!all) {
      if (k * HEIGHT < view.scrollTop) view.scrollTop = k * HEIGHT;
      else if ((k + 3) * HEIGHT > view.scrollTop + view.clientHeight) view.scrollTop = (k + 3) * HEIGHT - view.clientHeight;
      draw(true);
    }
    focus(k);
  });
  let waiting = 0;
  search.addEventListener("input", () => {
    clearTimeout(waiting);
    waiting = setTimeout(() => { state.search = search.value; choose(); }, 80);
  });
  if (!all) view.addEventListener("scroll", () => requestAnimationFrame(() => draw()), { passive: true });
  choose();
  const node = make("div", { class: "grid" }, tools, chooser, view);
  node.find = (text) => { search.value = text; state.search = text; choose(); };
  return node;
}
