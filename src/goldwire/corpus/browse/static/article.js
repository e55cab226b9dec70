/* One article: readings, filters, the selected mark, its relations. */
"use strict";
(() => {
  const source = document.getElementById("data");
  if (!source) return;
  const { el, chip, schema } = goldwire;
  const data = JSON.parse(source.textContent);
  const get = (id) => document.getElementById(id);
  const text = get("text"), panel = get("panel"), legend = get("legend");
  const boxes = [...legend.querySelectorAll("input")];
  let reading = null, marks = [], selected = "";

  const title = (layer) => schema.layers[layer]?.title || layer;
  const span = (id) => {
    const [layer, label, start, end, words, attributes] = reading.spans[id];
    return { id, layer, label, start, end, words, attributes };
  };
  const first = (id) => text.querySelector(`mark[data-s="${CSS.escape(id)}"]`);
  const pieces = (id) => text.querySelectorAll(`mark[data-s="${CSS.escape(id)}"]`);
  const off = (layer, label) => boxes.some((box) => !box.checked && box.dataset.layer === layer && box.dataset.label === label);
  const jump = (id) => {
    const one = span(id);
    const button = el("button", { type: "button", class: "plain", lang: data.language || null }, one.words);
    button.addEventListener("click", () => { select(id, true); });
    return el("span", {}, button, " ", chip(one.layer, one.label));
  };
  const fillers = (id, relation) => reading.relations.filter(([label, head]) => label === relation && head === id).map(([, , tail]) => tail);

  function open(number) {
    let place = text.querySelector(`.reading[data-reading="${number}"]`);
    if (!place) {
      const template = text.querySelector(`template[data-reading="${number}"]`);
      place = el("div", { class: "reading", "data-reading": number });
      place.append(template.content.cloneNode(true));
      template.replaceWith(place);
    }
    for (const other of text.querySelectorAll(".reading")) other.hidden = other !== place;
    reading = data.readings[number];
    marks = [...place.querySelectorAll("mark[id]")];
    clear();
    count();
    filter();
    lists();
  }
  function count() {
    const counts = {};
    for (const [layer, label] of Object.values(reading.spans)) {
      counts[layer] = (counts[layer] || 0) + 1;
      counts[`${layer} ${label}`] = (counts[`${layer} ${label}`] || 0) + 1;
    }
    for (const place of legend.querySelectorAll(".n")) {
      const { layer, label } = place.dataset;
      const number = counts[label === undefined ? layer : `${layer} ${label}`] || 0;
      place.textContent = number;
      place.closest("li")?.classList.toggle("none", !number);
    }
  }
  function filter() {
    for (const mark of text.querySelectorAll(".reading:not([hidden]) mark")) {
      const [layer, label] = reading.spans[mark.dataset.s];
      mark.classList.toggle("off", off(layer, label));
    }
    const on = visible();
    if (!on.some((mark) => mark.tabIndex === 0) && on.length) stop(on[0]);
    draw();
  }
  const visible = () => marks.filter((mark) => !mark.classList.contains("off"));
  function stop(mark) {
    for (const other of marks) other.tabIndex = other === mark ? 0 : -1;
  }

  function clear() {
    selected = "";
    for (const mark of text.querySelectorAll("mark.sel, mark.rel")) mark.classList.remove("sel", "rel");
    panel.classList.add("empty");
    panel.replaceChildren(el("p", { class: "quiet" }, "No mark is selected."));
    draw();
  }
  function select(id, move) {
    const mark = first(id);
    if (!mark) return;
    clear();
    selected = id;
    for (const piece of pieces(id)) piece.classList.add("sel");
    for (const [, head, tail] of reading.relations) {
      if (head === id) pieces(tail).forEach((piece) => piece.classList.add("rel"));
      if (tail === id) pieces(head).forEach((piece) => piece.classList.add("rel"));
    }
    stop(mark);
    if (move) {
      mark.focus({ preventScroll: true });
      mark.scrollIntoView({ block: "center" });
    }
    show(span(id));
    draw();
    history.replaceState(null, "", `#${encodeURIComponent(reading.annotator)}/${encodeURIComponent(id)}`);
  }
  function draw() {
    const list = [];
    for (const [label, head, tail] of reading ? reading.relations : []) {
      const mine = head === selected || tail === selected;
      if (!mine && !get("arcs").checked) continue;
      const [from, to] = [first(head), first(tail)];
      if (!from || !to || from.classList.contains("off") || to.classList.contains("off")) continue;
      list.push({ from, to, label, faint: !mine && selected });
    }
    goldwire.arcs(text, list);
  }

  function show(one) {
    const close = el("button", { type: "button", class: "close", "aria-label": "Close" }, "×");
    close.addEventListener("click", () => { clear(); });
    const label = schema.layers[one.layer]?.labels[one.label];
    const rows = [];
    const known = schema.layers[one.layer]?.attributes || {};
    for (const [name, about] of Object.entries(known)) {
      const given = one.attributes[name], usual = about.defaults[one.label] ?? about.default;
      if (given === undefined && (usual === undefined || usual === null)) continue;
      rows.push([name, about.title, given === undefined ? usual : given, given === undefined]);
    }
    for (const [name, value] of Object.entries(one.attributes)) if (!known[name]) rows.push([name, "", value, false]);
    const list = el("dl");
    for (const [name, about, value, implied] of rows) {
      const values = [].concat(value).map(String), named = values.map((v) => (data.names[name] || {})[v]).filter(Boolean);
      list.append(el("dt", { title: about }, name), el("dd", {}, values.join(", "), named.length ? el("span", { class: "quiet", lang: data.schemaLanguage || null }, ` ${named.join(", ")}`) : "", implied ? el("span", { class: "quiet" }, " (by default)") : ""));
    }
    const out = reading.relations.filter(([, head]) => head === one.id), into = reading.relations.filter(([, , tail]) => tail === one.id);
    const relations = el("ul");
    const name = (code) => el("b", { title: schema.relations[code]?.definition || null }, code);
    for (const [code, , tail] of out) relations.append(el("li", {}, name(code), " → ", jump(tail)));
    for (const [code, head] of into) relations.append(el("li", {}, name(code), " of ", jump(head)));
    panel.classList.remove("empty");
    panel.replaceChildren(close,
      el("h2", { lang: data.language || null }, `“${one.words}”`),
      el("p", {}, chip(one.layer, one.label), " ", el("span", { lang: data.schemaLanguage || null }, label ? label.name : "", el("span", { class: "quiet" }, ` · ${title(one.layer)}`))),
      label?.definition ? el("p", { class: "quiet", lang: data.schemaLanguage || null }, label.definition) : "",
      rows.length ? list : "",
      out.length + into.length ? relations : el("p", { class: "quiet" }, "No relation."),
      el("p", { class: "quiet" }, `${one.id} · [${one.start}, ${one.end}) · ${reading.annotator}, ${reading.status}`));
  }

  function lists() {
    const ids = Object.keys(reading.spans);
    const words = (id) => reading.spans[id][4];
    const joined = (list) => (list.length ? el("span", {}, ...list.flatMap((id, index) => (index ? ["; ", jump(id)] : [jump(id)]))) : "–");
    for (const place of document.querySelectorAll("[data-frame]")) {
      const frame = schema.frames.find((one) => one.layer === place.dataset.frame);
      const role = (relation) => ({ name: relation, show: (id) => joined(fillers(id, relation)), key: (id) => fillers(id, relation).map(words).join("; ") });
      const columns = [frame.source, null, frame.target, frame.date, frame.place].filter((one) => one !== "");
      goldwire.table(place, { caption: `${title(frame.layer)}, read by ${reading.annotator} (${reading.status})`, rows: ids.filter((id) => reading.spans[id][0] === frame.layer), empty: "None in this reading.",
        columns: columns.map((one) => one === null ? { name: frame.layer, show: jump, key: (id) => `${reading.spans[id][1]} ${words(id)}` } : role(one)) });
    }
    const attributes = (id) => Object.entries(reading.spans[id][5]).map(([key, value]) => `${key}: ${[].concat(value).join(", ")}`).join("; ");
    goldwire.table(get("marks"), { caption: `All marks, read by ${reading.annotator} (${reading.status})`, rows: ids, columns: [
      { name: "text", show: jump, key: words, wide: true },
      { name: "layer", show: (id) => reading.spans[id][0] },
      { name: "label", show: (id) => reading.spans[id][1] },
      { name: "start", num: true, show: (id) => reading.spans[id][2] },
      { name: "attributes", show: attributes },
      { name: "relations", wide: true, show: (id) => el("span", {}, ...reading.relations.filter(([, head]) => head === id).flatMap(([code, , tail], index) => [index ? "; " : "", `${code} → `, jump(tail)])), key: (id) => reading.relations.filter(([, head]) => head === id).map(([code, , tail]) => `${code} ${words(tail)}`).join("; ") },
    ] });
  }

  // What the reader does.
  for (const radio of document.querySelectorAll("input[name=reading]")) radio.addEventListener("change", () => open(Number(radio.value)));
  legend.addEventListener("change", (event) => {
    const { layer, label } = event.target.dataset;
    const mine = boxes.filter((box) => box.dataset.layer === layer && box.dataset.label !== undefined);
    const whole = boxes.find((box) => box.dataset.layer === layer && box.dataset.label === undefined);
    if (label === undefined) for (const box of mine) box.checked = event.target.checked;
    const on = mine.filter((box) => box.checked).length;
    whole.checked = on > 0;
    whole.indeterminate = on > 0 && on < mine.length;
    filter();
  });
  get("names").addEventListener("change", (event) => { text.classList.toggle("nameless", !event.target.checked); draw(); });
  get("arcs").addEventListener("change", draw);
  text.addEventListener("click", (event) => {
    let mark = event.target.closest("mark");
    while (mark && mark.classList.contains("off")) mark = mark.parentElement.closest("mark");
    if (mark) select(mark.dataset.s); else clear();
  });
  text.addEventListener("focusin", (event) => {
    if (event.target.dataset.s && event.target.dataset.s !== selected && event.target.matches(":focus-visible")) select(event.target.dataset.s);
  });
  text.addEventListener("keydown", (event) => {
    const on = visible(), mark = event.target.closest("mark");
    if (!mark) return;
    const at = on.indexOf(first(mark.dataset.s));
    const outer = () => { let up = mark.parentElement.closest("mark"); while (up && up.classList.contains("off")) up = up.parentElement.closest("mark"); return up; };
    const next = { ArrowRight: () => on[at + 1], ArrowLeft: () => on[at - 1], Home: () => on[0], End: () => on.at(-1), ArrowUp: outer, ArrowDown: () => mark.querySelector("mark:not(.off)") }[event.key];
    if (!next) return;
    event.preventDefault();
    const found = next();
    if (found) select(found.dataset.s, true);
  });
  document.addEventListener("keydown", (event) => { if (event.key === "Escape" && selected) clear(); });
  let waiting = 0;
  addEventListener("resize", () => { cancelAnimationFrame(waiting); waiting = requestAnimationFrame(draw); });

  // Where to begin: the reading and the mark that the address names.
  function begin() {
    const [annotator, id] = location.hash.slice(1).split("/").map(decodeURIComponent);
    const named = data.readings.findIndex((one) => one.annotator === annotator);
    const number = named >= 0 ? named : Number(document.querySelector("input[name=reading]:checked").value);
    document.querySelector(`input[name=reading][value="${number}"]`).checked = true;
    if (reading !== data.readings[number]) open(number);
    if (named >= 0 && id && reading.spans[id]) select(id, true);
  }
  if (matchMedia("(max-width: 48rem)").matches) legend.open = false;
  addEventListener("hashchange", begin);
  begin();
})();
