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
const MARK_SIZE = { high: 10, watch: 8, info: 6.5 };

// Leaflet's canvas draws circles only; this draws a polygon of the same size around the point.
const ShapeMarker = L.CircleMarker.extend({
  _updatePath() {
    const renderer = this._renderer;
    if (!renderer._drawing || this._empty()) return;
    const context = renderer._ctx;
    const size = this._radius;
    context.beginPath();
    for (const [x, y] of this.options.sides) {
      context.lineTo(this._point.x + x * size, this._point.y + y * size);
    }
    context.closePath();
    renderer._fillStroke(context, this);
  },
});

function shapeMarker(event) {
  const shape = shapeOf(event.type);
  return new ShapeMarker([event.lat, event.lon], {
    radius: MARK_SIZE[event.severity],
    sides: shape.sides,
    color: "#ffffff",
    weight: 2,
    fillColor: shape.colour,
    fillOpacity: 1,
  });
}

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
  picture("polygon", { points: shapeOf(type).sides.map((side) => side.join(",")).join(" "), fill: shapeOf(type).colour });
const linePicture = () => picture("polyline", { points: "-1.4,0.8 -0.4,-0.5 0.4,0.4 1.4,-0.8", fill: "none", stroke: "#2b5876", "stroke-width": "0.3" });
