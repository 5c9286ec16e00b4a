// What is on the screen as a file of comma-separated values, and the address of a display to cite.
// A spreadsheet must not take a text for a formula: what could begin one gets an apostrophe; numbers stay numbers.
// The same rule as `safe.inert` of the pipeline: blanks before a formula do not disarm it, and `++` is a result.
const FORMULA = /^[ \u00a0\u3000]*[=+\-@\t\r\n\uff1d\uff0b\uff0d\uff20]/;
const HARMLESS = /^([-+]?(\d+([.,]\d+)?|[.,]\d+)(e[-+]?\d+)?|[-+]+)$/i;

function field(value) {
  let text = visible(value);
  if (FORMULA.test(value) && !HARMLESS.test(value)) text = `'${text}`;
  return /[",\r\n\u2028]/.test(text) || text !== text.trim() ? `"${text.replaceAll('"', '""')}"` : text;
}

const separated = (lines) => `\ufeff${lines.map((line) => line.map(field).join(",")).join("\r\n")}\r\n`;

function save(name, lines) {
  const address = URL.createObjectURL(new Blob([separated(lines)], { type: "text/csv;charset=utf-8" }));
  make("a", { href: address, download: `${name.replace(/[^A-Za-z0-9._-]+/g, "-")}.csv` }).click();
  setTimeout(() => URL.revokeObjectURL(address), 60000);
}

// A table as it is printed; a head over several columns stands in the first of them.
function linesOf(table) {
  const text = (node) => (node.matches("thead *") ? Array.from(node.childNodes, (child) => child.textContent.trim()).filter(Boolean).join(" ") : node.textContent).replace(/\s+/g, " ").trim();
  return Array.from(table.rows, (row) => Array.from(row.cells).flatMap((node) => [text(node), ...Array(Math.max(node.colSpan - 1, 0)).fill("")]));
}

function offers(article) {
  const foot = article.querySelector(":scope > footer.notes");
  if (!foot || foot.querySelector(".offers")) return;
  const status = make("output", { class: "found" });
  const address = () => `${location.href.split("#")[0]}#${article.id}`;
  const copy = make("button", { type: "button", class: "plain", click: async () => { status.textContent = (await copied(address())) ? t("Copied") : address(); } }, t("Copy link"));
  const table = article.querySelector("table");
  const whole = table && !article.querySelector("[data-listing]");
  foot.append(make("p", { class: "offers" }, copy,
    whole ? make("button", { type: "button", class: "plain", click: () => save(article.id, linesOf(table)) }, t("Download CSV")) : null, status));
}

async function copied(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch (refused) {
    return false;  // without the right to write there, the address is shown to be copied by hand
  }
}
