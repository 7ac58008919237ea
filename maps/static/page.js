// The page: markers, the list, and what happens when a finding is chosen.
(() => {
  const data = JSON.parse(document.getElementById("alert-data").textContent);
  const map = map_alerts;
  const calm = window.matchMedia("(prefers-reduced-motion: reduce)").matches;
  const kinds = new Map(data.types.map((kind) => [kind.type, kind]));
  const byId = (id) => document.getElementById(id);
  const { events } = data;
  guardText = data.guard ?? [];
  const SPREAD_UP_TO = 40;
  const FLY_ZOOM = 9; // about 100 nautical miles across: most often some land is in sight

  byId("lead").textContent = data.lead;
  byId("means").textContent = events.length > 0 ? events[0].own.meaning ?? kinds.get(events[0].type).meaning : "";
  byId("page-title").textContent = data.title;
  byId("disclaimer").textContent = data.disclaimer;
  byId("found").textContent = data.summary[0];
  for (const line of data.summary.slice(1)) byId("summary").appendChild(make("p", line));

  map.setMaxZoom(15);
  map.zoomControl.setPosition("topright");
  drawLand(map, data.land);
  const tracks = drawTracks(map, data.tracks);
  const paths = L.layerGroup().addTo(map);
  const reach = L.layerGroup().addTo(map);
  const bundles = L.markerClusterGroup({
    animate: !calm,
    maxClusterRadius: events.length > 200 ? 50 : 20,
    showCoverageOnHover: false,
    iconCreateFunction: bundleIcon,
  }).addTo(map);
  bundles.on("clusterkeypress", (press) => {
    if (press.originalEvent.key === "Enter") press.layer.fire("click", { originalEvent: press.originalEvent }, true);
  });

  const views = events.map((event, index) => {
    const kind = kinds.get(event.type);
    const marker = findingMarker(event, kind.label);
    const line = event.path.length > 1
      ? L.polyline(event.path, { color: shapeOf(event.type).colour, weight: 2.2, dashArray: "8 6", interactive: false })
      : null;
    marker
      .bindPopup(() => findingBox(event, kind), { autoPanPadding: [10, 10] })
      .on("popupopen", () => {
        mark(index);
        drawReaches(reach, event);
        readAloud(marker.getPopup().getElement(), kind.label);
      });
    return { event, kind, marker, line, shown: false, item: listItem(event, kind, index) };
  });
  let momentShown = null;
  let trailShown = 0;

  // A phone may be turned, a window made larger. A third of the map stays free of the popup.
  function fitPopups() {
    const size = map.getSize();
    const fit = {
      maxWidth: Math.min(430, size.x - 64),
      maxHeight: Math.max(170, Math.round(size.y * 0.66)),
      autoPanPaddingBottomRight: [size.x > 600 ? 60 : 10, 10], // the zoom buttons stay free
    };
    for (const { marker } of views) Object.assign(marker.getPopup().options, fit);
  }
  map.on("resize", fitPopups);
  new ResizeObserver(() => map.invalidateSize({ animate: false })).observe(map.getContainer());
  map.on("popupclose", () => reach.clearLayers());
  // On a phone the popup needs the room of the buttons.
  map.on("popupopen popupclose", (change) => document.body.classList.toggle("reading", change.type === "popupopen"));

  function listItem(event, kind, index) {
    const button = make("button");
    button.type = "button";
    const about = make("span", undefined, "about");
    about.append(make("span", event.name, "name"), make("span", event.severity, `severity ${event.severity}`));
    if (event.with) about.append(make("span", `with ${event.with}`, "small"));
    about.append(make("span", `${kind.label} · ${event.start} · ${event.sure}`, "small"));
    button.append(shapePicture(event.type), about);
    button.addEventListener("click", () => flyTo(index));
    const item = make("li");
    item.hidden = true;
    item.appendChild(button);
    byId("list").appendChild(item);
    return item;
  }

  function mark(index) {
    tracks.choose(events[index].hulls);
    for (const view of views) view.item.firstChild.removeAttribute("aria-current");
    views[index].item.firstChild.setAttribute("aria-current", "true");
    history.replaceState(null, "", `#${events[index].id}`);
  }

  // The popup takes the focus, so that it is read and scrolled by keys; Escape gives it back.
  function readAloud(box, label) {
    const before = document.activeElement;
    box.setAttribute("role", "dialog");
    box.setAttribute("aria-label", label);
    box.tabIndex = -1;
    box.focus({ preventScroll: true });
    box.onkeydown = (press) => {
      if (press.key !== "Escape") return;
      map.closePopup();
      before.focus({ preventScroll: true });
    };
  }

  // A finding in a bundle: a small bundle is spread out, a large one zoomed into.
  function openPopup(marker) {
    const seen = bundles.getVisibleParent(marker);
    if (seen === null || seen === marker || seen.getChildCount() > SPREAD_UP_TO) {
      bundles.zoomToShowLayer(marker, () => marker.openPopup());
      return;
    }
    bundles.once("spiderfied", () => marker.openPopup());
    seen.spiderfy();
  }

  function flyTo(index) {
    const { event, marker } = views[index];
    if (!views[index].shown) showAll();
    const bounds = L.latLngBounds([[event.lat, event.lon], ...event.path]);
    const zoom = event.path.length > 1 ? Math.min(map.getBoundsZoom(bounds.pad(0.8)), FLY_ZOOM) : Math.max(map.getZoom(), FLY_ZOOM);
    const still = map.getZoom() === zoom && map.getCenter().equals(bounds.getCenter(), 1e-4);
    map.closePopup();
    if (still) {
      openPopup(marker);
      return;
    }
    map.once("moveend", () => setTimeout(openPopup, 0, marker));
    if (calm) map.setView(bounds.getCenter(), zoom, { animate: false });
    else map.flyTo(bounds.getCenter(), zoom, { duration: 0.8 });
  }

  const findings = treeBranch(
    byId("tree"), "layer-findings", `Findings (${events.length})`,
    data.types.map((kind, index) => [`layer-${index}`, shapePicture(kind.type), `${kind.label} (${kind.count})`]),
    apply,
  );
  data.types.forEach((kind, index) => {
    if (kind.off) findings.boxes[index].checked = false;
  });
  findings.follow();
  const trackTree = trackBranch(map, byId("tree"), data, tracks, () => tracks.show(momentShown, trailShown));
  if (data.reception) receptionLayer(map, byId("tree"), data.reception, data.centre);
  if (data.imagery) imageLayer(map, byId("tree"), data.imagery);
  const typeOn = (type) => findings.boxes[data.types.findIndex((kind) => kind.type === type)].checked;
  const search = byId("search");

  function wanted({ event }) {
    if (!typeOn(event.type)) return false;
    if (momentShown !== null && (event.from > momentShown || event.to < momentShown - trailShown)) return false;
    return wordsOf(search.value).every((word) => event.find.includes(word));
  }

  // The list and the map always show the same findings.
  function apply() {
    const [come, go] = [[], []];
    for (const view of views) {
      const want = wanted(view);
      if (want === view.shown) continue;
      view.shown = want;
      view.item.hidden = !want;
      (want ? come : go).push(view.marker);
      if (view.line) want ? view.line.addTo(paths) : view.line.remove();
    }
    bundles.removeLayers(go);
    bundles.addLayers(come);
    const left = views.filter((view) => view.shown).length;
    byId("count").textContent = left === events.length ? "" : `${left} of ${events.length} findings shown.`;
    byId("reset").hidden = left === events.length;
  }

  const slider = timeSlider(data.span, (moment, trail) => {
    momentShown = moment;
    trailShown = trail;
    tracks.show(moment, trail);
    apply();
  });

  function showAll() {
    search.value = "";
    findings.all();
    trackTree.all();
    trackTree.apply();
    slider.whole();
    apply();
  }

  apply();
  byId("reset").addEventListener("click", showAll);
  search.addEventListener("input", apply);
  search.addEventListener("keydown", (press) => {
    const first = views.findIndex((view) => view.shown);
    if (press.key === "Enter" && first >= 0) flyTo(first);
  });
  byId("show-top").addEventListener("click", () => flyTo(0));
  byId("show-top").hidden = events.length === 0;
  byId("list-title").hidden = events.length === 0;
  byId("layers").open = window.innerWidth > 720;

  map.invalidateSize({ animate: false });
  fitPopups();
  const places = views.filter((view) => view.shown).flatMap(({ event }) => [[event.lat, event.lon], ...event.path]);
  if (places.length === 0) {
    tracks.heard.eachLayer((line) => places.push(...line.getLatLngs()));
  }
  if (places.length > 0) map.fitBounds(L.latLngBounds(places).pad(0.25), { maxZoom: 8, animate: false });
  else map.setView([0, data.centre], 2, { animate: false });
  drawGrid(map);
  new PlaceReadout().addTo(map);
  new MilesScale().addTo(map);

  const asked = events.findIndex((event) => `#${event.id}` === window.location.hash);
  if (data.openFirst && events.length > 0) {
    byId("detail").appendChild(findingBox(events[0], kinds.get(events[0].type)));
    byId("detail").hidden = false;
    for (const id of ["found", "tools", "list", "list-title"]) byId(id).hidden = true;
    tracks.choose(events[0].hulls);
  } else if (asked >= 0) flyTo(asked);
  document.documentElement.dataset.ready = "yes";
})();
