"use strict";

// Times: "3 min ago" in place of a date that is marked so.
const UNITS = [["day", 86400], ["hour", 3600], ["minute", 60], ["second", 1]];
const RELATIVE = new Intl.RelativeTimeFormat("en", { numeric: "auto", style: "short" });

function relative(seconds) {
  const [unit, size] = UNITS.find(([, size]) => Math.abs(seconds) >= size) || UNITS[3];
  return RELATIVE.format(Math.trunc(seconds / size), unit);
}

function tellTimes(root = document) {
  for (const time of root.querySelectorAll("time[data-ago]")) {
    const text = relative((Date.parse(time.dateTime) - Date.now()) / 1000);
    if (time.textContent !== text) time.textContent = text;
  }
}

// Live parts: asked for every few seconds while the page is seen, one request at a time.
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

// What a person has opened, ticked or chosen stays so when a part is replaced.
function keepWhatPeopleDid() {
  const callbacks = window.Idiomorph.defaults.callbacks;
  callbacks.beforeAttributeUpdated = (name, node) => !((name === "open" && node.tagName === "DETAILS")
    || (name === "checked" && node.type === "checkbox") || (name === "selected" && node.tagName === "OPTION"));
  callbacks.beforeNodeMorphed = (node) => node.id !== "chart";
}

// What arrives while a button of the mouse is pressed is asked for again when it is let go:
// a page that moves between press and release loses the click.
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

// A form that is sent once more while its answer is on the way is not: two clicks would order twice.
const WAIT_FOR_ANSWER = 10_000;
let sent = new WeakMap();

function sendOnce(event) {
  const since = event.timeStamp - sent.get(event.target);
  if (since < WAIT_FOR_ANSWER) event.preventDefault();
  else sent.set(event.target, event.timeStamp);
}

// The list of jobs: how many are ticked.
function countTicks() {
  const boxes = [...document.querySelectorAll("input[name=job]")];
  const all = document.getElementById("all-shown");
  const told = document.getElementById("selected");
  if (!all || !told) return;
  const ticked = boxes.filter((box) => box.checked).length;
  all.checked = ticked > 0 && ticked === boxes.length;
  all.indeterminate = ticked > 0 && ticked < boxes.length;
  told.textContent = ticked ? `${ticked} selected` : "";
}

function tick(event) {
  if (event.target.id === "all-shown") {
    for (const box of document.querySelectorAll("input[name=job]")) box.checked = event.target.checked;
  }
  if (event.target.id === "all-shown" || event.target.name === "job") countTicks();
}

// The chart: completed and failed jobs, stacked.
let plot = null;

function colour(name) {
  return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
}

function clockTime(seconds) {
  const time = new Date(seconds * 1000);
  const midnight = time.getHours() === 0 && time.getMinutes() === 0;
  return midnight ? time.toLocaleDateString("en-GB", { day: "numeric", month: "short" })
    : time.toLocaleTimeString("en-GB", { hour: "2-digit", minute: "2-digit" });
}

function draw() {
  const holder = document.getElementById("chart");
  const source = document.getElementById("series");
  if (!holder || !source || !window.uPlot) return;
  const [times, completed, failed] = JSON.parse(source.dataset.series);
  const stacked = completed.map((number, index) => number + failed[index]);
  const data = [times, stacked, failed];
  if (plot) {
    plot.setData(data);
    return;
  }
  const width = Number(source.dataset.width);
  const bars = window.uPlot.paths.bars({ size: [0.8, 40], align: 1 });
  const axis = { stroke: colour("--faint"), grid: { stroke: colour("--line"), width: 1 }, ticks: { show: false } };
  plot = new window.uPlot({
    width: holder.clientWidth, height: 180, legend: { show: false }, cursor: { show: false },
    scales: { x: { range: (_, low, high) => [low, high + width] }, y: { range: (_, low, high) => [0, Math.max(high, 4)] } },
    axes: [{ ...axis, size: 28, values: (_, seconds) => seconds.map(clockTime) }, { ...axis, size: 40, incrs: [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10000] }],
    series: [{}, { fill: colour("--good"), stroke: "transparent", paths: bars, points: { show: false } },
      { fill: colour("--bad"), stroke: "transparent", paths: bars, points: { show: false } }],
  }, data, holder);
  new ResizeObserver(() => plot && plot.setSize({ width: holder.clientWidth, height: 180 })).observe(holder);
}

function redraw() {
  if (plot) plot.destroy();
  plot = null;
  draw();
}

document.addEventListener("DOMContentLoaded", () => {
  keepWhatPeopleDid();
  tellTimes();
  setInterval(tellTimes, 1000);
  keepLive();
  draw();
  countTicks();
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", redraw);
  document.addEventListener("change", tick);
  document.addEventListener("submit", sendOnce);
  window.addEventListener("pageshow", () => { sent = new WeakMap(); });
  for (const name of ["pointerdown", "pointermove", "pointerup", "pointercancel"]) document.addEventListener(name, press);
  document.body.addEventListener("htmx:beforeOnLoad", hold);
  document.body.addEventListener("htmx:afterSwap", () => { tellTimes(); draw(); countTicks(); tellState("Live", false); });
  document.body.addEventListener("htmx:sendError", () => tellState("Not reachable – trying again", true));
  document.body.addEventListener("htmx:responseError", () => tellState("Not up to date – trying again", true));
});
