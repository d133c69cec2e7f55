// Tells behaviours of new content: the first page, and every fragment htmx swaps in.
//
//   onContent((root) => …)            runs for each piece of new content
//   onEach("[data-thing]", (el) => …) runs once for each matching element, ever

(() => {
  const bindings = [];
  let isReady = false;

  function announce(root) {
    bindings.forEach((bind) => bind(root));
  }

  window.onContent = (bind) => {
    bindings.push(bind);
    if (isReady) bind(document.body);
  };

  window.onEach = (selector, bind) => {
    const seen = new WeakSet();
    window.onContent((root) => {
      const found = [...root.querySelectorAll(selector)];
      if (root.matches?.(selector)) found.unshift(root);
      found.forEach((element) => {
        if (seen.has(element)) return;
        seen.add(element);
        bind(element);
      });
    });
  };

  document.addEventListener("DOMContentLoaded", () => {
    isReady = true;
    announce(document.body);
  });
  document.addEventListener("htmx:after:process", (event) => {
    if (isReady && event.target instanceof Element) announce(event.target);
  });
})();
