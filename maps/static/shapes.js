"use strict";
// A shape and a colour for each type, so that colour alone never tells two apart.
const SHAPES = {
  dark_period: { colour: "#1d1d1f", sides: [[-1, -1], [1, -1], [1, 1], [-1, 1]] },
  encounter: { colour: "#b3261e", sides: [[0, -1.25], [1.25, 0], [0, 1.25], [-1.25, 0]] },
  loitering: { colour: "#7a3fb0", sides: [[0, -1.2], [1.15, 0.9], [-1.15, 0.9]] },
  port_visit: { colour: "#1d6fb8", sides: [[-1.15, -0.9], [1.15, -0.9], [0, 1.2]] },
  time_at_sea: { colour: "#00695c", sides: [[-0.55, -1.2], [0.55, -1.2], [1.2, 0], [0.55, 1.2], [-0.55, 1.2], [-1.2, 0]] },
  identity_conflict: { colour: "#a34700", sides: [[-1.2, -0.4], [-0.4, -0.4], [-0.4, -1.2], [0.4, -1.2], [0.4, -0.4], [1.2, -0.4], [1.2, 0.4], [0.4, 0.4], [0.4, 1.2], [-0.4, 1.2], [-0.4, 0.4], [-1.2, 0.4]] },
  implausible_position: { colour: "#a5006e", sides: [[-1.2, -0.7], [-0.7, -1.2], [0, -0.5], [0.7, -1.2], [1.2, -0.7], [0.5, 0], [1.2, 0.7], [0.7, 1.2], [0, 0.5], [-0.7, 1.2], [-1.2, 0.7], [-0.5, 0]] },
  dark_rendezvous: { colour: "#5c1f1f", sides: [[0, -1.3], [0.38, -0.4], [1.3, -0.4], [0.6, 0.2], [0.85, 1.15], [0, 0.6], [-0.85, 1.15], [-0.6, 0.2], [-1.3, -0.4], [-0.38, -0.4]] },
  zone_entry: { colour: "#3a5f0b", sides: [[0, -1.25], [1.2, -0.3], [0.75, 1.1], [-0.75, 1.1], [-1.2, -0.3]] },
};
const OTHER_SHAPE = { colour: "#444444", sides: [[-1, -1], [1, -1], [0, 1]] };
const shapeOf = (type) => (Object.hasOwn(SHAPES, type) ? SHAPES[type] : OTHER_SHAPE);
// Small pictures for lists and layers.
function picture(tag, attributes) {
  const space = "http://www.w3.org/2000/svg";
  const frame = document.createElementNS(space, "svg");
  frame.setAttribute("class", "mark");
  frame.setAttribute("viewBox", "-1.5 -1.5 3 3");
  frame.setAttribute("aria-hidden", "true");
  const outline = document.createElementNS(space, tag);
  for (const [name, value] of Object.entries(attributes)) outline.setAttribute(name, value);
  frame.appendChild(outline);
  return frame;
}

const shapePicture = (type) =>
  picture("polygon", { points: shapeOf(type).sides.map((side) => side.join(",")).join(" "), fill: shapeOf(type).colour, stroke: "#ffffff", "stroke-width": "0.22" });
const linePicture = (dashes) =>
  picture("polyline", { points: "-1.4,0.8 -0.4,-0.5 0.4,0.4 1.4,-0.8", fill: "none", stroke: "#2b5876", "stroke-width": "0.3", "stroke-dasharray": dashes });

// Markers are elements, so that keys reach them and their words are read aloud.
const Badge = L.DivIcon.extend({
  createIcon(old) {
    const box = L.DivIcon.prototype.createIcon.call(this, old);
    box.setAttribute("aria-label", this.options.says);
    return box;
  },
});

const MARK_SIZE = { high: 28, watch: 22, info: 18 };
const SEVERITY_RANK = { high: 2, watch: 1, info: 0 };

function findingMarker(event, label) {
  const size = MARK_SIZE[event.severity];
  const icon = new Badge({ className: "finding", html: shapePicture(event.type), iconSize: [size, size], says: `${label}: ${event.says}` });
  return L.marker([event.lat, event.lon], { icon, severity: event.severity, zIndexOffset: 1000 * SEVERITY_RANK[event.severity] });
}

// A bundle of findings shows how many they are; its ring shows the worst among them.
function bundleIcon(bundle) {
  const inside = bundle.getAllChildMarkers().map((marker) => marker.options.severity);
  const worst = ["high", "watch", "info"].find((severity) => inside.includes(severity));
  const number = document.createElement("span");
  number.textContent = inside.length;
  const says = `${inside.length} findings close together, the most severe ${worst}`;
  return new Badge({ className: `bundle ${worst}`, html: number, iconSize: [34, 34], says });
}

// Where each of the likeliest candidates can have been: darker where it is likelier that it came.
function drawReaches(layer, event) {
  layer.clearLayers();
  const { colour } = shapeOf(event.type);
  for (const { says, share, rings } of event.reaches) {
    L.polygon(rings.map((ring) => [ring]), { color: colour, weight: 1.2, fillOpacity: 0.05 + 0.3 * share, interactive: true })
      .bindTooltip(() => make("span", says), { sticky: true })
      .addTo(layer);
  }
}
