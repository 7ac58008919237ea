// The page: layers by type, the list, and what happens when a finding is chosen.
(() => {
  const data = JSON.parse(document.getElementById("alert-data").textContent);
  const map = map_alerts;
  const calm = window.matchMedia("(prefers-reduced-motion: reduce)").matches;
  const kinds = new Map(data.types.map((kind) => [kind.type, kind]));
  const groups = new Map(data.types.map((kind) => [kind.type, L.layerGroup().addTo(map)]));
  const byId = (id) => document.getElementById(id);

  byId("page-title").textContent = data.title;
  byId("disclaimer").textContent = data.disclaimer;
  for (const line of data.summary) byId("summary").appendChild(make("p", line));

  map.setMaxZoom(15);
  map.zoomControl.setPosition("topright");
  drawLand(map, data.land);
  const tracks = drawTracks(map, data.tracks);

  const popupOptions = () => ({
    maxWidth: Math.min(360, map.getSize().x - 50),
    maxHeight: Math.max(160, map.getSize().y - 70),
  });
  const buttons = [];

  function choose(event, button) {
    tracks.choose(event.hulls);
    for (const other of buttons) other.removeAttribute("aria-current");
    button.setAttribute("aria-current", "true");
  }

  // Drawn last to first: the most severe lies on top.
  const markers = data.events.map((event) => shapeMarker(event));
  data.events.map((event, index) => [event, index]).reverse().forEach(([event, index]) => {
    const group = groups.get(event.type);
    if (event.path.length > 1) {
      L.polyline(event.path, { color: shapeOf(event.type).colour, weight: 2.2, dashArray: "8 6", interactive: false }).addTo(group);
    }
    markers[index]
      .bindPopup(() => popupOf(event, kinds.get(event.type)), popupOptions())
      .on("popupopen", () => choose(event, buttons[index]))
      .addTo(group);
  });

  function flyTo(event, index) {
    groups.get(event.type).addTo(map);
    byId(`layer-${data.types.findIndex((kind) => kind.type === event.type)}`).checked = true;
    const marker = markers[index];
    const open = () => marker.openPopup();
    const bounds = L.latLngBounds([[event.lat, event.lon], ...event.path]);
    const zoom = event.path.length > 1 ? Math.min(map.getBoundsZoom(bounds.pad(0.3)), 10) : Math.max(map.getZoom(), 9);
    const still = map.getZoom() === zoom && map.getCenter().equals(bounds.getCenter(), 1e-4);
    map.closePopup();
    if (still) {
      open();
      return;
    }
    map.once("moveend", open);
    if (calm) map.setView(bounds.getCenter(), zoom, { animate: false });
    else map.flyTo(bounds.getCenter(), zoom, { duration: 0.8 });
  }

  data.events.forEach((event, index) => {
    const button = make("button");
    button.type = "button";
    const about = make("span", undefined, "about");
    about.append(make("span", event.name, "name"), make("span", event.severity, `severity ${event.severity}`));
    about.append(make("span", `${kinds.get(event.type).label} · ${event.start} · ${event.sure}`, "small"));
    button.append(shapePicture(event.type), about);
    button.addEventListener("click", () => flyTo(event, index));
    buttons.push(button);
    const item = make("li");
    item.appendChild(button);
    byId("list").appendChild(item);
  });
  byId("list-title").hidden = data.events.length === 0;

  function addLayer(id, picture, text, group) {
    const label = make("label");
    const box = make("input");
    box.type = "checkbox";
    box.checked = true;
    box.id = id;
    box.addEventListener("change", () => (box.checked ? group.addTo(map) : group.remove()));
    label.append(box, picture, make("span", text));
    byId("layers").appendChild(label);
  }
  data.types.forEach((kind, index) =>
    addLayer(`layer-${index}`, shapePicture(kind.type), `${kind.label} (${kind.count})`, groups.get(kind.type)));
  addLayer("layer-tracks", linePicture(), `Tracks (${data.tracks.length})`, tracks.group);

  const places = data.events.flatMap((event) => [[event.lat, event.lon], ...event.path]);
  if (places.length === 0) {
    tracks.group.eachLayer((line) => places.push(...line.getLatLngs()));
  }
  if (places.length > 0) map.fitBounds(L.latLngBounds(places).pad(0.25), { maxZoom: 8, animate: false });
  else map.setView([0, data.centre], 2, { animate: false });
  drawGrid(map);
  new PlaceReadout().addTo(map);
  new MilesScale().addTo(map);
  document.documentElement.dataset.ready = "yes";
})();
