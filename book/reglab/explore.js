/* Starts every figure above this script: a slider chooses a state, the state sets the SVG. */
(() => {
  const start = (figure) => {
    const { slots, grids, texts } = JSON.parse(
      figure.querySelector('script[type="application/json"]').textContent);
    const controls = [...figure.querySelectorAll("input, select")];
    const link = figure.querySelector(".explore-link");
    const parts = slots.map(([k, attribute, values, index]) => {
      const element = figure.querySelector(`[data-k="${k}"]`);
      if (!attribute && !element.firstChild) element.append("");
      return { element, attribute, values, index, shown: null };
    });
    const caption = parts.filter(({ element }) => element.closest("figcaption"));
    const drawing = parts.filter((part) => !caption.includes(part));
    let timer = null;
    const place = (control) =>
      control.type === "range" ? Number(control.value) : control.selectedIndex;

    const set = (some) => {
      let state = 0;
      controls.forEach((control, i) => { state = state * grids[i].length + place(control); });
      some.forEach((part) => {
        const n = part.index[state];
        if (n === part.shown) return;
        part.shown = n;
        if (part.attribute) part.element.setAttribute(part.attribute, part.values[n]);
        else part.element.firstChild.data = part.values[n];
      });
    };

    const draw = () => {
      set(drawing);
      controls.forEach((control, i) => {
        if (control.type !== "range") return;
        const text = texts[i][place(control)];
        control.setAttribute("aria-valuetext", text);
        control.nextElementSibling.firstChild.data = text;
      });
      timer ??= setTimeout(tell, 100); // ten times a second is enough to read, or to hear
    };

    const tell = () => {
      timer = null;
      set(caption);
      const state = controls.map((control, i) => [control.name, grids[i][place(control)]]);
      link.setAttribute("href", `#${figure.id}?${new URLSearchParams(state)}`);
    };

    const restore = () => {
      const [id, query] = location.hash.slice(1).split("?");
      if (id !== figure.id || !query) return;
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
      figure.scrollIntoView({ block: "center" });
    };

    // A click on the link copies it and leaves the page where it is.
    const said = link.parentNode.insertBefore(document.createElement("span"), link.nextSibling);
    said.setAttribute("role", "status");
    link.addEventListener("click", async (event) => {
      if (event.ctrlKey || event.metaKey || event.shiftKey) return; // a new tab or window
      event.preventDefault();
      history.replaceState(null, "", link.href);
      const copied = navigator.clipboard?.writeText(link.href) ?? Promise.reject();
      said.textContent = await copied.then(() => " copied", () => " stands in the address bar");
      setTimeout(() => { said.textContent = ""; }, 4000);
    });

    controls.forEach((control) => control.addEventListener("input", draw));
    window.addEventListener("hashchange", restore);
    figure.dataset.ready = "";
    draw();
    tell();
    restore();
  };
  document.querySelectorAll("figure.explore:not([data-ready])").forEach(start);
})();
