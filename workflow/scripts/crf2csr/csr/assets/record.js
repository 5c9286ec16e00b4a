// One row: its variables with label and derivation, and what it was made from; at the end, the cell of the export.
const recordId = (table, row) => `${table.form}:${cell(table, "LINE", row)}`;
const columnOf = (raw, field) => raw.by.get((raw.alias && raw.alias[field]) || field);

function stepFor(table, row, marked) {
  if (table.file) return { name: t("line {0}", cell(table, "LINE", row)), heading: t("{0}, line {1}", table.file, cell(table, "LINE", row)), fill: (body) => fillRaw(body, table, row, marked) };
  const name = t("{0} row {1}", tableName(table), grouped(table.rows[row] + 1));
  return { name, heading: `${name}: ${inWords(table.label)}`, fill: (body) => (table.whole === false ? fillBrief : fillRow)(body, table, row) };
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
  return make("div", { class: "wide", tabindex: "0", role: "region", "aria-label": t("Variables") }, make("table", { class: "variables" },
    make("caption", { class: "quiet" }, t("Variables of this row")),
    make("thead", {}, make("tr", {}, make("th", { scope: "col" }, t("Name")), make("th", { scope: "col" }, t("Value")), make("th", { scope: "col" }, table.file ? t("Label") : t("Label and derivation")))),
    make("tbody", {}, lines)));
}

function fillRow(body, table, row) {
  const fields = String(cell(table, "_FLD", row) ?? "").split(" ").filter(Boolean);
  const sources = madeFrom(table, row);
  const raw = sources.filter((s) => s.table.file);
  const derived = sources.filter((s) => !s.table.file);
  body.append(make("p", { class: "what" }, briefColumns(table, [row]).map((c) => valueOf(c, row)).join(" \u00b7 ")));
  if (raw.length) body.append(make("h3", {}, t("Collected in")), make("ul", { class: "cells" }, raw.flatMap((s) => Array.from(s.rows, (r) => rawCell(s.table, r, fields)))));
  for (const { table: source, rows } of derived) {
    body.append(make("h3", {}, t("Made from {0} of {1}", plural(rows.length, "row"), tableName(source))), rowsGrid(source, rows, t("Rows of {0}", tableName(source))));
  }
  if (!sources.length) body.append(make("p", {}, t("This row is assigned by the design or stands for something that was not collected; no row below it is its source.")));
  body.append(make("h3", {}, t("This row")), variablesOf(table, row, []));
}

// File, line, field and value: one button that opens the line.
function rawCell(raw, row, fields) {
  const mine = fields.filter((f) => columnOf(raw, f));
  const asked = (page.asked.get(recordId(raw, row)) || []).length;
  const open = link(t("{0}, line {1}", raw.file, cell(raw, "LINE", row)), () => showRow(raw, row, mine.map((f) => columnOf(raw, f).name)));
  return make("li", {}, open,
    mine.map((f) => make("span", { class: "field" }, make("code", {}, columnOf(raw, f).name), " ", make("mark", {}, valueOf(columnOf(raw, f), row) ?? t("(blank)")), " ", columnOf(raw, f).label)),
    asked ? make("span", { class: "asked" }, plural(asked, "query", "queries")) : null);
}

function fillRaw(body, raw, row, marked) {
  body.append(terms([[t("Form"), `${raw.form}: ${inWords(raw.label)}`], [t("File"), raw.file], [t("SHA-256 of the file"), raw.sha256], [t("Line"), cell(raw, "LINE", row)],
    ...marked.map((name) => [t("Field {0}", name), make("mark", { class: "cell" }, valueOf(raw.by.get(name), row) ?? t("(blank)"))])]));
  const asked = page.asked.get(recordId(raw, row)) || [];
  if (asked.length) {
    const columns = filledOf(page.listings.queries.columns.filter((c) => ["SEVERITY", "RULE", "FIELD", "VALUE", "MESSAGE", "ACCEPTED"].includes(c.name)), asked);
    body.append(make("h3", {}, t("Queries raised on this record")), grid({ label: t("Queries on this record"), columns, rows: asked, open: null }));
  }
  body.append(make("h3", {}, t("The whole line")), variablesOf(raw, row, marked));
}

// A count of records that left their form opens the queries that name them, and each query its line of the export.
function recordsOf(node) {
  const rows = Int32Array.from(node.dataset.asked.split(" "), Number);
  const label = node.dataset.label;
  const heading = `${label}, ${plural(rows.length, "record")}`;
  const listing = page.listings.queries;
  const button = make("button", { type: "button", class: "n", click: () => begin({ name: label, heading, fill: (body) => {
    const columns = filledOf(listing.columns.filter((c) => ["RULE", "SUBJID", "EVENT", "REC", "VALUE", "MESSAGE"].includes(c.name)), rows);
    body.append(grid({ label: heading, columns, rows, open: (k) => go(stepOfLine(listing, k, t("Query"))) }));
  } }, button) }, node.textContent);
  node.replaceChildren(button);
  delete node.dataset.asked;
}

// What a line of a listing opens: the row of its data set, or for a query its record.
const openLine = (listing, k, label) => begin(stepOfLine(listing, k, label), document.activeElement);

function stepOfLine(listing, k, label) {
  if (listing.at) {
    const [table, row, share] = listing.at[k];
    const field = valueOf(listing.columns.find((c) => c.name === "FIELD"), k);
    if (share !== undefined) return { name: t("Query"), heading: t("Query"), fill: (body) => body.append(
      terms(listing.columns.map((c) => [inWords(c.label), valueOf(c, k)])), make("p", {}, away(rowAddress(share, table, row), t("The record, in the file of its subject")))) };
    if (table < 0 || row < 0) return { name: t("Query"), heading: t("Query"), fill: (body) => body.append(
      terms(listing.columns.map((c) => [inWords(c.label), valueOf(c, k)])), make("p", {}, t("This query stands for no record whose content can be shown."))) };
    const source = page.tables[table];
    return stepFor(source, row, [columnOf(source, field)?.name].filter(Boolean));
  }
  const step = stepFor(page.tables[listing.table], listing.rows[k], []);
  return { ...step, name: `${label}: ${step.name}` };
}
