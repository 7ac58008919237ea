// Satellite images: each with its outline and its ships; one slider for how clear they are.
const SHIP_STYLES = {
  on_ais: { color: "#000000", dashArray: null },
  dark: { color: "#e00000", dashArray: null },
  doubtful: { color: "#8a6d00", dashArray: "3 3" },
};

function opacitySlider(change) {
  const label = make("label", "Clear ", "opacity");
  const slider = make("input");
  slider.type = "range";
  slider.id = "image-opacity";
  slider.min = 0;
  slider.max = 100;
  slider.value = 85;
  slider.setAttribute("aria-label", "How strongly images are drawn, per cent");
  slider.addEventListener("input", () => change(Number(slider.value) / 100));
  label.append(slider, make("span", " full"));
  return label;
}

// Adds a branch to the tree: pictures during events are shown, those before are put away.
function imageLayer(map, tree, images) {
  map.createPane("images").style.zIndex = 240;
  const drawn = images.map((image) => {
    const picture = L.imageOverlay(image.png, image.bounds, { pane: "images", opacity: 0.85, alt: image.title, interactive: false });
    const outline = L.polygon(image.outline, { color: "#444444", weight: 1.2, dashArray: "2 4", fill: false, interactive: false });
    const ships = image.ships.map(([lat, lon, status, text]) =>
      L.circleMarker([lat, lon], { radius: 9, weight: 2.5, fillOpacity: 0, ...(SHIP_STYLES[status] ?? SHIP_STYLES.doubtful) }).bindTooltip(() => make("span", text)),
    );
    return { picture, group: L.layerGroup([picture, outline, ...ships]) };
  });
  const children = images.map((image, k) => [`layer-image-${k}`, null, `${image.role === "before" ? "Before: " : ""}${image.title}`]);
  const branch = treeBranch(tree, "layer-images", `Satellite images (${images.length})`, children, () => apply());
  const apply = () => branch.boxes.forEach((box, k) => (box.checked ? drawn[k].group.addTo(map) : drawn[k].group.remove()));
  images.forEach((image, k) => {
    if (image.role === "before") branch.boxes[k].checked = false;
  });
  const items = tree.lastChild.querySelectorAll("ul > li");
  images.forEach((image, k) => {
    const button = make("button", "Look");
    button.type = "button";
    button.setAttribute("aria-label", `Look at ${image.title}`);
    button.addEventListener("click", () => {
      branch.boxes[k].checked = true;
      branch.follow();
      apply();
      map.fitBounds(image.bounds, { animate: false });
    });
    items[k].classList.add("image");
    items[k].append(button);
  });
  branch.follow();
  tree.lastChild.append(
    opacitySlider((share) => drawn.forEach(({ picture }) => picture.setOpacity(share))),
    make("p", "Rings: black on AIS, red sends no AIS, dashed in doubt.", "key"),
  );
  apply();
}
