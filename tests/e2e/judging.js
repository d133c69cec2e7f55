// What axe finds on a page in one theme: by every rule, or by that of contrast only.
//
// Contrast takes longest, and depends on little: the colour, size and weight of words
// and the grounds they stand on. `known` holds the looks that axe has passed before;
// where there is no other, contrast is not asked about. The answer names the looks that
// passed here, so what axe could not judge is asked about again on every page.
async ([theme, onlyContrast, without, known]) => {
  const CONTRAST = "color-contrast";
  const GROUND = { backgroundColor: "rgba(0, 0, 0, 0)", backgroundImage: "none",
    opacity: "1", filter: "none", mixBlendMode: "normal" };
  const WORDS = ["color", "fontSize", "fontWeight", "textShadow"];
  const WITHOUT_WORDS = "option, [type=hidden], [type=checkbox], [type=radio],"
    + " [type=range], [type=color]";

  // The page hears of another theme a moment after the browser has it.
  while (document.documentElement.dataset.bsTheme !== theme) {
    await new Promise(requestAnimationFrame);
  }
  // What nobody sees, and what is left out, has no words to judge and is no ground.
  const leftOut = without.join();
  const isThere = (one) => one.checkVisibility()
    || getComputedStyle(one).display === "contents"; // has no box, but children with one
  const every = [...document.querySelectorAll("body, body *")].filter(
    (one) => isThere(one) && !(leftOut && one.closest(leftOut)));
  const styles = new Map(every.map((one) => [one, getComputedStyle(one)]));
  const isLoose = (one) => ["absolute", "fixed"].includes(styles.get(one).position);
  const isGround = (one) => ["backgroundColor", "backgroundImage"].some(
    (name) => styles.get(one)[name] !== GROUND[name]);
  const isDot = (one) => {
    const box = one.getBoundingClientRect();
    return box.width <= 1 || box.height <= 1 || box.bottom + window.scrollY <= 0;
  };

  // What is laid beside words may be their ground, though they do not stand in it.
  const beside = new Set(every.filter((one) => isGround(one)
    && styles.get(one).position === "absolute").map((one) => one.parentElement));
  const grounds = new Map();
  for (const one of every) {
    const around = grounds.has(one.parentElement) ? grounds.get(one.parentElement) : [];
    const own = Object.keys(GROUND).map((name) => styles.get(one)[name]).filter(
      (value, index) => value !== Object.values(GROUND)[index]);
    if (isLoose(one) && !isGround(one)) own.push("over anything");
    if (beside.has(one)) own.push("near another ground");
    const isForEars = around === null || (isLoose(one) && isDot(one));
    grounds.set(one, isForEars ? null : [...around, ...own]);
  }
  const looks = new Map(every.map((one) => [one, [
    ...WORDS.map((name) => styles.get(one)[name]), ...(grounds.get(one) ?? []),
  ].join("; ")]));

  const hasWords = (one) => one.matches("input, select, textarea")
    || [...one.childNodes].some(
      (node) => node.nodeType === Node.TEXT_NODE && node.data.trim().length > 1);
  const passed = new Set(known);
  const asks = every.some((one) => !passed.has(looks.get(one)) && hasWords(one)
    && grounds.get(one) !== null && !isDot(one) && !one.matches(WITHOUT_WORDS)
    && one.checkVisibility({ visibilityProperty: true }));
  if (onlyContrast && !asks) return { problems: [], passed: [] };

  const { violations, passes } = await axe.run(
    { include: [["html"]], exclude: without.map((one) => [one]) },
    {
      ...(onlyContrast && { runOnly: [CONTRAST] }),
      rules: { [CONTRAST]: { enabled: asks } },
      resultTypes: ["violations", "passes"],
      elementRef: true, selectors: false, preload: false,
    },
  );
  const fine = passes.filter((one) => one.id === CONTRAST).flatMap((one) => one.nodes);
  return {
    problems: violations.flatMap((one) => one.nodes.slice(0, 2).map(
      (node) => `${one.id}: ${node.html.slice(0, 160)}`)),
    passed: [...new Set(fine.map((node) => looks.get(node.element)))],
  };
}
