/* Who acts on whom, who takes which side toward whom. */
"use strict";
(() => {
  const { el, chip, schema, frames: data } = goldwire;
  const get = (id) => document.getElementById(id);
  const MOST = 120;  // arrows drawn at once: more can't be read
  const NAMED = [45, 14];  // on a screen, on a phone: participants whose names stand there at once: the others are named when pointed at
  const SPOKEN = [45, 12];  // so many arrows have room for what they say
  const LINES = ["solid", "dashed", "dotted"];
  const name = (place) => (data.nodes[place][1] ? "" : "≈ ") + data.nodes[place][0];
  const short = (text, most) => (text.length > most ? `${text.slice(0, most - 1)}…` : text);
  let chart = null, edges = [];

  /** Frames of few labels get an arrow for each label, others one arrow for all. */
  const apart = (frame) => Object.keys(schema.layers[schema.frames[frame].layer].labels).length <= 6;
  function gather() {
    const reading = get("reading").value, layer = get("layer").value, label = get("label").value, found = new Map();
    for (const row of data.rows) {
      if (!(reading ? data.annotators[row[1]] === reading : row[2]) || (layer !== "" && row[3] !== Number(layer)) || (label && row[4] !== label)) continue;
      for (const from of row[9]) for (const to of row[10]) {
        const key = `${from} ${to} ${row[3]} ${apart(row[3]) ? row[4] : ""}`;
        if (!found.has(key)) found.set(key, { from, to, frame: row[3], rows: [], labels: new Map() });
        const edge = found.get(key);
        edge.rows.push(row);
        edge.labels.set(row[4], (edge.labels.get(row[4]) || 0) + 1);
      }
    }
    for (const edge of found.values()) edge.labels = [...edge.labels].sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1));
    return [...found.values()].sort((a, b) => b.rows.length - a.rows.length || a.from - b.from || a.to - b.to);
  }
  const words = (edge) => edge.labels.map(([label, number]) => (number > 1 ? `${label} ×${number}` : label)).join(", ");
  const layer = (edge) => schema.frames[edge.frame].layer;

  function mentions(rows) {
    return el("ul", {}, ...rows.map((row) => el("li", {}, chip(schema.frames[row[3]].layer, row[4]), " ",
      el("a", { href: goldwire.link(data.documents[row[0]], data.annotators[row[1]], row[5]), lang: data.language || null }, `“${row[6]}”`),
      el("span", { class: "quiet" }, ` ${row[9].map(name).join(", ")} → ${row[10].map(name).join(", ")} · ${data.documents[row[0]][1]}`))));
  }
  function detail(title, rows) {
    const place = get("detail");
    place.hidden = false;
    place.replaceChildren(el("h2", {}, title), el("p", { class: "quiet" }, goldwire.plural(rows.length, "mention")), mentions(rows));
    place.scrollIntoView({ block: "nearest" });
  }
  const about = (edge) => detail(`${name(edge.from)} → ${name(edge.to)}: ${words(edge)}`, edge.rows);
  function person(place) {
    const mine = edges.filter((edge) => edge.from === place || edge.to === place);
    detail(`${name(place)} · ${[data.nodes[place][3], data.nodes[place][1]].filter(Boolean).join(" ")}`, [...new Set(mine.flatMap((edge) => edge.rows))]);
  }
  const link = (text, act) => {
    const button = el("button", { type: "button", class: "plain", lang: data.language || null }, text);
    button.addEventListener("click", act);
    return button;
  };
  const table = goldwire.table(get("table"), { caption: "Arrows, the most frequent first", rows: [], columns: [
    { name: "from", show: (edge) => link(name(edge.from), () => person(edge.from)), key: (edge) => name(edge.from) },
    { name: "says or does", wide: true, show: (edge) => el("span", {}, ...edge.labels.flatMap(([label, number], index) => [index ? " " : "", chip(layer(edge), label), number > 1 ? ` ×${number}` : ""])), key: words },
    { name: "to", show: (edge) => link(name(edge.to), () => person(edge.to)), key: (edge) => name(edge.to) },
    { name: "times", num: true, show: (edge) => link(String(edge.rows.length), () => about(edge)), key: (edge) => edge.rows.length },
    { name: "articles", num: true, show: (edge) => new Set(edge.rows.map((row) => row[0])).size },
  ] });

  function options(drawn) {
    const ink = goldwire.css("--ink"), card = goldwire.css("--card"), narrow = innerWidth < 600;
    const spoken = drawn.length <= SPOKEN[narrow ? 1 : 0];
    const weight = new Map(), both = new Map();
    for (const edge of drawn) for (const end of [edge.from, edge.to]) weight.set(end, (weight.get(end) || 0) + edge.rows.length);
    const places = [...weight.keys()].sort((a, b) => weight.get(b) - weight.get(a)), heaviest = Math.max(...weight.values(), 1), thickest = Math.max(...drawn.map((edge) => edge.rows.length), 1);
    const shapes = ["circle", "diamond", "rect", "triangle"], layers = Object.keys(schema.layers);
    return {
      animation: false,
      textStyle: { fontFamily: getComputedStyle(document.body).fontFamily },
      tooltip: { confine: true, renderMode: "richText", backgroundColor: card, borderColor: goldwire.css("--line"), textStyle: { color: ink },
        formatter: ({ data: item }) => (item.edge ? `${name(item.edge.from)} → ${name(item.edge.to)}\n${words(item.edge)}` : `${name(item.place)}\n${data.nodes[item.place][3]}${data.nodes[item.place][1] ? ` · ${data.nodes[item.place][1]}` : ""}`) },
      series: [{
        type: "graph", layout: "force", roam: narrow ? "move" : true, draggable: !narrow, scaleLimit: { min: 0.4, max: 6 }, left: 40, right: 40, top: 30, bottom: 30,
        force: { initLayout: "circular", layoutAnimation: false, repulsion: narrow ? 130 : 420, edgeLength: narrow ? [30, 90] : [70, 190], gravity: 0.12 },
        edgeSymbol: ["none", "arrow"], edgeSymbolSize: [0, 9],
        // Where names would overlap, those of the larger circles stand; ECharts would move the words on arrows too.
        labelLayout: spoken ? undefined : { hideOverlap: true },
        label: { show: true, position: "right", minMargin: 6, color: ink, fontSize: 11.5, textBorderColor: card, textBorderWidth: 3, formatter: ({ data: item }) => short(name(item.place), narrow ? 18 : 30) },
        emphasis: { focus: "adjacency", label: { fontWeight: "bold" }, lineStyle: { width: 4 } },
        data: places.map((place, rank) => {
          const [, , kind, label] = data.nodes[place];
          return { id: String(place), place, label: { show: rank < NAMED[narrow ? 1 : 0] }, symbol: shapes[layers.indexOf(kind) % shapes.length] || "circle", symbolSize: 10 + Math.min(5 * Math.sqrt(weight.get(place)), 30 * Math.sqrt(weight.get(place) / heaviest)), itemStyle: { color: goldwire.color(kind, label), borderColor: card, borderWidth: 1.5 } };
        }),
        links: drawn.map((edge) => {
          const pair = [edge.from, edge.to].sort().join(" "), number = both.get(pair) || 0;
          both.set(pair, number + 1);
          const alone = edge.labels.length === 1 || apart(edge.frame);
          return { source: String(edge.from), target: String(edge.to), edge,
            lineStyle: { color: alone ? goldwire.color(layer(edge), edge.labels[0][0]) : goldwire.css("--edge"), type: LINES[edge.frame % LINES.length], width: 1.2 + Math.min(edge.rows.length * 0.7, (5 * edge.rows.length) / thickest), opacity: 0.85, curveness: 0.12 + number * 0.13 },
            label: { show: spoken, distance: 0, color: ink, fontSize: 9.5, textBorderColor: card, textBorderWidth: 3, formatter: short(words(edge), 22) } };
        }),
      }],
    };
  }
  /** The labels of those drawn, each with the shape of its layer. */
  function ends(drawn) {
    const layers = Object.keys(schema.layers), used = new Map();
    for (const edge of drawn) for (const end of [edge.from, edge.to]) used.set(data.nodes[end].slice(2).join(" "), data.nodes[end].slice(2));
    return [...used.keys()].sort((a, b) => layers.indexOf(used.get(a)[0]) - layers.indexOf(used.get(b)[0])).flatMap((key) => {
      const [kind, label] = used.get(key);
      return [`${"●◆■▲"[Math.max(layers.indexOf(kind), 0) % 4]} `, chip(kind, label), " "];
    });
  }
  function draw() {
    const all = gather(), least = Number(get("least").value) || 1;
    people(all);
    const only = get("node").value;
    edges = all.filter((edge) => edge.rows.length >= least && (only === "" || edge.from === Number(only) || edge.to === Number(only)));
    table.set(edges);
    const drawn = edges.slice(0, MOST);
    get("count").textContent = `${goldwire.plural(edges.length, "arrow")}${drawn.length < edges.length ? `, the ${MOST} most frequent drawn` : ""}`;
    const used = new Map();
    for (const edge of drawn) for (const [label, number] of edge.labels) { const key = `${layer(edge)} ${label}`; used.set(key, (used.get(key) || 0) + number); }
    get("key").replaceChildren(...[...used].sort((a, b) => b[1] - a[1]).map(([key, number]) => {
      const at = key.indexOf(" ");
      return el("span", {}, chip(key.slice(0, at), key.slice(at + 1)), ` ${number}`);
    }), el("span", { class: "ends" }, "between ", ...ends(drawn)));
    chart?.dispose();
    chart = echarts.init(get("chart"), null, { renderer: "svg" });
    const made = options(drawn);
    chart.setOption(made);
    // The forces know no frame: what they found is laid out anew, spread over it.
    const nodes = made.series[0].data, laid = chart.getModel().getSeriesByIndex(0).getData();
    const spread = (values, size) => {
      const [low, high] = [Math.min(...values), Math.max(...values)];
      return values.map((value) => (high > low ? ((value - low) / (high - low)) * size : size / 2));
    };
    const found = nodes.map((_, index) => laid.getItemLayout(index));
    const x = spread(found.map((at) => at[0]), get("chart").clientWidth - 80), y = spread(found.map((at) => at[1]), get("chart").clientHeight - 60);
    nodes.forEach((node, index) => {
      [node.x, node.y] = [x[index], y[index]];
      // The name goes where it has room: about 6.5 pixels a letter, beside a circle within a margin of 40.
      const room = 6.5 * short(name(node.place), innerWidth < 600 ? 18 : 30).length + node.symbolSize / 2 + 5 - 40;
      if (x[index] + room > get("chart").clientWidth - 80 && x[index] > room) node.label = { ...node.label, position: "left" };
    });
    made.series[0].layout = "none";
    chart.setOption(made, true);
    chart.on("click", ({ data: item }) => { if (item?.edge) about(item.edge); else if (item && item.place !== undefined) person(item.place); });
  }
  /** Those whom the arrows join, the most frequent first. */
  function people(all) {
    const select = get("node"), chosen = select.value, weight = new Map();
    for (const edge of all) for (const end of new Set([edge.from, edge.to])) weight.set(end, (weight.get(end) || 0) + edge.rows.length);
    const listed = [...weight].sort((a, b) => b[1] - a[1]).slice(0, 300);
    select.replaceChildren(el("option", { value: "" }, "everyone"), ...listed.map(([place, number]) => el("option", { value: place }, `${short(name(place), 40)} (${number})`)));
    select.value = listed.some(([place]) => String(place) === chosen) ? chosen : "";
  }
  function labels() {
    const select = get("label"), chosen = get("layer").value;
    const wanted = schema.frames.map((_, index) => index).filter((index) => chosen === "" || index === Number(chosen));
    select.replaceChildren(el("option", { value: "" }, "any"), ...wanted.flatMap((index) => Object.entries(schema.layers[schema.frames[index].layer].labels)
      .filter(([label]) => data.rows.some((row) => row[3] === index && row[4] === label && row[9].length && row[10].length))
      .map(([label, about]) => el("option", { value: label }, `${label} · ${about.name}`))));
  }
  get("filters").addEventListener("submit", (event) => event.preventDefault());
  let waiting = 0;
  get("filters").addEventListener("input", (event) => { if (event.target.id === "layer") labels(); clearTimeout(waiting); waiting = setTimeout(draw, 120); });
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", draw);
  let width = innerWidth;
  addEventListener("resize", () => { if (innerWidth !== width) { width = innerWidth; clearTimeout(waiting); waiting = setTimeout(draw, 150); } });
  labels();
  draw();
})();
