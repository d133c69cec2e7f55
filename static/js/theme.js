// Sets the colours before the first paint, so this small file blocks in <head>.
// The choice is auto (the system's), light or dark, kept in the browser.

(() => {
  const KEY = "perennial-theme";
  const CHOICES = ["auto", "light", "dark"];
  const dark = window.matchMedia("(prefers-color-scheme: dark)");
  const paper = window.matchMedia("print"); // is white whatever the choice

  function choice() {
    try {
      const stored = localStorage.getItem(KEY);
      return CHOICES.includes(stored) ? stored : "auto";
    } catch {
      return "auto"; // storage may be forbidden
    }
  }

  function paint() {
    const chosen = choice();
    const wanted = chosen === "auto" ? (dark.matches ? "dark" : "light") : chosen;
    const theme = paper.matches ? "light" : wanted;
    const root = document.documentElement;
    root.dataset.themeChoice = chosen;
    if (root.dataset.bsTheme !== theme) {
      root.dataset.bsTheme = theme;
      document.dispatchEvent(new CustomEvent("theme-changed", { detail: { theme } }));
    }
    document.querySelectorAll("[data-theme-toggle]").forEach(name);
  }

  function name(button) {
    const chosen = choice();
    const label = button.querySelector("[data-theme-label]");
    if (label) label.textContent = `Theme: ${chosen}`;
  }

  document.addEventListener("click", (event) => {
    if (!event.target.closest("[data-theme-toggle]")) return;
    const next = CHOICES[(CHOICES.indexOf(choice()) + 1) % CHOICES.length];
    try {
      localStorage.setItem(KEY, next);
    } catch {
      return;
    }
    paint();
  });
  dark.addEventListener("change", paint);
  paper.addEventListener("change", paint);
  document.addEventListener("DOMContentLoaded", paint);
  paint();
})();
