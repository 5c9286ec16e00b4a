// On opening, the page counts its counts again from the embedded rows and compares every printed number with its fact.
function check(hash) {
  const facts = new Map();
  let printed = 0;
  const wrong = [];
  for (const [id, text] of numbers()) {
    if (!facts.has(id)) facts.set(id, factOf(id));
    const fact = facts.get(id);
    if (fact && says(text, fact)) printed++;
    else wrong.push(`${text} is not ${fact.stat_words} ${fact.stat ?? fact.stat_text}`);
  }
  let counted = 0;
  for (const fact of facts.values()) {
    if (fact.format !== "count" || !fact.table || fact.stat === null) continue;
    if (fact.rows.length === fact.stat || subjectsOf(fact.table, fact.rows) === fact.stat) counted++;
    else wrong.push(`${fact.stat_words} of ${fact.analysis} is ${fact.stat}, and ${fact.rows.length} rows stand behind it`);
  }
  if (hash === false) wrong.push("the embedded rows are not those that the pipeline wrote (their hash differs)");
  const line = document.getElementById("check");
  line.classList.toggle("bad", wrong.length > 0);
  line.textContent = wrong.length
    ? `This page does not agree with itself: ${visible(wrong.slice(0, 5).join("; "))}${wrong.length > 5 ? `; and ${wrong.length - 5} more` : ""}.`
    : `Checked on opening: ${plural(printed, "printed number")} ${printed === 1 ? "agrees" : "agree"} with the results at full precision, ${plural(counted, "count")} counted again from the embedded rows${hash ? ", and the hash of the rows is right" : ""}.`;
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
