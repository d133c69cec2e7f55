// <input type="checkbox" data-check-all="NAME"> ticks every checkbox of that name.

onContent((root) => {
  root.querySelectorAll("[data-check-all]").forEach((all) => {
    all.addEventListener("change", () => {
      document.querySelectorAll(`input[type="checkbox"][name="${all.dataset.checkAll}"]`).forEach((one) => {
        one.checked = all.checked;
      });
    });
  });
});
