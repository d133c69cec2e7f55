// A single key follows the link or presses the button that names it in data-key.
// Keys are off while somebody types, in dialogs, and with Ctrl, Alt or Cmd.

(() => {
  const typing = "input, select, textarea, [contenteditable=''], [contenteditable=true]";

  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.repeat) return;
    if (event.isComposing || event.key.length !== 1) return;
    if (event.target.closest?.(typing) || document.querySelector("dialog[open]")) return;
    const key = CSS.escape(event.key.toLowerCase());
    const wanted = document.querySelector(`main [data-key="${key}"]`);
    if (!wanted) return;
    event.preventDefault();
    wanted.click();
  });
})();
