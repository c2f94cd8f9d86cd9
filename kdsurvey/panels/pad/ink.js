// The drawing field. Black ink on white; strokes are drawn here at once, so that the ink never lags behind the hand.

const SIDE = 280; // CSS pixels
const GRID = 56; // the kernel gets GRID x GRID bytes, 255 where there is ink
const PEN = 0.078; // width of the pen as a share of the side: 2.2 of MNIST's 28 pixels
const PAUSE = 60; // milliseconds between two drawings on their way to the kernel
const ARROWS = { ArrowLeft: "left", ArrowRight: "right", ArrowUp: "up", ArrowDown: "down" };
const LABEL = "Drawing field: draw a digit with mouse, finger or pen; the arrow keys move it";
const STYLE = `
.kdsurvey-ink { box-sizing: content-box; display: block; width: ${SIDE}px; height: ${SIDE}px; margin: 3px; background: #fff;
  border: 2px solid #444; border-radius: 4px; cursor: crosshair; touch-action: none; user-select: none;
  -webkit-user-select: none; -webkit-touch-callout: none; }
.kdsurvey-ink:focus-visible { outline: 3px solid #0072B2; outline-offset: 1px; }`;

// A canvas, side pixels a side, in which coordinates run from 0 to 1.
function unitCanvas(side) {
  const canvas = document.createElement("canvas");
  canvas.width = canvas.height = side;
  const context = canvas.getContext("2d", { willReadFrequently: side === GRID });
  context.setTransform(side, 0, 0, side, 0, 0);
  context.lineCap = context.lineJoin = "round";
  context.lineWidth = PEN;
  return context;
}

// Draws bytes of ink, a DataView of n x n, over everything; none at all is white.
function paint(context, bytes, smooth) {
  context.fillStyle = "#fff";
  context.fillRect(0, 0, 1, 1);
  const side = Math.sqrt(bytes?.byteLength ?? 0);
  if (!side) return;
  const small = unitCanvas(side);
  const pixels = new ImageData(side, side);
  for (let i = 0; i < side * side; i++) {
    pixels.data.fill(255 - bytes.getUint8(i), 4 * i, 4 * i + 3);
    pixels.data[4 * i + 3] = 255;
  }
  small.putImageData(pixels, 0, 0);
  context.imageSmoothingEnabled = smooth;
  context.drawImage(small.canvas, 0, 0, 1, 1);
}

function line(context, from, to, colour) {
  context.strokeStyle = colour;
  context.beginPath();
  context.moveTo(...from);
  context.lineTo(...to);
  context.stroke();
}

function inkOf(context) {
  const { data } = context.getImageData(0, 0, GRID, GRID);
  return new DataView(Uint8Array.from({ length: GRID * GRID }, (_, i) => 255 - data[4 * i]).buffer);
}

function render({ model, el }) {
  const field = unitCanvas(2 * SIDE); // what the reader sees
  const grid = unitCanvas(GRID); // what the kernel gets
  const canvas = field.canvas;
  let stroke = null; // {pointer, at, colour} while one is drawn
  let timer = null;
  let sending = false;

  function repaint(bytes) {
    paint(field, bytes, true);
    paint(grid, bytes, false);
  }

  function send() {
    clearTimeout(timer);
    timer = null;
    sending = true;
    try {
      model.set("on", model.get("shows"));
      model.set("drawing", inkOf(grid));
      model.save_changes();
    } catch (error) {
      console.warn("The drawing did not reach the kernel:", error);
    }
    sending = false;
  }

  function point(event) {
    const box = canvas.getBoundingClientRect();
    const x = (event.clientX - box.left - canvas.clientLeft) / canvas.clientWidth;
    const y = (event.clientY - box.top - canvas.clientTop) / canvas.clientHeight;
    return [x, y];
  }

  function draw(event) {
    const to = point(event);
    for (const context of [field, grid]) line(context, stroke.at, to, stroke.colour);
    stroke.at = to;
    timer ??= setTimeout(send, PAUSE);
  }

  function down(event) {
    if (stroke || event.button !== 0) return;
    canvas.setPointerCapture(event.pointerId);
    stroke = { pointer: event.pointerId, at: point(event), colour: model.get("rubber") ? "#fff" : "#000" };
    draw(event);
  }

  function move(event) {
    if (event.pointerId !== stroke?.pointer) return;
    const passed = event.getCoalescedEvents?.() ?? [];
    for (const each of passed.length ? passed : [event]) draw(each);
  }

  function up(event) {
    if (event.pointerId !== stroke?.pointer) return;
    stroke = null;
    send();
  }

  function key(event) {
    const arrow = ARROWS[event.key];
    if (!arrow || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    model.send({ arrow });
  }

  // The kernel shows an image: it replaces the drawing, and a stroke that is being drawn ends.
  function shown() {
    clearTimeout(timer);
    timer = stroke = null;
    repaint(model.get("shown"));
  }

  // Another view of this field was drawn in.
  function drawn() {
    if (!sending && !stroke) repaint(model.get("drawing"));
  }

  canvas.className = "kdsurvey-ink";
  canvas.tabIndex = 0;
  canvas.setAttribute("role", "application");
  canvas.setAttribute("aria-label", LABEL);
  canvas.setAttribute("data-lm-suppress-shortcuts", "true"); // a key pressed here is no command of the notebook
  canvas.addEventListener("pointerdown", down);
  canvas.addEventListener("pointermove", move);
  for (const end of ["pointerup", "pointercancel", "lostpointercapture"]) canvas.addEventListener(end, up);
  canvas.addEventListener("keydown", key);
  model.on("change:shows", shown);
  model.on("change:drawing", drawn);

  const style = document.createElement("style");
  style.textContent = STYLE;
  el.append(style, canvas);
  repaint(model.get(model.get("on") === model.get("shows") ? "drawing" : "shown"));
  model.set("alive", true);
  model.save_changes();

  return () => {
    clearTimeout(timer);
    stroke = null;
    model.off("change:shows", shown);
    model.off("change:drawing", drawn);
  };
}

export default { render };
