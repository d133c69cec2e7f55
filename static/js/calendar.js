// The calendar: an entry is dragged to another day, and the server has the last word.
//
//   <ul data-calendar-day="2026-11-22">
//   <li data-entry data-kind="task" data-pk="5" data-move-url="…">
//
// The entry's own menu does the same for the keyboard and for a thumb.

(() => {
  function putBack({ item, from, oldIndex }) {
    from.insertBefore(item, from.children[oldIndex] ?? null);
  }

  function drop(event) {
    const { item, from, to } = event;
    if (from === to) return putBack(event);
    const failed = () => {
      if (item.isConnected && item.parentElement === to) putBack(event);
    };
    const { kind, pk, moveUrl } = item.dataset;
    const values = { kind, pk, due_on: to.dataset.calendarDay };
    document.addEventListener("htmx:error", failed, { once: true });
    return htmx
      .ajax("POST", moveUrl, { target: "#calendar", swap: "outerMorph", values })
      .catch(failed)
      .finally(() => document.removeEventListener("htmx:error", failed));
  }

  onEach("[data-calendar-day]", (day) => {
    Sortable.create(day, {
      group: "calendar",
      draggable: "[data-entry]",
      filter: "a, summary, button, input",
      preventOnFilter: false,
      delay: 180,
      delayOnTouchOnly: true,
      animation: 120,
      ghostClass: "p-deal--ghost",
      onEnd: drop,
    });
  });

  // After a move by the menu the focus goes with the entry.
  onContent(() => {
    const calendar = document.getElementById("calendar");
    const moved = calendar?.dataset.moved;
    if (!moved || document.activeElement !== document.body) return;
    delete calendar.dataset.moved;
    document.getElementById(moved)?.querySelector("summary")?.focus();
  });
})();
