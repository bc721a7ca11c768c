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
  // The theme would show a notebook as text in a new window.
  all(".btn-download-source-button", (link) => {
    link.setAttribute("download", "");
    link.removeAttribute("target");
  });
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

/* A formula in the text that is longer than a phone is wide stands on a line
   of its own and scrolls there; else the whole page would move sideways. */
window.addEventListener("load", () => {
  const mark = () =>
    document.querySelectorAll(".bd-article span.math").forEach((formula) => {
      formula.classList.remove("tt-long");
      const block = formula.closest("p, li, dd, td, th, div");
      const wide = formula.getBoundingClientRect().width > block.clientWidth;
      formula.classList.toggle("tt-long", wide);
    });
  window.MathJax?.startup?.promise.then(mark);
  let pending;
  window.addEventListener("resize", () => {
    clearTimeout(pending);
    pending = setTimeout(mark, 100);
  });
});
