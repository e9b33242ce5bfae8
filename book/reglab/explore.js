/* Starts every figure above this script: a slider chooses a state, the state sets the SVG. */
(() => {
  const start = (figure) => {
    const controls = [...figure.querySelectorAll("input, select")];
    const link = figure.querySelector(".explore-link");
    const place = (control) =>
      control.type === "range" ? Number(control.value) : control.selectedIndex;
    const outputs = controls.map((control) =>
      control.closest("label").querySelector("output > span"));
    const first = controls.map(place);
    let timer = null, rest = null, caption, drawing, grids, texts;

    // The states are read when the figure comes near or is used, whichever is first.
    const read = () => {
      if (drawing) return;
      near.disconnect();
      const data = JSON.parse(
        figure.querySelector('script[type="application/json"]').textContent);
      ({ grids, texts } = data);
      const parts = data.slots.map(([k, attribute, values, index]) => {
        const element = figure.querySelector(`[data-k="${k}"]`);
        if (!attribute && !element.firstChild) element.append("");
        return { element, attribute, values, index, shown: null };
      });
      caption = parts.filter(({ element }) => element.closest("figcaption"));
      drawing = parts.filter((part) => !caption.includes(part));
      figure.dataset.ready = "read";
    };
    const near = new IntersectionObserver(
      (seen) => { if (seen.some((entry) => entry.isIntersecting)) read(); },
      { rootMargin: "100%" });

    const set = (some, places = controls.map(place)) => {
      const state = places.reduce((sum, n, i) => sum * grids[i].length + n, 0);
      some.forEach((part) => {
        const n = part.index[state];
        if (n === part.shown) return;
        part.shown = n;
        if (part.attribute) part.element.setAttribute(part.attribute, part.values[n]);
        else part.element.firstChild.data = part.values[n];
      });
    };

    const draw = () => {
      read();
      set(drawing);
      controls.forEach((control, i) => {
        if (control.type !== "range") return;
        const text = texts[i][place(control)];
        control.setAttribute("aria-valuetext", text);
        outputs[i].firstChild.data = text;
      });
      timer ??= setTimeout(tell, 100); // ten times a second is enough to read
    };

    const tell = () => {
      clearTimeout(timer);
      timer = null;
      set(caption);
      const state = controls.map((control, i) => [control.name, grids[i][place(control)]]);
      link.setAttribute("href", `#${figure.id}?${new URLSearchParams(state)}`);
      clearTimeout(rest); // the finding is said once, when the slider rests
      rest = setTimeout(() => { said.textContent = finding?.textContent ?? ""; }, 600);
    };

    const restore = () => {
      const [id, query] = location.hash.slice(1).split("?");
      if (id !== figure.id || !query) return;
      read();
      const state = new URLSearchParams(query);
      controls.forEach((control, i) => {
        const wanted = state.get(control.name);
        if (wanted === null) return;
        const distances = grids[i].map((value) =>
          typeof value === "string" ? Number(value !== wanted) : Math.abs(value - wanted));
        const n = distances.indexOf(Math.min(...distances));
        if (n >= 0) control[control.type === "range" ? "value" : "selectedIndex"] = n;
      });
      draw();
      tell();
      const show = () => figure.scrollIntoView(
        { block: figure.offsetHeight < window.innerHeight ? "center" : "start" });
      show();
      if (document.readyState === "loading") { // what follows the figure is not there yet
        document.addEventListener("DOMContentLoaded", show, { once: true });
      }
    };

    const status = (name) => {
      const element = document.createElement("span");
      element.className = name;
      element.setAttribute("role", "status");
      return link.parentNode.insertBefore(element, link.nextSibling);
    };
    const finding = figure.querySelector("figcaption [data-k]"), said = status("explore-said");

    // A click on the link copies it and leaves the page where it is.
    const copied = status("explore-copied");
    link.addEventListener("click", async (event) => {
      if (event.ctrlKey || event.metaKey || event.shiftKey) return; // a new tab or window
      event.preventDefault();
      history.replaceState(null, "", link.href);
      const done = navigator.clipboard?.writeText(link.href) ?? Promise.reject();
      copied.textContent = await done.then(() => " copied", () => " stands in the address bar");
      setTimeout(() => { copied.textContent = ""; }, 4000);
    });

    // On paper every figure is as the text around it describes it.
    const printed = (places) => () => {
      if (drawing) set([...drawing, ...caption], places);
    };
    window.addEventListener("beforeprint", printed(first));
    window.addEventListener("afterprint", printed());

    // Keys that move a control are its own: some pages search themselves at every key press.
    // PageUp and PageDown are not: clickers turn slides with them.
    window.addEventListener("keydown", (event) => {
      const moves = /^(Arrow|Home|End)/.test(event.key);
      if (moves && controls.includes(event.target)) event.stopImmediatePropagation();
    }, true);

    controls.forEach((control) => control.addEventListener("input", draw));
    figure.addEventListener("focusin", read);
    window.addEventListener("hashchange", restore);
    figure.dataset.ready = "";
    near.observe(figure);
    restore();
  };
  document.querySelectorAll("figure.explore:not([data-ready])").forEach(start);
})();
