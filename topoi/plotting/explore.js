/* Explorable figures. A notebook has computed every state; this script draws
 * the controls, shows the state that they name, and says it in words.
 *
 * The data of a figure (topoi/plotting/explorable.py writes them):
 *   controls: kind, label, the words for its values, and which one is first
 *   table:    all texts and numbers that occur
 *   set:      [element, attribute, controls that matter, places in the table]
 *   say:      parts of the sentence: a text, or [controls, places]
 */
(() => {
  const make = (tag, properties = {}, ...children) => {
    const element = Object.assign(document.createElement(tag), properties);
    element.append(...children);
    return element;
  };

  /* Each kind of control returns an element and a function that marks it. */
  const KINDS = {
    slider({ label, values }, change) {
      const input = make("input", { type: "range", max: values.length - 1 });
      const output = make("output");
      const head = make("span", {}, label, output);
      input.addEventListener("input", () => change(+input.value));
      const mark = (at) => {
        input.value = at;
        output.value = values[at];
        input.setAttribute("aria-valuetext", values[at]);
      };
      return [make("label", {}, head, input), mark];
    },
    steps({ label, values }, change) {
      let now = 0;
      const output = make("output");
      const button = (text, way) => {
        const one = make("button", { type: "button" }, text);
        one.addEventListener("click", () => change(now + way));
        return one;
      };
      const back = button("Back", -1), next = button("Next", 1);
      const ends = [[back, 0], [next, values.length - 1]];
      const mark = (at) => {
        now = at;
        output.value = values[at];
        for (const [one, end] of ends)
          one.setAttribute("aria-disabled", at === end);
      };
      const row = make("div", {}, back, next);
      const head = make("span", {}, label, output);
      row.prepend(head);
      row.setAttribute("role", "group");
      row.setAttribute("aria-label", label);
      return [row, mark];
    },
    choice({ label, values }, change, name) {
      const inputs = values.map((value, at) => {
        const input = make("input", { type: "radio", name });
        input.addEventListener("change", () => change(at));
        return input;
      });
      const options = inputs.map((input, at) =>
        make("label", {}, input, values[at]),
      );
      const legend = make("legend", {}, label);
      const mark = (at) => { inputs[at].checked = true; };
      return [make("fieldset", {}, legend, ...options), mark];
    },
    toggle({ label }, change) {
      const input = make("input", { type: "checkbox" });
      input.addEventListener("change", () => change(+input.checked));
      const mark = (at) => { input.checked = at === 1; };
      return [make("label", {}, input, label), mark];
    },
  };

  function start(figure, number) {
    if (figure.dataset.live) return;
    figure.dataset.live = "yes";
    const json = figure.querySelector("script[type='application/json']");
    const { controls, table, set, say } = JSON.parse(json.textContent);
    const sentence = figure.querySelector(".tt-say");
    const box = figure.querySelector(".tt-controls");
    const at = controls.map((control) => control.start);
    const pick = (axes, places) => table[places[axes.reduce(
      (sum, axis) => sum * controls[axis].values.length + at[axis], 0)]];
    const targets = set.map(([id]) =>
      figure.querySelector(`[data-id="${id}"]`));

    function show() {
      set.forEach(([, name, axes, places], n) => {
        const value = pick(axes, places);
        if (name === "text") targets[n].textContent = value;
        else targets[n].setAttribute(name, value);
      });
      sentence.textContent = say.map((part) =>
        typeof part === "string" ? part : pick(...part)).join("");
    }

    controls.forEach((control, n) => {
      const change = (value) => {
        const last = control.values.length - 1;
        at[n] = Math.min(Math.max(value, 0), last);
        mark(at[n]);
        show();
      };
      const name = `tt-${number}-${n}`;
      const [element, mark] = KINDS[control.kind](control, change, name);
      element.classList.add("tt-control", `tt-${control.kind}`);
      mark(at[n]);
      if (control.kind !== "toggle") box.append(element);
      else if (controls[n - 1]?.kind === "toggle") box.lastChild.append(element);
      else box.append(make("div", { className: "tt-toggles" }, element));
    });
  }

  const startAll = () =>
    document.querySelectorAll(".tt-explore").forEach(start);
  if (document.readyState === "loading")
    document.addEventListener("DOMContentLoaded", startAll);
  else startAll();
})();
