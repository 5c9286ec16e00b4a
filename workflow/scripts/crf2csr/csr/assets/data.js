"use strict";
// What the page holds: tables by column, the edges between their rows, facts with their sets, listings.
// Nothing in these scripts computes a statistic: they show, count what is embedded, and compare.

const page = { tables: [], sets: {}, facts: null, analyses: {}, methods: {}, listings: {}, profile: null, shares: null, people: null, suffix: "", ready: null };

function bytesOf(base64) {
  if (Uint8Array.fromBase64) return Uint8Array.fromBase64(base64);
  const text = atob(base64);
  const bytes = new Uint8Array(text.length);
  for (let k = 0; k < text.length; k++) bytes[k] = text.charCodeAt(k);
  return bytes;
}

async function unpack(element) {
  const bytes = bytesOf(element.textContent);
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
  Object.assign(page, JSON.parse(await new Response(stream).text()));
  for (const holder of [page.facts, ...page.tables, ...Object.values(page.listings)]) holder.columns.forEach(unrun);
  page.facts.at = new Map(page.facts.id.map((id, k) => [id, k]));
  for (const table of page.tables) {
    table.rows = summed(table.rows);
    table.by = new Map(table.columns.map((c) => [c.name, c]));
    for (const edge of table.edges) {
      edge.start = starts(edge.n);
      edge.r = summed(edge.r);
    }
  }
  for (const id of Object.keys(page.sets)) page.sets[id][1] = summed(page.sets[id][1]);
  if (page.profile) unpackProfile(page.profile);
  page.facts.by = new Map(page.facts.columns.map((c) => [c.name, c]));
  page.asked = new Map();
  page.suffix = element.dataset.suffix ?? "";
  const queries = page.listings.queries;
  const record = queries && queries.columns.find((c) => c.name === "REC");
  for (let k = 0; queries && k < queries.n; k++) {
    const name = valueOf(record, k);
    if (!page.asked.has(name)) page.asked.set(name, []);
    page.asked.get(name).push(k);
  }
  if (!globalThis.crypto || !crypto.subtle) return null;
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
  return Array.from(digest, (b) => b.toString(16).padStart(2, "0")).join("") === element.dataset.sha256;
}

function unpackProfile({ subject, sentences, tracks, responses }) {
  for (const block of [subject, ...sentences.flatMap((s) => s.parts), ...tracks, ...responses]) {
    block.rows = summed(block.rows);
    if (block.strong) block.strong = new Set(summed(block.strong));
  }
}

// Codes that were packed as runs: each code as often as its run is long.
function unrun(column) {
  if (!column.r) return;
  const out = new Int32Array(column.r.reduce((sum, length) => sum + length, 0));
  let at = 0;
  column.r.forEach((length, k) => { out.fill(column.i[k], at, at + length); at += length; });
  column.i = out;
  delete column.r;
}

function summed(differences) {
  const out = new Int32Array(differences.length);
  for (let k = 0, at = 0; k < out.length; k++) out[k] = at += differences[k];
  return out;
}

function starts(counts) {
  const out = new Int32Array(counts.length + 1);
  for (let k = 0; k < counts.length; k++) out[k + 1] = out[k] + counts[k];
  return out;
}

// A column is a sorted dictionary d and a code for each row (-1: missing); without codes, row k has d[k].
const codeOf = (column, row) => (column.i ? column.i[row] : row);
function valueOf(column, row) {
  const code = column ? codeOf(column, row) : -1;
  return code < 0 ? null : column.d[code];
}
const cell = (table, name, row) => valueOf(table.by.get(name), row);

function factOf(id) {
  const row = page.facts.at.get(Number(id));
  const fact = { id: Number(id) };
  for (const column of page.facts.columns) fact[column.name] = valueOf(column, row);
  const set = fact.member_set === null || fact.member_set === undefined ? null : page.sets[fact.member_set];
  return { ...fact, table: set && page.tables[set[0]], rows: set && set[1] };
}

function subjectsOf(table, rows) {
  const column = table.by.get("USUBJID");
  const found = new Set();
  for (const row of rows) found.add(codeOf(column, row));
  return found.size;
}

// Facts of one cell, found once: the same analysis, variable and groups.
const CELL = ["analysis", "variable", "group1_level", "group2_level", "group3_level"];
function cellOf(fact) {
  const key = (at) => JSON.stringify(CELL.map((name) => at(name) ?? null));
  if (!page.cells) {
    page.cells = new Map();
    page.facts.id.forEach((id, row) => {
      const name = key((column) => valueOf(page.facts.by.get(column), row));
      if (!page.cells.has(name)) page.cells.set(name, []);
      page.cells.get(name).push(id);
    });
  }
  return (page.cells.get(key((column) => fact[column])) || []).map(factOf);
}

// The rows that a row was made from, by table.
const madeFrom = (table, row) => table.edges
  .map((edge) => ({ table: page.tables[edge.t], rows: edge.r.subarray(edge.start[row], edge.start[row + 1]) }))
  .filter((source) => source.rows.length);
