/* Turns the slides of a deck: keys, buttons, swipes, and the address. */
const slides = [...document.querySelectorAll(".tt-slide")];
const root = document.documentElement;
const count = document.querySelector(".tt-deck-bar output");
let now = -1;

/* As large as the window allows, and the text at least half as large. */
function fit(slide) {
  const largest = Math.min(1.5, Math.max(1, innerWidth / 1000));
  for (let scale = largest; scale > 0.5; scale -= 0.05) {
    slide.style.zoom = scale;
    if (slide.getBoundingClientRect().bottom < innerHeight - 50) break;
  }
}

function show(number) {
  const next = Math.min(slides.length - 1, Math.max(0, number));
  if (next !== now) {
    slides[now]?.removeAttribute("data-shown");
    now = next;
    slides[now].setAttribute("data-shown", "");
    count.textContent = `${now + 1} of ${slides.length}`;
    history.replaceState(null, "", `#${now + 1}`);
    window.scrollTo(0, 0);
  }
  fit(slides[now]);
}

function theme(name) {
  root.dataset.theme = name;
  root.dataset.mode = name;
  try {
    localStorage.setItem("theme", name);
    localStorage.setItem("mode", name);
  } catch { /* a page opened as a file may keep nothing */ }
}

const other = () => theme(root.dataset.theme === "dark" ? "light" : "dark");
const keys = {
  ArrowRight: () => show(now + 1),
  ArrowDown: () => show(now + 1),
  PageDown: () => show(now + 1),
  " ": () => show(now + 1),
  ArrowLeft: () => show(now - 1),
  ArrowUp: () => show(now - 1),
  PageUp: () => show(now - 1),
  Home: () => show(0),
  End: () => show(slides.length - 1),
  t: other,
  f: () =>
    document.fullscreenElement
      ? document.exitFullscreen()
      : root.requestFullscreen?.(),
};

document.addEventListener("keydown", (event) => {
  const taken = event.target.closest("input, select, button, a, summary");
  if (event.ctrlKey || event.metaKey || event.altKey || !keys[event.key]) return;
  if (taken && !/^Page|^[tf]$/.test(event.key)) return;
  event.preventDefault();
  keys[event.key]();
});
for (const button of document.querySelectorAll("[data-go]"))
  button.addEventListener("click", () => show(now + Number(button.dataset.go)));
document.querySelector("[data-theme-switch]").addEventListener("click", other);
let start = null;
addEventListener("touchstart", (e) => (start = e.target.closest("input, .tt-controls") ? null : e.touches[0].clientX));
addEventListener("touchend", (e) => {
  const moved = start === null ? 0 : e.changedTouches[0].clientX - start;
  if (Math.abs(moved) > 60) show(now + (moved < 0 ? 1 : -1));
});
addEventListener("hashchange", () => show(parseInt(location.hash.slice(1), 10) - 1 || 0));
addEventListener("resize", () => fit(slides[now]));
addEventListener("load", () => {
  fit(slides[now]);
  window.MathJax?.startup?.promise?.then(() => fit(slides[now]));
});

let kept = null;
try {
  kept = localStorage.getItem("theme");
} catch { /* as above */ }
const dark = matchMedia("(prefers-color-scheme: dark)").matches;
root.dataset.theme = ["light", "dark"].includes(kept) ? kept : dark ? "dark" : "light";
root.classList.add("tt-turning");
show((parseInt(location.hash.slice(1), 10) || 1) - 1);
