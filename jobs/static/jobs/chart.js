"use strict";

// The dashboard's chart: completed, partial, failed and cancelled jobs, stacked.
const SERIES = [["Completed", "--ok"], ["Partial", "--warn"], ["Failed", "--bad"], ["Cancelled", "--idle"]];
const HEIGHT = 180;
let plot = null;
let times = [];
let numbers = [];
let width = 60; // of one bar, in seconds

// A canvas needs the colour itself, not the name of a token or its light and dark values.
function colour(name, share = 100) {
  const probe = document.getElementById("chart");
  probe.style.color = `color-mix(in srgb, var(${name}) ${share}%, var(--surface))`;
  const found = getComputedStyle(probe).color;
  probe.style.color = "";
  return found;
}

// All times are in the page's zone, not in the browser's.
const ZONE = document.documentElement.dataset.zone;

function clockTime(seconds) {
  const time = new Date(seconds * 1000);
  const clock = time.toLocaleTimeString("en-GB", { hour: "2-digit", minute: "2-digit", timeZone: ZONE });
  return clock === "00:00" ? time.toLocaleDateString("en-GB", { day: "numeric", month: "short", timeZone: ZONE }) : clock;
}

// The legend shows the numbers under the pointer, and where there is no pointer the sums since the first bar.
function number(at, index) {
  return index === null || index === undefined ? numbers[at].reduce((sum, each) => sum + each, 0) : numbers[at][index];
}

function begin(index) {
  return times.length ? clockTime(times[index ?? 0]) : "–";
}

// Only bars with jobs have a row in the table below, whose link they share.
function linkOf(index) {
  return index === null ? null : document.querySelector(`#chart-table a[data-begins="${times[index]}"]`);
}

function openJobs() {
  const link = linkOf(plot.cursor.idxs?.[1] ?? null);
  if (link) location.assign(link.href);
}

// The numbers of the bar under the pointer, without those that are zero.
function showTip(shown) {
  const { idxs, left, top } = shown.cursor;
  const idx = idxs?.[1] ?? null;
  const tip = shown.over.querySelector(".tip") || shown.over.appendChild(document.createElement("div"));
  const link = linkOf(idx);
  tip.className = "tip";
  tip.hidden = !link || left < 0;
  shown.over.style.cursor = link ? "pointer" : "";
  if (tip.hidden) return;
  const parts = SERIES.flatMap(([label], at) => (numbers[at][idx] ? [`${numbers[at][idx]} ${label.toLowerCase()}`] : []));
  tip.textContent = `${begin(idx)} – ${clockTime(times[idx] + width)}: ${parts.join(", ")}. Click to list them.`;
  const right = left > shown.over.clientWidth / 2;
  tip.style.left = right ? "" : `${left + 12}px`;
  tip.style.right = right ? `${shown.over.clientWidth - left + 12}px` : "";
  tip.style.top = `${Math.max(0, top - 36)}px`;
}

function options(holder) {
  const bars = window.uPlot.paths.bars({ size: [0.8, 40], align: 1 });
  const axis = { font: `12px ${getComputedStyle(document.body).fontFamily}`, stroke: colour("--ink-3"), ticks: { show: false } };
  return {
    tzDate: (seconds) => window.uPlot.tzDate(new Date(seconds * 1000), ZONE),
    width: holder.clientWidth, height: HEIGHT,
    legend: { live: true, markers: { show: true } },
    cursor: { y: false, points: { show: false }, drag: { x: false, y: false }, dataIdx: (_, __, index, x) => nearest(index, x) },
    hooks: { setCursor: [showTip] },
    scales: { x: { range: (_, low, high) => [low, high + width] }, y: { range: (_, low, high) => [0, Math.max(high * 1.1, 4)] } },
    axes: [{ ...axis, grid: { show: false }, size: 28, values: (_, seconds) => seconds.map(clockTime) }, { ...axis, grid: { stroke: colour("--line"), width: 1 }, size: 40, incrs: [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10000] }],
    series: [{ label: "From", value: (_, __, ___, index) => begin(index) }, ...SERIES.map(([label, name], at) => ({
      label, fill: colour(name, 85), stroke: colour(name, 85), width: 0, paths: bars, points: { show: false },
      value: (_, __, ___, index) => number(at, index),
    }))],
  };
}

// A bar reaches from its time to the next one's, so the pointer is on the last bar that begins before it.
function nearest(index, x) {
  return index > 0 && times[index] > x ? index - 1 : index;
}

function draw() {
  const holder = document.getElementById("chart");
  const source = document.getElementById("series");
  if (!holder || !source || !window.uPlot) return;
  [times, ...numbers] = JSON.parse(source.dataset.series);
  width = Number(source.dataset.width);
  const data = [times, ...numbers.map((_, at) => times.map((_, index) => (
    numbers.slice(at).reduce((sum, each) => sum + each[index], 0))))];
  if (plot) {
    plot.setData(data);
    return;
  }
  plot = new window.uPlot(options(holder), data, holder);
  plot.over.addEventListener("click", openJobs);
  new ResizeObserver(() => plot && plot.setSize({ width: holder.clientWidth, height: HEIGHT })).observe(holder);
}

function redraw() {
  if (plot) plot.destroy();
  plot = null;
  draw();
}

document.addEventListener("DOMContentLoaded", () => {
  draw();
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", redraw);
  document.body.addEventListener("htmx:afterSwap", draw);
});
