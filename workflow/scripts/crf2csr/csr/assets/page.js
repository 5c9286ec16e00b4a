// Start: unpack, check, put the listings on the screen, and answer to every number.
function showListing(place) {
  if (finder.grids.has(place)) return;
  const listing = page.listings[place.dataset.listing];
  const rows = Int32Array.from({ length: listing.n }, (_, k) => k);
  const opens = listing.at || listing.rows;
  const label = place.dataset.label;
  const node = grid({ label, columns: listing.columns, rows, open: opens ? (k) => openLine(listing, k, label.split(",")[0]) : null });
  finder.grids.set(place, node);
  place.append(node);
  place.style.minHeight = "";
  if (performance.now() - arrival < 1500) land();
}

// A listing that is put on the screen may move what an anchor has just led to; then lead there again.
let arrival = performance.now();
const land = () => document.getElementById(decodeURIComponent(location.hash.slice(1)))?.scrollIntoView();
// Displays out of sight have no exact height yet; they get it on the way, and the place is found again until all is still.
function settle() {
  if (performance.now() - arrival > 700) return;
  land();
  requestAnimationFrame(settle);
}
addEventListener("hashchange", () => { arrival = performance.now(); settle(); });
addEventListener("keydown", () => { arrival = -Infinity; }, { passive: true });
addEventListener("wheel", () => { arrival = -Infinity; }, { passive: true });
addEventListener("touchmove", () => { arrival = -Infinity; }, { passive: true });

// A listing is put on the screen when it comes near; the rows that stand in the page are kept aside for paper.
function listings() {
  const near = new IntersectionObserver((entries) => {
    for (const entry of entries) if (entry.isIntersecting) {
      near.unobserve(entry.target);
      showListing(entry.target);
    }
  }, { rootMargin: "700px" });
  for (const place of document.querySelectorAll("[data-listing]")) {
    const count = page.listings[place.dataset.listing].n;
    if (!count) continue;
    place.style.minHeight = `${Math.min(count, 16) * HEIGHT + 96}px`;
    near.observe(place);
  }
  const aside = Array.from(document.querySelectorAll(".staged"), (node) => [node, document.createComment("rows for paper")]);
  const keep = () => aside.forEach(([node, mark]) => node.replaceWith(mark));
  keep();
  addEventListener("beforeprint", () => aside.forEach(([node, mark]) => mark.replaceWith(node)));
  addEventListener("afterprint", keep);
}

// Tables come as text; when one comes near, its numbers become buttons and it offers its address and its file.
function displays() {
  const open = (article) => { for (const node of article.querySelectorAll("td[data-f]")) opened(node); for (const node of article.querySelectorAll("td[data-asked]")) recordsOf(node); offers(article); };
  const near = new IntersectionObserver((entries) => {
    for (const entry of entries) if (entry.isIntersecting) { near.unobserve(entry.target); open(entry.target); }
  }, { rootMargin: "1200px" });
  for (const article of document.querySelectorAll("article.display")) near.observe(article);
}

// The same place of the page in another language.
function languages() {
  for (const node of document.querySelectorAll("a[data-language]")) {
    const file = node.getAttribute("href");
    node.addEventListener("click", () => { node.href = file + location.hash; });
  }
}

function contents() {
  const details = document.getElementById("contents");
  const narrow = matchMedia("(max-width: 900px)");
  const fit = () => { details.open = !narrow.matches; };
  narrow.addEventListener("change", fit);
  fit();
  details.addEventListener("click", (event) => { if (narrow.matches && event.target.closest("a")) details.open = false; });
  const links = new Map(Array.from(details.querySelectorAll("a[href^='#']"), (a) => [a.hash.slice(1), a]));
  const seen = new Set();
  const watch = new IntersectionObserver((entries) => {
    for (const entry of entries) seen[entry.isIntersecting ? "add" : "delete"](entry.target.id);
    let first = true;
    for (const [id, a] of links) {
      const here = first && seen.has(id);
      if (here) { a.setAttribute("aria-current", "true"); first = false; } else a.removeAttribute("aria-current");
    }
  }, { rootMargin: "-40px 0px -55% 0px" });
  for (const id of links.keys()) if (document.getElementById(id)?.matches("article, header, section")) watch.observe(document.getElementById(id));
}

page.ready = (async () => {
  contents();
  languages();
  const hash = await unpack(document.getElementById("payload"));
  listings();
  prepareFinder();
  document.documentElement.dataset.ready = "yes";
  check(hash);
  displays();
  if (location.hash) { arrival = performance.now(); settle(); }
  if (page.profile || page.people) { visit(); addEventListener("hashchange", visit); }
})();

page.ready.catch((error) => {
  const line = document.getElementById("check");
  line.textContent = t("The rows behind the numbers could not be opened in this browser ({0}). Tables and figures can be read; numbers do not open.", visible(error.message));
  line.classList.add("bad");
});

document.addEventListener("click", async (event) => {
  const button = event.target.closest("button[data-f]");
  if (!button) return;
  await page.ready;
  showFact(button);
});
