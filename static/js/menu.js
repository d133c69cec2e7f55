// Closes <details data-menu> by Escape or a click elsewhere, as menus do.

(() => {
  const open = () => document.querySelectorAll("details[data-menu][open]");

  document.addEventListener("click", (event) => {
    open().forEach((menu) => {
      if (!menu.contains(event.target)) menu.open = false;
    });
  });

  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    open().forEach((menu) => {
      menu.open = false;
      menu.querySelector("summary").focus();
    });
  });

  // <select data-submit> sends its form by itself; the button serves without scripts.
  onEach("select[data-submit]", (select) => {
    select.addEventListener("change", () => select.form.requestSubmit());
  });
})();
