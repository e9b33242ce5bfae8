/* Sections away from the screen are neither laid out nor painted (the class `near`): a page
   starts, and a slider moves, in half the time. A page read from its start begins with
   guessed heights (see layout.html); here each section gets its own, so that jumps land. */
if (CSS.supports("content-visibility: auto") && CSS.supports("overflow-anchor: auto")) {
  const sections = [...document.querySelectorAll(".bd-article > section section")];
  const keep = (section, { height }) => {
    section.style.containIntrinsicBlockSize = `${height}px`;
  };
  const watch = new ResizeObserver((changed) =>
    changed.forEach(({ target, contentRect }) => keep(target, contentRect)));
  let left = [], waiting = null, width = null;

  const measure = (deadline) => {
    while (left.length && deadline.timeRemaining() > 0) {
      const section = left.pop(); // inner sections come before those around them
      section.style.contentVisibility = "visible";
      keep(section, section.getBoundingClientRect());
      section.style.contentVisibility = "";
    }
    waiting = left.length ? requestIdleCallback(measure) : null;
    if (waiting) return;
    document.documentElement.classList.add("near");
    sections.forEach((section) => watch.observe(section)); // a solution opens, say
  };

  const start = () => {
    if (innerWidth === width) return;
    width = innerWidth;
    watch.disconnect();
    left = [...sections];
    waiting ??= requestIdleCallback(measure);
  };
  addEventListener("load", start);
  addEventListener("resize", start);
}
