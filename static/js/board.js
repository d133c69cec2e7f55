// The board of deals: cards are dragged between stages, and the server has the last word.
//
//   <ul data-deal-column="5">    a stage; "win" and "lose" open the page that asks more
//   <li data-deal data-version data-move-url data-win-url data-lose-url>
//
// The card's own menu does the same for the keyboard and for a thumb.

(() => {
  function putBack({ item, from, oldIndex }) {
    from.insertBefore(item, from.children[oldIndex] ?? null);
  }

  function drop(event) {
    const { item, from, to } = event;
    if (from === to) return putBack(event);
    const wanted = to.dataset.dealColumn;
    if (wanted === "win" || wanted === "lose") {
      putBack(event);
      window.location.assign(item.dataset[`${wanted}Url`]);
      return undefined;
    }
    item.setAttribute("aria-busy", "true");
    const failed = () => {
      if (!item.hasAttribute("aria-busy")) return;
      item.removeAttribute("aria-busy");
      putBack(event);
    };
    document.addEventListener("htmx:error", failed, { once: true });
    const values = { stage: wanted, version: item.dataset.version };
    return htmx
      .ajax("POST", item.dataset.moveUrl, { target: "#deal-board", swap: "outerMorph", values })
      .catch(failed)
      .finally(() => document.removeEventListener("htmx:error", failed));
  }

  onEach("[data-deal-column]", (column) => {
    Sortable.create(column, {
      group: "deals",
      draggable: "[data-deal]",
      filter: "a, summary, button",
      preventOnFilter: false,
      delay: 180,
      delayOnTouchOnly: true,
      animation: 120,
      ghostClass: "p-deal--ghost",
      onEnd: drop,
    });
  });

  // After a move by the menu the focus goes with the card.
  onContent(() => {
    const board = document.getElementById("deal-board");
    const moved = board?.dataset.moved;
    const card = moved && document.getElementById(moved);
    const active = document.activeElement;
    // The item just pressed may hold the focus while its menu closes.
    if (!card || (active !== document.body && !card.contains(active))) return;
    delete board.dataset.moved;
    card.querySelector("summary")?.focus();
  });
})();
