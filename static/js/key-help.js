// The list of keys, by ? or by [data-key-help]; and whether single keys are on.

(() => {
  const dialog = () => document.getElementById("key-help");

  function row({ keys, title }) {
    const line = document.createElement("div");
    const name = document.createElement("dt");
    const text = document.createElement("dd");
    keys.forEach((key) => {
      const shown = document.createElement("kbd");
      shown.textContent = key;
      name.append(shown, " ");
    });
    text.textContent = title;
    line.append(name, text);
    return line;
  }

  function open() {
    const box = dialog();
    if (!box || box.open) return;
    const always = { keys: ["Ctrl", "K"], title: "Find anything, do anything" };
    const save = { keys: ["Ctrl", "Enter"], title: "Save a form" };
    const log = document.querySelector("[data-quick-log]")
      ? [{ keys: ["L"], title: "Log a contact" }]
      : [];
    box.querySelector("[data-key-list]").replaceChildren(
      ...[always, save, ...log, ...listKeys()].map(row),
    );
    box.showModal();
  }

  onKey("?", { title: "This list", run: open });
  onKey("/", {
    title: "Search",
    run() {
      const field = document.querySelector("main input[type=search]");
      if (field?.getClientRects().length) field.select();
      else document.querySelector("[data-palette]")?.click();
    },
  });

  document.addEventListener("click", (event) => {
    if (event.target.closest("[data-key-help]")) open();
    if (event.target.closest("[data-key-help-close]")) dialog().close();
  });

  // Ctrl-Enter saves the form that somebody is in.
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey)) return;
    const form = event.target.closest?.("form");
    if (!form || form.method !== "post") return;
    event.preventDefault();
    form.requestSubmit();
  });

  onEach("[data-single-keys-choice]", (form) => {
    document.body.dataset.singleKeys = form.dataset.singleKeysChoice;
  });
})();
