"use strict";

// A file dropped anywhere on the page is chosen. Without this, the browser would open a file that missed the input.
const zone = document.querySelector(".drop-file");

function hasFile(event) {
  return event.dataTransfer.types.includes("Files");
}

function over(event) {
  if (!hasFile(event)) return;
  event.preventDefault();
  zone.classList.add("over");
}

function leave(event) {
  if (!event.relatedTarget) zone.classList.remove("over"); // otherwise it is still over the page
}

function drop(event) {
  if (!hasFile(event)) return;
  event.preventDefault();
  zone.classList.remove("over");
  const one = new DataTransfer();
  one.items.add(event.dataTransfer.files[0]);
  zone.querySelector("input").files = one.files;
}

if (zone) {
  document.addEventListener("dragover", over);
  document.addEventListener("dragleave", leave);
  document.addEventListener("drop", drop);
}
