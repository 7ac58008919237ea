// The strip chart: speed, positions an hour, findings, port visits and identities on one axis of time.
const CHART_LEFT = 86;
const CHART_RIGHT = 10;
const LANE_GAP = 12;
const LEAST_MARK = 3;
const ROW_HEIGHT = 7;
const BAR_HEIGHT = 17;
const LETTER_WIDTH = 6.6;
const HULL_COLOURS = ["#2b5876", "#a34700", "#3a7d34", "#7a3fb0", "#a5006e", "#8a6d00"];
const BAR_COLOURS = ["#d5e4ee", "#fbe3c8"];
const DAY = 1440;
const TIME_TICKS = [10, 30, 60, 180, 360, 720, ...[1, 2, 3, 5, 7, 10, 14, 20, 30, 45, 60, 91, 122, 182, 365, 730, 1826].map((days) => days * DAY)];
const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

function svgPart(tag, attributes, text) {
  const part = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(attributes)) part.setAttribute(name, value);
  if (text !== undefined) part.textContent = text;
  return part;
}

function sliceList(flat) {
  const slices = [];
  let number = 0;
  for (let i = 0; i < flat.length; i += 5) {
    number += flat[i];
    const [least, middle, most] = flat.slice(i + 2, i + 5).map((knots) => (knots === null ? null : knots / 10));
    slices.push({ number, fixes: flat[i + 1], least, middle, most });
  }
  return slices;
}

// As short as the step allows: hours and minutes, day and month, or month and year.
function tickWords(text, step) {
  const [month, day] = [MONTHS[Number(text.slice(5, 7)) - 1], Number(text.slice(8, 10))];
  if (step < DAY) return text.slice(11, 16) === "00:00" ? `${day} ${month}` : text.slice(11, 16);
  return step < 30 * DAY ? `${day} ${month}` : `${day} ${month} ${text.slice(0, 4)}`;
}

const roundUp = (value, steps) => steps.find((step) => step >= value) ?? value;
const short = (text, width) => {
  const letters = Math.floor((width - 6) / LETTER_WIDTH);
  if (text.length <= letters) return text;
  return letters < 3 ? "" : `${text.slice(0, letters - 1)}\u2026`;
};

// Draws into `box` anew at each width; tells where a pointer is through onMoment(minutes).
function stripChart(box, data, colourOf, onMoment, onFinding) {
  const [first, last] = data.span;
  const width = data.chart.width;
  const hulls = data.chart.hulls.map((hull) => ({ ...hull, slices: sliceList(hull.slices) }));
  const all = hulls.flatMap((hull) => hull.slices);
  const perHour = (slice) => (slice.fixes * 60) / width;
  const topSpeed = roundUp(Math.max(1, ...all.map((slice) => slice.most ?? 0)), [1, 2, 5, 10, 15, 20, 30, 40, 60, 110]);
  const rates = all.map(perHour);
  const rateTop = Math.ceil(Math.log10(Math.max(1.001, ...rates)));
  const rateBottom = Math.floor(Math.log10(Math.min(0.5, ...rates)));
  let cursor = null;
  let toX = () => 0;
  const inside = (time) => toX(Math.min(Math.max(time, first), last));
  let tall = 0;

  function frame(svg, y, height, label, unit) {
    svg.append(svgPart("text", { x: 0, y: y + 11, class: "lane" }, label));
    if (unit) svg.append(svgPart("text", { x: 0, y: y + 24, class: "tick" }, unit));
    svg.append(svgPart("rect", { x: CHART_LEFT, y, width: toX(last) - CHART_LEFT, height, class: "field" }));
  }

  function scaleLine(svg, y, text) {
    svg.append(svgPart("line", { x1: CHART_LEFT, x2: toX(last), y1: y, y2: y, class: "rule" }));
    svg.append(svgPart("text", { x: CHART_LEFT - 4, y: y + 4, class: "tick", "text-anchor": "end" }, text));
  }

  // Neighbouring slices make one run; a slice without any report ends it.
  function speedPaths(slices, toY) {
    let area = "";
    let line = "";
    let run = [];
    const close = () => {
      if (run.length === 0) return;
      const left = (slice) => inside(slice.number * width).toFixed(1);
      // The last of a run is drawn wide enough to be seen.
      const right = (slice) => {
        const end = inside((slice.number + 1) * width);
        return (slice === run.at(-1) ? Math.max(end, inside(run[0].number * width) + LEAST_MARK) : end).toFixed(1);
      };
      const upper = run.map((slice) => `${left(slice)},${toY(slice.most)} ${right(slice)},${toY(slice.most)}`);
      const lower = [...run].reverse().map((slice) => `${right(slice)},${toY(slice.least)} ${left(slice)},${toY(slice.least)}`);
      area += `M${upper.join(" ")} ${lower.join(" ")}Z`;
      line += `M${run.map((slice) => `${left(slice)},${toY(slice.middle)} ${right(slice)},${toY(slice.middle)}`).join(" ")}`;
      run = [];
    };
    for (const slice of slices) {
      if (slice.middle === null || (run.length > 0 && run.at(-1).number !== slice.number - 1)) close();
      if (slice.middle !== null) run.push(slice);
    }
    close();
    return [area, line];
  }

  function drawSpeed(svg, y, height) {
    frame(svg, y, height, "Speed", "kn");
    const toY = (knots) => (y + height - (Math.min(knots, topSpeed) / topSpeed) * height).toFixed(1);
    for (const knots of [0, topSpeed / 2, topSpeed]) scaleLine(svg, Number(toY(knots)), String(knots));
    hulls.forEach((hull) => {
      const [area, line] = speedPaths(hull.slices, toY);
      const colour = colourOf(hull.hull);
      svg.append(svgPart("path", { d: area, fill: colour, "fill-opacity": 0.28, stroke: colour, "stroke-opacity": 0.28, "stroke-width": 1 }));
      svg.append(svgPart("path", { d: line, fill: "none", stroke: colour, "stroke-width": 1.6 }));
    });
  }

  function drawRate(svg, y, height) {
    frame(svg, y, height, "Positions", "an hour");
    const toY = (rate) => y + height - ((Math.log10(rate) - rateBottom) / (rateTop - rateBottom)) * height;
    for (let power = rateBottom; power <= rateTop; power += rateTop - rateBottom > 3 ? 2 : 1) {
      scaleLine(svg, toY(10 ** power), power < 0 ? (10 ** power).toFixed(-power) : String(10 ** power));
    }
    hulls.forEach((hull) => {
      const bars = hull.slices.map((slice) => {
        const [left, right] = [inside(slice.number * width), inside((slice.number + 1) * width)];
        const top = Math.min(toY(perHour(slice)), y + height - 1.5);
        return `M${left.toFixed(1)},${y + height}V${top.toFixed(1)}H${Math.max(right, left + LEAST_MARK / 2).toFixed(1)}V${y + height}Z`;
      });
      svg.append(svgPart("path", { d: bars.join(""), fill: colourOf(hull.hull), "fill-opacity": 0.75 }));
    });
  }

  function bar(svg, y, from, to, text, fill) {
    const x = inside(from);
    const wide = Math.max(inside(to ?? last) - x, LEAST_MARK);
    const group = svgPart("g", {});
    group.append(svgPart("title", {}, text));
    group.append(svgPart("rect", { x, y, width: wide, height: BAR_HEIGHT, fill, class: "bar" }));
    group.append(svgPart("text", { x: x + 4, y: y + 12.5, class: "value" }, short(text, wide)));
    svg.append(group);
  }

  function drawFindings(svg, y) {
    frame(svg, y, BAR_HEIGHT + 5, "Findings");
    // Last to first: the most severe lies on top.
    data.events.map((event, index) => [event, index]).reverse().forEach(([event, index]) => {
      const colour = shapeOf(event.type).colour;
      const [x, end] = [inside(event.from), inside(event.to)];
      const group = svgPart("g", { class: "go" });
      group.append(svgPart("title", {}, event.says));
      group.append(svgPart("rect", { x, y: y + 9, width: Math.max(end - x, 2), height: 4, fill: colour, "fill-opacity": 0.5 }));
      const corners = shapeOf(event.type).sides.map(([a, b]) => `${(x + 7 * a).toFixed(1)},${(y + 11 + 7 * b).toFixed(1)}`);
      group.append(svgPart("polygon", { points: corners.join(" "), fill: colour, stroke: "#ffffff" }));
      group.addEventListener("click", () => onFinding(index));
      svg.append(group);
    });
  }

  function silentBand(silence, y, height, look) {
    const x = inside(silence.from);
    const wide = Math.max(inside(silence.to) - x, 1);
    const band = svgPart("rect", { x, y, width: wide, height, class: "silent", ...look });
    band.append(svgPart("title", {}, `${silence.hull} not heard ${utcText(silence.from)} to ${utcText(silence.to)}`));
    return band;
  }

  // Where several hulls share the number, each has a row of its own: one is heard while another is not.
  function drawSilences(svg, y) {
    frame(svg, y, hulls.length * ROW_HEIGHT, "Silences");
    const rows = hulls.map((hull) => hull.hull);
    for (const silence of data.silences) {
      const row = rows.indexOf(silence.hull);
      if (row >= 0) svg.append(silentBand(silence, y + row * ROW_HEIGHT + 1, ROW_HEIGHT - 2, { fill: colourOf(silence.hull), class: "" }));
    }
  }

  function drawAxis(svg, y) {
    const most = Math.max(2, Math.floor((toX(last) - CHART_LEFT) / 76));
    const step = TIME_TICKS.find((tick) => (last - first) / tick <= most) ?? TIME_TICKS.at(-1);
    for (let time = Math.ceil(first / step) * step; time <= last; time += step) {
      const x = toX(time);
      svg.append(svgPart("line", { x1: x, x2: x, y1: 0, y2: y, class: "rule" }));
      const words = tickWords(utcText(time), step);
      svg.append(svgPart("text", { x, y: y + 13, class: "tick", "text-anchor": x > toX(last) - 40 ? "end" : x < CHART_LEFT + 40 ? "start" : "middle" }, words));
    }
  }

  function draw() {
    const wide = Math.max(box.clientWidth, 280);
    toX = (time) => CHART_LEFT + ((time - first) / Math.max(last - first, 1)) * (wide - CHART_LEFT - CHART_RIGHT);
    const svg = svgPart("svg", { width: wide, role: "img", "aria-label": "Speed, positions an hour, findings and identities over time" });
    const under = svgPart("g", {});
    svg.append(under);
    let y = 6;
    const take = (height) => {
      const from = y;
      y += height + LANE_GAP;
      return from;
    };
    drawSpeed(svg, take(92), 92);
    drawRate(svg, take(64), 64);
    if (hulls.length > 1) drawSilences(svg, take(Math.max(hulls.length * ROW_HEIGHT, BAR_HEIGHT)));
    if (data.events.length > 0) drawFindings(svg, take(BAR_HEIGHT + 5));
    for (const [label, stays] of [["In port", data.visits], ["Voyages", data.voyages]]) {
      if (!stays || stays.bars.length === 0) continue;
      const at = take(BAR_HEIGHT);
      frame(svg, at, BAR_HEIGHT, label);
      stays.bars.forEach((stay, i) => bar(svg, at, stay.from, stay.to, stay.text, BAR_COLOURS[i % 2]));
    }
    for (const lane of data.lanes) {
      const at = take(BAR_HEIGHT);
      frame(svg, at, BAR_HEIGHT, lane.label);
      const values = [...new Set(lane.bars.map((one) => one[2]))];
      for (const [from, to, text] of lane.bars) bar(svg, at, from, to, text, BAR_COLOURS[values.indexOf(text) % 2]);
    }
    tall = y - LANE_GAP;
    drawAxis(under, tall);
    if (hulls.length < 2) for (const silence of data.silences) under.append(silentBand(silence, 0, tall, {}));
    svg.setAttribute("height", tall + 18);
    svg.append(svgPart("line", { class: "cursor", y1: 0, y2: tall, visibility: "hidden" }));
    svg.addEventListener("pointermove", (move) => point(svg, move));
    svg.addEventListener("pointerdown", (move) => point(svg, move));
    box.replaceChildren(svg);
    if (cursor !== null) show(cursor);
  }

  function point(svg, move) {
    const x = move.clientX - svg.getBoundingClientRect().left;
    if (x < CHART_LEFT) return;
    const share = (x - CHART_LEFT) / (toX(last) - CHART_LEFT);
    onMoment(Math.round(first + Math.min(share, 1) * (last - first)));
  }

  function show(minutes) {
    cursor = minutes;
    const line = box.querySelector(".cursor");
    line.setAttribute("x1", toX(minutes));
    line.setAttribute("x2", toX(minutes));
    line.setAttribute("visibility", "visible");
  }

  new ResizeObserver(draw).observe(box);
  draw();
  return {
    show,
    // What was heard in the slice of time around a moment, one line a hull.
    at(minutes) {
      const number = Math.floor(minutes / width);
      return hulls.map((hull) => [hull.hull, hull.slices.find((one) => one.number === number)]);
    },
    width,
  };
}
