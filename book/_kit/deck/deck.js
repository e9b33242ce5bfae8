/* Starts the deck. Slides and sliders share a keyboard: inside a control its own keys are its
   own, but the clicker's keys always turn the slide, and Escape leaves the control. */
(() => {
  const inControl = () => document.activeElement?.closest("input, select, summary");

  // "#curves?lambd=1" opens the slide that holds the figure, in that state
  const figure = /^#[\w-]+\?/.test(location.hash) &&
    document.getElementById(location.hash.slice(1).split("?")[0]);
  if (figure) history.replaceState(null, "", location.pathname + location.search);

  /* What is too tall for the slide is made smaller as a whole. */
  const fit = (slide) => {
    const body = slide?.querySelector(":scope > .fit");
    if (!body) return;
    body.style.zoom = 1;
    const room = slide.clientHeight - 36; // above the number of the slide
    if (body.scrollHeight > room) body.style.zoom = Math.max(0.5, room / body.scrollHeight);
  };

  document.querySelectorAll(".slides section section").forEach((slide) => {
    const body = document.createElement("div");
    body.className = "fit";
    body.append(...[...slide.childNodes]);
    slide.append(body);
    body.querySelectorAll("aside.notes").forEach((notes) => slide.append(notes));
  });

  window.addEventListener("keydown", (event) => {
    if (!inControl()) return;
    if (event.key === "Escape") document.activeElement.blur();
    else if (event.key === "PageDown") Reveal.next();
    else if (event.key === "PageUp") Reveal.prev();
    else return;
    event.preventDefault();
    event.stopImmediatePropagation();
  }, true);

  Reveal.on("slidechanged", ({ currentSlide }) => {
    document.activeElement?.blur();
    fit(currentSlide);
  });
  Reveal.on("ready", ({ currentSlide }) => fit(currentSlide));
  Reveal.initialize({
    width: 1280,
    height: 720,
    margin: 0.04,
    center: false,
    hash: true,
    slideNumber: "c/t",
    transition: "none",
    keyboardCondition: () => !inControl(),
    plugins: [RevealNotes],
  }).then(() => {
    if (!figure) return;
    const { h, v } = Reveal.getIndices(figure.closest("section"));
    Reveal.slide(h, v);
  });
})();
