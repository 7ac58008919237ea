// What an event says, built as elements with text: no data is ever read as markup.
function make(tag, text, className) {
  const element = document.createElement(tag);
  if (text !== undefined) element.textContent = text;
  if (className) element.className = className;
  return element;
}

function bullets(lines) {
  const list = make("ul");
  for (const line of lines) list.appendChild(make("li", line));
  return list;
}

// What goes with every comparison with peers; a page that holds comparisons sets it.
let guardText = [];

function besidePeers(lines) {
  const box = make("details");
  box.append(make("summary", "Compared with its peers"), make("p", guardText[0], "note"), bullets(lines), bullets(guardText.slice(1)));
  return box;
}

function findingBox(event, kind) {
  const box = make("div", undefined, "finding-box");
  const { meaning, causes } = { ...kind, ...event.own };
  box.append(make("h3", kind.label), make("p", event.says, "says"), make("p", meaning));
  const facts = make("dl");
  for (const [label, text] of event.rows) facts.append(make("dt", label), make("dd", text));
  box.appendChild(facts);
  if (event.seen?.length > 0) box.append(make("h4", "Seen from space"), bullets(event.seen));
  if (event.ranked.length > 0) {
    box.append(make("h4", "Who could have come, likeliest first"), bullets(event.ranked));
    if (event.reaches.length > 0) box.append(make("p", "Shaded: where the likeliest can have been half-way through, land not cut out.", "note"));
  }
  if (event.why.length > 0) box.append(make("h4", "Why it was raised"), bullets(event.why));
  if (causes) box.append(make("h4", "What else could explain it"), make("p", causes));
  if (event.path.length > 1) {
    box.appendChild(make("p", "The dashed line joins the last place heard and the next: not the way taken."));
  }
  if (event.beside?.length > 0 && guardText.length > 0) box.append(besidePeers(event.beside));
  const more = make("details");
  more.append(make("summary", "Details"), bullets([...event.details, `event ${event.id}`]));
  box.append(more, make("p", "An indicator to check, never a verdict.", "note"));
  return box;
}
