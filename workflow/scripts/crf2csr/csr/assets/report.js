"use strict";
// The page holds every row behind every printed number. Nothing here computes a statistic: it only shows.
(async () => {
  const packed = document.getElementById("payload").textContent;
  const bytes = Uint8Array.from(atob(packed), (c) => c.charCodeAt(0));
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
  const data = JSON.parse(await new Response(stream).text());
  for (const table of data.tables) {
    table.start = [0];
    for (const n of table.count) table.start.push(table.start.at(-1) + n);
  }
  const dialog = document.getElementById("walk");
  const body = document.getElementById("walk-body");
  const title = document.getElementById("walk-title");
  const trail = [];

  const make = (tag, text, attributes = {}) => {
    const node = document.createElement(tag);
    if (text !== undefined && text !== null) node.textContent = visible(String(text));
    for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
    return node;
  };
  // Control, bidirectional and zero-width characters are shown, never obeyed.
  const visible = (text) => text.replace(/[\u0000-\u001f\u007f-\u009f\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]/g,
    (c) => "\u27e8U+" + c.codePointAt(0).toString(16).toUpperCase().padStart(4, "0") + "\u27e9");
  const value = (column, row) => (column.v ? column.v[row] : column.d[column.i[row]]);
  const column = (table, name) => table.columns.find((c) => c.name === name);

  function open(heading, fill, remember = true) {
    if (remember) trail.push([heading, fill]);
    title.textContent = heading;
    body.replaceChildren();
    fill(body);
    document.getElementById("walk-back").disabled = trail.length < 2;
    if (!dialog.open) dialog.showModal();
    dialog.scrollTop = 0;
    title.focus();
  }

  function grid(table, rows, names) {
    const node = make("table");
    const head = node.createTHead().insertRow();
    head.append(make("th", "", { scope: "col" }));
    const columns = names.map((n) => column(table, n)).filter(Boolean);
    for (const c of columns) head.append(make("th", c.name, { scope: "col", title: c.label || c.name }));
    const rest = node.createTBody();
    for (const row of rows) {
      const line = rest.insertRow();
      const button = make("button", "Open", { type: "button", class: "n" });
      button.addEventListener("click", () => showRow(table, row));
      line.insertCell().append(button);
      for (const c of columns) line.insertCell().textContent = visible(String(value(c, row) ?? ""));
    }
    return node;
  }

  const brief = (table) => {
    const wanted = ["USUBJID", "PARAMCD", "AVISIT", "ADY", "AVAL", "AVALC", "BASE", "PCHG", "DTYPE", "RSPREAS", "TRT01P", "LINE",
      "RSTESTCD", "RSLOC", "RSLAT", "RSORRES", "RSDTC", "AEDECOD", "AETOXGR", "ASTDT", "DSDECOD", "DSSTDTC", "EVENT"];
    const present = wanted.filter((n) => column(table, n));
    return present.length > 1 ? present : table.columns.slice(0, 8).map((c) => c.name);
  };

  function showFact(id, text) {
    const fact = data.facts[id];
    open(`${text}: ${fact.stat_name} of ${fact.analysis}`, (place) => {
      const about = make("p", `Method ${fact.method}; value at full precision ${fact.stat ?? ""}; options ${fact.options || "none"}.`);
      place.append(about);
      if (fact.member_set === undefined) {
        place.append(make("p", "This number follows from the design alone; no subject's data enter it."));
        return;
      }
      const [number, rows] = data.sets[fact.member_set];
      const table = data.tables[number];
      const subjects = new Set(rows.map((r) => value(column(table, "USUBJID"), r)));
      place.append(make("p", `${rows.length} rows of ${table.name} from ${subjects.size} subjects.`));
      place.append(grid(table, rows, brief(table)));
    });
  }

  function showRow(table, row, marked = []) {
    const raw = table.name.startsWith("raw/");
    const heading = raw
      ? `${table.file}, line ${value(column(table, "LINE"), row)}`
      : `${table.name}, row ${table.rows[row] + 1}`;
    open(heading, (place) => {
      const node = make("table");
      const rest = node.createTBody();
      for (const c of table.columns) {
        const shown = value(c, row);
        if (shown === null || shown === undefined || c.name.startsWith("_")) continue;
        const line = rest.insertRow();
        line.append(make("th", c.name, { scope: "row" }));
        line.insertCell().textContent = c.label || "";
        const cell = line.insertCell();
        cell.append(marked.includes(c.name) ? make("mark", shown) : document.createTextNode(visible(String(shown))));
      }
      place.append(node);
      const links = table.to.slice(table.start[row], table.start[row + 1]);
      const fieldColumn = column(table, "_FLD");
      const fields = fieldColumn ? String(value(fieldColumn, row) ?? "").split(" ") : [];
      const byTable = new Map();
      for (const [t, r] of links) byTable.set(t, [...(byTable.get(t) || []), r]);
      for (const [t, rows] of byTable) {
        const source = data.tables[t];
        place.append(make("h3", `Made from ${rows.length} ${rows.length === 1 ? "row" : "rows"} of ${source.name}${source.file ? " (" + source.file + ")" : ""}`));
        if (source.name.startsWith("raw/")) for (const r of rows) {
          const button = make("button", `${source.file}, line ${value(column(source, "LINE"), r)}${fields[0] ? ", field " + fields.join(", ") + " = " + fields.map((f) => value(column(source, f) || { v: [] }, r) ?? "").join(", ") : ""}`, { type: "button", class: "n" });
          button.addEventListener("click", () => showRow(source, r, fields));
          place.append(make("p"));
          place.lastChild.append(button);
        } else place.append(grid(source, rows, brief(source)));
      }
    });
  }

  document.addEventListener("click", (event) => {
    const button = event.target.closest("button[data-f]");
    if (button) { trail.length = 0; showFact(button.dataset.f, button.textContent); }
  });
  document.getElementById("walk-close").addEventListener("click", () => dialog.close());
  document.getElementById("walk-back").addEventListener("click", () => {
    trail.pop();
    const [heading, fill] = trail.at(-1);
    open(heading, fill, false);
  });
  document.documentElement.dataset.ready = "yes";
})();
