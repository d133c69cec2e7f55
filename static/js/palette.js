// The palette: Ctrl-K or [data-palette] opens it; arrows choose, Enter opens.
// The focus stays in the line, so that one can go on typing.

(() => {
  const dialog = () => document.getElementById("palette");
  const input = () => dialog().querySelector("input");
  const options = () => [...dialog().querySelectorAll("[role=option]")];
  const chosen = () => dialog().querySelector("[role=option][aria-selected=true]");
  let wantsEnter = false; // Enter was pressed before the answer to what was typed came
  let isAsking = false;

  function open() {
    const box = dialog();
    if (!box || box.open) return;
    document.querySelectorAll("dialog[open]").forEach((other) => other.close());
    box.showModal();
    input().value = "";
    input().focus();
    ask();
  }

  function ask() {
    isAsking = true;
    input().dispatchEvent(new CustomEvent("palette-opened"));
  }

  function choose(option) {
    options().forEach((one) => one.setAttribute("aria-selected", String(one === option)));
    if (!option) return input().removeAttribute("aria-activedescendant");
    input().setAttribute("aria-activedescendant", option.id);
    option.scrollIntoView({ block: "nearest" });
  }

  function step(by) {
    const all = options();
    if (!all.length) return;
    const at = all.indexOf(chosen());
    choose(all[(at + by + all.length) % all.length]);
  }

  document.addEventListener("keydown", (event) => {
    if (!(event.ctrlKey || event.metaKey) || event.altKey || event.shiftKey) return;
    if (event.key.toLowerCase() !== "k" || !dialog()) return;
    event.preventDefault();
    if (dialog().open) dialog().close();
    else open();
  });

  document.addEventListener("click", (event) => {
    if (event.target.closest("[data-palette]")) return open();
    const box = dialog();
    if (!box?.open) return undefined;
    // Beside it, or the button of a phone, which has no Escape.
    if (event.target === box || event.target.closest("[data-palette-close]")) box.close();
    // A command with a behaviour is done by its own script, under this dialog.
    const option = event.target.closest("#palette [role=option]");
    if (!option) return undefined;
    box.close();
    const does = ["keyHelp", "themeToggle", "quickLog"].some((name) => name in option.dataset);
    if (does) event.preventDefault();
    return undefined;
  }, true);

  onEach("#palette", (box) => {
    box.addEventListener("input", () => {
      isAsking = true;
      wantsEnter = false;
    });
    box.addEventListener("keydown", (event) => {
      if (event.isComposing) return;
      if (event.key === "ArrowDown") step(1);
      else if (event.key === "ArrowUp") step(-1);
      else if (event.key === "Enter") {
        if (isAsking) wantsEnter = true;
        else chosen()?.click();
      } else return;
      event.preventDefault();
    });
    box.addEventListener("pointermove", (event) => {
      const option = event.target.closest("[role=option]");
      if (option && option !== chosen()) choose(option);
    });
  });

  onEach("#palette-found", (found) => {
    if (!dialog()?.open) return;
    isAsking = false;
    choose(found.querySelector("[role=option]"));
    if (wantsEnter) {
      wantsEnter = false;
      chosen()?.click();
    }
  });
})();
