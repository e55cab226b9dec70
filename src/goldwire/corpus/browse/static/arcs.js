/* Relations as arrows over the text. */
"use strict";
/** Draw `list` of {from, to (elements), label, faint} over `place`. */
goldwire.arcs = (place, list) => {
  const ns = "http://www.w3.org/2000/svg";
  const make = (name, attributes) => {
    const made = document.createElementNS(ns, name);
    for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
    return made;
  };
  place.querySelector(":scope > .arcs")?.remove();
  if (!list.length) return;
  const svg = make("svg", { class: "arcs", "aria-hidden": "true" });
  const home = place.getBoundingClientRect();
  const box = (element) => {
    const rect = element.getClientRects()[0] || element.getBoundingClientRect();
    return { x: (rect.left + rect.right) / 2 - home.left, y: rect.top - home.top, bottom: rect.bottom - home.top, left: rect.left - home.left };
  };
  const labels = [];
  for (const { from, to, label, faint } of list) {
    const a = box(from), b = box(to), group = make("g", { class: faint ? "faint" : "" });
    const far = Math.abs(a.x - b.x) + Math.abs(a.y - b.y);
    const same = Math.abs(a.y - b.y) < 8;
    const lift = same ? Math.min(14 + Math.abs(a.x - b.x) * 0.12, 46) : Math.min(24 + far * 0.05, 60);
    // Along one line an arc above it; between lines one that leaves upwards and comes in from above.
    const top = same ? a.y - lift : Math.min(a.y, b.y) - lift * 0.3;
    const [cx1, cy1] = same ? [a.x, top] : [a.x, a.y - lift];
    const [cx2, cy2] = same ? [b.x, top] : [b.x, b.y - lift];
    group.append(make("path", { d: `M${a.x},${a.y} C${cx1},${cy1} ${cx2},${cy2} ${b.x},${b.y - 5}` }));
    group.append(make("path", { class: "tip", d: `M${b.x},${b.y + 1} l-4.5,-8 h9 z` }));
    svg.append(group);
    if (label && !faint) {
      const at = (p, q, r, s) => 0.125 * p + 0.375 * q + 0.375 * r + 0.125 * s;
      labels.push([at(a.x, cx1, cx2, b.x), at(a.y, cy1, cy2, b.y), label]);
    }
  }
  const used = [];
  for (const [x, y, label] of labels) {
    const width = label.length * 6.6 + 10, middle = Math.min(Math.max(x, width / 2), home.width - width / 2);
    let down = y;
    while (used.some(([ux, uy, uw]) => Math.abs(ux - middle) < (uw + width) / 2 && Math.abs(uy - down) < 17)) down += 17;
    used.push([middle, down, width]);
    const text = make("text", { x: middle, y: down });
    text.textContent = label;
    svg.append(make("rect", { x: middle - width / 2, y: down - 8, width, height: 16 }), text);
  }
  place.append(svg);
};
