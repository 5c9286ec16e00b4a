// One row: its variables with label and derivation, and what it was made from; at the end, the cell of the export.
const recordId = (table, row) => `${table.form}:${cell(table, "LINE", row)}`;
const columnOf = (raw, field) => raw.by.get((raw.alias && raw.alias[field]) || field);

function stepFor(table, row, marked) {
  if (table.file) return { name: `line ${cell(table, "LINE", row)}`, heading: `${table.file}, line ${cell(table, "LINE", row)}`, fill: (body) => fillRaw(body, table, row, marked) };
  const name = `${tableName(table)} row ${grouped(table.rows[row] + 1)}`;
  return { name, heading: `${name}: ${table.label}`, fill: (body) => fillRow(body, table, row) };
}

const showRow = (table, row, marked = []) => go(stepFor(table, row, marked));

function variablesOf(table, row, marked) {
  const lines = [];
  for (const c of table.columns) {
    const value = valueOf(c, row);
    if (value === null || c.name.startsWith("_")) continue;
    const hit = marked.includes(c.name);
    lines.push(make("tr", { class: hit ? "hit" : null },
      make("th", { scope: "row" }, make("code", {}, c.name)), make("td", {}, hit ? make("mark", {}, value) : isSubject(c.name) ? personLink(value) : value),
      make("td", { class: "label" }, c.label, c.text ? make("span", { class: "text" }, c.text) : null)));
  }
  return make("div", { class: "wide", tabindex: "0", role: "region", "aria-label": "Variables" }, make("table", { class: "variables" },
    make("caption", { class: "quiet" }, "Variables of this row"),
    make("thead", {}, make("tr", {}, make("th", { scope: "col" }, "Name"), make("th", { scope: "col" }, "Value"), make("th", { scope: "col" }, table.file ? "Label" : "Label and derivation"))),
    make("tbody", {}, lines)));
}

function fillRow(body, table, row) {
  const fields = String(cell(table, "_FLD", row) ?? "").split(" ").filter(Boolean);
  const sources = madeFrom(table, row);
  const raw = sources.filter((s) => s.table.file);
  const derived = sources.filter((s) => !s.table.file);
  body.append(make("p", { class: "what" }, briefColumns(table, [row]).map((c) => valueOf(c, row)).join(" \u00b7 ")));
  if (raw.length) body.append(make("h3", {}, "Collected in"), make("ul", { class: "cells" }, raw.flatMap((s) => Array.from(s.rows, (r) => rawCell(s.table, r, fields)))));
  for (const { table: source, rows } of derived) {
    body.append(make("h3", {}, `Made from ${plural(rows.length, "row")} of ${tableName(source)}`), rowsGrid(source, rows, `Rows of ${tableName(source)}`));
  }
  if (!sources.length) body.append(make("p", {}, "This row is assigned by the design or stands for something that was not collected; no row below it is its source."));
  body.append(make("h3", {}, "This row"), variablesOf(table, row, []));
}

// File, line, field and value: one button that opens the line.
function rawCell(raw, row, fields) {
  const mine = fields.filter((f) => columnOf(raw, f));
  const asked = (page.asked.get(recordId(raw, row)) || []).length;
  const open = link(`${raw.file}, line ${cell(raw, "LINE", row)}`, () => showRow(raw, row, mine.map((f) => columnOf(raw, f).name)));
  return make("li", {}, open,
    mine.map((f) => make("span", { class: "field" }, make("code", {}, columnOf(raw, f).name), " ", make("mark", {}, valueOf(columnOf(raw, f), row) ?? "(blank)"), " ", columnOf(raw, f).label)),
    asked ? make("span", { class: "asked" }, plural(asked, "query", "queries")) : null);
}

function fillRaw(body, raw, row, marked) {
  body.append(terms([["Form", `${raw.form}: ${raw.label}`], ["File", raw.file], ["SHA-256 of the file", raw.sha256], ["Line", cell(raw, "LINE", row)],
    ...marked.map((name) => [`Field ${name}`, make("mark", { class: "cell" }, valueOf(raw.by.get(name), row) ?? "(blank)")])]));
  const asked = page.asked.get(recordId(raw, row)) || [];
  if (asked.length) {
    const columns = filledOf(page.listings.queries.columns.filter((c) => ["SEVERITY", "RULE", "FIELD", "VALUE", "MESSAGE", "ACCEPTED"].includes(c.name)), asked);
    body.append(make("h3", {}, "Queries raised on this record"), grid({ label: "Queries on this record", columns, rows: asked, open: null }));
  }
  body.append(make("h3", {}, "The whole line"), variablesOf(raw, row, marked));
}

// A count of records that left their form opens the queries that name them, and each query its line of the export.
function recordsOf(node) {
  const rows = Int32Array.from(node.dataset.asked.split(" "), Number);
  const label = node.dataset.label;
  const heading = `${label}, ${plural(rows.length, "record")}`;
  const listing = page.listings.queries;
  const button = make("button", { type: "button", class: "n", click: () => begin({ name: label, heading, fill: (body) => {
    const columns = filledOf(listing.columns.filter((c) => ["RULE", "SUBJID", "EVENT", "REC", "VALUE", "MESSAGE"].includes(c.name)), rows);
    body.append(grid({ label: heading, columns, rows, open: (k) => go(stepOfLine(listing, k, "Query")) }));
  } }, button) }, node.textContent);
  node.replaceChildren(button);
  delete node.dataset.asked;
}

// What a line of a listing opens: the row of its data set, or for a query its record.
const openLine = (listing, k, label) => begin(stepOfLine(listing, k, label), document.activeElement);

function stepOfLine(listing, k, label) {
  if (listing.at) {
    const [table, row] = listing.at[k];
    const field = valueOf(listing.columns.find((c) => c.name === "FIELD"), k);
    if (table < 0 || row < 0) return { name: "Query", heading: "Query", fill: (body) => body.append(
      terms(listing.columns.map((c) => [c.label, valueOf(c, k)])), make("p", {}, "This query stands for no record whose content can be shown.")) };
    const source = page.tables[table];
    return stepFor(source, row, [columnOf(source, field)?.name].filter(Boolean));
  }
  const step = stepFor(page.tables[listing.table], listing.rows[k], []);
  return { ...step, name: `${label}: ${step.name}` };
}
