"use strict";
(function () {
  const data = JSON.parse(document.getElementById("risk-data").textContent);
  const rules = new Map(data.rules.map((rule) => [rule.code, rule]));
  const STATES = { met: "met", possible: "possible: its upper bound alone passes", not_met: "not met", not_observable: "not observable" };

  // Text only: nothing of the data is ever parsed as markup.
  function add(parent, tag, text, name) {
    const made = document.createElement(tag);
    if (text !== undefined) made.textContent = text;
    if (name) made.className = name;
    parent.appendChild(made);
    return made;
  }

  function table(parent, head, rows) {
    const made = add(parent, "table");
    const top = add(add(made, "thead"), "tr");
    head.forEach((text) => add(top, "th", text));
    const body = add(made, "tbody");
    rows.forEach((row) => {
      const line = add(body, "tr");
      row.forEach((cell) => add(line, "td", cell));
    });
  }

  function number(value, unit) {
    if (value === null || value === undefined) return "missing";
    const text = value.toLocaleString("en-GB", { maximumFractionDigits: 2 });
    return unit && unit !== "n" ? text + " " + unit : text;
  }

  function percent(share) {
    return share === null ? "unknown" : (100 * share).toFixed(1) + " %";
  }

  const OPINIONS = { iforest: "isolation forest", ecod: "ECOD", knn: "nearest neighbours" };
  const FAMILIES = { time_at_sea: "time at sea", dark: "silence" };
  const capital = (text) => text.charAt(0).toUpperCase() + text.slice(1);

  function unusual(box, row) {
    add(box, "h3", "Unusual for its peers");
    if (row.withheld !== null) {
      const figure = { too_few_peers: ": " + row.peers, coverage_below_floor: ": " + percent(row.coverage) }[row.withheld] || "";
      add(box, "p", "Score withheld: " + data.withheld_words[row.withheld] + figure + ".", "withheld");
      return;
    }
    const far = Math.round(row.p_value * (row.peers + 1));
    add(box, "p", "As far out as this vessel or farther, of itself and its " + row.peers + " peers (" + row.peer_group + "): " + far + ", that is " + percent(row.p_value) + ". " +
      (row.listed ? "It is on the list" : "It is not on the list") + " that promises " + percent(data.promised_false_alarm_share) +
      " false alarms among vessels that behave as their peers do.");
    row.findings.forEach((one) => {
      add(box, "p", capital(one.says) + ".");
      add(box, "p", "What else explains it: " + one.may_be + ".", "quiet");
    });
    if (row.findings.length === 0) add(box, "p", "No single feature stands out.");
    if (row.counterfactual !== null) add(box, "p", "Worked out again: " + row.counterfactual + ".");
    else if (row.listed) add(box, "p", "No single change that was tried takes it off the list.");
    const families = Object.entries(row.families).map(([name, value]) => [FAMILIES[name] || name, number(value)]);
    table(box, ["Family", "What it adds, 0 to 4.61"], families);
    const others = Object.entries(row.opinions).filter(([, value]) => value !== null);
    if (others.length) {
      const says = others.map(([name, value]) => (OPINIONS[name] || name) + " " + percent(value)).join(", ");
      add(box, "p", "Second opinions, share of peers that each finds less unusual: " + says + ".", "quiet");
    }
  }

  function exposure(box, row) {
    add(box, "h3", "Exposure: " + row.exposure + " of " + data.rules.length + " indicators met");
    table(box, ["Indicator", "State", "Value", "From", "Source", "May stand for (ILO)"], row.indicators.map((one) => {
      const rule = rules.get(one.code);
      return [rule.words, STATES[one.state], number(one.value, rule.unit), number(rule.threshold, rule.unit), rule.source,
        rule.ilo === "none" ? "-" : rule.ilo + " (" + rule.strength + ")"];
    }));
  }

  function show(row) {
    const box = document.getElementById("one");
    box.replaceChildren();
    add(box, "h2", (row.name || "no name") + ", MMSI " + String(row.mmsi).padStart(9, "0") + ", hull " + row.hull_id);
    add(box, "p", [row.role, "flag " + (row.flag || "unknown"), "class " + row.ais_class, row.region].join(", "));
    add(box, "p", "Window " + row.window + ": " + row.start + " to " + row.end + ". AIS coverage " + percent(row.coverage) +
      " of the hours at sea. Peers: " + row.peers + ".");
    unusual(box, row);
    exposure(box, row);
    add(box, "h3", "All features");
    table(box, ["Feature", "Value", "Source", "Missing where"], data.features.map((one) =>
      [one.words, number(row.features[one.name], one.unit), one.source, one.missing]));
  }

  function fill() {
    data.text.forEach((text) => add(document.getElementById("guard"), "li", text));
    const choice = document.getElementById("vessel");
    data.vessels.forEach((row, index) => {
      const option = add(choice, "option", String(row.mmsi).padStart(9, "0") + " " + (row.name || "") + " " + row.hull_id + " " + row.window);
      option.value = String(index);
    });
    choice.addEventListener("change", () => show(data.vessels[Number(choice.value)]));
    const all = document.getElementById("all");
    add(all, "h2", "Whom the list burdens");
    table(all, ["By", "Value", "Vessels", "Scored", "Listed", "95 % interval"], data.burden.map((one) =>
      [one.by.replaceAll("_", " "), one.value, number(one.vessels), number(one.scored), number(one.listed),
        one.low === null ? "-" : percent(one.low) + " to " + percent(one.high)]));
    const agreed = Object.entries(data.agreement).map(([name, value]) => (OPINIONS[name] || name) + " " + number(value)).join(", ");
    if (agreed) add(all, "p", "Rank correlation of the score with the second opinions: " + agreed + ".", "quiet");
    add(all, "p", "AIS says nothing of: " + data.no_proxy.join(", ") + ".", "quiet");
    document.getElementById("about").textContent = "Reference of " + data.reference_vessels + " vessels and windows, SHA-256 " +
      data.reference_sha256 + ".";
    if (data.vessels.length) show(data.vessels[0]);
  }

  fill();
})();
