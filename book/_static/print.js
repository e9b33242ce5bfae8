/* Paper is white: a page that is dark on the screen is printed as the light one. */
{
  const page = document.documentElement.dataset;
  let theme = page.theme;
  addEventListener("beforeprint", () => { theme = page.theme; page.theme = "light"; });
  addEventListener("afterprint", () => { page.theme = theme; });
}
