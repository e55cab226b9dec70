/* A list of articles in pages: search and filters read small files of the whole list, each when it is needed. */
"use strict";
(() => {
  const { el, fold } = goldwire;
  const get = (id) => document.getElementById(id);
  const SIZE = 25;  // results at once
  const SHORT = 3;  // a shorter word is looked for whole: too many begin so
  // Writing without spaces is taken by pairs of characters: word_index.py does the same.
  const UNSPACED = "\\u0e00-\\u0eff\\u1000-\\u109f\\u1780-\\u17ff\\u3040-\\u30ff\\u3400-\\u9fff\\uf900-\\ufaff\\u{20000}-\\u{3ffff}";
  const STRETCH = new RegExp(`([${UNSPACED}]+)|(?:(?![${UNSPACED}])[\\p{L}\\p{N}])+`, "gu");

  /** What is looked for: words, whether what begins so counts too, and the unspaced `stretch` that one is of. */
  function wanted(query) {
    return [...fold(query).matchAll(STRETCH)].flatMap(([word, stretch]) => {
      const letters = [...word];
      if (!stretch) return [{ word, stretch, beginning: letters.length >= SHORT }];
      if (letters.length === 1) return [{ word, stretch, beginning: true }];
      return letters.slice(1).map((letter, at) => ({ word: letters[at] + letter, stretch, beginning: false }));
    });
  }
  /** The numbers that a file has as distances, into a row of marks. */
  function mark(marks, gaps) {
    let number = 0;
    for (const gap of gaps) marks[number += gap] = 1;
  }
  /** The articles that have a word: the files that may hold it are those from the last that begins before it. */
  async function having({ word, beginning }) {
    const { words: firsts, articles } = goldwire.list, marks = new Uint8Array(articles), files = [];
    for (let file = 0; file < firsts.length; file += 1) {
      const last = file + 1 === firsts.length || firsts[file + 1] > word;
      if (last && (firsts[file] <= word || (beginning && firsts[file].startsWith(word)))) files.push(file);
    }
    await Promise.all(files.map((file) => goldwire.load(`data/words/${file}.js`)));
    for (const file of files) for (const [found, gaps] of goldwire.words[file]) {
      if (found === word || (beginning && found.startsWith(word))) mark(marks, gaps);
    }
    return marks;
  }
  /** The articles that a label or an annotator is in. */
  async function filtered(name) {
    const marks = new Uint8Array(goldwire.list.articles);
    if (!goldwire.list.filters.includes(name)) return marks;
    await goldwire.load(`data/filters/${name}.js`);
    mark(marks, goldwire.filters[name]);
    return marks;
  }
  /** The file that has an article, and its place there. */
  function shard(number) {
    const { shards } = goldwire.list;
    let low = 0, high = shards.length;
    while (high - low > 1) {
      const middle = (low + high) >> 1;
      if (shards[middle] <= number) low = middle; else high = middle;
    }
    return [low, number - shards[low]];
  }
  function place(text, terms) {
    const folded = fold(text), query = fold(get("q").value.trim());
    const whole = query ? folded.indexOf(query) : -1;
    if (whole >= 0) return goldwire.snippet(text, folded, whole, query.length);
    // Without spaces a word begins anywhere: first whole stretches, then what they are looked for by.
    const whole_first = [...terms.map(({ word, stretch }) => [stretch || word, stretch]), ...terms.map(({ word, stretch }) => [word, stretch])];
    for (const [word, unspaced] of whole_first) {
      const at = folded.search(new RegExp(unspaced ? word : `(?<![\\p{L}\\p{N}])${word}`, "u"));
      if (at >= 0) return goldwire.snippet(text, folded, at, word.length);
    }
    return "";
  }
  function row([id, title, language, published, href, counts, readings, text], terms) {
    const layers = Object.keys(goldwire.schema.layers).slice(0, counts.length);
    const who = readings.flatMap(([annotator, status], at) => [at ? ", " : "", `${annotator} `, el("span", { class: "status" }, status)]);
    return el("tr", {},
      el("th", { scope: "row" }, el("a", { dir: "auto", href: `${goldwire.root}articles/${href}`, lang: language || null, title }, title), " ", el("span", { class: "quiet id" }, id), place(text, terms)),
      el("td", { "data-name": "Published" }, published.length > 40 ? `${published.slice(0, 39)}…` : published || "–"),
      ...counts.map((count, at) => el("td", { class: "num", "data-name": layers[at] }, count.toLocaleString("en"))),
      el("td", { "data-name": "Annotators" }, ...(who.length ? who : ["–"])));
  }

  let numbers = null, terms = [], page = 0, asked = 0;
  const all = get("count").textContent;
  async function search() {
    const mine = asked += 1;
    const label = get("label").value, annotator = get("annotator").value, query = wanted(get("q").value);
    if (!query.length && !label && !annotator) {
      numbers = null;
      get("count").textContent = all;
      return draw(mine);
    }
    get("count").textContent = "Searching…";
    await goldwire.load("data/list.js");
    const needed = query.map(having);
    if (label) needed.push(filtered(`label-${label}`));
    if (annotator) needed.push(filtered(`annotator-${annotator}`));
    const marks = await Promise.all(needed);
    if (mine !== asked) return undefined;
    numbers = [];
    for (let number = 0; number < goldwire.list.articles; number += 1) if (marks.every((one) => one[number])) numbers.push(number);
    [terms, page] = [query, 0];
    return draw(mine);
  }
  async function draw(mine) {
    const rows = [], from = page * SIZE, shown = (numbers || []).slice(from, from + SIZE);
    if (numbers) {
      await Promise.all(shown.map((number) => goldwire.load(`data/articles/${shard(number)[0]}.js`)));
      if (mine !== asked) return;
      for (const number of shown) {
        const [file, at] = shard(number);
        rows.push(row(goldwire.shards[file][at], terms));
      }
      get("count").textContent = `${numbers.length.toLocaleString("en")} of ${goldwire.plural(goldwire.list.articles, "article")}`;
      get("place").textContent = numbers.length ? `${(from + 1).toLocaleString("en")}–${(from + shown.length).toLocaleString("en")} of ${numbers.length.toLocaleString("en")}` : "none";
      get("back").disabled = page === 0;
      get("next").disabled = from + SIZE >= numbers.length;
      get("back").hidden = get("next").hidden = numbers.length <= SIZE;
    }
    get("found").replaceChildren(...rows);
    get("rows").hidden = get("pages").hidden = Boolean(numbers);
    get("found").hidden = get("results").hidden = !numbers;
  }
  const missing = (error) => { get("count").textContent = `${error.message}: copy the whole folder of the site`; };
  const turn = (by) => () => { page += by; draw(asked).catch(missing); };
  get("back").addEventListener("click", turn(-1));
  get("next").addEventListener("click", turn(1));
  get("filters").addEventListener("submit", (event) => event.preventDefault());
  let waiting = 0;
  get("filters").addEventListener("input", () => { clearTimeout(waiting); waiting = setTimeout(() => search().catch(missing), 150); });
  if (get("q").value || get("label").value || get("annotator").value) search().catch(missing);
})();
