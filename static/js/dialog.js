// <a data-dialog="Title" href="URL"> opens in a dialog the fragment that URL answers to
// htmx; without this script it is a link. The dialog closes by Escape, a click beside
// it, or the event "dialog-done", which the server triggers once something is stored.

(() => {
  let box = null;

  function make() {
    box = document.createElement("dialog");
    box.className = "c-dialog";
    box.id = "page-dialog";
    box.addEventListener("click", (event) => {
      if (event.target === box) box.close();
    });
    box.addEventListener("close", () => box.replaceChildren());
    document.body.append(box);
  }

  async function open(link) {
    if (!box) make();
    if (box.open) return;
    box.setAttribute("aria-label", link.dataset.dialog);
    const head = document.createElement("div");
    head.className = "c-dialog__head";
    const title = document.createElement("h2");
    title.textContent = link.dataset.dialog;
    const close = document.createElement("button");
    close.type = "button";
    close.className = "c-icon-button";
    close.setAttribute("aria-label", "Close");
    close.textContent = "✕";
    close.addEventListener("click", () => box.close());
    head.append(title, close);
    const body = document.createElement("div");
    body.id = "page-dialog-body";
    box.replaceChildren(head, body);
    box.showModal();
    await htmx.ajax("GET", link.href, { target: "#page-dialog-body", swap: "innerHTML" });
    body.querySelector("select, input:not([type=hidden]), textarea")?.focus();
  }

  document.addEventListener("click", (event) => {
    const link = event.target.closest?.("a[data-dialog]");
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    open(link);
  });

  document.addEventListener("dialog-done", () => box?.close());
})();
