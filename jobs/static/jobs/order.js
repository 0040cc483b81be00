"use strict";

// A file dropped beside the input is chosen, as if it had been dropped on the input itself.
const zone = document.querySelector(".drop-file");

function over(event) {
  event.preventDefault(); // otherwise the browser would open the file instead of this page
  zone.classList.add("over");
}

function leave() {
  zone.classList.remove("over");
}

function drop(event) {
  event.preventDefault();
  leave();
  const file = event.dataTransfer.files[0];
  if (!file) return;
  const one = new DataTransfer();
  one.items.add(file);
  zone.querySelector("input").files = one.files;
}

if (zone) {
  zone.addEventListener("dragover", over);
  zone.addEventListener("dragleave", leave);
  zone.addEventListener("drop", drop);
}
