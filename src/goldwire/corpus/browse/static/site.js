/* What all pages share. Every text goes in as text, never as HTML. */
"use strict";
window.goldwire = window.goldwire || {};
goldwire.root = document.body.dataset.root;
goldwire.page = document.body.dataset.page;

/** An element: `el("a", {href: "…", class: "…"}, "text", child, …)`. */
goldwire.el = (name, attributes, ...children) => {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes || {})) {
    if (value === true) made.setAttribute(key, "");
    else if (value !== false && value !== null && value !== undefined) made.setAttribute(key, value);
  }
  made.append(...children.filter((child) => child !== null && child !== undefined && child !== ""));
  return made;
};

/** Lower case, no accents, one kind of apostrophe: how texts are compared. */
goldwire.fold = (text) => text.normalize("NFD").replace(/\p{M}/gu, "").replace(/’/g, "'").toLowerCase();

/** Where in a text a place of its folded form lies: folding takes marks out and parts syllables. */
const sizes = new Map();
goldwire.located = (text, at, length) => {
  let [from, to, index, before] = [text.length, text.length, 0, 0];
  for (const sign of text) {
    if (!sizes.has(sign)) sizes.set(sign, goldwire.fold(sign).length);
    const size = sizes.get(sign);
    if (size && before <= at) from = index;
    if (size && before >= at + length) { to = index; break; }
    before += size;
    index += sign.length;
  }
  return [from, to];
};

/** The words of a text around a place where its folded form has what is looked for. */
goldwire.snippet = (text, folded, at, length) => {
  const [from, to] = text.length === folded.length ? [at, at + length] : goldwire.located(text, at, length);
  // Cut at the outside no character in two: a half of a pair, or a mark without its letter.
  const around = (begin, end) => text.slice(Math.max(begin, 0), end).replace(/^[\udc00-\udfff\p{M}]+|[\ud800-\udbff]$/gu, "").replace(/\s+/g, " ");
  return goldwire.el("span", { class: "snippet", dir: "auto" }, "…" + around(from - 50, from), goldwire.el("b", {}, text.slice(from, to).replace(/\s+/g, " ")), text.slice(to, to + 60).replace(/[\ud800-\udbff]$/, "").replace(/\s+/g, " ") + "…");
};

/** The chip of a label. */
goldwire.chip = (layer, label) => {
  const known = goldwire.schema.layers[layer];
  const found = known && known.labels[label];
  const names = found ? `chip c${found.index} y${known.style}` : "chip";
  return goldwire.el("span", { class: names, title: found ? found.name : null }, goldwire.el("b", {}, label));
};

/** A label's colour in the reader's theme. */
goldwire.color = (layer, label) => {
  const known = goldwire.schema.layers[layer];
  const found = known && known.labels[label];
  return found ? found.colors[goldwire.dark() ? 1 : 0] : goldwire.css("--edge");
};
goldwire.dark = () => matchMedia("(prefers-color-scheme: dark)").matches;
goldwire.css = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

/** Load a script of the site once; resolves when it has run. */
goldwire.loaded = {};
goldwire.load = (path) => {
  goldwire.loaded[path] ||= new Promise((done, failed) => {
    const script = goldwire.el("script", { src: goldwire.root + path });
    script.onload = done;
    script.onerror = () => failed(new Error(`${path} is missing`));
    document.head.append(script);
  });
  return goldwire.loaded[path];
};

/** The address of a mark in its article. */
goldwire.link = (document, annotator, span) =>
  `${goldwire.root}articles/${document[3]}#${encodeURIComponent(annotator)}/${encodeURIComponent(span)}`;
goldwire.plural = (number, word) => `${number.toLocaleString("en")} ${word}${number === 1 ? "" : "s"}`;
