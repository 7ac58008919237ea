// Tracks: solid where fixes were heard, dashed across silences of 12 hours and more.
const TRACK_SCALE = 10000;
const TRACK_STYLE = { color: "#2b5876", weight: 1.6, opacity: 0.8 };
const SILENT_STYLE = { color: "#2b5876", weight: 1.4, opacity: 0.75, dashArray: "3 7" };
const CHOSEN_STYLE = { color: "#d1480a", weight: 3, opacity: 1 };

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

function bindTrackTip(map, line, text) {
  const words = document.createElement("span");
  line.bindTooltip(words, { sticky: true });
  line.on("mouseover mousemove", (move) => {
    words.textContent = text(move.latlng);
  });
}

function drawTracks(map, tracks) {
  const group = L.layerGroup().addTo(map);
  const linesOf = new Map();
  for (const track of tracks) {
    const lines = [];
    const runs = track.runs.map(trackRun);
    runs.forEach((run, index) => {
      const heard = L.polyline(run.points, TRACK_STYLE);
      bindTrackTip(map, heard, (place) => `${track.name}: ${timeNear(map, run, place)}`);
      lines.push(heard);
      if (index === 0) return;
      const before = runs[index - 1];
      const silent = L.polyline([before.points.at(-1), run.points[0]], SILENT_STYLE);
      bindTrackTip(map, silent, () =>
        `${track.name}: not heard ${utcText(before.minutes.at(-1))} to ${utcText(run.minutes[0])}; the way between is not known`);
      lines.push(silent);
    });
    lines.forEach((line) => line.addTo(group));
    linesOf.set(track.hull, lines);
  }
  const setStyle = (hulls, style) => {
    for (const hull of hulls) for (const line of linesOf.get(hull) ?? []) line.setStyle(style);
  };
  return {
    group,
    choose(hulls) {
      setStyle(linesOf.keys(), { color: TRACK_STYLE.color, weight: TRACK_STYLE.weight });
      setStyle(hulls, CHOSEN_STYLE);
    },
  };
}
