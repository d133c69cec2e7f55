// Keeps lines of the quick log on this device while the network is gone, and sends each
// exactly once: its token is stored with the contact, so that a second sending finds it.
//
//   logQueue.add(entry)   keeps { line, account, accountName, search, … }; false if it cannot
//   logQueue.form(…)      returns a form for a time without a network
//
// Entries belong to the person who typed them; nobody else on the device sees or sends
// them. What the server refuses stays in the list with its reason.

(() => {
  const PREFIX = "perennial-waiting:";
  const WHO = "perennial-user";
  const AGAIN_MS = 20000;
  const SOON_MS = 3000;
  const FIELDS = ["line", "account", "search", "contact", "meant", "occurred_at", "typed_at", "seconds"];
  const badge = () => document.getElementById("log-waiting");
  const list = () => document.getElementById("log-waiting-list");
  let needsSignIn = false;
  let isSending = false;

  // -- what is kept: one key per entry, so that two tabs never overwrite each other ----

  function store(act, otherwise) {
    try {
      return act(localStorage);
    } catch {
      return otherwise; // forbidden or full
    }
  }

  const user = () => badge()?.dataset.user || store((s) => s.getItem(WHO), null) || "";
  const read = (key) => store((s) => JSON.parse(s.getItem(key)), null);
  const keep = (entry) =>
    store((s) => {
      s.setItem(PREFIX + entry.token, JSON.stringify(entry));
      return true;
    }, false);
  const drop = (token) => store((s) => s.removeItem(PREFIX + token));

  function mine() {
    const keys = store((s) => Object.keys(s).filter((key) => key.startsWith(PREFIX)), []);
    const found = keys.map(read).filter((entry) => entry && entry.user === user());
    return found.sort((a, b) => a.typed_at.localeCompare(b.typed_at));
  }

  function newToken() {
    const bytes = crypto.getRandomValues(new Uint8Array(16));
    bytes[6] = (bytes[6] & 0x0f) | 0x40;
    bytes[8] = (bytes[8] & 0x3f) | 0x80;
    const hex = [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
    return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
  }

  function add(said) {
    const entry = {
      token: newToken(),
      user: user(),
      typed_at: new Date().toISOString(),
      ...said,
    };
    if (!entry.user || !keep(entry)) {
      window.showToast?.("This device does not let me keep it. Copy the line, and save it later.");
      return false;
    }
    window.showToast?.("Kept on this device; sent when the network is back.", "info");
    draw();
    return true;
  }

  // -- sending ---------------------------------------------------------------------------

  async function send() {
    const waiting = mine().filter((entry) => !entry.reason);
    if (isSending || !badge() || !navigator.onLine || !waiting.length) return draw();
    isSending = true;
    try {
      const once = () => sendAll(waiting);
      if (navigator.locks) {
        await navigator.locks.request("perennial-log", { ifAvailable: true }, (lock) => lock && once());
      } else await once();
    } catch {
      setTimeout(send, SOON_MS); // an answer was lost, or the network is gone again
    } finally {
      isSending = false;
      draw();
    }
  }

  async function sendAll(waiting) {
    const answer = await fetch(badge().dataset.ready, { redirect: "manual", cache: "no-store" });
    needsSignIn = answer.type === "opaqueredirect" || answer.status === 401;
    if (!answer.ok) return;
    const ready = await answer.json();
    if (String(ready.user) !== user()) return;
    for (const entry of waiting) {
      if (!(await sendOne(entry, ready.csrf))) return;
    }
  }

  /** Send one entry; return whether the next may follow. */
  async function sendOne(entry, csrf) {
    const body = new URLSearchParams({ form_token: entry.token });
    FIELDS.forEach((name) => entry[name] && body.set(name, entry[name]));
    const answer = await fetch(badge().dataset.send, {
      method: "POST",
      body,
      redirect: "manual",
      headers: { "X-CSRFToken": csrf },
    });
    if (answer.ok) {
      const { text, undo } = await answer.json();
      drop(entry.token);
      window.showUndo?.(text, undo);
      const said = new CustomEvent("touchpoint-logged", { bubbles: true, detail: { isLate: true } });
      document.body.dispatchEvent(said);
      return true;
    }
    needsSignIn = answer.type === "opaqueredirect";
    if (needsSignIn || answer.status >= 500 || answer.status === 429) return false;
    const said = answer.status === 422 ? (await answer.json()).reason : "";
    if (read(PREFIX + entry.token)) keep({ ...entry, reason: said || refusedWith(answer.status) });
    return true;
  }

  const refusedWith = (status) =>
    status === 403 ? "You may not log contacts here any more." : `The server refused it (${status}).`;

  // -- what is shown ---------------------------------------------------------------------

  function draw() {
    const button = badge();
    if (!button) return;
    const entries = mine();
    const refused = entries.filter((entry) => entry.reason).length;
    const waiting = entries.length - refused;
    const parts = [];
    if (waiting) parts.push(`${waiting} waiting to be sent`);
    if (refused) parts.push(`${refused} refused`);
    if (waiting && needsSignIn) parts.push("sign in to send");
    button.textContent = parts.join(" · ");
    button.hidden = !entries.length;
    const box = list();
    box.querySelector("[data-log-sign-in]").hidden = !needsSignIn;
    box.querySelector("[data-log-send]").hidden = !entries.length;
    if (!entries.length && box.open) box.close();
    const typing = box.open && box.contains(document.activeElement) && document.activeElement.matches("input");
    if (!typing) box.querySelector("ul").replaceChildren(...entries.map(row));
  }

  function row(entry) {
    const element = document.getElementById("log-waiting-entry").content.firstElementChild.cloneNode(true);
    const part = (name) => element.querySelector(`[data-part="${name}"]`);
    part("account").textContent = entry.accountName || "";
    part("typed").textContent = new Date(entry.typed_at).toLocaleString();
    part("reason").textContent = entry.reason ?? "";
    part("reason").hidden = !entry.reason;
    part("search-field").hidden = Boolean(entry.account);
    for (const name of ["search", "line"]) {
      part(name).value = entry[name] ?? "";
      part(name).addEventListener("change", (event) => change(entry, { [name]: event.target.value }));
    }
    element.querySelector("[data-log-discard]").addEventListener("click", () => {
      drop(entry.token);
      draw();
    });
    return element;
  }

  /** Mend an entry. What was refused was not stored, so it is a new one. */
  function change(entry, changes) {
    const stored = read(PREFIX + entry.token);
    if (!stored) return; // sent meanwhile
    const { reason, ...rest } = stored;
    if (reason) drop(entry.token);
    const mended = { ...rest, ...changes, token: reason ? newToken() : rest.token };
    Object.assign(entry, mended);
    delete entry.reason;
    keep(mended);
  }

  function form(account, accountName, line) {
    const made = document.getElementById("quick-log-offline").content.firstElementChild.cloneNode(true);
    const named = made.querySelector(".p-log__account");
    named.hidden = !account;
    named.querySelector("strong").textContent = accountName;
    made.querySelector("[name=search]").closest("label").hidden = Boolean(account);
    const input = made.querySelector("[name=line]");
    input.value = line ?? "";
    made.addEventListener("submit", (event) => {
      event.preventDefault();
      const search = made.querySelector("[name=search]").value.trim();
      const missing = !input.value.trim() ? input : !account && !search ? made.querySelector("[name=search]") : null;
      if (missing) return missing.focus();
      const said = { line: input.value, account, accountName: accountName || search, search };
      if (!add(said)) return;
      made.reset();
      made.dispatchEvent(new CustomEvent("line-kept", { bubbles: true }));
    });
    return made;
  }

  window.logQueue = { add, form, send };

  document.addEventListener("click", (event) => {
    if (event.target.closest("#log-waiting")) {
      draw();
      list().showModal();
    } else if (event.target.closest("[data-log-list-close]")) list().close();
    else if (event.target.closest("[data-log-send]")) send();
  });

  document.addEventListener("DOMContentLoaded", () => {
    const button = badge();
    const here = document.querySelector("[data-log-here]");
    const isKeptPage = Boolean(here);
    if (document.querySelector("[data-signed-out]")) store((s) => s.removeItem(WHO));
    if (button?.dataset.user) store((s) => s.setItem(WHO, button.dataset.user));
    if (isKeptPage && user()) {
      document.querySelector("[data-log-stranger]").hidden = true;
      here.append(form("", "", ""));
    }
    if (button && !isKeptPage) navigator.serviceWorker?.register(button.dataset.worker).catch(() => {});
    send();
    setInterval(send, AGAIN_MS);
  });
  window.addEventListener("online", send);
  window.addEventListener("storage", draw);
  document.addEventListener("visibilitychange", () => document.hidden || send());
})();
