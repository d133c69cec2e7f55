// Goes to the first field that was refused, where nothing else has the focus: of the
// whole page, and of a form that came back by itself.

onContent((root) => {
  if (document.activeElement && document.activeElement !== document.body) return;
  root.querySelector('[aria-invalid="true"]:not([type="hidden"])')?.focus();
});
