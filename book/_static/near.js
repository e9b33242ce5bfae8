/* A page that is read from its start (see layout.html) shows its first screen before the rest
   is laid out: sections further down wait, with guessed heights, in the class `near`. Here
   they follow, one by one, whenever the browser has time; a jump fetches all at once. */
{
  const root = document.documentElement;
  const left = [...document.querySelectorAll(".bd-article > section section")].reverse();
  let next = left.length;

  const finish = () => {
    next = 0;
    root.classList.remove("near");
    left.forEach((section) => section.removeAttribute("style"));
    removeEventListener("click", jump, true);
  };
  const jump = (event) => {
    if (event.target.closest('a[href*="#"]')) finish();
  };
  const follow = (deadline) => {
    while (next && deadline.timeRemaining() > 0) {
      const section = left[--next];
      section.style.contentVisibility = "visible";
      section.getBoundingClientRect(); // now, while there is time
    }
    if (next) requestIdleCallback(follow);
    else finish();
  };

  if (root.classList.contains("near")) {
    addEventListener("click", jump, true);
    requestAnimationFrame(() => requestIdleCallback(follow)); // after what is seen
  }
}
