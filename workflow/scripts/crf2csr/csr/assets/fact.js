// The walk: a dialog that goes from a printed number to its rows, and from each row to what it was made from.
const walk = {
  dialog: document.getElementById("walk"), body: document.getElementById("walk-body"), path: document.getElementById("walk-path"),
  title: document.getElementById("walk-title"), back: document.getElementById("walk-back"), trail: [], opener: null,
};

// step: {name (short, for the path), heading, fill(place)}
function go(step) {
  if (walk.trail.length) walk.trail.at(-1).scroll = walk.dialog.scrollTop;
  walk.trail.push(step);
  arrive(0);
}

function begin(step, opener) {
  walk.trail = [];
  walk.opener = opener;
  go(step);
}

function returnTo(k) {
  walk.trail.length = k + 1;
  arrive(walk.trail[k].scroll || 0);
}

function arrive(scroll) {
  const step = walk.trail.at(-1);
  walk.title.replaceChildren(document.createTextNode(visible(step.heading)));
  walk.path.replaceChildren(make("ol", {}, walk.trail.map((past, k) => make("li", {}, k < walk.trail.length - 1
    ? make("button", { type: "button", class: "n", click: () => returnTo(k) }, past.name)
    : make("span", { "aria-current": "step" }, past.name)))));
  walk.back.disabled = walk.trail.length < 2;
  if (!walk.dialog.open) walk.dialog.showModal();
  walk.body.replaceChildren();
  step.fill(walk.body);
  walk.dialog.scrollTop = scroll;
  walk.title.focus({ preventScroll: true });
}

walk.back.addEventListener("click", () => returnTo(walk.trail.length - 2));
document.getElementById("walk-close").addEventListener("click", () => walk.dialog.close());
walk.dialog.addEventListener("click", (event) => { if (event.target === walk.dialog) walk.dialog.close(); });
walk.dialog.addEventListener("close", () => { if (walk.opener && walk.opener.isConnected) walk.opener.focus(); });

const filledOf = (columns, rows) => columns.filter((c) => rows.some((row) => codeOf(c, row) >= 0 && valueOf(c, row) !== ""));

// The variables that tell rows apart at a glance; one that none of these rows fills is left out.
const briefColumns = (table, rows) => {
  const chosen = table.brief.length ? table.brief.map((name) => table.by.get(name)) : table.columns.slice(0, 8);
  return filledOf(chosen, rows).slice(0, 10).map((c) => ({ ...c, label: c.name, title: c.label }));
};

const tableName = (table) => table.name.split("/")[1].toUpperCase();

function rowsGrid(table, rows, label) {
  return grid({ label, columns: briefColumns(table, rows), rows, open: (row) => showRow(table, row) });
}

function groupOf(fact) {
  const levels = [1, 2, 3].map((k) => fact[`group${k}_level`] && (k === 1 ? fact.group1_level : `${fact[`group${k}`]} = ${fact[`group${k}_level`]}`));
  const level = fact.variable_level !== null && fact.variable_level !== undefined ? `${fact.variable ?? "level"} ${fact.variable_level}` : null;
  return [...levels, level].filter(Boolean).join("; ");
}

// What a method says of a statistic: the entry whose key is the longest beginning of its name.
function fitting(entries, name) {
  const key = Object.keys(entries || {}).filter((k) => name.startsWith(k)).sort((a, b) => b.length - a.length)[0];
  return key === undefined ? null : entries[key];
}

const written = (fact) => fact.stat_text ?? (FORMATS[fact.format] && fact.stat !== null ? FORMATS[fact.format](fact.stat) : fact.stat ?? "NE");

// The method card: formula, sources, who entered and who did not, and what other defaults give on the same data.
function card(body, fact) {
  const about = page.methods[fact.method];
  if (!about) return;
  body.append(make("h3", {}, t("Method: {0}", about.name)), terms([
    [t("Formula"), fitting(about.formulas, fact.stat_name)], [t("Sources"), about.references.join("; ")],
    [t("The same in R"), fitting(about.r, fact.stat_name)],
  ]));
  const beside = cellOf(fact);
  const others = beside.filter((f) => f.context && f.stat_name === fact.stat_name && (f.variable_level ?? null) === (fact.variable_level ?? null));
  if (others.length) {
    body.append(make("h3", {}, t("Other defaults on the same data")), terms(others.map((f) => [f.context, written(f)])));
  }
  const account = beside.filter((f) => !f.context && ["N", "entered", "n_missing", "n_left_out", "left_out"].includes(f.stat_name) && f.id !== fact.id && f.table);
  if (account.length && fact.format !== "count") {
    body.append(make("h3", {}, t("Who entered, and who did not")), terms(account.map((f) => [
      f.variable_level && f.stat_name === "left_out" ? `${measure(f)}: ${inWords(f.variable_level)}` : measure(f),
      link(written(f), () => go(stepTo(f, written(f), ""))),
    ])));
  }
}

// What the independent computation found for a number; R's value is stored only where it is not the very same.
function verified(fact) {
  if (!fact.r_method) return t("not verified for these data");
  if (fact.r_digits === null) return t("not recomputed in R: {0}", fact.r_method);
  const text = fact.r_digits ? fact.stat_text : t("another text");
  const value = fact.r_value ?? fact.stat ?? (fact.stat_text ? text : t("no value"));
  const same = fact.format === "count" && fact.r_digits === 15;
  return t("R: {0}, {1} ({2})", value, same ? t("the same") : t("agrees to {0} digits", fact.r_digits), fact.r_method);
}

// The rows that a number counts or was computed from.
function rowsBehind(body, fact, text) {
  if (!fact.table) {
    body.append(make("p", {}, t("This number follows from the design alone; no subject's data enter it.")));
    return;
  }
  const name = tableName(fact.table);
  const people = subjectsOf(fact.table, fact.rows);
  const what = plural(people, "subject") + (fact.table.name === "adam/adsl" ? "" : `, ${t("{0} of {1}", plural(fact.rows.length, "row"), name)}`);
  body.append(make("h3", {}, fact.format === "count" ? t("Counted: {0}", what) : t("Computed from: {0}", what)));
  if (fact.table.narrow) body.append(make("p", { class: "few" }, t("Of so many rows this file names the subject alone; each row stands in the file of its subject.")));
  if (fact.rows.length) body.append(rowsGrid(fact.table, fact.rows, t("Rows of {0} behind {1}", name, text)));
}

// A sentence is too long for a heading; its beginning names it.
const brief = (text) => (text.length > 80 ? `${text.slice(0, 77)}…` : text);

function showFact(button) {
  const named = button.closest("article")?.querySelector(".number");
  begin(stepTo(factOf(button.dataset.f), brief(button.textContent), named ? `${named.textContent}: ` : ""), button);
}

// One step of the walk: a fact, printed as `text` in the display `place`.
function stepTo(fact, text, place) {
  const about = page.analyses[fact.analysis] || { label: fact.analysis };
  return {
    name: `${place}${text}`, heading: `${text}: ${measure(fact)}`,
    fill: (body) => {
      body.append(terms([
        [t("Analysis"), inWords(about.label)], [t("Group"), groupOf(fact)], [t("Population"), fact.population], [t("Records"), about.where],
        [t("Estimand"), about.estimand && inWords(about.estimand)], [t("Analysis plan"), about.sap && t("section {0}", about.sap)],
        [t("Method"), fact.method + (fact.options ? ` (${fact.options})` : "")],
        [t("Value at full precision"), fact.stat_text ?? fact.stat], [t("Second computation"), verified(fact)], [t("Unit"), fact.unit], [t("Warning"), fact.warning], [t("Error"), fact.error],
      ]));
      // A count is asked for its subjects, a statistic for its method: that comes first.
      const counts = fact.format === "count";
      if (!counts) card(body, fact);
      rowsBehind(body, fact, text);
      if (counts) card(body, fact);
    },
  };
}
