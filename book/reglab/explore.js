/* Starts every figure above this script: a slider chooses a state, the state sets the SVG. */
(() => {
  const start = (figure) => {
    const { slots, grids, texts } = JSON.parse(
      figure.querySelector('script[type="application/json"]').textContent);
    const controls = [...figure.querySelectorAll("input, select")];
    const link = figure.querySelector(".explore-link");
    const elements = slots.map(([k]) => figure.querySelector(`[data-k="${k}"]`));
    elements.forEach((element) => element.firstChild || element.append(""));
    const shown = slots.map(() => null);
    let timer;
    const place = (control) =>
      control.type === "range" ? Number(control.value) : control.selectedIndex;

    const draw = () => {
      let state = 0;
      controls.forEach((control, i) => { state = state * grids[i].length + place(control); });
      slots.forEach(([, attribute, values, index], i) => {
        const n = index[state];
        if (n === shown[i]) return;
        shown[i] = n;
        if (attribute) elements[i].setAttribute(attribute, values[n]);
        else elements[i].firstChild.data = values[n];
      });
    };

    const tell = () => {
      controls.forEach((control, i) => {
        if (control.type !== "range") return;
        const text = texts[i][place(control)];
        control.setAttribute("aria-valuetext", text);
        control.nextElementSibling.firstChild.data = text;
      });
      clearTimeout(timer);
      timer = setTimeout(point, 150); // not while the slider moves: it would cost a layout
    };

    const point = () => {
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
      point();
      figure.scrollIntoView({ block: "center" });
    };

    controls.forEach((control) => control.addEventListener("input", () => { draw(); tell(); }));
    window.addEventListener("hashchange", restore);
    figure.dataset.ready = "";
    draw();
    tell();
    point();
    restore();
  };
  document.querySelectorAll("figure.explore:not([data-ready])").forEach(start);
})();
