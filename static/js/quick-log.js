// Opens the dialog #quick-log by the key L and by [data-quick-log], fetches its form (that
// of [data-log-url], where what is logged was asked for),
// and closes it once the contact is stored. The account is that of the button, or of the
// page: the nearest [data-account]. A line that was closed unsaved is there again when
// the dialog opens next on the same page. A line under way outlives the page, because a
// session may end meanwhile: after signing in again it stands where it stood.

(() => {
  const dialog = () => document.getElementById("quick-log");
  const drafts = new Map(); // account → line
  const KEPT = "perennial-line";
  let early = null;
  let openedAt = performance.now(); // the page that is a form itself counts from its start
  let kept = null; // what was under way when the page went
  const PATIENCE_MS = 8000; // then the line is kept instead, and sent later
  const typing =
    "input:not([type=checkbox], [type=radio]), select, textarea, [contenteditable=''], [contenteditable=true]";

  function keep(entry) {
    try {
      if (!entry) sessionStorage.removeItem(KEPT);
      else sessionStorage.setItem(KEPT, JSON.stringify({ ...entry, user: dialog()?.dataset.user }));
    } catch {
      // storage may be forbidden; then the line lives as long as its page
    }
  }

  function takeKept() {
    try {
      const entry = JSON.parse(sessionStorage.getItem(KEPT));
      if (entry && entry.user !== dialog()?.dataset.user) keep(null); // somebody else's
      else return entry;
    } catch {
      // none, or storage is forbidden
    }
    return null;
  }

  document.addEventListener("input", (event) => {
    const typed = event.target;
    if (!typed.matches?.("[data-log-line], [data-log-search], .p-log__early")) return;
    const root = typed.form ?? typed;
    const valueOf = (part) => root.querySelector(part)?.value ?? "";
    const entry = {
      account: dialog()?.dataset.account ?? "",
      line: valueOf("[data-log-line]"),
      search: valueOf("[data-log-search]"),
      early: typed === root ? typed.value : "",
    };
    keep(entry.line || entry.search || entry.early ? entry : null);
  });

  // The account of what was pressed, of the row that has the focus, or of the page.
  const OF_PAGE = "main [data-account]:not(a, button, li, tr)";

  function accountOf(opener) {
    const row = document.querySelector("[data-list] [data-row].is-current");
    if (!opener && row && row.id === `account-${row.dataset.row}`) return row.dataset.row;
    const holder = (opener ?? document.activeElement)?.closest("[data-account]");
    return (holder ?? document.querySelector(OF_PAGE))?.dataset.account ?? "";
  }

  /** Return the name of an account as the page shows it; without a network none else is known. */
  function nameOf(account) {
    if (!account) return "";
    const key = CSS.escape(account);
    const holders = document.querySelectorAll(`[data-account="${key}"], #account-${key}`);
    const nameIn = (one) => one.dataset.accountName || one.querySelector("h1, [data-open]")?.textContent;
    const names = [...holders].map(nameIn);
    return names.find(Boolean)?.trim() || "This account";
  }

  /** Open the log; `filled` names a contact and a channel to begin the line with. */
  function open(account, filled = {}, askedAt = "") {
    const box = dialog();
    if (!box || box.open) return;
    box.dataset.account = account;
    const asked = new URLSearchParams(account ? { account, ...filled } : {});
    if (filled.channel || askedAt) drafts.delete(account); // what was tapped comes first
    const plain = asked.size ? `${box.dataset.url}?${asked}` : box.dataset.url;
    const url = askedAt || plain;
    // Takes what is typed before the form is here, so that fast typing loses nothing.
    openedAt = performance.now();
    early = document.createElement("input");
    early.className = "p-log__early";
    early.setAttribute("aria-label", "What happened");
    early.addEventListener("keydown", (event) => {
      if (event.key === "Enter") event.target.dataset.save = "yes";
    });
    box.replaceChildren(early);
    box.showModal();
    early.focus();
    if (navigator.onLine) htmx.ajax("GET", url, { target: "#quick-log", swap: "innerHTML" });
    else openWithoutNetwork(filled.channel === "email" ? "mail " : filled.channel ? "call " : "");
  }

  function openWithoutNetwork(line = "") {
    const box = dialog();
    const { account } = box.dataset;
    const typed = early?.value || line || drafts.get(account) || "";
    early = null;
    const form = logQueue.form(account, nameOf(account), typed);
    box.replaceChildren(form);
    announce(form);
    (account ? form.querySelector("[name=line]") : form.querySelector("[name=search]")).focus();
  }

  function announce(element) {
    element.dispatchEvent(new CustomEvent("htmx:after:process", { bubbles: true }));
  }

  // -- the network goes while the form is open: the line is kept, and sent later ------

  function keepForLater(form) {
    const said = new FormData(form);
    const value = (name) => String(said.get(name) ?? "");
    const chosen = form.querySelector("[name=account]:checked")?.closest("label");
    const accountName = (chosen ?? form.querySelector(".p-log__account"))?.textContent.trim();
    const entry = { token: value("form_token"), accountName: accountName || value("search") };
    for (const name of ["line", "account", "search", "contact", "meant", "occurred_at", "seconds"]) {
      if (value(name)) entry[name] = value(name);
    }
    if (!entry.line?.trim() || !(entry.account || entry.search)) return;
    if (!logQueue.add(entry)) return;
    if (form.closest("dialog")) document.dispatchEvent(new CustomEvent("line-kept"));
    else location.reload();
  }

  const requested = (event) => event.detail.ctx?.request?.action ?? "";
  const isForm = (element) => element?.id === "quick-log-form";

  // How long it took is told with the line: a team sees what typing costs it.
  document.addEventListener("submit", (event) => {
    const taken = isForm(event.target) && event.target.elements.namedItem("seconds");
    if (taken) taken.value = Math.max(1, Math.round((performance.now() - openedAt) / 1000));
  }, true);

  document.addEventListener("submit", (event) => {
    if (navigator.onLine || !isForm(event.target)) return;
    event.preventDefault();
    event.stopPropagation();
    keepForLater(event.target);
  }, true);

  document.addEventListener("htmx:config:request", (event) => {
    if (requested(event).startsWith("/log/")) event.detail.ctx.request.timeout = PATIENCE_MS;
  });

  function networkIsGone(event) {
    if (!requested(event).startsWith("/log/")) return;
    if (early) openWithoutNetwork();
    else if (isForm(event.target)) keepForLater(event.target);
  }

  document.addEventListener("htmx:error", networkIsGone);
  document.addEventListener("htmx:response:error", (event) => {
    if ([502, 503, 504].includes(event.detail.ctx.response.status)) networkIsGone(event);
  });
  document.addEventListener("line-kept", done);

  function begin(form) {
    const line = form.querySelector("[data-log-line]");
    const search = form.querySelector("[data-log-search]");
    const { value, dataset } = early;
    early = null;
    (search ?? line).focus();
    line.setSelectionRange(line.value.length, line.value.length);
    fill(line, drafts.get(dialog().dataset.account));
    fill(search ?? line, value);
    restore(line, search);
    if (value && dataset.save && !search) form.requestSubmit();
  }

  function restore(line, search) {
    const entry = kept;
    kept = null;
    if (!entry) return;
    fill(search, entry.search);
    fill(line, entry.line);
    fill(search ?? line, entry.early);
  }

  function fill(input, text) {
    if (!text || !input) return;
    input.value = text;
    input.dispatchEvent(new Event("input", { bubbles: true }));
  }

  document.addEventListener("click", (event) => {
    const opener = event.target.closest("[data-quick-log]");
    if (!opener || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    open(accountOf(opener), {}, opener.dataset.logUrl);
  });

  // Who taps a number or an address calls or writes; the log waits for them, and stores
  // nothing before they say how it went.
  document.addEventListener("click", (event) => {
    const attempt = event.target.closest("[data-log-attempt]");
    if (!attempt || document.querySelector("dialog[open]")) return;
    const { account, contact, channel } = attempt.dataset;
    setTimeout(() => open(account, contact ? { contact, channel } : { channel }), 300);
  });

  document.addEventListener("keydown", (event) => {
    if (event.key.toLowerCase() !== "l" || event.repeat) return;
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
    if (event.defaultPrevented || window.singleKeysAreOff?.()) return;
    // A field of the dialog just closed may hold the focus for a moment longer.
    const field = event.target.closest?.(typing);
    if (field && !field.closest("dialog:not([open])")) return;
    if (document.querySelector("dialog[open]")) return;
    event.preventDefault();
    open(accountOf(null));
  });

  onEach("#quick-log", (box) => {
    // At each letter: "close" is told a moment after, and L may open it before that.
    box.addEventListener("input", (event) => {
      if (event.target.matches("[data-log-line]")) drafts.set(box.dataset.account, event.target.value);
    });
    box.addEventListener("close", () => {
      const line = box.querySelector("[data-log-line]");
      if (line) drafts.set(box.dataset.account, line.value);
      keep(null);
    });
    kept = takeKept();
    if (kept && !document.querySelector("main #quick-log-form")) open(kept.account);
  });

  // A person is named at the beginning of the line, where the shorthand looks first.
  document.addEventListener("click", (event) => {
    const person = event.target.closest("[data-log-person]");
    const line = person?.closest("form")?.querySelector("[data-log-line]");
    if (!line) return;
    fill(line, `${person.dataset.logPerson} ${line.value}`);
    line.focus();
    line.setSelectionRange(line.value.length, line.value.length);
  });

  document.addEventListener("touchpoint-logged", (event) => {
    if (!event.detail?.isLate) done(); // one that waited leaves what is being typed alone
  });

  function done() {
    keep(null);
    const box = dialog();
    box?.close();
    box?.replaceChildren();
    drafts.delete(box?.dataset.account);
  }

  onEach("[data-log-close]", (button) => {
    if (!button.closest("dialog")) return;
    button.hidden = false;
    button.addEventListener("click", () => dialog().close());
  });

  // Down goes from the search to the first match, Enter takes the only or first one.
  onEach("[data-log-search]", (search) => {
    search.addEventListener("keydown", (event) => {
      if (event.key !== "ArrowDown" && event.key !== "Enter") return;
      const form = search.form;
      const first = form.querySelector("input[name=account]");
      if (!first) return;
      event.preventDefault();
      const chosen = form.querySelector("input[name=account]:checked") ?? first;
      chosen.checked = true;
      chosen.dispatchEvent(new Event("change", { bubbles: true }));
      (event.key === "Enter" ? form.querySelector("[data-log-line]") : chosen).focus();
    });
  });

  onEach("#quick-log-form", (form) => {
    // Another account has other people, so the line is read again.
    form.addEventListener("change", (event) => {
      const line = form.querySelector("[data-log-line]");
      if (event.target.name === "account" && line) rereadLine(form);
    });
    form.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" || event.target.name !== "account") return;
      event.preventDefault();
      form.querySelector("[data-log-line]").focus();
    });
    if (form.closest("dialog") && early) begin(form);
    else if (!form.closest("dialog")) {
      kept ??= takeKept();
      restore(form.querySelector("[data-log-line]"), form.querySelector("[data-log-search]"));
    }
    // A refused line comes back as it was typed, with the caret at its end.
    const refused = form.querySelector("[data-log-line][aria-invalid]");
    if (form.querySelector("[data-log-choose]")) return; // asks who was meant instead
    refused?.focus();
    refused?.setSelectionRange(refused.value.length, refused.value.length);
  });
})();
