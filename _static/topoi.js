/* Small mends to what the theme writes, so that the pages read well aloud. */
document.addEventListener("DOMContentLoaded", () => {
  const all = (selector, mend) =>
    document.querySelectorAll(selector).forEach(mend);
  all("nav.bd-links li.has-children > details > summary", (summary) => {
    const page = summary.closest("li").querySelector("a");
    summary.setAttribute("aria-label", `Sections of ${page.textContent}`);
  });
  all(
    ".search-button-field, .theme-switch-button, " +
      'summary[aria-label="Toggle hidden content"]',
    (element) => element.removeAttribute("aria-label"),
  );
  all(".citation-list, .citation-list [role]", (element) =>
    element.removeAttribute("role"),
  );
  all("div.proof > p:first-child", (paragraph) => {
    const text = paragraph.firstChild;
    if (text?.nodeValue?.startsWith("Proof. ")) {
      const word = document.createElement("em");
      word.textContent = "Proof.";
      text.nodeValue = text.nodeValue.slice("Proof.".length);
      paragraph.prepend(word);
    }
  });
  all(".bd-sidebar-primary .navbar-brand", (brand) => {
    brand.parentElement.setAttribute("role", "navigation");
    brand.parentElement.setAttribute("aria-label", "Home");
  });
});
