// The slider: one moment and the time before it, or the whole period.
// Spans in days, then minutes: arrow key, Shift and arrow, page key, and how long before is shown.
const TIME_STEPS = [
  { days: 14, arrow: 10, shift: 60, page: 1440, trail: 720 },
  { days: 120, arrow: 60, shift: 1440, page: 10080, trail: 2880 },
  { days: 1100, arrow: 1440, shift: 10080, page: 43200, trail: 20160 },
  { days: Infinity, arrow: 10080, shift: 43200, page: 525600, trail: 129600 },
];
const FRAMES = 240;
const FRAME_MS = 120;

function lengthText(minutes) {
  if (minutes % 1440 === 0) return minutes === 1440 ? "1 day" : `${minutes / 1440} days`;
  return minutes % 60 === 0 ? `${minutes / 60} h` : `${minutes} min`;
}

// Calls show(moment, trail) with minutes since 1970, and show(null) for the whole period.
function timeSlider(span, show) {
  const byId = (id) => document.getElementById(id);
  const [bar, slider, text, whole, play] = ["time", "moment", "moment-text", "whole", "play"].map(byId);
  if (span.length === 0 || span[0] === span[1]) return { whole() {} };
  const [first, last] = span;
  const step = TIME_STEPS.find((one) => last - first <= one.days * 1440);
  slider.min = Math.floor(first / step.arrow) * step.arrow;
  slider.max = Math.ceil(last / step.arrow) * step.arrow;
  slider.step = step.arrow;
  byId("time-help").textContent =
    `Drag to see one moment, or use the arrow keys (${lengthText(step.arrow)}; with Shift ${lengthText(step.shift)}) and Page keys (${lengthText(step.page)}).`;
  let timer = null;

  function say(words, pressed) {
    text.textContent = words;
    slider.setAttribute("aria-valuetext", words);
    whole.setAttribute("aria-pressed", String(pressed));
  }

  function stop() {
    clearInterval(timer);
    timer = null;
    play.textContent = "\u25b6";
    play.setAttribute("aria-label", "Play");
  }

  function showMoment() {
    const moment = Number(slider.value);
    say(`${utcText(moment)} and the ${lengthText(step.trail)} before`, false);
    show(moment, step.trail);
  }

  function showWhole() {
    stop();
    slider.value = slider.max;
    say(`${utcText(first)} to ${utcText(last)}`, true);
    show(null, step.trail);
  }

  function move(minutes) {
    slider.value = Number(slider.value) + minutes;
    showMoment();
  }

  const signs = { ArrowRight: 1, ArrowUp: 1, ArrowLeft: -1, ArrowDown: -1, PageUp: 1, PageDown: -1 };
  slider.addEventListener("keydown", (press) => {
    const sign = signs[press.key];
    if (sign === undefined || press.ctrlKey || press.altKey || press.metaKey) return;
    press.preventDefault();
    stop();
    move(sign * (press.key.startsWith("Page") ? step.page : press.shiftKey ? step.shift : step.arrow));
  });
  slider.addEventListener("input", () => {
    stop();
    showMoment();
  });
  whole.addEventListener("click", showWhole);
  play.addEventListener("click", () => {
    if (timer !== null) {
      stop();
      return;
    }
    if (slider.value === slider.max) slider.value = slider.min;
    play.textContent = "\u23f8";
    play.setAttribute("aria-label", "Pause");
    const stride = Math.max(1, Math.round((slider.max - slider.min) / FRAMES / step.arrow)) * step.arrow;
    timer = setInterval(() => {
      move(stride);
      if (slider.value === slider.max) stop();
    }, FRAME_MS);
  });
  bar.hidden = false;
  showWhole();
  return { whole: showWhole };
}
