/* Typeset the formulas, split what is longer than a slide, and start reveal.js. */
(async () => {
  const HIGH = 768;
  const reveal = document.querySelector(".reveal");
  const rules = [
    { left: "$$", right: "$$", display: true },
    { left: "$", right: "$", display: false },
  ];
  renderMathInElement(reveal, { delimiters: rules, throwOnError: false });

  const SHELLS = ["UL", "OL", "TBODY", "TABLE", "DIV", "PRE"]; // what may go on elsewhere
  const overflows = (slide) => slide.scrollHeight > HIGH + 1;
  const hasWords = (block) =>
    [...block.childNodes].some((node) => node.nodeType === 3 && node.data.trim());

  // A formula that is wider than a slide gets smaller.
  function fit(formula) {
    const room = formula.clientWidth / formula.scrollWidth;
    if (room < 1) formula.style.fontSize = `${0.98 * room}em`;
  }

  // Take what does not fit out of a block, in its likeness; null where all of it goes.
  function takeRest(block, bottom) {
    const parts = [...block.children];
    if (!SHELLS.includes(block.tagName) || parts.length === 0 || hasWords(block)) return null;
    const first = parts.findIndex((part) => part.getBoundingClientRect().bottom > bottom);
    if (first < 0) return null;
    const inner = takeRest(parts[first], bottom);
    if (first === 0 && !inner) return null;
    const rest = block.cloneNode(false);
    if (block.tagName === "OL") rest.start = block.start + first;
    if (inner) rest.append(inner);
    rest.append(...parts.slice(inner ? first + 1 : first));
    if (block.tagName === "TABLE" && block.tHead) rest.prepend(block.tHead.cloneNode(true));
    return rest;
  }

  // A slide that is too long goes on: in the core to the right, elsewhere below.
  function split(slide) {
    const bottom = slide.getBoundingClientRect().top + HIGH - 28; // a margin and the slide's edge
    const blocks = [...slide.children];
    let cut = blocks.findIndex((block) => block.getBoundingClientRect().bottom > bottom);
    if (cut < 0) return null;
    const rest = slide.cloneNode(false);
    const inner = takeRest(blocks[cut], bottom);
    if (!inner) {
      while (cut > 1 && /^H\d$/.test(blocks[cut - 1].tagName)) cut -= 1;
      if (cut === 0) cut = 1; // too long by itself: it scrolls
    }
    const moved = blocks.slice(inner ? cut + 1 : cut);
    if (!inner && moved.length === 0) return null;
    if (inner) rest.append(inner);
    rest.append(...moved);
    if (slide.matches(".core")) {
      const stack = document.createElement("section");
      stack.append(rest, ...followers(slide));
      slide.parentElement.after(stack);
    } else {
      slide.after(rest);
    }
    return rest;
  }

  function followers(slide) {
    const all = [...slide.parentElement.children];
    return all.slice(all.indexOf(slide) + 1);
  }

  await document.fonts.ready;
  reveal.classList.add("measuring");
  await document.fonts.ready;
  await Promise.all([...document.images].map((image) => image.decode().catch(() => {})));
  document.querySelectorAll(".katex-display").forEach(fit);
  for (let slide of document.querySelectorAll(".slides > section > section")) {
    while (slide && overflows(slide)) slide = split(slide);
  }
  reveal.classList.remove("measuring");

  // The whole of a scheme for as long as Z is held down.
  const whole = (down) => (event) => {
    if (event.key.toLowerCase() !== "z" || event.repeat) return;
    for (const scheme of document.querySelectorAll("section.present svg.scheme")) {
      scheme.dataset.part ??= scheme.getAttribute("viewBox");
      scheme.setAttribute("viewBox", down ? scheme.dataset.whole : scheme.dataset.part);
    }
  };
  addEventListener("keydown", whole(true));
  addEventListener("keyup", whole(false));

  await Reveal.initialize({
    width: 1024, height: HIGH, margin: 0, minScale: 0.1, maxScale: 8, center: false,
    hash: true, slideNumber: false, transition: "none", backgroundTransition: "none",
    controls: true, controlsLayout: "bottom-right", controlsTutorial: false,
  });
  document.documentElement.dataset.ready = "yes";
})();
