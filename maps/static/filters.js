// What is shown: the tree of layers, the search, and the count of what is left.

// Adds a box to a list of the tree. Returns the box.
function treeBox(list, id, picture, text, change) {
  const item = make("li");
  const label = make("label");
  const box = make("input");
  box.type = "checkbox";
  box.checked = true;
  box.id = id;
  box.addEventListener("change", change);
  label.append(box, ...(picture ? [picture] : []), make("span", text));
  item.appendChild(label);
  list.appendChild(item);
  return box;
}

// A parent box over its children: all, none, or some.
function treeBranch(tree, id, text, children, change) {
  const boxes = [];
  const parent = treeBox(tree, id, null, text, () => {
    for (const box of boxes) box.checked = parent.checked;
    change();
  });
  const list = make("ul");
  tree.lastChild.appendChild(list);
  const follow = () => {
    const on = boxes.filter((box) => box.checked).length;
    parent.checked = on > 0;
    parent.indeterminate = on > 0 && on < boxes.length;
  };
  children.forEach(([childId, picture, words]) => {
    boxes.push(treeBox(list, childId, picture, words, () => {
      follow();
      change();
    }));
  });
  return {
    boxes,
    follow,
    all() {
      for (const box of boxes) box.checked = true;
      follow();
    },
  };
}

// Keeps the two layers of tracks in step with their boxes.
function trackBranch(map, tree, data, tracks, change) {
  const groups = [tracks.heard, tracks.silent];
  const children = [
    ["layer-heard", linePicture("none"), "Heard"],
    ["layer-silent", linePicture("0.35 0.35"), `Silent 12 h or more (${tracks.silences})`],
  ];
  const branch = treeBranch(tree, "layer-tracks", `Tracks (${data.tracks.length})`, children, () => {
    branch.apply();
    change();
  });
  branch.apply = () => branch.boxes.forEach((box, k) => (box.checked ? groups[k].addTo(map) : groups[k].remove()));
  return branch;
}

function wordsOf(text) {
  return text.toLowerCase().split(/\s+/).filter((word) => word !== "");
}
