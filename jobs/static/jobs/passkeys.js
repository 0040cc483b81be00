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

async function asked(options, creates) {
  const publicKey = { ...options, challenge: decoded(options.challenge) };
  if (!creates) {
    publicKey.allowCredentials = described(options.allowCredentials) || [];
    return navigator.credentials.get({ publicKey });
  }
  publicKey.user = { ...options.user, id: decoded(options.user.id) };
  publicKey.excludeCredentials = described(options.excludeCredentials) || [];
  return navigator.credentials.create({ publicKey });
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

async function ask(form) {
  show(form, "");
  if (!window.PublicKeyCredential) return show(form, WITHOUT);
  try {
    const credential = await asked(await optionsOf(form), form.dataset.passkey === "create");
    form.elements.credential.value = JSON.stringify(asAnswer(credential));
    form.submit();
  } catch (error) {
    show(form, error instanceof DOMException ? SENTENCES[error.name] || error.message : error.message);
  }
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
