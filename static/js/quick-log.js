// Opens the dialog #quick-log by the key L and by [data-quick-log], fetches its form,
// and closes it once the contact is stored. The account is that of the button, or of the
// page: the nearest [data-account]. A line that was closed unsaved is there again when
// the dialog opens next on the same page.

(() => {
  const dialog = () => document.getElementById("quick-log");
  const drafts = new Map(); // account → line
  let early = null;
  const typing = "input, select, textarea, [contenteditable=''], [contenteditable=true]";

  function open(opener) {
    const box = dialog();
    if (!box || box.open) return;
    const holder = opener?.closest("[data-account]") ?? document.querySelector("main [data-account]");
    const account = holder?.dataset.account ?? "";
    box.dataset.account = account;
    const url = account ? `${box.dataset.url}?account=${encodeURIComponent(account)}` : box.dataset.url;
    // Takes what is typed before the form is here, so that fast typing loses nothing.
    early = document.createElement("input");
    early.className = "p-log__early";
    early.setAttribute("aria-label", "What happened");
    early.addEventListener("keydown", (event) => {
      if (event.key === "Enter") event.target.dataset.save = "yes";
    });
    box.replaceChildren(early);
    box.showModal();
    early.focus();
    htmx.ajax("GET", url, { target: "#quick-log", swap: "innerHTML" });
  }

  function begin(form) {
    const line = form.querySelector("[data-log-line]");
    const search = form.querySelector("[data-log-search]");
    const { value, dataset } = early;
    early = null;
    (search ?? line).focus();
    fill(line, drafts.get(dialog().dataset.account));
    fill(search ?? line, value);
    if (value && dataset.save && !search) form.requestSubmit();
  }

  function fill(input, text) {
    if (!text) return;
    input.value = text;
    input.dispatchEvent(new Event("input", { bubbles: true }));
  }

  document.addEventListener("click", (event) => {
    const opener = event.target.closest("[data-quick-log]");
    if (!opener || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    open(opener);
  });

  document.addEventListener("keydown", (event) => {
    if (event.key.toLowerCase() !== "l" || event.repeat) return;
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
    if (event.target.closest?.(typing) || document.querySelector("dialog[open]")) return;
    event.preventDefault();
    open(null);
  });

  onEach("#quick-log", (box) => {
    box.addEventListener("close", () => {
      const line = box.querySelector("[data-log-line]");
      if (line) drafts.set(box.dataset.account, line.value);
    });
  });

  document.addEventListener("touchpoint-logged", () => {
    drafts.delete(dialog()?.dataset.account);
    dialog()?.close();
    dialog()?.replaceChildren();
  });

  onEach("[data-log-close]", (button) => {
    if (!button.closest("dialog")) return;
    button.hidden = false;
    button.addEventListener("click", () => dialog().close());
  });

  // Down goes from the search to the first match, Enter takes the only or first one.
  onEach("[data-log-search]", (search) => {
    search.addEventListener("keydown", (event) => {
      if (event.key !== "ArrowDown" && event.key !== "Enter") return;
      const form = search.form;
      const first = form.querySelector("input[name=account]");
      if (!first) return;
      event.preventDefault();
      const chosen = form.querySelector("input[name=account]:checked") ?? first;
      chosen.checked = true;
      chosen.dispatchEvent(new Event("change", { bubbles: true }));
      (event.key === "Enter" ? form.querySelector("[data-log-line]") : chosen).focus();
    });
  });

  onEach("#quick-log-form", (form) => {
    // Another account has other people, so the line is read again.
    form.addEventListener("change", (event) => {
      const line = form.querySelector("[data-log-line]");
      if (event.target.name !== "account" || !line?.value) return;
      htmx.ajax("POST", line.getAttribute("hx-post"), {
        source: line,
        target: "#quick-log-preview",
        swap: "outerHTML",
      });
    });
    form.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" || event.target.name !== "account") return;
      event.preventDefault();
      form.querySelector("[data-log-line]").focus();
    });
    if (form.closest("dialog") && early) begin(form);
    // A refused line comes back as it was typed, with the caret at its end.
    const refused = form.querySelector("[data-log-line][aria-invalid]");
    refused?.focus();
    refused?.setSelectionRange(refused.value.length, refused.value.length);
  });
})();
