// A range says where it stands: <input type="range" data-slider="%"> writes to the
// <output> whose data-of names its id. A form with data-live asks its piece anew
// through htmx by itself; here is only what the page shows while a slider moves.

onEach("input[data-slider]", (input) => {
  const output = document.querySelector(`output[data-of="${input.id}"]`);
  if (!output) return;
  const write = () => {
    const value = Number(input.value);
    const sign = value > 0 && Number(input.min) < 0 ? "+" : "";
    output.textContent = value === 0 ? "as today" : `${sign}${value.toLocaleString("en")} ${input.dataset.slider}`;
    input.setAttribute("aria-valuetext", output.textContent);
  };
  input.addEventListener("input", write);
  input.form?.addEventListener("reset", () => window.setTimeout(() => {
    write();
    input.dispatchEvent(new Event("change", { bubbles: true }));
  }));
  write();
});
