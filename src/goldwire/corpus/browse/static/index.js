/* The list of articles: search in titles and texts, filter by label and annotator. */
"use strict";
(() => {
  const { fold } = goldwire;
  const get = (id) => document.getElementById(id);
  const rows = [...document.querySelectorAll("#rows tr")].map((tr) => {
    const link = tr.querySelector("a");
    return { tr, link, home: link.getAttribute("href"), title: fold(link.textContent),
      labels: new Set(tr.dataset.l.split(" ")), annotators: new Set(tr.dataset.a.split(" ")) };
  });
  let texts = null;
  // Only now are the texts read: most visits need none.
  const want = () => goldwire.load("data/texts.js").then(() => {
    if (texts) return;
    texts = goldwire.texts.map((text) => fold(text));
    filter();
  });
  get("q").addEventListener("focus", want, { once: true });

  function snippet(row, number, query) {
    row.tr.querySelector(".snippet")?.remove();
    row.link.setAttribute("href", row.home);
    const at = texts && query ? texts[number].indexOf(query) : -1;
    if (at < 0) return at;
    row.tr.querySelector("th").append(goldwire.snippet(goldwire.texts[number], texts[number], at, query.length));
    return at;
  }
  function filter() {
    const query = fold(get("q").value.trim()), label = get("label").value, annotator = get("annotator").value;
    let count = 0;
    rows.forEach((row, number) => {
      const found = snippet(row, number, query) >= 0;
      row.tr.hidden = Boolean((query && !found && !row.title.includes(query)) || (label && !row.labels.has(label)) || (annotator && !row.annotators.has(annotator)));
      if (!row.tr.hidden) count += 1;
    });
    get("count").textContent = count === rows.length ? goldwire.plural(count, "article") : `${count} of ${goldwire.plural(rows.length, "article")}`;
  }
  get("filters").addEventListener("submit", (event) => event.preventDefault());
  get("filters").addEventListener("input", () => { if (get("q").value && !texts) want(); filter(); });
})();
