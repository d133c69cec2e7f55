// Opens the form of a new case by the key C and by [data-new-case]. Its account is that
// of the row that has the focus, or of the page: the nearest [data-account].

(() => {
  const OF_PAGE = "main [data-account]:not(a, button, li, tr)";

  function account() {
    const row = document.querySelector("[data-list] [data-row].is-current");
    if (row && row.id === `account-${row.dataset.row}`) return row.dataset.row;
    const holder = document.activeElement?.closest("[data-account]");
    return (holder ?? document.querySelector(OF_PAGE))?.dataset.account ?? "";
  }

  function open() {
    const link = document.querySelector("[data-new-case]");
    if (!link) return;
    const url = new URL(link.href);
    if (account()) url.searchParams.set("account", account());
    location.assign(url);
  }

  onKey("c", { title: "New case", run: open, when: (event) => !event.repeat });
  document.addEventListener("click", (event) => {
    const plain = !(event.ctrlKey || event.metaKey || event.shiftKey || event.button);
    if (!plain || !event.target.closest("[data-new-case]")) return;
    event.preventDefault();
    open();
  });
})();
