// One vessel's page: map, findings, chart and tables, each leading to a place on the map.
const LONG_TABLE = 14;

(() => {
  const data = JSON.parse(document.getElementById("vessel-data").textContent);
  const byId = (id) => document.getElementById(id);
  const calm = window.matchMedia("(prefers-reduced-motion: reduce)").matches;

  document.title = data.label ? `${data.title} (${data.label})` : data.title;
  byId("heading").textContent = data.heading;
  byId("label").textContent = data.label;
  byId("label").hidden = !data.label;
  for (const line of data.who) byId("who").append(make("p", line));
  for (const line of data.summary) byId("summary").append(make("li", line));
  byId("disclaimer").textContent = data.disclaimer;

  const map = L.map("map", { preferCanvas: true, attributionControl: false, minZoom: 1, maxZoom: 15, zoomAnimation: !calm });
  map.setView([0, data.centre], 2);
  drawLand(map, data.land);

  const hullNames = data.tracks.map((track) => track.hull);
  const colourOf = (hull) => HULL_COLOURS[Math.max(hullNames.indexOf(hull), 0) % HULL_COLOURS.length];
  const tracks = data.tracks.map((track) => ({ ...track, runs: track.runs.map(trackRun) }));
  const places = [];
  for (const track of tracks) {
    for (const run of track.runs) {
      const line = L.polyline(run.points, { ...TRACK_STYLE, color: colourOf(track.hull) }).addTo(map);
      bindTrackTip(line, (place) => `${track.name}: ${timeNear(map, run, place)}`);
      places.push(...run.points);
    }
  }
  const silences = data.silences.map((silence) => {
    const color = colourOf(silence.hull);
    const words = `${silence.hull}: not heard ${utcText(silence.from)} to ${utcText(silence.to)}; the way between is not known`;
    const line = silence.path.length > 1
      ? L.polyline(silence.path, { ...SILENT_STYLE, color })
      : L.circleMarker(silence.path[0], { radius: 6, color, weight: 2, fillColor: "#ffffff", fillOpacity: 1 });
    return line.bindTooltip(make("span", words), { sticky: true }).addTo(map);
  });

  function flyTo(points, opened) {
    const bounds = L.latLngBounds(points);
    const zoom = points.length > 1 ? Math.min(map.getBoundsZoom(bounds.pad(0.3)), 11) : Math.max(map.getZoom(), 9);
    map.closePopup();
    byId("map").scrollIntoView({ block: "nearest", behavior: calm ? "auto" : "smooth" });
    const still = map.getZoom() === zoom && map.getCenter().equals(bounds.getCenter(), 1e-4);
    if (still) opened();
    else {
      map.once("moveend", opened);
      if (calm) map.setView(bounds.getCenter(), zoom, { animate: false });
      else map.flyTo(bounds.getCenter(), zoom, { duration: 0.8 });
    }
  }

  const buttons = [];
  const markers = data.events.map((event, index) => {
    const kind = data.types[event.type];
    if (event.path.length > 0) places.push(...event.path);
    places.push([event.lat, event.lon]);
    return findingMarker(event, kind.label)
      .bindPopup(() => findingBox(event, kind), { maxWidth: Math.min(360, map.getSize().x - 50), maxHeight: Math.max(160, map.getSize().y - 70) })
      .on("popupopen", () => choose(index))
      .addTo(map);
  });
  function choose(index) {
    for (const button of buttons) button.removeAttribute("aria-current");
    buttons[index].setAttribute("aria-current", "true");
    showMoment(data.events[index].from);
  }
  const showFinding = (index) => {
    const event = data.events[index];
    flyTo([[event.lat, event.lon], ...event.path], () => markers[index].openPopup());
  };
  data.events.forEach((event, index) => {
    const button = make("button");
    button.type = "button";
    const about = make("span", undefined, "about");
    const head = make("span", undefined, "name");
    head.append(make("span", data.types[event.type].label), make("span", event.severity, `severity ${event.severity}`));
    about.append(head, make("span", event.says, "says"), make("span", `${event.start} · ${event.sure}`, "small"));
    button.append(shapePicture(event.type), about);
    button.addEventListener("click", () => showFinding(index));
    buttons.push(button);
    const item = make("li");
    item.append(button);
    byId("list").append(item);
  });
  if (data.events.length === 0) byId("list-note").textContent = "None: nothing that this run looks for was found here.";
  if (data.eventsLeft > 0) byId("list-note").textContent = `${data.eventsLeft} less severe ones are left out; the event files hold them.`;

  // A moment: where the vessel was, how fast, how often heard.
  const momentGroup = L.layerGroup().addTo(map);
  let chart = null;
  function showMoment(minutes) {
    if (chart === null) return;
    byId("moment").value = minutes;
    chart.show(minutes);
    momentGroup.clearLayers();
    const lines = [];
    const heard = new Map(chart.at(minutes));
    for (const track of tracks) {
      // Tracks are rounded to the minute: the first fix may lie just after the moment of its finding.
      const seen = vesselAt(track.runs, minutes) ?? vesselAt(track.runs, minutes + 1);
      if (seen === null) continue;
      const color = colourOf(track.hull);
      L.circleMarker(seen.place, { radius: 7, color, weight: 3, fillColor: seen.heard ? color : "#ffffff", fillOpacity: 1, interactive: false }).addTo(momentGroup);
      lines.push(momentWords(track, seen, heard.get(track.hull)));
    }
    const text = `${utcText(minutes)}. ${lines.join(" ") || "Not yet heard."}`;
    byId("readout").textContent = text;
    byId("moment").setAttribute("aria-valuetext", text);
  }
  function momentWords(track, seen, slice) {
    const name = tracks.length > 1 ? `${track.hull}: ` : "";
    const [lat, lon] = [seen.place[0].toFixed(4), wrapped(seen.place[1]).toFixed(4)];
    if (!seen.heard) return `${name}not heard; last heard at ${lat}, ${lon}.`;
    const knots = !slice || slice.middle === null ? "" : `; ${slice.middle.toFixed(1)} kn (${slice.least.toFixed(1)} to ${slice.most.toFixed(1)})`;
    const count = slice ? `${slice.fixes} position${slice.fixes === 1 ? "" : "s"}` : "no position";
    return `${name}near ${lat}, ${lon}${knots}; ${count} in ${widthText(chart.width)}.`;
  }
  const widthText = (minutes) =>
    minutes % DAY === 0 ? `${minutes / DAY} d` : minutes % 60 === 0 ? `${minutes / 60} h` : `${minutes} min`;

  if (tracks.length > 1) {
    for (const track of tracks) {
      const entry = make("span");
      entry.append(picture("rect", { x: -1.2, y: -0.5, width: 2.4, height: 1, fill: colourOf(track.hull) }), make("span", track.name));
      byId("legend").append(entry);
    }
  }
  byId("when").hidden = data.span.length === 0;
  if (data.span.length > 0) {
    const [first, last] = data.span.map((minutes) => utcText(minutes).slice(0, 10));
    byId("when-title").textContent = `Over time, ${first} to ${last} (UTC)`;
    const slider = byId("moment");
    [slider.min, slider.max] = data.span;
    slider.step = Math.max(1, Math.round((data.span[1] - data.span[0]) / 1000));
    slider.addEventListener("input", () => showMoment(Number(slider.value)));
    chart = stripChart(byId("chart"), data, colourOf, showMoment, showFinding);
    const start = data.events.length > 0 ? data.events[0].from : data.span[1];
    slider.value = start;
    byId("readout").textContent = "Move over the chart, or use the slider, to see where the vessel was.";
  }

  const pointsBetween = (from, to) =>
    tracks.flatMap((track) => track.runs).flatMap((run) => run.points.filter((_, i) => run.minutes[i] >= from && run.minutes[i] <= to));

  // A table. `go(index)` gives what pressing a row's first cell does, or nothing.
  function addTable(title, content, note, go) {
    const section = make("section");
    section.append(make("h2", title));
    if (note) section.append(make("p", note, "quiet"));
    if (content && content.rows.length > 0) {
      const table = make("table");
      const head = make("tr");
      for (const column of content.columns) head.append(make("th", column));
      const body = make("tbody");
      content.rows.forEach((cells, index) => body.append(tableRow(content, cells, index, go)));
      const top = make("thead");
      top.append(head);
      table.append(top, body);
      const frame = make("div", undefined, content.rows.length > LONG_TABLE ? "long" : "");
      if (content.rows.length > LONG_TABLE) frame.tabIndex = 0;
      frame.append(table);
      section.append(frame);
      if (content.left > 0) section.append(make("p", `${content.left} more rows are left out.`, "quiet"));
    }
    byId("tables").append(section);
    return section;
  }
  function tableRow(content, cells, index, go) {
    const row = make("tr", undefined, content.marked?.includes(index) ? "changed" : "");
    const action = go?.(index);
    cells.forEach((text, column) => {
      const cell = make("td");
      cell.dataset.label = content.columns[column];
      if (column === 0 && action) {
        const button = make("button", text);
        button.type = "button";
        button.title = "Show on the map";
        button.addEventListener("click", action);
        cell.append(button);
      } else cell.textContent = text;
      row.append(cell);
    });
    return row;
  }

  addTable(
    `Silences of ${data.silenceHours} h and more`,
    data.silenceTable,
    data.silences.length > 0
      ? "Not every silence is a finding: in port, near the edge of reception or while the feed was down it says little."
      : "None.",
    (index) => () => {
      const silence = data.silences[index];
      flyTo(silence.path, () => silences[index].openTooltip(silence.path[0]));
      showMoment(silence.from);
    },
  );
  addTable("Identities over time", data.identities, data.identities.rows.length > 0 ? "As stated by the vessel; changes are marked." : "It stated no identity.");
  for (const [title, stays, none] of [
    ["Port visits", data.visits, "This run has no visits worked out."],
    ["Voyages", data.voyages, "This run has no voyages worked out."],
  ]) {
    if (stays === null) addTable(title, null, none);
    else addTable(title, stays.table, stays.bars.length > 0 ? "" : "None.", (index) => () => {
      const stay = stays.bars[index];
      const points = stay.place ? [stay.place] : pointsBetween(stay.from, stay.to ?? Infinity);
      if (points.length > 0) flyTo(points, () => {});
      showMoment(stay.from);
    });
  }
  const hulls = addTable("Hulls told apart", data.hulls, data.hulls.rows.length > 1 ? "One number, several ships: positions that one ship could not have sent are kept apart." : "");
  if (data.rejected.length > 0) hulls.append(make("h3", "Positions that were not believed"), bullets(data.rejected));

  if (places.length > 0) map.fitBounds(L.latLngBounds(places).pad(0.08), { maxZoom: 11, animate: false });
  drawGrid(map);
  new PlaceReadout().addTo(map);
  new MilesScale().addTo(map);
  document.documentElement.dataset.ready = "yes";
})();
