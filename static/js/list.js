// Lists: rows by keyboard, rows chosen for a change of many, columns in an order.
//
//   J and K go down and up, Enter opens the row, X chooses it, E edits it in place, Y
//   settles it.
//   The rows of Today are gone through alike.
(() => {
  const rows = () => [...document.querySelectorAll("[data-list] [data-row]")];
  const current = () => document.querySelector("[data-list] [data-row].is-current");

  function go(to) {
    current()?.classList.remove("is-current");
    to.classList.add("is-current");
    const focused = to.querySelector("[data-open]") ?? to.querySelector(".btn-primary");
    focused?.focus({ preventScroll: true });
    to.scrollIntoView({ block: "nearest" });
  }

  function step(by) {
    const all = rows();
    const at = all.indexOf(current());
    const next = at < 0 ? (by > 0 ? 0 : all.length - 1) : Math.min(Math.max(at + by, 0), all.length - 1);
    if (all[next]) go(all[next]);
  }

  // The cell that has the focus, else the first of the row that can be edited.
  function edit() {
    const focused = document.activeElement?.closest?.("[data-list] [data-edit]");
    (focused ?? current()?.querySelector("[data-edit]"))?.querySelector("[data-edit-start]")?.click();
  }

  const isThere = () => rows().length > 0;
  const hasRow = () => current() !== null;
  const choose = () => current().querySelector("input[name=chosen], input[name=item]")?.click();
  const open = () => current().querySelector("[data-open]")?.click();
  onKey("j", { title: "Next row", isThere, when: isThere, run: () => step(1) });
  onKey("k", { title: "Row before", isThere, when: isThere, run: () => step(-1) });
  onKey("x", { title: "Choose the row", isThere, when: hasRow, run: choose });
  const settle = () => current().querySelector("button[value=settle]")?.click();
  const canSettle = () => document.querySelector("[data-list] [data-row] button[value=settle]") !== null;
  onKey("y", { title: "Confirm the row, or settle it", isThere: canSettle, when: hasRow, run: settle });
  const canEdit = () => document.querySelector("[data-list] [data-edit]") !== null;
  onKey("e", { title: "Edit in the row", isThere: canEdit, when: hasRow, run: edit });
  onKey("Enter", { title: "Open the row", isThere, when: hasRow, run: open });

  document.addEventListener("focusin", (event) => {
    const row = event.target.closest?.("[data-list] [data-row]");
    if (!row || row.classList.contains("is-current")) return;
    current()?.classList.remove("is-current");
    row.classList.add("is-current");
  });

  // -- Rows that are chosen ------------------------------------------------------------

  function tell(list) {
    const chosen = list.querySelectorAll("input[name=chosen]:checked").length;
    const boxes = list.querySelectorAll("input[name=chosen]").length;
    const all = list.querySelector("[data-check-page]");
    if (all) {
      all.checked = chosen > 0 && chosen === boxes;
      all.indeterminate = chosen > 0 && chosen < boxes;
    }
    list.querySelectorAll("[data-chosen-count]").forEach((place) => {
      place.textContent = chosen;
    });
    const bulk = list.querySelector("[data-bulk]");
    if (!bulk) return;
    bulk.classList.toggle("has-chosen", chosen > 0);
    const scope = bulk.querySelector("[name=scope]");
    if (scope && scope.dataset.touched !== "yes") scope.value = chosen > 0 ? "chosen" : "all";
  }

  document.addEventListener("change", (event) => {
    const list = event.target.closest?.("[data-list]");
    if (!list) return;
    if (event.target.matches("[data-check-page]")) {
      list.querySelectorAll("input[name=chosen]").forEach((one) => {
        one.checked = event.target.checked;
      });
    }
    if (event.target.matches("[data-bulk] [name=scope]")) event.target.dataset.touched = "yes";
    if (event.target.matches("[data-check-page], input[name=chosen]")) tell(list);
  });

  onEach("[data-list]", tell);

  // -- A cell that is edited: Enter saves, Escape leaves it as it was ------------------

  onEach("[data-editing]", (cell) => {
    const input = cell.querySelector("[data-edit-input]");
    (input ?? cell.querySelector("button"))?.focus();
    if (input?.select) input.select();
    cell.addEventListener("keydown", (event) => {
      if (event.key !== "Escape") return;
      event.preventDefault();
      cell.querySelector("[data-edit-cancel]")?.click();
    });
  });

  // A double click edits what it points at; a toast that undid something goes.
  document.addEventListener("dblclick", (event) => {
    if (event.target.closest("a, button, input, select")) return;
    event.target.closest("[data-list] [data-edit]")?.querySelector("[data-edit-start]")?.click();
  });
  document.addEventListener("htmx:after:request", (event) => {
    event.target.closest?.("[data-toast-undo]")?.closest("[data-toast]")?.remove();
  });

  // On a phone a row is edited in a sheet; the list shows the change when it closes.
  document.addEventListener(
    "close",
    (event) => {
      const list = event.target.querySelector?.("[data-edit-sheet]")?.dataset.editSheet;
      if (list) htmx.ajax("GET", window.location.href, { target: list, swap: "outerMorph" });
    },
    true,
  );

  // -- Columns in an order ---------------------------------------------------------------

  onEach("[data-columns]", (list) => {
    if (window.Sortable) Sortable.create(list, { handle: "[data-grip]", animation: 120 });
    list.addEventListener("click", (event) => {
      const button = event.target.closest("[data-move]");
      if (!button) return;
      const one = button.closest("[data-column]");
      const other = button.dataset.move === "up" ? one.previousElementSibling : one.nextElementSibling;
      if (!other) return;
      if (button.dataset.move === "up") other.before(one);
      else other.after(one);
      button.focus();
    });
  });

  // Empty fields stay out of the address, so that it can be read and compared.
  document.addEventListener("htmx:config:request", (event) => {
    const form = event.target.closest?.("form[data-lean]");
    if (!form) return;
    const body = event.detail.ctx?.request?.body;
    if (!(body instanceof FormData)) return;
    [...body.entries()].forEach(([name, value]) => {
      if (value === "") body.delete(name);
    });
  });
})();
