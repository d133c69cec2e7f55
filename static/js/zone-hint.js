// Says where the clocks of this device are not those in which times are typed, and
// offers the zone of the device where one chooses.

(() => {
  const device = Intl.DateTimeFormat().resolvedOptions().timeZone ?? "";

  function clockIn(zone) {
    const parts = { dateStyle: "short", timeStyle: "short" };
    return new Date().toLocaleString("en-GB", { ...parts, ...(zone && { timeZone: zone }) });
  }

  onEach("[data-zone]", (hint) => {
    try {
      hint.hidden = clockIn(hint.dataset.zone) === clockIn("");
    } catch {
      // a zone that this browser does not know: nothing can be said
    }
  });

  onEach("[data-device-zone]", (button) => {
    const select = document.getElementById(button.dataset.deviceZone);
    if (!device || ![...select.options].some((option) => option.value === device)) return;
    button.textContent = `This device: ${device}`;
    button.hidden = false;
    button.addEventListener("click", () => {
      select.value = device;
      select.tomselect?.sync();
      select.focus();
    });
  });
})();
