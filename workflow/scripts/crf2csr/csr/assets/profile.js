// One subject: what is said of the person, all that happened on one time axis, responses with their reasons, queries.
// Which rows of which data sets, and in which words, the study declares; conditions were decided by the pipeline.
const people = { found: null };

// USUBJID and SUBJID of every subject, each to the row of the table of subjects.
function roll() {
  if (!people.found) {
    const { table: number, rows } = page.profile ? page.profile.subject : { table: -1, rows: [] };
    const table = page.tables[number];
    const own = Array.from(rows, (row) => ({ row, id: cell(table, "USUBJID", row), label: String(cell(table, "SUBJID", row) ?? cell(table, "USUBJID", row)) }));
    const here = new Map(own.map((person) => [person.id, person]));
    // In a report of many files every subject can be found in each; those of other files have no row here.
    people.list = page.people ? page.people.id.map((id, k) => here.get(id) ?? { row: -1, id, label: page.people.label[k] }) : own;
    people.found = new Map(people.list.flatMap((person) => [[person.id, person], [person.label, person]]));
  }
  return people;
}

const isSubject = (name) => Boolean(page.profile || page.people) && (name === "USUBJID" || name === "SUBJID");
const personOf = (value) => ((page.profile || page.people) && value !== null && value !== undefined ? roll().found.get(String(value)) : undefined);

// A subject's number is a link to the profile wherever the subject is known; elsewhere it stays text.
function personLink(value) {
  const person = personOf(value);
  if (person && person.row < 0) return make("a", { href: personAddress(person), "aria-label": t("Profile of subject {0}", value) }, value);
  return person ? link(value, () => showPerson(person), { "aria-label": t("Profile of subject {0}", value) }) : value;
}

const showPerson = (person, opener = document.activeElement) => (person.row < 0 ? location.assign(personAddress(person)) : walk.dialog.open ? go(profileOf(person)) : begin(profileOf(person), opener));

function rowsOfPerson(block, person) {
  const table = page.tables[block.table];
  const column = table.by.get("USUBJID");
  if (!column) return [];
  const code = column.d.indexOf(person.id);
  return Array.from(block.rows).filter((row) => codeOf(column, row) === code);
}

// Words with variables of a row: {AGE}, {BMIBL:d1}; [what stands in brackets] goes when a variable in it is missing,
// and the whole goes when one outside of brackets is.
function said(words, table, row) {
  let at = 0;
  const read = (inside) => {
    let text = "";
    let whole = true;
    while (at < words.length) {
      const c = words[at++];
      if (c === "[") { const [part, there] = read(true); if (there) text += part; }
      else if (c === "]" && inside) break;
      else if (c === "{") {
        const end = words.indexOf("}", at);
        const [name, format] = words.slice(at, end).split(":");
        at = end + 1;
        const value = cell(table, name, row);
        if (value === null) whole = false;
        else text += format && typeof value === "number" ? FORMATS[format](value) : value;
      } else text += c;
    }
    return [text, whole];
  };
  const [text, whole] = read(false);
  return whole ? text : null;
}

function itemsOf(track, person) {
  const table = page.tables[track.table];
  const number = (name, row) => { const value = name && cell(table, name, row); return typeof value === "number" ? value : null; };
  const turned = (row) => { const value = track.mark && cell(table, track.mark, row); return (track.up || []).includes(value) ? "up" : (track.down || []).includes(value) ? "down" : null; };
  return rowsOfPerson(track, person).map((row) => ({
    name: String(cell(table, track.name, row) ?? t("(blank)")), from: number(track.from, row), to: track.kind === "span" ? number(track.to, row) : null,
    value: number(track.value, row), turn: turned(row), strong: Boolean(track.strong && track.strong.has(row)),
    text: (track.text && said(track.text, table, row)) ?? "", note: track.note && said(track.note, table, row), open: () => showRow(table, row),
  })).sort((a, b) => (a.from ?? Infinity) - (b.from ?? Infinity));
}

function profileOf(person) {
  const { table: number, text } = page.profile.subject;
  const words = text && said(text, page.tables[number], person.row);
  return { name: t("Subject {0}", person.label), heading: t("Subject {0}", person.label) + (words ? `: ${words}` : ""), fill: (body) => fillPerson(body, person) };
}

function fillPerson(body, person) {
  const table = page.tables[page.profile.subject.table];
  body.append(make("p", { class: "what" }, t("Every underlined text opens the row it was taken from. All that is known of the subject: "), link(t("the row of {0}", tableName(table)), () => showRow(table, person.row)), t(".")));
  const sentences = page.profile.sentences.map(({ label, parts }) => [label, parts.flatMap((part) => sentence(part, person))]).filter(([, parts]) => parts.length);
  body.append(make("dl", { class: "said" }, sentences.map(([label, parts]) => make("div", {}, make("dt", {}, inWords(label)), make("dd", {}, parts.map((node) => make("span", { class: "piece" }, node)))))));
  const tracks = page.profile.tracks.map((track) => ({ label: track.label, kind: track.kind, items: itemsOf(track, person) }));
  const some = tracks.filter((track) => track.items.length);
  if (some.length) body.append(...axisOf(some, person));
  for (const block of page.profile.responses) body.append(...responses(block, person));
  body.append(...raised(person));
}

function sentence(part, person) {
  const table = page.tables[part.table];
  return rowsOfPerson(part, person).flatMap((row) => {
    const text = said(part.text, table, row);
    return text === null ? [] : [link(text, () => showRow(table, row))];
  });
}

function axisOf(tracks, person) {
  const undated = tracks.flatMap((t) => t.items).filter((item) => item.from === null).length;
  return [
    make("h3", {}, t("On one time axis")),
    make("div", { class: "ink", tabindex: "0", role: "region", "aria-label": t("Time axis") }, drawAxis(tracks, t("Time axis of subject {0}", person.label), t("Each line of the drawing stands in the table of days under it."))),
    make("p", { class: "few" }, (undated ? t("Not drawn, for want of a day: {0}. ", undated) : "") + t("An arrow: the end is not known, or lies beyond the axis.")),
    make("details", { class: "behind" }, make("summary", {}, t("The days drawn")),
      make("div", { class: "wide", tabindex: "0", role: "region", "aria-label": t("Days of the subject") }, make("table", { class: "days" },
        make("caption", { class: "quiet" }, t("Days of the subject")),
        make("thead", {}, make("tr", {}, [t("What"), t("From day"), t("To day"), t("Said of it")].map((head, k) => make("th", { scope: "col", class: k === 1 || k === 2 ? "value" : null }, head)))),
        tracks.map((track) => make("tbody", {}, make("tr", { class: "section" }, make("th", { scope: "rowgroup", colspan: 4 }, inWords(track.label))),
          track.items.map((item) => make("tr", {}, make("th", { scope: "row", class: "in1" }, link(item.name, item.open)), make("td", {}, item.from), make("td", {}, item.to), make("td", { class: "text" }, item.text)))))))),
  ];
}

// A table of values by visit; a reason is a letter at the value and a note under the table.
function responses(block, person) {
  const table = page.tables[block.table];
  const rows = rowsOfPerson(block, person).filter((row) => cell(table, block.column, row) !== null);
  if (!rows.length) return [];
  const places = new Map(rows.map((row) => [cell(table, block.column, row), cell(table, block.order, row)]));
  const heads = Array.from(places.keys()).sort((a, b) => (places.get(a) ?? Infinity) - (places.get(b) ?? Infinity));
  const lines = new Map();
  for (const row of rows) {
    const name = cell(table, block.row, row);
    if (!lines.has(name)) lines.set(name, new Map());
    lines.get(name).set(cell(table, block.column, row), row);
  }
  const notes = new Map();
  const letter = (reason) => {
    if (reason === null || (block.usual || []).includes(reason)) return null;
    if (!notes.has(reason)) notes.set(reason, lettered(notes.size));
    return make("sup", {}, notes.get(reason));
  };
  const value = (row) => (row === undefined ? "" : [link(cell(table, block.value, row) ?? "NE", () => showRow(table, row)), letter(block.why ? cell(table, block.why, row) : null)]);
  const body = Array.from(lines, ([name, at]) => make("tr", {}, make("th", { scope: "row" }, inWords(name)), heads.map((head) => make("td", {}, value(at.get(head))))));
  return [
    make("h3", {}, inWords(block.label)),
    make("div", { class: "wide", tabindex: "0", role: "region", "aria-label": inWords(block.label) }, make("table", {}, make("caption", { class: "quiet" }, inWords(block.label)),
      make("thead", {}, make("tr", {}, make("th", { scope: "col" }, t("Response")), heads.map((head) => make("th", { scope: "col", class: "value" }, inWords(head))))), make("tbody", {}, body))),
    make("div", { class: "notes" }, Array.from(notes, ([reason, mark]) => make("p", {}, make("sup", {}, mark), ` ${reason}`)),
      block.usual && block.usual.length ? make("p", {}, t("Without a letter: {0}.", block.usual.map(inWords).join(", "))) : null),
  ];
}

const lettered = (k) => (k < 26 ? String.fromCharCode(97 + k) : lettered(Math.floor(k / 26) - 1) + String.fromCharCode(97 + (k % 26)));

function raised(person) {
  const queries = page.listings.queries;
  const column = queries.columns.find((c) => c.name === "SUBJID");
  const mine = Array.from({ length: queries.n }, (_, k) => k).filter((k) => column && [person.id, person.label].includes(valueOf(column, k)));
  if (!mine.length) return [make("h3", {}, t("Queries")), make("p", {}, t("No query was raised on this subject."))];
  return [make("h3", {}, t("Queries")), grid({ label: t("Queries on this subject"), columns: filledOf(queries.columns.filter((c) => c !== column), mine), rows: mine, open: (k) => go(stepOfLine(queries, k, t("Query"))) })];
}

// An address may name a subject: #subject-01-0002.
function visit() {
  const named = decodeURIComponent(location.hash.slice(1));
  const person = named.startsWith("subject-") && personOf(named.slice(8));
  if (person && person.row < 0) location.replace(personAddress(person));
  else if (person) { if (walk.dialog.open) walk.dialog.close(); begin(profileOf(person), document.getElementById("find")); }
  else visitRow(named);
}
