/* A table over many rows: sorted, searched, a page at a time. */
"use strict";
/**
 * columns: [{name, num, wide, show(row) → node or text, key(row) → what to sort and search by}].
 * Returns {set(rows)}.
 */
goldwire.table = (place, { caption, columns, rows, size = 50, empty = "Nothing here.", search = true }) => {
  const { el, fold } = goldwire;
  let all = rows, shown = rows, page = 0, sorted = -1, down = false, query = "";
  const key = (column, row) => (column.key ? column.key(row) : column.show(row));
  const heads = columns.map((column, index) => {
    const button = el("button", { type: "button" }, column.name);
    button.addEventListener("click", () => {
      down = sorted === index ? !down : false;
      sorted = index;
      order();
    });
    return el("th", { scope: "col", class: column.num ? "num" : null }, button);
  });
  const body = el("tbody");
  const title = el("caption", {}, caption);
  const status = el("span", { role: "status" });
  const field = el("input", { type: "search", "aria-label": `Search in: ${caption}`, placeholder: "search", autocomplete: "off" });
  const back = el("button", { type: "button" }, "← back"), next = el("button", { type: "button" }, "next →");
  const pager = el("div", { class: "pager" }, search ? field : null, status, back, next);
  place.replaceChildren(pager, el("div", { class: "scroll", role: "region", "aria-label": caption, tabindex: "0" },
    el("table", {}, title, el("thead", {}, el("tr", {}, ...heads)), body)));
  field.addEventListener("input", () => { query = fold(field.value.trim()); page = 0; order(); });
  back.addEventListener("click", () => { page -= 1; draw(); });
  next.addEventListener("click", () => { page += 1; draw(); });

  function cell(column, row, index) {
    const content = column.show(row), head = index === 0 && content !== "";
    return el(head ? "th" : "td", { class: [column.num ? "num" : "", column.wide ? "wide" : ""].join(" ").trim() || null, scope: head ? "row" : null }, content);
  }
  function order() {
    shown = query ? all.filter((row) => columns.some((c) => fold(String(key(c, row))).includes(query))) : [...all];
    if (sorted >= 0) {
      const column = columns[sorted], sign = down ? -1 : 1;
      shown.sort((a, b) => {
        const [x, y] = [key(column, a), key(column, b)];
        return sign * (column.num ? x - y : String(x).localeCompare(String(y)));
      });
    }
    heads.forEach((head, index) => {
      if (index === sorted) head.setAttribute("aria-sort", down ? "descending" : "ascending");
      else head.removeAttribute("aria-sort");
    });
    page = 0;
    draw();
  }
  function draw() {
    const pages = Math.max(1, Math.ceil(shown.length / size));
    page = Math.min(Math.max(page, 0), pages - 1);
    const from = page * size, to = Math.min(from + size, shown.length);
    body.replaceChildren(...shown.slice(from, to).map((row) => el("tr", {}, ...columns.map((column, index) =>
      cell(column, row, index)))));
    if (!shown.length) body.append(el("tr", {}, el("td", { colspan: columns.length }, empty)));
    status.textContent = shown.length ? `${from + 1}–${to} of ${shown.length.toLocaleString("en")}` : "none";
    back.hidden = next.hidden = pages === 1;
    field.hidden = all.length < 8;
    back.disabled = page === 0;
    next.disabled = page === pages - 1;
  }
  order();
  return { set(given) { all = given; order(); } };
};
