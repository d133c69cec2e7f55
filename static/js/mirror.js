// A range that moves a number: <input type="range" data-mirrors="ID" hidden> shows itself,
// writes to the input of that id, and follows it. The number is what the form sends.

onEach("input[data-mirrors]", (range) => {
  const number = document.getElementById(range.dataset.mirrors);
  if (!number) return;
  const follow = () => { range.value = number.value || number.placeholder; };
  range.hidden = false;
  range.addEventListener("input", () => {
    number.value = range.value;
    number.dispatchEvent(new Event("input", { bubbles: true }));
  });
  number.addEventListener("input", (event) => {
    if (event.isTrusted) follow();
  });
  follow();
});
