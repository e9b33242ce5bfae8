/* Searches BOOK, which the build writes: [page, title, is a chapter, [[heading, id, text], …]]. */
(() => {
  const input = document.querySelector("#search-input");
  const list = document.querySelector("#search-results");
  const status = document.querySelector("#search-status");
  const SHOWN = 3; // sections of a page
  const AROUND = 70; // characters before and after what was found

  const escape = (text) => text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
  // A word is found with its endings: penalty, penalties; Chinese has no spaces to begin after.
  const stem = (word) => word.length > 3 ? word.replace(/(ies|y|e?s)$/, "") : word;
  const pattern = (words, flags) => new RegExp(words.map((word) =>
    (/\p{Script=Han}/u.test(word) ? "" : "(?<![\\p{L}\\p{N}])") + escape(stem(word))
      + (/^[\x20-\x7e]{1,3}$/.test(word) ? "(?![\\p{L}\\p{N}])" : "")).join("|"), flags);
  const count = (text, regex) => text.match(regex)?.length ?? 0;

  /* Of a page only those sections count in which all words stand, and a page is as good as its
     best ones. Words that few sections have weigh more, and so do headings and titles. */
  const search = (query) => {
    const words = query.toLowerCase().match(/[\p{L}\p{N}_]+/gu) ?? [];
    if (!words.length) return [];
    const each = words.map((word) => pattern([word], "giu"));
    const phrase = new RegExp(words.map((w) => escape(stem(w)) + "\\p{L}*").join("[\\s-]+"), "giu");
    const all = BOOK.flatMap(([, , , sections]) => sections);
    const rarity = each.map((regex) =>
      Math.log(1 + all.length / (1 + all.filter((s) => count(s[0] + " " + s[2], regex)).length)));
    const value = (text) => each.reduce((sum, regex, i) => {
      const n = count(text, regex);
      return sum + rarity[i] * n / (n + 2);
    }, 0);
    return BOOK.map(([page, title, chapter, sections]) => {
      const found = sections.map(([heading, id, text]) => {
        const whole = `${heading} ${text}`;
        if (!each.every((regex) => whole.search(regex) >= 0)) return null;
        const said = words.length > 1 ? 2 * count(whole, phrase) / (count(whole, phrase) + 2) : 0;
        return { heading, id, text, score: value(text) + 2 * value(heading) + said };
      }).filter(Boolean).sort((a, b) => b.score - a.score);
      if (!found.length) return null;
      const best = found.slice(0, 5).reduce((sum, { score }, i) => sum + score / (i + 1), 0);
      const named = each.every((regex) => title.search(regex) >= 0);
      return { page, title, found,
        score: (chapter ? 1.5 : 1) * (best + 3 * value(title)) * (named ? 2 : 1) };
    }).filter(Boolean).sort((a, b) => b.score - a.score);
  };

  const element = (tag, attributes, ...children) => {
    const made = Object.assign(document.createElement(tag), attributes);
    made.append(...children);
    return made;
  };

  const excerpt = (text, regex) => {
    const at = Math.max(0, text.search(regex));
    const from = at < AROUND ? 0 : text.lastIndexOf(" ", at - AROUND) + 1;
    const to = text.indexOf(" ", at + AROUND);
    const cut = text.slice(from, to < 0 ? undefined : to);
    const line = element("p", { className: "search-excerpt" }, from ? "… " : "");
    let done = 0;
    for (const match of cut.matchAll(regex)) {
      line.append(cut.slice(done, match.index), element("mark", {}, match[0]));
      done = match.index + match[0].length;
    }
    line.append(cut.slice(done), to < 0 ? "" : " …");
    return line;
  };

  const show = () => {
    const query = input.value.trim();
    const results = search(query);
    const words = query.toLowerCase().match(/[\p{L}\p{N}_]+/gu) ?? [];
    const any = words.length ? pattern(words, "giu") : null;
    list.replaceChildren(...results.map(({ page, title, found }) => element("li", {},
      element("a", { href: page, className: "search-page" }, title),
      ...found.slice(0, SHOWN).map(({ heading, id, text }) => element("div", {},
        ...(heading === title ? [] : [element("a", { href: `${page}#${id}` }, heading)]),
        excerpt(text, any))),
    )));
    const pages = `${results.length} ${results.length === 1 ? "page" : "pages"}`;
    status.textContent = !query ? "" : results.length ? `${pages} with “${query}”.`
      : `Nothing found for “${query}”. Try fewer or other words.`;
    document.title = query ? `${query} – Search` : "Search";
  };

  let timer = null;
  input.value = new URLSearchParams(location.search).get("q") ?? "";
  input.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(() => {
      const address = new URL(location.href);
      address.searchParams.set("q", input.value);
      history.replaceState(null, "", address);
      show();
    }, 150);
  });
  input.form.addEventListener("submit", (event) => { event.preventDefault(); show(); });
  show();
  input.focus();
})();
