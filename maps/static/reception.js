// Reception: a square a cell of one degree, by the share of vessel-hours in which ships were heard.
const RECEPTION_STEPS = [20, 40, 60, 80, 101];
const RECEPTION_COLOURS = ["#b2182b", "#ef8a62", "#fddbc7", "#92c5de", "#2166ac"];
const ENOUGH_HOURS = 24; // fewer are drawn fainter

const receptionColour = (percent) => RECEPTION_COLOURS[RECEPTION_STEPS.findIndex((step) => percent < step)];

function receptionCells(flat) {
  const cells = new Map();
  let cell = 0;
  for (let i = 0; i < flat.length; i += 3) {
    cell += flat[i];
    cells.set(cell, { percent: flat[i + 1], hours: flat[i + 2] });
  }
  return cells;
}

function receptionLegend() {
  const legend = make("p", undefined, "key reception");
  legend.hidden = true;
  RECEPTION_COLOURS.forEach((colour, index) => {
    const low = index === 0 ? 0 : RECEPTION_STEPS[index - 1];
    const entry = make("span", undefined, "swatch");
    entry.append(picture("rect", { x: "-1.4", y: "-1.4", width: "2.8", height: "2.8", fill: colour }), make("span", `${low} to ${Math.min(RECEPTION_STEPS[index], 100)} %`));
    legend.append(entry);
  });
  legend.append(make("span", `Share of hours in which ships there were heard; pale: fewer than ${ENOUGH_HOURS} vessel-hours.`));
  const here = make("span", "", "here");
  legend.append(here);
  return { legend, here };
}

// Adds the layer's box, unchecked, to the tree; nothing is drawn before it is asked for.
function receptionLayer(map, tree, reception, centre) {
  const cells = receptionCells(reception.cells);
  map.createPane("reception").style.zIndex = 220;
  const renderer = L.canvas({ pane: "reception", padding: 0.3 });
  const group = L.layerGroup();
  const { legend, here } = receptionLegend();
  const box = treeBox(tree, "layer-reception", null, `Reception (${cells.size} cells)`, () => {
    legend.hidden = !box.checked;
    if (!box.checked) {
      group.remove();
      return;
    }
    if (group.getLayers().length === 0) fill();
    group.addTo(map);
  });
  box.checked = false;
  tree.lastChild.append(legend);

  function fill() {
    for (const [cell, { percent, hours }] of cells) {
      const south = Math.floor(cell / 360) - 90;
      const west = (cell % 360) - 180;
      const shift = Math.round((centre - west) / 360) * 360;
      const corners = [[south, west + shift], [south + 1, west + shift + 1]];
      const fillOpacity = hours < ENOUGH_HOURS ? 0.2 : 0.5;
      L.rectangle(corners, { renderer, pane: "reception", stroke: false, fillColor: receptionColour(percent), fillOpacity, interactive: false }).addTo(group);
    }
  }

  map.on("mousemove click", (move) => {
    if (legend.hidden) return;
    const row = Math.min(Math.floor(move.latlng.lat) + 90, 179);
    const found = cells.get(row * 360 + Math.floor(wrapped(move.latlng.lng)) + 180);
    here.textContent = found ? `Here: heard in ${found.percent} % of ${found.hours} vessel-hours.` : "Here: nobody was followed.";
  });
}
