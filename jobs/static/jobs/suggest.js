"use strict";

// The company field suggests companies of the register: a combobox after the ARIA authoring practices. The focus stays
// in the field; arrows move the active option, Enter and a click fill in id and name, Escape closes the list.
const field = document.getElementById("company");
const list = document.getElementById("suggestions");
const id = document.getElementById("cin");
let chosen = ""; // the id of the last choice, which another choice may replace; one that was typed in full is kept
const LENGTHS = [6, 7, 8, 21]; // of an FCRN, an LLPIN with or without its hyphen, a CIN
let isDismissed = false; // by Escape or a choice: suggestions that arrive later stay hidden until something is typed

function options() {
  return [...list.querySelectorAll("[role=option]")];
}

function activate(option) {
  for (const each of options()) each.setAttribute("aria-selected", String(each === option));
  if (option) field.setAttribute("aria-activedescendant", option.id);
  else field.removeAttribute("aria-activedescendant");
  option?.scrollIntoView({ block: "nearest" });
}

function show(open) {
  list.hidden = !open;
  field.setAttribute("aria-expanded", String(open));
  if (!open) activate(null);
}

function dismiss() {
  isDismissed = true;
  show(false);
}

function pick(option) {
  id.value = chosen = option.dataset.id;
  field.value = option.dataset.name;
  dismiss();
  list.replaceChildren();
  window.htmx.trigger(id, "refresh");
}

function move(step) {
  const all = options();
  const at = all.findIndex((each) => each.getAttribute("aria-selected") === "true") + step;
  activate(all[at < -1 ? all.length - 1 : at] || null);
}

function press(event) {
  const active = list.querySelector("[aria-selected=true]");
  if (event.key === "ArrowDown" || event.key === "ArrowUp") {
    if (!options().length) return;
    event.preventDefault();
    if (list.hidden) show(true);
    move(event.key === "ArrowDown" ? 1 : -1);
  } else if (event.key === "Enter" && active && !list.hidden) {
    event.preventDefault();
    pick(active);
  } else if (event.key === "Escape" && !list.hidden) {
    event.preventDefault();
    dismiss();
  } else if (event.key === "Tab") show(false);
}

if (field && list) {
  field.addEventListener("keydown", press);
  field.addEventListener("input", () => { isDismissed = false; });
  field.addEventListener("htmx:beforeRequest", (event) => {
    if (LENGTHS.includes(id.value.trim().length) && id.value !== chosen) event.preventDefault();
  });
  field.addEventListener("blur", () => show(false));
  // The field keeps the focus, so that the list is still there when the button is released.
  list.addEventListener("mousedown", (event) => event.preventDefault());
  list.addEventListener("click", (event) => {
    const option = event.target.closest("[role=option]");
    if (option) pick(option);
  });
  document.body.addEventListener("htmx:afterSwap", (event) => {
    if (event.target === list) show(!isDismissed && options().length > 0 && document.activeElement === field);
  });
}
