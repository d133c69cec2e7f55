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

  // Of a menu longer than the side bar, data-side shows the page's own link at first;
  // no line of it begins half under what stays at the top.
  onEach("[data-side]", (side) => {
    const here = side.querySelector("[aria-current=page]");
    if (!here) return;
    const shown = side.lastElementChild.getBoundingClientRect().top;
    const hidden = here.getBoundingClientRect().bottom - shown;
    if (hidden <= 0) return;
    side.scrollTop += hidden + side.clientHeight / 4;
    const below = side.querySelector("[data-stays]")?.getBoundingClientRect().bottom ?? 0;
    const lines = [...side.querySelectorAll("li, [data-menu-title]")].map((one) => one.getBoundingClientRect());
    const cut = lines.find((line) => line.top < below && line.bottom > below);
    if (cut) side.scrollTop -= below - cut.top;
  });

  // A button with data-opens shows the dialog of that id.
  document.addEventListener("click", (event) => {
    const opener = event.target.closest("[data-opens]");
    if (opener) document.getElementById(opener.dataset.opens)?.showModal();
  });

  document.addEventListener("click", (event) => {
    if (event.target.closest("[data-print]")) window.print();
  });

  // <select data-submit> sends its form by itself; the button serves without scripts.
  onEach("select[data-submit]", (select) => {
    select.addEventListener("change", () => select.form.requestSubmit());
  });

  // Fields that say nothing stay out of the address of a <form data-lean>.
  document.addEventListener("formdata", (event) => {
    if (!event.target.matches("form[method=get][data-lean]")) return;
    [...event.formData.entries()].forEach(([name, value]) => {
      if (value === "") event.formData.delete(name);
    });
  });
})();
