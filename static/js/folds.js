// Closes <details data-fold open> on phones, where a long page hides what comes first.
// Without scripts everything stands open.
// Leaves <details data-keeps> as its reader opened or closed it when the answer to what
// was entered in it comes.

(() => {
  const PHONE = "(max-width: 47.99rem)";
  const chosen = new WeakMap(); // by the reader: whether it is open

  onEach("details[data-fold]", (fold) => {
    if (window.matchMedia(PHONE).matches) fold.open = false;
  });

  document.addEventListener("click", (event) => {
    const keeps = event.target.closest("details[data-keeps] > summary")?.parentElement;
    if (keeps) chosen.set(keeps, !keeps.open);
  });

  document.addEventListener("htmx:after:swap", () => {
    document.querySelectorAll("details[data-keeps]").forEach((keeps) => {
      if (chosen.has(keeps)) keeps.open = chosen.get(keeps);
    });
  });
})();
