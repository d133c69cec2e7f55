// Makes <select data-typeahead="/api/…/"> a field to type in, whatever the number of
// records: the page holds the first ones, others come from the API as one types.
// A long select of a form becomes one, too; all that it offers stands on the page.

(() => {
  const MOST_SHOWN = 50;
  const files = document.currentScript.dataset;
  let library;

  function load() {
    library ??= new Promise((resolve, reject) => {
      const style = document.createElement("link");
      style.rel = "stylesheet";
      style.href = files.style;
      document.head.prepend(style); // before our own, which adapt it
      const script = document.createElement("script");
      script.src = files.script;
      script.onload = resolve;
      script.onerror = reject;
      document.head.append(script);
    });
    return library;
  }

  async function find(select, typed) {
    const query = new URLSearchParams({ search: typed, page_size: MOST_SHOWN });
    const answer = await fetch(`${select.dataset.typeahead}?${query}`, {
      headers: { Accept: "application/json" },
    });
    if (!answer.ok) return [];
    const { results } = await answer.json();
    return results.map(({ id, name, sku }) => ({ value: String(id), text: name, sku }));
  }

  function upgrade(select) {
    if (!select.isConnected || select.tomselect) return;
    const name = select.getAttribute("aria-label") || select.labels[0]?.textContent;
    const source = select.dataset.typeahead;
    const made = new TomSelect(select, {
      allowEmptyOption: true,
      create: false,
      maxOptions: MOST_SHOWN + 1,
      plugins: ["dropdown_input"], // beside what is chosen, which stays in sight
      searchField: ["text", "sku"],
      ...(source && { load: (typed, done) => find(select, typed).then(done, () => done()) }),
      render: {
        no_results: (_, escape) =>
          `<div class="no-results" role="option" aria-disabled="true">${escape(select.dataset.noneFound ?? "Nothing fits.")}</div>`,
      },
    });
    [made.focus_node, made.control_input, made.dropdown_content].forEach((part) => {
      part.removeAttribute("aria-labelledby");
      part.setAttribute("aria-label", name);
    });
    select.setAttribute("aria-hidden", "true"); // it only holds what is chosen
    // A form that follows its fields waits for what is chosen, not for what is typed.
    made.control_input.addEventListener("input", (event) => event.stopPropagation());
    made.focus_node.addEventListener("keydown", (event) => open(made, event));
  }

  // Whoever came by Tab opens it by Enter or the first letter, which is typed into it.
  function open(made, event) {
    const isLetter = event.key.length === 1 && !event.ctrlKey && !event.metaKey && !event.altKey;
    if (made.isOpen || !(isLetter || event.key === "Enter")) return;
    event.stopPropagation(); // it is no shortcut of the page
    if (!isLetter || event.key === " ") event.preventDefault();
    made.open();
  }

  // A list that follows its filters is merged into the page, which takes the field away.
  window.onContent(() => {
    document.querySelectorAll("select").forEach((select) => {
      if (!select.tomselect || select.tomselect.wrapper.isConnected) return;
      delete select.tomselect;
      upgrade(select);
    });
  });

  // Without the library the select stays what it is.
  window.onEach("select[data-typeahead]", (select) => {
    load().then(() => upgrade(select), () => {});
  });

  window.onEach('form[method="post"] select:not([multiple], [data-typeahead])', (select) => {
    if (select.options.length > MOST_SHOWN) load().then(() => upgrade(select), () => {});
  });
})();
