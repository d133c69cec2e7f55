// Closes <details data-fold open> on phones, where a long page hides what comes first.
// Without scripts everything stands open.

(() => {
  const PHONE = "(max-width: 47.99rem)";

  onEach("details[data-fold]", (fold) => {
    if (window.matchMedia(PHONE).matches) fold.open = false;
  });
})();
