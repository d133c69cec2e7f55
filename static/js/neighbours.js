// Goes through the records of the list one came from: → the next, ← the one before.
//
// Following the link of a record in a list remembers the list: its address, the records
// of its page and the pages beside it. On a record of it [data-neighbours] shows where
// one is. The list lives in this tab alone.

(() => {
  const KEY = "perennial-list";

  function remembered() {
    try {
      return JSON.parse(sessionStorage.getItem(KEY));
    } catch {
      return null;
    }
  }

  function remember(list) {
    try {
      sessionStorage.setItem(KEY, JSON.stringify(list));
    } catch {
      // storage may be forbidden; then there are no neighbours
    }
  }

  const RECORD = /^(\/[a-z]+\/)\d+\/$/; // /accounts/12/
  const pathOf = (href) => new URL(href, location.href).pathname;
  const kindOf = (path) => RECORD.exec(path)?.[1];

  /** Return the records of one kind that a page links to, and its neighbours. */
  function read(root, url, kind) {
    const links = [...root.querySelectorAll("main a[href]")];
    const paths = links.map((link) => pathOf(link.getAttribute("href")));
    const beside = (rel) => {
      const href = root.querySelector(`main .c-pager a[rel=${rel}]`)?.getAttribute("href");
      return href ? new URL(href, url).href : "";
    };
    return {
      url,
      title: root.querySelector("main h1")?.textContent.trim() ?? "",
      records: [...new Set(paths.filter((path) => kindOf(path) === kind))],
      next: beside("next"),
      previous: beside("prev"),
    };
  }

  document.addEventListener("click", (event) => {
    const link = event.target.closest("main a[href]");
    const kind = link && kindOf(pathOf(link.getAttribute("href")));
    // A record's own page links to others too; that makes no list of them.
    if (kind && !kindOf(location.pathname)) remember(read(document, location.href, kind));
  });

  function place() {
    const list = remembered();
    const at = list?.records.indexOf(location.pathname) ?? -1;
    return at < 0 ? null : { list, at };
  }

  async function go(by) {
    const here = place();
    if (!here) return;
    const { list, at } = here;
    const wanted = list.records[at + by];
    if (wanted) return visit(wanted);
    const beside = by > 0 ? list.next : list.previous;
    if (!beside) return;
    const answer = await fetch(beside, { headers: { Accept: "text/html" } });
    if (!answer.ok) return;
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const other = read(page, beside, kindOf(location.pathname));
    if (!other.records.length) return;
    remember(other);
    visit(other.records.at(by > 0 ? 0 : -1));
  }

  // The tab that is open stays open: one goes through the people of all, for example.
  function visit(path) {
    const tab = new URLSearchParams(location.search).get("tab");
    location.assign(tab ? `${path}?tab=${encodeURIComponent(tab)}` : path);
  }

  onEach("[data-neighbours]", (bar) => {
    const here = place();
    if (!here) return;
    const { list, at } = here;
    const back = bar.querySelector("[data-neighbours-list]");
    back.href = list.url;
    if (list.title) back.textContent = list.title;
    bar.querySelector("[data-neighbour='1']").disabled = at + 1 >= list.records.length && !list.next;
    bar.querySelector("[data-neighbour='-1']").disabled = at === 0 && !list.previous;
    bar.hidden = false;
  });

  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-neighbour]");
    if (button) go(Number(button.dataset.neighbour));
  });

  const isThere = () => place() !== null;
  onKey("ArrowRight", { title: "Next of the list", isThere, when: isThere, run: () => go(1) });
  onKey("ArrowLeft", { title: "The one before", isThere, when: isThere, run: () => go(-1) });
})();
