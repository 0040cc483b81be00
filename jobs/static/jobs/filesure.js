"use strict";

// Shows marked times as "3 min ago": British English has no dots after the units.
const UNITS = [["day", 86400], ["hour", 3600], ["minute", 60], ["second", 1]];
const RELATIVE = new Intl.RelativeTimeFormat("en-GB", { numeric: "auto", style: "short" });

function relative(seconds) {
  const [unit, size] = UNITS.find(([, size]) => Math.abs(seconds) >= size) || UNITS[3];
  return RELATIVE.format(Math.trunc(seconds / size), unit);
}

function tellTimes(root = document) {
  for (const time of root.querySelectorAll("time[data-ago]")) {
    const words = relative((Date.parse(time.dateTime) - Date.now()) / 1000);
    const text = time.dataset.ago === "age" ? words.replace(/ ago$/, "") : words;
    if (time.textContent !== text) time.textContent = text;
  }
}

// Live parts: requested every few seconds while the page is visible, one request at a time.
function refresh(part) {
  if (document.hidden || part.classList.contains("htmx-request")) return;
  window.htmx.trigger(part, "refresh");
}

function keepLive() {
  for (const part of document.querySelectorAll("[data-live]")) {
    setInterval(refresh, Number(part.dataset.live) * 1000, part);
    document.addEventListener("visibilitychange", () => refresh(part));
  }
}

function tellState(text, bad) {
  const state = document.getElementById("live-state");
  if (!state || state.textContent === text) return;
  state.textContent = text;
  state.classList.toggle("failed", bad);
}

// Keeps what the user opened, ticked or chose when a part is replaced.
function keepWhatPeopleDid() {
  const callbacks = window.Idiomorph.defaults.callbacks;
  callbacks.beforeAttributeUpdated = (name, node) => !((name === "open" && node.tagName === "DETAILS")
    || (name === "checked" && node.type === "checkbox") || (name === "selected" && node.tagName === "OPTION"));
  callbacks.beforeNodeMorphed = (node) => node.id !== "chart";
}

// A response that arrives while a mouse button is pressed is dropped and requested again after the release,
// because a page that changes between press and release loses the click.
let pressed = false;
const held = new Set();

function press(event) {
  pressed = event.buttons > 0;
  if (pressed) return;
  held.forEach(refresh);
  held.clear();
}

function hold(event) {
  if (!pressed) return;
  event.preventDefault();
  held.add(event.target);
}

// Ignores a second submit while the first is under way: a double click would order twice.
const WAIT_FOR_ANSWER = 10_000;
let sent = new WeakMap();

function sendOnce(event) {
  const since = event.timeStamp - sent.get(event.target);
  if (since < WAIT_FOR_ANSWER) event.preventDefault();
  else sent.set(event.target, event.timeStamp);
}

// Small forms that open over the page close by Escape and by a click elsewhere.
function closeForms(event) {
  if (event.type === "keydown" && event.key !== "Escape") return;
  for (const form of document.querySelectorAll(".confirm-inline[open], .drop[open]")) {
    if (event.type === "click" && form.contains(event.target)) continue;
    if (form.contains(document.activeElement)) form.querySelector("summary").focus();
    form.open = false;
  }
}

// Copies a text. Browsers allow that only on HTTPS and on this machine; elsewhere the text is selected instead.
async function copy(event) {
  const button = event.target.closest("[data-copy]");
  if (!button) return;
  const source = document.getElementById(button.dataset.copy);
  getSelection().selectAllChildren(source);
  try {
    await navigator.clipboard.writeText(source.textContent);
    button.textContent = "Copied";
  } catch {
    button.textContent = "Selected: press Ctrl+C";
  }
}

// A browser that goes back restores what was ticked last, but the list is that of the page's address.
function showFiltersOfAddress() {
  for (const form of document.querySelectorAll("form.filters")) form.reset();
}

// Addresses of lists contain only values that differ from the default: empty ones and "all columns" are left out.
function leaveOutDefaults(event) {
  if (!event.target.matches("form.filters")) return;
  const data = event.formData;
  for (const [name, value] of [...data]) if (value === "") data.delete(name);
  const columns = event.target.querySelectorAll("input[name=columns]");
  if (data.getAll("columns").length === columns.length) data.delete("columns");
}

// On phones, tabs scroll sideways: the chosen one is shown.
function showChosenTabs() {
  for (const tab of document.querySelectorAll(".tabs [aria-current]")) {
    const tabs = tab.parentElement;
    tabs.scrollLeft = tab.offsetLeft - tabs.offsetLeft - (tabs.clientWidth - tab.offsetWidth) / 2;
  }
}

// The list of jobs: the number of ticked ones, and the bar with what can be done with them.
let lastTicked = null;

function ticks() {
  return [...document.querySelectorAll("input[name=job]")];
}

function countTicks() {
  const boxes = ticks();
  const all = document.getElementById("all-shown");
  const bar = document.getElementById("bulk-bar");
  if (!bar) return;
  const ticked = boxes.filter((box) => box.checked).length;
  if (all) {
    all.checked = ticked > 0 && ticked === boxes.length;
    all.indeterminate = ticked > 0 && ticked < boxes.length;
  }
  bar.hidden = !ticked;
  if (bar.hidden) bar.querySelector("input[name=scope]").checked = false;
  const label = document.getElementById("selected");
  const text = `${ticked} selected`;
  if (label.textContent !== text) label.textContent = text;
  for (const button of bar.querySelectorAll("[data-changes]")) countChanged(button, boxes);
}

// An action shows how many of the ticked jobs it can change; of all that match, the confirmation shows it.
function countChanged(button, boxes) {
  const all = button.form.elements.scope.checked;
  const states = button.dataset.changes.split(" ");
  const number = boxes.filter((box) => box.checked && states.includes(box.closest("tr").dataset.status)).length;
  button.disabled = !all && !number;
  button.querySelector(".numbers").textContent = all || !number ? "" : number;
}

function tickAll(checked) {
  for (const box of ticks()) box.checked = checked;
  countTicks();
}

function tick(event) {
  if (event.target.id === "all-shown") tickAll(event.target.checked);
  else if (event.target.name === "job" || event.target.name === "scope") countTicks();
}

// With Shift, all rows between the last ticked one and this one are ticked too. A click on a row opens its page.
function clickRow(event) {
  const box = event.target;
  if (box.name === "job") {
    const boxes = ticks();
    const [from, to] = [boxes.indexOf(lastTicked), boxes.indexOf(box)].sort((a, b) => a - b);
    if (event.shiftKey && from >= 0) for (const each of boxes.slice(from, to + 1)) each.checked = box.checked;
    lastTicked = box;
    countTicks();
    return;
  }
  if (box.id === "clear-selection") tickAll(false);
  const row = box.closest("tr[data-href]");
  if (!row || box.closest("a, button, input, label, summary, .tick") || String(getSelection())) return;
  if (event.ctrlKey || event.metaKey) window.open(row.dataset.href, "_blank", "noopener");
  else location.assign(row.dataset.href);
}

document.addEventListener("DOMContentLoaded", () => {
  keepWhatPeopleDid();
  tellTimes();
  setInterval(tellTimes, 1000);
  keepLive();
  showChosenTabs();
  countTicks();
  document.addEventListener("change", tick);
  document.addEventListener("submit", sendOnce);
  document.addEventListener("keydown", closeForms);
  document.addEventListener("click", closeForms);
  document.addEventListener("click", clickRow);
  document.addEventListener("click", copy);
  document.addEventListener("formdata", leaveOutDefaults);
  window.addEventListener("pageshow", () => { sent = new WeakMap(); showFiltersOfAddress(); countTicks(); });
  for (const name of ["pointerdown", "pointermove", "pointerup", "pointercancel"]) document.addEventListener(name, press);
  document.body.addEventListener("htmx:beforeOnLoad", hold);
  document.body.addEventListener("htmx:afterSwap", () => { tellTimes(); countTicks(); tellState("Live", false); });
  for (const name of ["htmx:sendError", "htmx:timeout"]) {
    document.body.addEventListener(name, () => tellState("Not reachable – trying again", true));
  }
  document.body.addEventListener("htmx:responseError", () => tellState("Not up to date – trying again", true));
});
