/* Look into a table before taking it. */
"use strict";
document.querySelector(".files").addEventListener("click", async (event) => {
  const name = event.target.dataset.table;
  if (!name) return;
  const { el } = goldwire, place = document.getElementById("shown");
  place.replaceChildren(el("p", {}, "Loading…"));
  await goldwire.load(`data/table-${name}.js`);
  const { columns, rows, all } = goldwire.tables[name];
  place.replaceChildren(el("h2", { tabindex: "-1" }, `${name}.csv`),
    rows.length < all ? el("p", { class: "note" }, `Shown are the first ${rows.length.toLocaleString("en")} of ${goldwire.plural(all, "row")}; the file holds all.`) : "");
  const table = el("div", { class: "table" });
  place.append(table);
  const wide = new Set(["text", "title", "head_text", "tail_text"]);
  goldwire.table(table, { caption: `${name}.csv`, rows, columns: columns.map((column, index) => {
    const num = rows.some((row) => typeof row[index] === "number") && rows.every((row) => typeof row[index] === "number" || row[index] === null);
    return { name: column, num, wide: wide.has(column), show: (row) => (row[index] === null ? "" : String(row[index])), key: (row) => (row[index] === null ? "" : row[index]) };
  }) });
  place.querySelector("h2").focus();
  place.scrollIntoView();
});
