/* Events by date. */
"use strict";
(() => {
  const { el, chip, fold, schema, frames: data } = goldwire;
  const get = (id) => document.getElementById(id);
  const DAY = 864e5;
  const MANY = 1200;  // more events are drawn by month: a point for each label
  const LANES = 8;  // of one label; more events share them
  const dated = schema.frames.map((frame, index) => [frame, index]).filter(([frame]) => frame.dated).map(([, index]) => index);

  /** The first instant of a date and the one after it: a day (with any time), a month or a year of ISO 8601;
   *  null for what is none of these. */
  function period(date) {
    const parts = /^(\d{4})(?:-(\d{2})(?:-(\d{2})(?:[T ].*)?)?)?$/.exec(date);
    if (!parts) return null;
    const [year, month, day] = parts.slice(1).map((part) => (part === undefined ? undefined : Number(part)));
    const at = (y, m, d) => new Date(0).setUTCFullYear(y, m, d);
    const from = at(year, (month ?? 1) - 1, day ?? 1), read = new Date(from);
    // A month 13 or a 30 February would roll over.
    if (year === 0 || read.getUTCFullYear() !== year || read.getUTCMonth() !== (month ?? 1) - 1 || read.getUTCDate() !== (day ?? 1)) return null;
    return [from, day ? from + DAY : month ? at(year, month, 1) : at(year + 1, 0, 1)];
  }
  const published = (row) => data.documents[row[0]][2];
  const basis = { stated: "stated in the text", registry: "from the registry", published: "no date: publication of the first article" };

  function group() {
    const reading = get("reading").value, label = get("label").value, query = fold(get("q").value.trim()), found = new Map();
    for (const row of data.rows) {
      if (!dated.includes(row[3]) || !(reading ? data.annotators[row[1]] === reading : row[2])) continue;
      if (!found.has(row[7])) found.set(row[7], []);
      found.get(row[7]).push(row);
    }
    const most = (values) => {
      const counts = new Map();
      for (const value of values) counts.set(value, (counts.get(value) || 0) + 1);
      return [...counts].sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1))[0]?.[0];
    };
    const made = [];
    for (const [key, rows] of found) {
      const [id, name, known] = data.events[key];
      const stated = most(rows.map((row) => row[8]).filter(Boolean));
      const first = rows.map(published).filter(Boolean).sort((a, b) => (period(a) ? 0 : 1) - (period(b) ? 0 : 1) || (a < b ? -1 : 1))[0];
      // The best that is known, if it can be read; else the next that can; else as it is written.
      const dates = [["registry", known], ["stated", stated], ["published", first]].filter(([, date]) => date);
      const [from, date] = dates.find(([, each]) => period(each)) || dates[0] || ["published", ""];
      made.push({ key, id, rows, label: most(rows.map((row) => row[4])), layer: schema.frames[rows[0][3]].layer, name: name || most(rows.map((row) => row[6])), date, span: period(date), basis: from, articles: new Set(rows.map((row) => row[0])).size });
    }
    return made.filter((one) => (!label || one.label === label) && (!query || fold(`${one.id} ${one.name} ${one.rows.map((row) => row[6]).join(" ")}`).includes(query)))
      .sort((a, b) => (a.date < b.date ? -1 : a.date > b.date ? 1 : a.key - b.key));
  }

  const names = (places) => places.map((place) => data.nodes[place][0]).join(", ");
  function detail(one, move) {
    const place = get("detail");
    place.hidden = false;
    place.replaceChildren(
      el("h2", { lang: data.language || null }, one.name),
      el("p", {}, chip(one.layer, one.label), ` ${one.date || "no date"} `, el("span", { class: "quiet" }, `(${basis[one.basis]})${one.id ? ` · ${one.id}` : ""}`)),
      el("ul", {}, ...one.rows.map((row) => {
        const who = [names(row[9]), names(row[10])], where = names(row[11]);
        return el("li", {}, el("a", { href: goldwire.link(data.documents[row[0]], data.annotators[row[1]], row[5]), lang: data.language || null }, `“${row[6]}”`),
          el("span", { class: "quiet" }, ` ${row[4]}${who[0] || who[1] ? `: ${who[0] || "?"} → ${who[1] || "?"}` : ""}${where ? `, ${where}` : ""} · ${data.documents[row[0]][1]}`));
      })));
    if (move) place.scrollIntoView({ block: "nearest" });
  }

  let chart = null, list = [];
  const table = goldwire.table(get("table"), { caption: "Events by date", rows: [], search: false, columns: [
    { name: "date", show: (one) => one.date || "–", key: (one) => one.date },
    { name: "label", show: (one) => chip(one.layer, one.label), key: (one) => one.label },
    { name: "event", wide: true, key: (one) => one.name, show: (one) => {
      const button = el("button", { type: "button", class: "plain", lang: data.language || null }, one.name);
      button.addEventListener("click", () => detail(one, true));
      return button;
    } },
    { name: "mentions", num: true, show: (one) => one.rows.length },
    { name: "articles", num: true, show: (one) => one.articles },
    { name: "date is", show: (one) => basis[one.basis] },
  ] });

  /** The events of each label and month as one. */
  function months() {
    const found = new Map();
    for (const one of list.filter((each) => each.span)) {
      const key = `${one.layer} ${one.label} ${one.date.slice(0, 7)}`;
      if (!found.has(key)) found.set(key, []);
      found.get(key).push(one);
    }
    return [...found.values()].map((ones) => ({ ...ones[0], ones, name: goldwire.plural(ones.length, "event"), date: ones[0].date.slice(0, 7), span: period(ones[0].date.slice(0, 7)), basis: "",
      rows: ones.flatMap((one) => one.rows), articles: new Set(ones.flatMap((one) => one.rows.map((row) => row[0]))).size }));
  }
  function open(one) {
    if (!one.ones) return detail(one, true);
    table.set(one.ones);
    get("count").textContent = `The table shows ${one.label} in ${one.date}: ${one.name}`;
    return get("table").scrollIntoView();
  }
  function options() {
    const ink = goldwire.css("--ink"), quiet = goldwire.css("--quiet"), line = goldwire.css("--line"), card = goldwire.css("--card");
    const narrow = innerWidth < 600, left = narrow ? 92 : 124, label = narrow ? 120 : 215;
    const many = list.length > MANY, drawn = many ? months() : list.filter((one) => one.span);
    const most = Math.max(...drawn.map((one) => one.rows.length), 1);
    const points = drawn.map((one) => {
      const [from, to] = one.span;
      return { one, from, to, at: to - from > DAY ? (from + to) / 2 : from };
    });
    const times = points.map((point) => point.at).sort((a, b) => a - b);
    // Begin where four in five events lie closest together.
    let begin = [times[0], times.at(-1)];
    const share = Math.ceil(times.length * 0.8);
    for (let at = 0; at + share <= times.length; at += 1) if (times[at + share - 1] - times[at] < begin[1] - begin[0]) begin = [times[at], times[at + share - 1]];
    const room = Math.max((begin[1] - begin[0]) * 0.06, 3 * DAY);
    // Each label has as many lanes as its names need to stand side by side at first sight.
    const wide = (label / Math.max(get("chart").clientWidth - left - 40, 150)) * (begin[1] - begin[0] + 2 * room);
    const lanes = [], groups = [];
    for (const index of dated) for (const name of Object.keys(schema.layers[schema.frames[index].layer].labels)) {
      const mine = points.filter((point) => point.one.label === name && point.one.layer === schema.frames[index].layer).sort((a, b) => a.at - b.at);
      if (!mine.length) continue;
      const ends = [];
      for (const point of mine) {
        let lane = ends.findIndex((end) => end <= point.at);
        if (lane < 0) lane = ends.length < (many ? 1 : LANES) ? ends.length : ends.indexOf(Math.min(...ends));
        ends[lane] = point.at + wide;
        point.lane = lanes.length + lane;
      }
      groups.push({ value: [0, lanes.length - 0.5, lanes.length + (ends.length - 1) / 2], name });
      ends.forEach(() => lanes.push(name));
    }
    const height = lanes.length * (many ? 30 : 17) + 110;
    get("chart").style.height = `${Math.max(height, 220)}px`;
    const color = (one) => goldwire.color(one.layer, one.label);
    return {
      animation: false,
      textStyle: { fontFamily: getComputedStyle(document.body).fontFamily },
      grid: { left, right: 24, top: 16, bottom: 84 },
      xAxis: { type: "time", min: times.length ? times[0] - room : null, max: times.length ? times.at(-1) + room : null, axisLabel: { color: quiet, hideOverlap: true }, position: "bottom", axisLine: { onZero: false, lineStyle: { color: quiet } }, splitLine: { show: true, lineStyle: { color: line } } },
      yAxis: { type: "value", inverse: true, min: -0.5, max: Math.max(lanes.length, 1) - 0.5, axisLabel: { show: false }, axisTick: { show: false }, axisLine: { show: false }, splitLine: { show: false } },
      tooltip: { confine: true, backgroundColor: goldwire.css("--card"), borderColor: line, textStyle: { color: ink }, renderMode: "richText", formatter: ({ data: item }) => `${item.one.name}\n${item.one.label} · ${item.one.date}${item.one.basis ? ` (${basis[item.one.basis]})` : ""}\n${goldwire.plural(item.one.rows.length, "mention")} in ${goldwire.plural(item.one.articles, "article")}` },
      dataZoom: [
        { type: "slider", showDataShadow: false, filterMode: "none", bottom: 14, height: 26, startValue: begin[0] - room, endValue: begin[1] + room, textStyle: { color: quiet }, labelFormatter: (value) => new Date(value).toISOString().slice(0, 10) },
        { type: "inside", filterMode: "none", zoomOnMouseWheel: "ctrl", moveOnMouseMove: !narrow },
      ],
      series: [
        { type: "custom", silent: true, clip: false, tooltip: { show: false }, data: groups, encode: { x: -1, y: 1 },
          renderItem: (parameters, api) => {
            const area = parameters.coordSys, group = groups[parameters.dataIndex];
            const top = api.coord([times[0], group.value[1]])[1], middle = api.coord([times[0], group.value[2]])[1];
            return { type: "group", children: [
              { type: "line", shape: { x1: 0, x2: area.x + area.width, y1: top, y2: top }, style: { stroke: line } },
              { type: "text", style: { x: area.x - 10, y: middle, text: group.name, fill: ink, fontSize: 11, align: "right", verticalAlign: "middle", width: left - 14, overflow: "truncate" } },
            ] };
          } },
        { type: "custom", silent: true, clip: true, data: points.filter((point) => !many && point.to - point.from > DAY).map((point) => ({ value: [point.from, point.lane, point.to], one: point.one })),
          renderItem: (parameters, api) => {
            const [x1, y] = api.coord([api.value(0), api.value(1)]), [x2] = api.coord([api.value(2), api.value(1)]), area = parameters.coordSys;
            const left = Math.max(x1, area.x), right = Math.min(x2, area.x + area.width), item = bars[parameters.dataIndex];
            return right <= left ? null : { type: "rect", shape: { x: left, y: y - 2, width: right - left, height: 4, r: 2 }, style: { fill: color(item.one), opacity: 0.3 } };
          } },
        { type: "scatter", clip: true, data: points.map((point) => ({ value: [point.at, point.lane], one: point.one, symbolSize: many ? 5 + 23 * Math.sqrt(point.one.rows.length / most) : Math.min(7 + 2.4 * Math.sqrt(point.one.rows.length), 18),
            itemStyle: many ? { color: color(point.one), opacity: 0.75 } : point.one.basis === "published" ? { color: goldwire.css("--card"), borderColor: color(point.one), borderWidth: 2 } : { color: color(point.one), borderColor: goldwire.css("--card"), borderWidth: 1 } })),
          progressive: 0, label: { show: !many, position: "right", color: ink, fontSize: 11, textBorderColor: card, textBorderWidth: 3, width: label - 20, overflow: "truncate", formatter: ({ data: item }) => item.one.name },
          labelLayout: ({ rect, labelRect }) => (labelRect.x + labelRect.width > get("chart").clientWidth - 4 ? { x: rect.x - 5, y: rect.y + rect.height / 2, align: "right", verticalAlign: "middle", hideOverlap: true } : { hideOverlap: true }), emphasis: { scale: 1.3 } },
      ],
    };
  }
  let bars = [];
  function draw() {
    list = group();
    table.set(list);
    const undrawn = list.filter((one) => !one.span).length;
    get("count").textContent = `${goldwire.plural(list.length, "event")}, ${goldwire.plural(list.reduce((sum, one) => sum + one.rows.length, 0), "mention")}${undrawn ? `; ${undrawn} not drawn: no date, or none that can be read (2020-12-31, 2020-12 or 2020)` : ""}`;
    chart?.dispose();
    chart = null;
    get("chart").hidden = undrawn === list.length;
    if (get("chart").hidden) return;
    const made = options();
    bars = made.series[1].data;
    chart = echarts.init(get("chart"), null, { renderer: list.length > MANY ? "canvas" : "svg" });
    chart.setOption(made);
    chart.on("click", ({ data: item }) => item?.one && open(item.one));
  }
  const select = get("label");
  for (const index of dated) for (const [label, about] of Object.entries(schema.layers[schema.frames[index].layer].labels)) {
    if (data.rows.some((row) => row[3] === index && row[4] === label)) select.append(el("option", { value: label }, `${label} · ${about.name}`));
  }
  get("filters").addEventListener("submit", (event) => event.preventDefault());
  let waiting = 0;
  get("filters").addEventListener("input", () => { clearTimeout(waiting); waiting = setTimeout(draw, 120); });
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", draw);
  let width = innerWidth;
  addEventListener("resize", () => { if (innerWidth !== width) { width = innerWidth; clearTimeout(waiting); waiting = setTimeout(draw, 150); } });
  draw();
})();
