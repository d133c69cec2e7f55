// Lets chips write the quick log's line. The line stays the only truth: a choice puts
// words in place of others, and the line is read again.
//
//   [data-log-put] with data-log-start, data-log-stop   puts words in place of those
//   [data-log-is]                                       says which person is meant
//   [data-log-select]                                   marks words, to write them anew
//   [data-log-choose]                                   people a name fits: 1 to 9 chooses
//   [data-log-choices]                                  an open chip: 1 to 9 chooses too

(() => {
  const part = (form, selector) => form.querySelector(selector);
  const lineOf = (form) => part(form, "[data-log-line]");
  const hasKeyboard = () => matchMedia("(pointer: fine)").matches;

  window.rereadLine = (form) => {
    const line = lineOf(form);
    if (!line?.hasAttribute("hx-post")) return;
    htmx.ajax("POST", line.getAttribute("hx-post"), {
      source: line,
      target: "#quick-log-preview",
      swap: "outerHTML",
    });
  };

  function put(form, { logPut, logStart, logStop }) {
    const line = lineOf(form);
    const words = line.value.split(/\s+/).filter(Boolean);
    const start = Number(logStart);
    words.splice(start, Number(logStop) - start, ...logPut.split(" ").filter(Boolean));
    line.value = words.join(" ");
    if (logPut === "@" || logPut.startsWith("+")) line.value += logPut === "@" ? "" : " ";
    line.dispatchEvent(new Event("input", { bubbles: true }));
  }

  function say(form, person) {
    const meant = part(form, "[data-log-meant]");
    const assumed = part(form, "[data-log-assumed]");
    if (meant) meant.value = person === "0" ? "" : person;
    if (assumed && person === "0") assumed.value = "";
  }

  function select(form, { logStart, logStop }) {
    const line = lineOf(form);
    const words = [...line.value.matchAll(/\S+/g)];
    const first = words[Number(logStart)];
    const last = words[Number(logStop) - 1];
    line.focus();
    if (first && last) line.setSelectionRange(first.index, last.index + last[0].length);
  }

  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-log-put], [data-log-is], [data-log-select]");
    const form = button?.closest("form");
    if (!form) return;
    const { dataset } = button;
    if ("logSelect" in dataset) return select(form, dataset);
    if ("logIs" in dataset) say(form, dataset.logIs);
    if ("logPut" in dataset) put(form, dataset);
    if (button.closest("[data-log-choose]")?.dataset.saves) return form.requestSubmit();
    rereadLine(form);
    if (hasKeyboard() || dataset.logPut === "@") {
      const line = lineOf(form);
      line.focus();
      const at = dataset.logPut === "@" ? line.value.lastIndexOf("@") + 1 : line.value.length;
      line.setSelectionRange(at, at);
    }
  });

  // A refusal speaks of the line as it was; the preview speaks of it as it is.
  document.addEventListener("input", (event) => {
    const line = event.target;
    if (!line.matches?.("[data-log-line][aria-invalid]")) return;
    line.removeAttribute("aria-invalid");
    line.parentElement.querySelectorAll(".errorlist").forEach((said) => said.remove());
  });

  // Enter on a name that fits several asks who; then one key says it, and it is saved.
  document.addEventListener("keydown", (event) => {
    const form = event.target.closest?.("form.p-log");
    if (!form || event.isComposing) return;
    const question = part(form, "[data-log-choose]");
    if (event.key === "Enter" && event.target.matches("[data-log-line]") && question) {
      event.preventDefault();
      ask(question);
    }
    if (!/^[1-9]$/.test(event.key) || event.target.matches("input")) return;
    const within = event.target.closest("[data-log-choose]") ?? part(form, "details[open]");
    const buttons = within?.querySelectorAll("button");
    const wanted = buttons?.[Number(event.key) - 1];
    if (!wanted) return;
    event.preventDefault();
    wanted.click();
  });

  function ask(question) {
    question.dataset.saves = "yes";
    question.querySelector("button").focus();
  }

  // A saved line that was refused for its name asks at once.
  onEach("#quick-log-form", (form) => {
    const question = part(form, "[data-log-choose]");
    if (question && lineOf(form)?.hasAttribute("aria-invalid")) ask(question);
  });
})();
