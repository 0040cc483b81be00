"use strict";

// Passkeys: a form with data-passkey asks the server for options (data-options), passes them to the browser, which
// creates a passkey or uses one, and is then sent with the answer in its field "credential".
const SENTENCES = {
  NotAllowedError: "No passkey was used: the request was cancelled, took too long, or no passkey fits.",
  InvalidStateError: "This device already has a passkey for your account.",
  NotSupportedError: "This device cannot create a passkey for this site.",
  SecurityError: "Passkeys do not work at this address.",
};
const WITHOUT = "This browser does not support passkeys, or the page was not opened over HTTPS.";

function decoded(text) {
  const binary = atob(text.replaceAll("-", "+").replaceAll("_", "/"));
  return Uint8Array.from(binary, (letter) => letter.charCodeAt(0));
}

function encoded(buffer) {
  const binary = Array.from(new Uint8Array(buffer), (byte) => String.fromCharCode(byte)).join("");
  return btoa(binary).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}

function described(list) {
  return list?.map((each) => ({ ...each, id: decoded(each.id) }));
}

function asAnswer(credential) {
  const response = {};
  for (const name of ["clientDataJSON", "attestationObject", "authenticatorData", "signature", "userHandle"]) {
    if (credential.response[name]) response[name] = encoded(credential.response[name]);
  }
  if (credential.response.getTransports) response.transports = credential.response.getTransports();
  return { id: credential.id, rawId: credential.id, type: credential.type, response };
}

async function created(options) {
  const publicKey = { ...options, challenge: decoded(options.challenge) };
  publicKey.user = { ...options.user, id: decoded(options.user.id) };
  publicKey.excludeCredentials = described(options.excludeCredentials) || [];
  return navigator.credentials.create({ publicKey });
}

async function used(options, how) {
  const publicKey = { ...options, challenge: decoded(options.challenge) };
  publicKey.allowCredentials = described(options.allowCredentials) || [];
  return navigator.credentials.get({ publicKey, ...how });
}

// Throws an Error whose message is a sentence for the user.
async function optionsOf(form) {
  let answer;
  try {
    answer = await fetch(form.dataset.options, { method: "POST", body: new FormData(form) });
  } catch {
    throw new Error("Filesure is not reachable. Try again in a minute.");
  }
  if (answer.status === 429) throw new Error("There were too many attempts. Try again in a minute.");
  if (!answer.headers.get("Content-Type")?.startsWith("application/json")) {
    throw new Error("Your session has ended, or the page is out of date. Reload it and try again.");
  }
  const found = await answer.json();
  if (!answer.ok) throw new Error(found.problem);
  return found;
}

function show(form, sentence) {
  const place = form.querySelector("[role=alert]");
  place.hidden = !sentence;
  place.textContent = sentence;
}

function send(form, credential) {
  form.elements.credential.value = JSON.stringify(asAnswer(credential));
  form.submit();
}

async function ask(form) {
  show(form, "");
  if (!window.PublicKeyCredential) return show(form, WITHOUT);
  await withdraw();
  try {
    const options = await optionsOf(form);
    send(form, form.dataset.passkey === "create" ? await created(options) : await used(options));
  } catch (error) {
    show(form, error instanceof DOMException ? SENTENCES[error.name] || error.message : error.message);
  }
}

// The browser offers passkeys among the suggestions of the name field, until the form's button is used. The offer is
// renewed before the server's options expire, but not when the field gets the focus back from the system's own dialog.
const RENEWED_AFTER = 240_000;
let offer = null;

async function suggest(form, signal) {
  try {
    if (!(await window.PublicKeyCredential?.isConditionalMediationAvailable?.())) return;
    send(form, await used(await optionsOf(form), { mediation: "conditional", signal }));
  } catch { /* The button remains, and explains what is wrong. */ }
}

function begin(form) {
  const aborter = new AbortController();
  offer = { since: Date.now(), aborter, done: suggest(form, aborter.signal) };
}

// Waits for the end, because the server knows only the options that it sent last.
async function withdraw() {
  const former = offer;
  offer = null;
  former?.aborter.abort();
  await former?.done;
}

async function renew(form) {
  if (!offer || Date.now() - offer.since < RENEWED_AFTER) return;
  await withdraw();
  begin(form);
}

const field = document.querySelector("[autocomplete~=webauthn]");
if (field) {
  const form = document.querySelector("form[data-passkey=get]");
  const start = () => { if (!offer) begin(form); };
  field.addEventListener("focus", start);
  field.addEventListener("pointerdown", () => renew(form));
  field.addEventListener("keydown", () => renew(form));
  if (document.activeElement === field) start();
}

for (const form of document.querySelectorAll("form[data-passkey]")) {
  let busy = false;
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    if (busy) return;
    busy = true;
    await ask(form);
    busy = false;
  });
}
