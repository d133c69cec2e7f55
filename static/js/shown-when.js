// <div data-shown-when="NAME" data-is="ONE TWO"> is shown while the field NAME of its
// form says ONE or TWO. Without scripts it is always there, and the server ignores it.

(() => {
  function follow(part) {
    const field = part.closest("form")?.elements.namedItem(part.dataset.shownWhen);
    if (!(field instanceof Element)) return;
    const wanted = part.dataset.is.split(" ");
    const show = () => { part.hidden = !wanted.includes(field.value); };
    field.addEventListener("change", show);
    show();
  }

  onEach("[data-shown-when]", follow);
})();
