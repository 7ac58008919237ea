// Tracks: solid where fixes were heard, dashed across silences of 12 hours and more.
const TRACK_SCALE = 10000;
const TRACK_STYLE = { color: "#2b5876", weight: 1.6, opacity: 0.8 };
const SILENT_STYLE = { color: "#2b5876", weight: 1.4, opacity: 0.75, dashArray: "3 7" };
const CHOSEN = { color: "#c2410c", weight: 3 };
const FAINT = 0.25;
const TRAIL_STYLE = { color: "#0b3d5c", weight: 3.5, opacity: 1, interactive: false };
const NAMES_UP_TO = 12;

function trackRun(steps) {
  const run = { minutes: [], points: [] };
  const at = [0, 0, 0];
  for (let i = 0; i < steps.length; i += 3) {
    for (let k = 0; k < 3; k += 1) at[k] += steps[i + k];
    run.minutes.push(at[0]);
    run.points.push([at[2] / TRACK_SCALE, at[1] / TRACK_SCALE]);
  }
  return run;
}

const utcText = (minutes) => `${new Date(minutes * 60000).toISOString().slice(0, 16).replace("T", " ")} UTC`;

// The two drawn fixes around the pointer: between them the line is thinned, so no single time is claimed.
function timeNear(map, run, place) {
  const target = map.latLngToLayerPoint(place);
  let best = 0;
  let least = Infinity;
  for (let i = 0; i + 1 < run.points.length; i += 1) {
    const a = map.latLngToLayerPoint(run.points[i]);
    const b = map.latLngToLayerPoint(run.points[i + 1]);
    const gap = L.LineUtil.pointToSegmentDistance(target, a, b);
    if (gap < least) {
      least = gap;
      best = i;
    }
  }
  return `${utcText(run.minutes[best])} to ${utcText(run.minutes[Math.min(best + 1, run.minutes.length - 1)])}`;
}

function bindTrackTip(line, text) {
  const words = document.createElement("span");
  line.bindTooltip(words, { sticky: true });
  line.on("mouseover mousemove", (move) => {
    words.textContent = text(move.latlng);
  });
}

// How many minutes of a run are not after the moment.
function countUpTo(minutes, moment) {
  let low = 0;
  let high = minutes.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (minutes[middle] <= moment) low = middle + 1;
    else high = middle;
  }
  return low;
}

function placeAt(run, moment) {
  const next = countUpTo(run.minutes, moment);
  if (next === 0) return run.points[0];
  if (next === run.points.length) return run.points.at(-1);
  const [a, b] = [run.points[next - 1], run.points[next]];
  const share = (moment - run.minutes[next - 1]) / (run.minutes[next] - run.minutes[next - 1]);
  return [a[0] + share * (b[0] - a[0]), a[1] + share * (b[1] - a[1])];
}

// What of a run lies between two moments, its ends interpolated.
function pieceOf(run, from, to) {
  const [start, end] = [Math.max(from, run.minutes[0]), Math.min(to, run.minutes.at(-1))];
  if (start > end) return [];
  const inside = run.points.slice(countUpTo(run.minutes, start), countUpTo(run.minutes, end));
  return [placeAt(run, start), ...inside, placeAt(run, end)];
}

// The vessel at a moment: a disc where it was heard, a ring where it was last heard.
function vesselAt(runs, moment) {
  const before = runs.filter((run) => run.minutes[0] <= moment).at(-1);
  if (before === undefined) return null;
  const heard = moment <= before.minutes.at(-1);
  return { place: heard ? placeAt(before, moment) : before.points.at(-1), heard };
}

function drawTracks(map, tracks) {
  const heardGroup = L.layerGroup().addTo(map);
  const silentGroup = L.layerGroup().addTo(map);
  const momentGroup = L.layerGroup();
  const vessels = tracks.map((track) => ({ ...track, runs: track.runs.map(trackRun), lines: [], colour: TRACK_STYLE.color }));
  for (const vessel of vessels) {
    vessel.runs.forEach((run, index) => {
      const heard = L.polyline(run.points, TRACK_STYLE).addTo(heardGroup);
      bindTrackTip(heard, (place) => `${vessel.name}: ${timeNear(map, run, place)}`);
      vessel.lines.push([heard, TRACK_STYLE]);
      if (index === 0) return;
      const before = vessel.runs[index - 1];
      const silent = L.polyline([before.points.at(-1), run.points[0]], SILENT_STYLE).addTo(silentGroup);
      bindTrackTip(silent, () =>
        `${vessel.name}: not heard ${utcText(before.minutes.at(-1))} to ${utcText(run.minutes[0])}; the way between is not known`);
      vessel.lines.push([silent, SILENT_STYLE]);
    });
  }
  let chosen = [];
  let atMoment = false;

  function paint() {
    for (const vessel of vessels) {
      const look = chosen.includes(vessel.hull) ? CHOSEN : {};
      for (const [line, style] of vessel.lines) {
        line.setStyle({ ...style, ...look, opacity: atMoment ? FAINT : style.opacity });
      }
    }
  }

  // Made once for each vessel and moved: making labels anew at each step would flicker.
  function momentOf(vessel) {
    const name = document.createElement("span");
    const dot = L.circleMarker([0, 0], { radius: 6, weight: 2.5, fillOpacity: 1, interactive: false });
    const permanent = vessels.length <= NAMES_UP_TO;
    dot.bindTooltip(name, { permanent, direction: "auto", offset: [7, 0], className: "vessel-name" });
    return { name, dot, trail: L.polyline([], TRAIL_STYLE) };
  }

  function drawVessel(vessel, moment, minutes) {
    const seen = vesselAt(vessel.runs, moment);
    vessel.moment ??= momentOf(vessel);
    const { name, dot, trail } = vessel.moment;
    if (seen === null) {
      for (const layer of [dot, trail]) momentGroup.removeLayer(layer);
      return;
    }
    const color = chosen.includes(vessel.hull) ? CHOSEN.color : TRAIL_STYLE.color;
    name.textContent = seen.heard ? vessel.name : `${vessel.name}: last heard here`;
    trail.setLatLngs(vessel.runs.map((run) => pieceOf(run, moment - minutes, moment)).filter((piece) => piece.length > 1));
    trail.setStyle({ color });
    dot.setStyle({ color, fillColor: seen.heard ? color : "#ffffff" }).setLatLng(seen.place);
    for (const layer of [trail, dot]) momentGroup.addLayer(layer);
  }

  return {
    heard: heardGroup,
    silent: silentGroup,
    silences: vessels.reduce((sum, vessel) => sum + vessel.runs.length - 1, 0),
    choose(hulls) {
      chosen = hulls;
      paint();
    },
    // Shows one moment and the minutes before it; null shows the whole period.
    show(moment, minutes) {
      const changed = atMoment !== (moment !== null);
      atMoment = moment !== null;
      if (changed) paint();
      if (!atMoment || !map.hasLayer(heardGroup)) {
        momentGroup.remove();
        return;
      }
      momentGroup.addTo(map);
      for (const vessel of vessels) drawVessel(vessel, moment, minutes);
    },
  };
}
