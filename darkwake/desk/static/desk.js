"use strict";
// Keys alone: without this file every page works, by links and forms.
(function () {
  const rows = () => [...document.querySelectorAll("#alerts a")];

  function step(by) {
    const all = rows();
    if (!all.length) return false;
    const at = all.indexOf(document.activeElement);
    all[Math.min(Math.max(at + by, 0), all.length - 1)].focus();
    return true;
  }

  function follow(id) {
    const link = document.getElementById(id);
    if (link) link.click();
  }

  // A key opens the form of an action, or sends one that asks for nothing.
  function act(key) {
    const found = document.querySelector(".actions [data-key='" + key + "']");
    if (!found) return;
    if (found.tagName === "FORM") {
      found.requestSubmit();
      return;
    }
    found.open = true;
    found.querySelector("textarea").focus();
  }

  const KEYS = {
    j: () => step(1) || follow("next"),
    k: () => step(-1),
    u: () => follow("up"),
    m: () => { const map = document.getElementById("map"); if (map) map.focus(); },
    "/": () => { const box = document.getElementById("search"); if (box) box.focus(); },
    "?": () => document.querySelector(".keys").scrollIntoView(),
  };
  ["a", "c", "d", "x", "n", "s"].forEach((key) => { KEYS[key] = () => act(key); });

  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const inField = event.target.closest("input, select, textarea");
    if (event.key === "Escape") {
      if (inField) inField.blur();
      return;
    }
    if (inField || !Object.hasOwn(KEYS, event.key)) return;
    event.preventDefault();
    KEYS[event.key]();
  });

  // A form is sent once, however often its button is pressed.
  document.addEventListener("submit", (event) => {
    if (event.target.method !== "post") return;
    if (event.target.dataset.sent) event.preventDefault();
    event.target.dataset.sent = "yes";
  });
})();
