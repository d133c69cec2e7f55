// Single keys: one letter follows a link, presses a button or runs what a page offers.
//
//   <a data-key="t" …>            T follows the link (in <main>; the first that is shown)
//   <a data-go="a" …>             G then A goes there
//   onKey("j", { title, run })    runs a behaviour; `when` may say that it is not its turn
//
// Off while somebody types, in dialogs, with Ctrl, Alt or Cmd, and for who switched them
// off. What is there is listed by the key ?.

(() => {
  // In a box that is ticked nobody types.
  const TYPING =
    "input:not([type=checkbox], [type=radio]), select, textarea, [contenteditable=''], [contenteditable=true]";
  const PRESSED = "a[href], button, summary, canvas, [role=listbox], [role=tab], [role=grid]";
  const LEADER_MS = 1500;
  const actions = new Map(); // key → { title, run, when }
  let leaderUntil = 0;

  window.onKey = (key, action) => actions.set(key, action);
  window.singleKeysAreOff = () => document.body.dataset.singleKeys === "off";
  window.listKeys = list;

  const isShown = (element) => element.getClientRects().length > 0;
  const shownWith = (selector) => [...document.querySelectorAll(selector)].find(isShown);

  function takes(event) {
    const { target, key } = event;
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return false;
    if (singleKeysAreOff() || document.querySelector("dialog[open]")) return false;
    // A field of a dialog just closed may hold the focus for a moment longer.
    if (target.closest?.(TYPING) && !target.closest("dialog:not([open])")) return false;
    // Keys with a name already mean something on what has the focus.
    return key.length === 1 || !(target.closest?.(PRESSED) || scrollsSideways(target));
  }

  function scrollsSideways(element) {
    if (element === document.body || !(element instanceof Element)) return false;
    return element.scrollWidth > element.clientWidth && element.matches("[tabindex]:not(main)");
  }

  document.addEventListener("keydown", (event) => {
    if (!takes(event)) return;
    const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
    const wanted = CSS.escape(key);
    if (Date.now() < leaderUntil) {
      leaderUntil = 0;
      return follow(event, document.querySelector(`[data-go="${wanted}"]`));
    }
    const action = actions.get(key);
    if (action && action.when?.(event) !== false) {
      event.preventDefault();
      return action.run(event);
    }
    if (event.repeat) return;
    if (key === "g") leaderUntil = Date.now() + LEADER_MS;
    else if (key.length === 1) follow(event, shownWith(`main [data-key="${wanted}"]`));
  });

  function follow(event, element) {
    if (!element) return;
    event.preventDefault();
    element.click();
  }

  /** Return what the keys do here: [{ keys: ["G", "A"], title }]. */
  function list() {
    const found = [];
    const add = (keys, title) => found.push({ keys, title });
    actions.forEach((action, key) => {
      if (action.title && (action.isThere?.() ?? true)) add([nameOf(key)], action.title);
    });
    document.querySelectorAll("main [data-key]").forEach((element) => {
      if (isShown(element)) add([nameOf(element.dataset.key)], titleOf(element));
    });
    const places = new Set();
    document.querySelectorAll("[data-go]").forEach((element) => {
      if (places.has(element.dataset.go)) return;
      places.add(element.dataset.go);
      add(["G", nameOf(element.dataset.go)], `Go to ${titleOf(element)}`);
    });
    return found;
  }

  const NAMES = { ArrowLeft: "←", ArrowRight: "→", ArrowUp: "↑", ArrowDown: "↓" };
  const nameOf = (key) => NAMES[key] ?? (key.length === 1 ? key.toUpperCase() : key);

  function titleOf(element) {
    if (element.dataset.keyTitle) return element.dataset.keyTitle;
    const copy = element.cloneNode(true);
    copy.querySelectorAll("kbd, svg").forEach((part) => part.remove());
    return copy.textContent.trim() || element.getAttribute("aria-label") || "";
  }
})();
