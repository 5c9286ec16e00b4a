// One time axis: lanes of bars and points, panels of lines, drawn from rows that are in the page.
const WIDE = 1000;
const GUTTER = 232;    // room for the names of the lanes
const LANE = 19;
const PANEL = 64;
const STEPS_OF_DAYS = [1, 2, 7, 14, 28, 56, 84, 182, 364, 728];

function ink(tag, attributes = {}, ...children) {
  const node = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(attributes)) if (value !== null && value !== undefined) node.setAttribute(name, visible(value));
  for (const child of children.flat()) if (child) node.append(child instanceof Node ? child : document.createTextNode(visible(child)));
  return node;
}

// There is no day 0: day 1 follows day -1.
const onAxis = (day) => (day > 0 ? day - 1 : day);
const offAxis = (place) => (place >= 0 ? place + 1 : place);
const shortened = (text, most) => (text.length > most ? `${text.slice(0, most - 1)}…` : text);

// What is measured decides how long the axis is; a bar that reaches beyond it is cut and says so by an arrow.
function reach(tracks) {
  const days = [];
  const take = (track) => { for (const item of track.items) for (const day of [item.from, item.to]) if (typeof day === "number") days.push(onAxis(day)); };
  tracks.filter((t, k) => k === 0 || t.kind !== "span").forEach(take);
  if (!days.length) tracks.forEach(take);
  const low = Math.min(0, ...days);
  const high = Math.max(7, ...days);
  const room = Math.max(2, Math.round((high - low) * 0.03));
  return [low - room, high + room];
}

// tracks: {label, kind, items: [{name, from, to, value, turn, strong, note, text, open}]}; each item with a day is drawn.
function drawAxis(tracks, title, described) {
  const [low, high] = reach(tracks);
  const x = (day) => GUTTER + ((onAxis(day) - low) / (high - low)) * (WIDE - GUTTER - 44);
  const drawn = [];
  const mark = (item, node) => {
    node.append(ink("title", {}, item.text));
    node.dataset.k = drawn.push(item) - 1;
    return node;
  };
  const body = [];
  let y = 24;
  for (const track of tracks) {
    const items = track.items.filter((item) => typeof item.from === "number" && (track.kind !== "line" || typeof item.value === "number"));
    if (!items.length) continue;
    body.push(ink("text", { x: 0, y: y + 14, class: "track" }, inWords(track.label)));
    y += 22;
    for (const [name, lane] of Map.groupBy ? Map.groupBy(items, (item) => item.name) : grouping(items)) {
      const high = track.kind === "line" ? PANEL : LANE;
      body.push(ink("text", { x: 8, y: y + (track.kind === "line" ? 14 : 13), class: "lane" }, shortened(inWords(name ?? ""), 36), ink("title", {}, name)));
      if (track.kind === "line") body.push(panel(lane, x, y, mark));
      else body.push(...lane.flatMap((item, k) => (track.kind === "span" ? bar(item, x, y, mark, lane[k + 1]) : [point(item, x, y, mark)])));
      y += high;
    }
    y += 8;
  }
  const frame = ticks(low, high).map((day) => [
    ink("line", { x1: x(day), x2: x(day), y1: 20, y2: y, class: day === 1 ? "first" : "grid" }),
    ink("text", { x: x(day), y: 12, class: "tick", "text-anchor": "middle" }, day < 0 ? `\u2212${-day}` : String(day)),
  ]);
  const svg = ink("svg", { viewBox: `0 0 ${WIDE} ${y + 4}`, width: WIDE, height: y + 4, role: "img", class: "axis", "aria-labelledby": "axis-title axis-desc" },
    ink("title", { id: "axis-title" }, title), ink("desc", { id: "axis-desc" }, described),
    ink("text", { x: 0, y: 12, class: "tick" }, t("Study day")), ...frame.flat(), ...body);
  svg.addEventListener("click", (event) => {
    const node = event.target.closest("[data-k]");
    if (node) drawn[node.dataset.k].open();
  });
  return svg;
}

function grouping(items) {
  const found = new Map();
  for (const item of items) found.set(item.name, [...(found.get(item.name) || []), item]);
  return found;
}

function ticks(low, high) {
  const step = STEPS_OF_DAYS.find((days) => (high - low) / days <= 13) ?? 3650;
  const found = [1];
  for (let place = step; place <= high; place += step) found.push(offAxis(place));
  for (let place = -step; place >= low; place -= step) found.push(offAxis(place));
  return found;
}

// A bar from start to end; an end that is not known, or lies beyond the axis, has an arrow.
function bar(item, x, y, mark, next) {
  const begin = Math.max(x(item.from), GUTTER);
  const open = typeof item.to !== "number";
  const end = Math.min(open ? WIDE - 44 : x(item.to) + 2, WIDE - 44);
  if (end < GUTTER) return [mark(item, ink("path", { d: `M${GUTTER + 5} ${y + 4}L${GUTTER} ${y + 9}L${GUTTER + 5} ${y + 14}Z`, class: item.strong ? "bar strong" : "bar" }))];
  if (begin > WIDE - 44) return [mark(item, ink("path", { d: `M${WIDE - 49} ${y + 4}L${WIDE - 44} ${y + 9}L${WIDE - 49} ${y + 14}Z`, class: item.strong ? "bar strong" : "bar" }))];
  const beyond = open || x(item.to) > WIDE - 44;
  const before = x(item.from) < GUTTER;
  const [top, low, middle] = [y + 4, y + 14, y + 9];
  const right = beyond ? `L${end - 5} ${top}L${end} ${middle}L${end - 5} ${low}` : `L${end} ${top}L${end} ${low}`;
  const left = before ? `M${begin + 5} ${low}L${begin} ${middle}L${begin + 5} ${top}` : `M${begin} ${low}L${begin} ${top}`;
  const room = end + 30 < (next ? x(next.from) : WIDE);
  return [mark(item, ink("path", { d: `${left}${end - begin < 3 ? `L${begin + 3} ${top}L${begin + 3} ${low}` : right}Z`, class: item.strong ? "bar strong" : "bar" })),
    item.note && room ? ink("text", { x: Math.max(end, begin + 3) + 4, y: y + 13, class: "note" }, item.note) : null].filter(Boolean);
}

const SHAPES = { up: "M0 -5L5 4L-5 4Z", down: "M0 5L5 -4L-5 -4Z", flat: "M0 -5L5 0L0 5L-5 0Z" };
function point(item, x, y, mark) {
  const place = Math.min(Math.max(x(item.from), GUTTER), WIDE - 44);
  return mark(item, ink("path", { d: SHAPES[item.turn || "flat"], transform: `translate(${place} ${y + 9})`, class: item.strong ? "spot strong" : "spot" }));
}

function panel(lane, x, y, mark) {
  const values = lane.map((item) => item.value);
  const top = Math.max(...values, 1);
  const floor = Math.min(0, ...values);
  const at = (value) => y + PANEL - 10 - ((value - floor) / (top - floor)) * (PANEL - 26);
  const sorted = lane.slice().sort((a, b) => a.from - b.from);
  return ink("g", {},
    ink("line", { x1: GUTTER, x2: WIDE - 44, y1: at(floor), y2: at(floor), class: "base" }),
    ink("polyline", { points: sorted.map((item) => `${x(item.from)},${at(item.value)}`).join(" "), class: "course" }),
    ...sorted.map((item) => mark(item, ink("circle", { cx: x(item.from), cy: at(item.value), r: 3.6, class: "dot" }))),
    ...sorted.map((item) => ink("text", { x: x(item.from), y: at(item.value) - 7, class: "note", "text-anchor": "middle" }, String(item.value))));
}
