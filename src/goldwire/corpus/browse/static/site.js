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

/** The words of a text around a place where its folded form has what is looked for. */
goldwire.snippet = (text, folded, at, length) => {
  // Folding may change lengths: then the words around are shown as they were compared.
  const original = text.length === folded.length ? text : folded;
  const around = (from, to) => original.slice(Math.max(from, 0), to).replace(/\s+/g, " ");
  return goldwire.el("span", { class: "snippet" }, "…" + around(at - 50, at), goldwire.el("b", {}, around(at, at + length)), around(at + length, at + length + 60) + "…");
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
