// Words in the language of the page; a text without an entry stands as it was written.
const WORDS = new Map(Object.entries(JSON.parse(document.getElementById("words")?.textContent ?? "{}")));
const inWords = (text) => WORDS.get(text) ?? text;
const t = (text, ...values) => inWords(text).replace(/\{(\d)\}/g, (place, k) => values[k]);
// What a number is: "lower limit, odds ratio" is made of words that the catalogue has one by one.
const measure = (fact) => WORDS.get(fact.stat_words) ?? String(fact.stat_words).split(", ").map(inWords).join(", ");

// Text enters the page through textContent only; what could hide or reorder it is shown as a token.
const HIDDEN = /[\u0000-\u001f\u007f-\u009f\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\u{e0000}-\u{e007f}]/gu;
const visible = (text) => String(text ?? "").replace(HIDDEN,
  (c) => "\u27e8U+" + c.codePointAt(0).toString(16).toUpperCase().padStart(4, "0") + "\u27e9");

function make(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === "function") node.addEventListener(name, value);
    else if (value !== null && value !== undefined && value !== false) node.setAttribute(name, value === true ? "" : visible(value));
  }
  for (const child of children.flat()) {
    if (child === null || child === undefined || child === false) continue;
    node.append(child instanceof Node ? child : document.createTextNode(visible(child)));
  }
  return node;
}

// The numbers of a cell: fact, start and length in its text.
const placesOf = (node) => node.dataset.f.split(" ").map((place) => { const [id, at, length] = place.split(":"); return [id, Number(at), Number(length)]; });

// Turn the numbers of a cell into buttons, once.
function opened(node) {
  const text = node.textContent;
  let end = 0;
  const made = [];
  for (const [id, at, length] of placesOf(node)) {
    made.push(text.slice(end, at), make("button", { type: "button", class: "n", "data-f": id }, text.slice(at, at + length)));
    end = at + length;
  }
  delete node.dataset.f;
  node.replaceChildren(...made.filter(Boolean), text.slice(end));
}

const link = (text, click, attributes = {}) => make("button", { type: "button", class: "n", click, ...attributes }, text);
const plural = (count, word, many = `${word}s`) => t(`{0} ${count === 1 ? word : many}`, grouped(count));
const grouped = (count) => String(count).replace(/\B(?=(\d{3})+(?!\d))/g, "\u202f");

// A list of terms; empty ones are left out.
function terms(pairs) {
  const list = make("dl", { class: "terms" });
  for (const [term, text] of pairs) if (text !== null && text !== undefined && text !== "") {
    list.append(make("dt", {}, term), make("dd", {}, text));
  }
  return list;
}

// Numbers as the pipeline prints them: half away from zero, on the shortest decimal that names the number; what binary
// arithmetic misses of a half is put right first, 9 decimals behind the last one shown.
function rounded(value, digits, shift = 0) {
  let [whole, rest = ""] = plainDecimal(Math.abs(value)).split(".");
  rest = rest.padEnd(shift, "0");
  const [lead, tail = ""] = nearest(whole + rest.slice(0, shift), rest.slice(shift), digits + 9).split(".");
  const text = nearest(lead, tail, digits);
  return value < 0 && /[1-9]/.test(text) ? "-" + text : text;
}

function nearest(whole, rest, digits) {
  rest = rest.padEnd(digits + 1, "0");
  let number = BigInt(whole + rest.slice(0, digits));
  if (rest[digits] >= "5") number += 1n;
  const text = String(number).padStart(digits + 1, "0");
  return digits ? text.slice(0, -digits) + "." + text.slice(-digits) : text;
}

function plainDecimal(value) {
  const [, lead, rest = "", power] = /^(\d+)(?:\.(\d+))?(?:e([+-]\d+))?$/.exec(String(value));
  if (!power) return rest ? `${lead}.${rest}` : lead;
  const n = Number(power);
  return n < 0 ? `0.${"0".repeat(-n - 1)}${lead}${rest}` : (lead + rest).padEnd(lead.length + n, "0");
}

const FORMATS = {
  count: (v) => String(Math.trunc(v)),
  percent: (v) => { const text = rounded(v, 1, 2); return text === "0.0" ? "0" : text === "100.0" ? "100" : text; },
  points: (v) => rounded(v, 2, 2),
  percent_bound: (v) => rounded(v, 1, 2),
  p: (v) => (v < 0.0001 ? "<0.0001" : v > 0.9999 ? ">0.9999" : rounded(v, 4)),
  proportion: (v) => rounded(v, 4),
  d0: (v) => rounded(v, 0), d1: (v) => rounded(v, 1), d2: (v) => rounded(v, 2), d3: (v) => rounded(v, 3), d4: (v) => rounded(v, 4),
};
