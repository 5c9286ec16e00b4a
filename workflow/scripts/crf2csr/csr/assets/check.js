// On opening, the page counts its counts again from the embedded rows and compares every printed number with its fact.
function check(hash) {
  const facts = new Map();
  let printed = 0;
  const wrong = [];
  for (const [id, text] of numbers()) {
    if (!facts.has(id)) facts.set(id, factOf(id));
    const fact = facts.get(id);
    if (fact && says(text, fact)) printed++;
    else wrong.push(t("{0} is not {1} {2}", text, measure(fact), fact.stat ?? fact.stat_text));
  }
  let counted = 0;
  for (const fact of facts.values()) {
    if (fact.format !== "count" || !fact.table || fact.stat === null) continue;
    if (fact.rows.length === fact.stat || subjectsOf(fact.table, fact.rows) === fact.stat) counted++;
    else wrong.push(t("{0} of {1} is {2}, and {3} rows stand behind it", measure(fact), fact.analysis, fact.stat, fact.rows.length));
  }
  if (hash === false) wrong.push(t("the embedded rows are not those that the pipeline wrote (their hash differs)"));
  const line = document.getElementById("check");
  line.classList.toggle("bad", wrong.length > 0);
  line.textContent = wrong.length
    ? t("This page does not agree with itself: {0}.", visible(wrong.slice(0, 5).join("; ")) + (wrong.length > 5 ? t("; and {0} more", wrong.length - 5) : ""))
    : [printed === 1 ? t("Checked on opening: 1 printed number agrees with the results at full precision, ") : t("Checked on opening: {0} printed numbers agree with the results at full precision, ", grouped(printed)),
      counted === 1 ? t("1 count counted again from the embedded rows") : t("{0} counts counted again from the embedded rows", grouped(counted)), hash ? t(", and the hash of the rows is right") : "", t(".")].join("");
  document.documentElement.dataset.check = wrong.length ? "bad" : "good";
}

// Every printed number of the page: its fact and its text, from buttons and from cells that have none yet.
function* numbers() {
  for (const button of document.querySelectorAll("button[data-f]")) yield [button.dataset.f, button.textContent];
  for (const node of document.querySelectorAll("td[data-f]")) for (const [id, at, length] of placesOf(node)) yield [id, node.textContent.slice(at, at + length)];
}

function says(text, fact) {
  if (fact.format === "text" || fact.stat === null || fact.stat === undefined) return text === visible(fact.stat_text) || text === "NE" || text === visible(fact.error) || text === visible(fact.warning);
  const own = FORMATS[fact.format];
  return (own && own(fact.stat) === text) || Object.values(FORMATS).some((format) => format(fact.stat) === text) || text === visible(fact.stat_text);
}
