// Land, grid, scale and the place under the pointer.
const LAND_SCALE = 1000;
const LAND_STYLE = { pane: "land", stroke: true, weight: 0.6, color: "#e9e2d0", fillColor: "#e9e2d0", fillOpacity: 1, interactive: false, smoothFactor: 1 };

function landRing(steps, shift) {
  const ring = [];
  let lon = 0;
  let lat = 0;
  for (let i = 0; i < steps.length; i += 2) {
    lon += steps[i];
    lat += steps[i + 1];
    ring.push([lat / LAND_SCALE, lon / LAND_SCALE + shift]);
  }
  return ring;
}

// The land is repeated to both sides, so that a line over 180 degrees has land beside it.
function drawLand(map, outlines) {
  map.createPane("land").style.zIndex = 200;
  const renderer = L.canvas({ pane: "land", padding: 0.3 });
  for (const shift of [-360, 0, 360]) {
    const rings = outlines.map((outline) => outline.map((steps) => landRing(steps, shift)));
    for (const polygon of rings) L.polygon(polygon, { ...LAND_STYLE, renderer }).addTo(map);
  }
}

function roundStep(span) {
  const steps = [0.05, 0.1, 0.25, 0.5, 1, 2, 5, 10, 30];
  return steps.find((step) => span / step <= 6) ?? 45;
}

// Degrees and minutes, as on a chart.
const degrees = (value, letters) => {
  const minutes = Math.round(Math.abs(value) * 60);
  const part = minutes % 60 === 0 ? "" : `${String(minutes % 60).padStart(2, "0")}'`;
  return `${Math.floor(minutes / 60)}°${part}${minutes === 0 ? "" : letters[value < 0 ? 1 : 0]}`;
};
const wrapped = (lon) => ((((lon + 180) % 360) + 360) % 360) - 180;

// Meridians and parallels: out at sea there is no land to tell where one is.
function drawGrid(map) {
  map.createPane("grid").style.zIndex = 250;
  const renderer = L.canvas({ pane: "grid" });
  const group = L.layerGroup().addTo(map);
  const line = (points) =>
    L.polyline(points, { renderer, pane: "grid", color: "#6f8796", weight: 0.7, opacity: 0.7, interactive: false }).addTo(group);
  const label = (place, text) => {
    const name = document.createElement("span");
    name.textContent = text;
    L.marker(place, { pane: "grid", interactive: false, keyboard: false, icon: L.divIcon({ className: "grid-label", html: name, iconSize: null }) }).addTo(group);
  };
  const draw = () => {
    group.clearLayers();
    const seen = map.getBounds();
    const step = roundStep(Math.min(seen.getEast() - seen.getWest(), (seen.getNorth() - seen.getSouth()) * 1.5));
    const south = Math.max(seen.getSouth(), -84);
    const north = Math.min(seen.getNorth(), 84);
    for (let i = Math.ceil(seen.getWest() / step); i * step <= seen.getEast(); i += 1) {
      line([[south, i * step], [north, i * step]]);
      label([south, i * step], degrees(wrapped(i * step), "EW"));
    }
    for (let i = Math.ceil(south / step); i * step <= north; i += 1) {
      line([[i * step, seen.getWest()], [i * step, seen.getEast()]]);
      label([i * step, seen.getWest()], degrees(i * step, "NS"));
    }
  };
  map.on("moveend resize", draw);
  draw();
}

const SCALE_PX = 140; // at most, so that the words always fit
const MilesScale = L.Control.extend({
  options: { position: "bottomright" },
  onAdd(map) {
    const box = L.DomUtil.create("div", "scale");
    const draw = () => {
      const y = map.getSize().y / 2;
      const miles = map.distance(map.containerPointToLatLng([0, y]), map.containerPointToLatLng([SCALE_PX, y])) / 1852;
      const power = 10 ** Math.floor(Math.log10(miles));
      const round = [5, 2, 1].map((n) => n * power).find((n) => n <= miles);
      box.style.width = `${(SCALE_PX * round) / miles}px`;
      box.textContent = `${round < 1 ? round.toFixed(2) : round} nm`;
    };
    map.on("zoomend moveend", draw);
    draw();
    return box;
  },
});

const PlaceReadout = L.Control.extend({
  options: { position: "bottomright" },
  onAdd(map) {
    const box = L.DomUtil.create("div", "place");
    box.hidden = true;
    map.on("mousemove", (move) => {
      box.hidden = false;
      box.textContent = `${move.latlng.lat.toFixed(4)}, ${wrapped(move.latlng.lng).toFixed(4)}`;
    });
    return box;
  },
});
