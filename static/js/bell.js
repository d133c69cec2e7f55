// Asks every minute whether there is something new, as long as somebody looks: a tab in
// the background asks nothing, and asks at once when it comes to the front again.

(() => {
  const EVERY_MS = 60_000;
  let askedAt = Date.now();

  function ask() {
    if (document.hidden) return;
    askedAt = Date.now();
    document.querySelectorAll("[data-bell]").forEach((bell) => {
      const isShown = bell.getClientRects().length > 0;
      if (isShown) bell.dispatchEvent(new CustomEvent("bell-due"));
    });
  }

  setInterval(ask, EVERY_MS);
  document.addEventListener("visibilitychange", () => {
    if (Date.now() - askedAt >= EVERY_MS) ask();
  });
})();
