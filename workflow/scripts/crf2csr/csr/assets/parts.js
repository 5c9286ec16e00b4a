// A report in many files: those of sections hold the main variables of rows, those of subjects hold everything.
// Files are named without their ending, which is that of the language.
const fileOfShare = (share) => page.shares.file[share] + page.suffix;

// The share of a subject: the last one that begins with this subject or one before.
function shareOf(id) {
  const { first } = page.shares;
  let low = 0;
  let high = first.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (first[middle] <= id) low = middle + 1; else high = middle;
  }
  return low - 1;
}

// The whole row in the file of its subject; rows are counted from 1, as they are named.
const rowAddress = (share, name, position) => `${fileOfShare(share)}#row-${name}-${position + 1}`;
const personAddress = (person) => `${fileOfShare(shareOf(person.id))}#subject-${encodeURIComponent(person.id)}`;
const away = (href, text) => make("a", { href }, text);

// What stands here of a row whose subject has another file.
function fillBrief(body, table, row) {
  const subject = cell(table, "USUBJID", row);
  body.append(make("p", { class: "what" }, briefColumns(table, [row]).map((c) => valueOf(c, row)).join(" \u00b7 ")));
  if (subject !== null) body.append(make("p", {}, away(rowAddress(shareOf(subject), table.name, table.rows[row]), t("The whole row, and what it was made from, in the file of subject {0}", subject))));
  body.append(make("h3", {}, t("This row: its main variables")), variablesOf(table, row, []));
}

// An address may name a row: #row-adam/adrs-12.
function visitRow(named) {
  const [, name, position] = /^row-(.+)-(\d+)$/.exec(named) || [];
  const table = page.tables.find((one) => one.name === name);
  const row = table ? table.rows.indexOf(Number(position) - 1) : -1;
  if (row < 0) return;
  if (walk.dialog.open) walk.dialog.close();
  begin(stepFor(table, row, []), document.getElementById("find"));
}
