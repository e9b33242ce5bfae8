/* How far a reader has come, kept in this browser alone.
   A section counts as seen when its end has been on the screen. */
(() => {
  if (localStorage.denied) return; // the browser keeps nothing
  const KEY = "learning-to-generalize:seen";
  const here = document.body.dataset.chapter;
  const sections = here ? [...document.querySelectorAll(".bd-article > section > section")] : [];

  const load = () => {
    try {
      const kept = Object.entries(JSON.parse(localStorage.getItem(KEY)));
      return Object.fromEntries(kept.filter(([, entry]) => Array.isArray(entry?.seen)));
    } catch {
      return {}; // nothing yet, or written by something else
    }
  };
  const save = (all) => {
    try {
      if (Object.keys(all).length) localStorage.setItem(KEY, JSON.stringify(all));
      else localStorage.removeItem(KEY);
    } catch {
      // full: the mark is not worth an error
    }
  };
  const entry = (all) => ({ seen: [], total: sections.length, read: false, ...all[here] });
  const state = (kept) =>
    !kept ? "" : kept.read ? "read" : `${kept.seen.length} of ${kept.total} sections seen`;

  const element = (tag, attributes, ...children) => {
    const made = Object.assign(document.createElement(tag), attributes);
    made.append(...children);
    return made;
  };

  // A mark beside each link to a chapter, in the contents and on the first page.
  const mark = (all) => {
    document.querySelectorAll(".seen-mark").forEach((old) => old.remove());
    document.querySelectorAll(".bd-sidenav a, .chapter-title a").forEach((link) => {
      const name = link.getAttribute("href") === "#"
        ? here : link.pathname.match(/\/book\/([\w-]+)\.html$/)?.[1];
      const said = state(all[name]);
      if (!said) return;
      const sign = all[name].read ? "✓" : `${all[name].seen.length}/${all[name].total}`;
      link.append(element("span", { className: "seen-mark" },
        element("span", { ariaHidden: "true" }, sign),
        element("span", { className: "visually-hidden" }, `, ${said}`)));
    });
  };

  // What stands at the end of a chapter and of the first page.
  const box = document.querySelector(".reading");
  const said = element("p", { className: "reading-state" });
  said.setAttribute("role", "status");
  const done = element("button", { type: "button", className: "reading-button" });
  const forget = element("button",
    { type: "button", className: "reading-button" }, "Forget my reading progress");

  const show = (all, message) => {
    mark(all);
    const kept = all[here];
    const count = Object.values(all).filter(({ read }) => read).length;
    const text = here ? (kept ? `This chapter: ${state(kept)}.` : "")
      : Object.keys(all).length ? `Chapters read: ${count}.` : "";
    if (said.textContent !== (message ?? text)) said.textContent = message ?? text;
    done.hidden = !here;
    done.textContent = kept?.read ? "Mark as not read" : "Mark as read";
    forget.hidden = !Object.keys(all).length;
  };

  done.addEventListener("click", () => {
    const all = load();
    const mine = entry(all);
    all[here] = { ...mine, read: !mine.read };
    save(all);
    show(all);
  });
  forget.addEventListener("click", () => {
    save({});
    (here ? done : box).focus(); // the button goes
    show({}, "Your reading progress is forgotten.");
  });

  if (box) {
    box.tabIndex = -1;
    box.append(done, forget, said); // what grows stands last: no button moves away
    document.querySelector(".bd-article").append(box); // as wide as the text
    box.hidden = false;
  }
  const watch = new IntersectionObserver((ends) => {
    const all = load();
    const mine = entry(all);
    const before = mine.seen.length;
    ends.filter((end) => end.isIntersecting).forEach(({ target }) => {
      watch.unobserve(target);
      const id = target.closest(".bd-article > section > section").id;
      if (!mine.seen.includes(id)) mine.seen.push(id);
    });
    if (mine.seen.length === before) return;
    mine.total = sections.length;
    mine.read ||= mine.seen.length >= mine.total;
    all[here] = mine;
    save(all);
    show(all);
  });
  sections.forEach((section) => watch.observe(section.lastElementChild));
  window.addEventListener("storage", () => show(load())); // another tab went on
  show(load());
})();
