"use strict";

// The search box at the top and the keyboard's shortcuts; templates/_shortcuts.html lists these.
const box = document.getElementById("find");
const found = document.getElementById("found");
const sheet = document.getElementById("shortcuts");

function isTyping(target) {
  return target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName) && target.type !== "checkbox";
}

function focusSearch(event) {
  event.preventDefault();
  if (!box.offsetParent) { // narrow screens have a page instead of the box
    location.assign(box.form.action);
    return;
  }
  box.focus();
  box.select();
}

let isClosed = false; // by Escape: results that arrive later stay hidden until something is typed
let foundText = null; // what the shown results were found for

function hideFound() {
  found.hidden = true;
}

function moveInResults(event) {
  const links = [...found.querySelectorAll("a")];
  if (event.key === "Escape") {
    if (!found.hidden) {
      event.preventDefault(); // the first Escape keeps what was typed; the browser clears it at the second
      box.focus();
    }
    isClosed = true;
    hideFound();
    return;
  }
  if (event.key === "Enter" && event.target === box && !found.hidden && links.length && box.value && box.value === foundText) {
    event.preventDefault(); // results of an earlier text are not opened: then the browser shows the page of results
    links[0].click();
    return;
  }
  if (!["ArrowDown", "ArrowUp"].includes(event.key) || !links.length) return;
  event.preventDefault();
  const at = links.indexOf(document.activeElement) + (event.key === "ArrowDown" ? 1 : -1);
  if (at < 0) box.focus();
  else links[Math.min(at, links.length - 1)].focus();
}

function moveInList(step) {
  const links = [...document.querySelectorAll("main tbody tr > td > a:first-child")];
  if (!links.length) return;
  const row = document.activeElement.closest("tr");
  const at = links.findIndex((link) => row && row.contains(link));
  links[Math.max(0, Math.min(at + step, links.length - 1))].focus();
}

function shortcut(event) {
  if (event.key.toLowerCase() === "k" && (event.ctrlKey || event.metaKey)) focusSearch(event);
  if (event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target) || sheet.matches(":popover-open")) return;
  if (event.key === "/") focusSearch(event);
  else if (event.key === "?") sheet.showPopover();
  else if (event.key === "j") moveInList(1);
  else if (event.key === "k") moveInList(-1);
  else if (event.key === "a") document.querySelector("#bulk-bar:not([hidden]) button:enabled")?.focus();
  else if (event.key === "x") document.activeElement.closest("tr")?.querySelector("input[name=job]")?.click();
}

document.addEventListener("keydown", shortcut);
if (box) {
  box.form.addEventListener("keydown", moveInResults);
  box.addEventListener("input", () => { isClosed = isClosed && !box.value; });
  box.addEventListener("focus", () => { found.hidden = !found.childElementCount; });
  document.body.addEventListener("htmx:afterSwap", (event) => {
    if (event.target !== found) return;
    foundText = event.detail.requestConfig.parameters.get("q");
    for (const link of found.querySelectorAll("a")) link.tabIndex = -1; // arrows reach them; Tab leaves the box
    found.hidden = isClosed || !box.form.contains(document.activeElement);
  });
  document.addEventListener("click", (event) => { if (!box.form.contains(event.target)) hideFound(); });
  box.form.addEventListener("focusout", (event) => {
    if (event.relatedTarget && !box.form.contains(event.relatedTarget)) hideFound();
  });
}
