// Brings the tab of this page into view, where a phone shows only the first few.

(() => {
  onEach(".c-tabs", (tabs) => {
    const here = tabs.querySelector("[aria-current], [aria-selected=true]");
    if (!here || tabs.scrollWidth <= tabs.clientWidth) return;
    const middle = (tabs.clientWidth - here.offsetWidth) / 2;
    tabs.scrollLeft += here.getBoundingClientRect().left - tabs.getBoundingClientRect().left - middle;
  });
})();
