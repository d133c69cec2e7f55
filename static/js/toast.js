// Lets toasts in #toasts go after a while, and says when a request failed.
// A toast stays while the pointer or the keyboard is on it; data-toast says for how many
// seconds otherwise. Ctrl-Z presses the newest "undo" that is shown.

(() => {
  const SHORT_MS = 6000;
  const LONG_MS = 12000; // long enough to reach for "undo"

  onEach("[data-toast]", (toast) => {
    let timer;
    const leave = () => toast.remove();
    const start = () => {
      const usual = toast.querySelector("form") ? LONG_MS : SHORT_MS;
      timer = setTimeout(leave, Number(toast.dataset.toast) * 1000 || usual);
    };
    const hold = () => clearTimeout(timer);
    toast.addEventListener("mouseenter", hold);
    toast.addEventListener("focusin", hold);
    toast.addEventListener("mouseleave", start);
    toast.addEventListener("focusout", start);
    toast.querySelector("[data-toast-close]")?.addEventListener("click", leave);
    start();
  });

  function show(text, level = "error") {
    const region = document.getElementById("toasts");
    const said = [...(region?.querySelectorAll(".c-toast__text") ?? [])];
    if (said.some((one) => one.textContent === text)) return; // once is enough
    const toast = made("toast-error", text);
    if (!toast) return;
    toast.classList.replace("c-toast--error", `c-toast--${level}`);
    region?.append(toast);
    announceNew(toast);
  }

  /** Say what was done, with the button that takes it back by a POST to `url`. */
  function showUndo(text, url) {
    const toast = made("toast-undo", text);
    if (!toast) return show(text, "success"); // a page that knows nobody
    const form = toast.querySelector("form");
    form.setAttribute("action", url);
    form.setAttribute("hx-post", url);
    document.getElementById("toasts")?.append(toast);
    window.htmx.process(toast);
  }

  function made(name, text) {
    const template = document.getElementById(name);
    const toast = template?.content.firstElementChild.cloneNode(true);
    if (toast) toast.querySelector(".c-toast__text").textContent = text;
    return toast;
  }

  window.showToast = show;
  window.showUndo = showUndo;

  function announceNew(toast) {
    toast.dispatchEvent(new CustomEvent("htmx:after:process", { bubbles: true }));
  }

  document.addEventListener("keydown", (event) => {
    const isUndo = event.key.toLowerCase() === "z" && (event.ctrlKey || event.metaKey);
    if (!isUndo || event.shiftKey || event.altKey) return;
    if (event.target.closest?.("input, select, textarea, [contenteditable]")) return;
    const undo = [...document.querySelectorAll("#toasts [data-undo]")].pop();
    if (!undo) return;
    event.preventDefault();
    undo.requestSubmit();
  });

  const ASKED = "a, button, input, select, form"; // what a person presses or types in

  const TEXTS = {
    403: "You may not do that.",
    404: "That record is gone or not yours.",
    409: "Somebody changed this in the meantime. Reload to see it.",
    429: "Too many requests at once. Please wait a moment.",
    503: "The database does not answer. Nothing was stored.",
  };

  document.addEventListener("htmx:response:error", (event) => {
    const status = event.detail.ctx.response.status;
    if (status === 400 || status === 409 || status === 422) return; // the answer says it
    const source = event.target;
    const wait = source.querySelector?.("[data-wait]");
    if (wait) wait.textContent = "This part could not be loaded.";
    else show(TEXTS[status] ?? "That did not work. Nothing was stored.");
  });

  document.addEventListener("htmx:error", (event) => {
    const asked = event.detail.ctx?.request?.action ?? "";
    if (asked.startsWith("/log/")) return; // kept on the device, not lost
    const ctx = event.detail.ctx;
    if (!ctx) return;
    // What the page fetches by itself, such as the bell, wanted to store nothing.
    const isReading = (ctx.request?.method ?? "GET") === "GET";
    if (!isReading) show("The server cannot be reached. Nothing was stored.");
    else if (ctx.sourceElement?.matches?.(ASKED)) show("The server cannot be reached.");
  });
})();
