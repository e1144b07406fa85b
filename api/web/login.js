// Shows a key once for a session, and says who is logged in; the key itself is not kept.
import { t } from "./words.js";

const SESSION = "/api/v1/session";
const CHANGE = { "X-Ausguck": "1" };
const element = (id) => document.getElementById(id);

export async function showWho() {
  const answer = await fetch(SESSION);
  if (!answer.ok) return;
  const { who, by } = await answer.json();
  const isSession = by === "session";
  element("who").textContent = isSession ? who : "";
  element("logout").hidden = !isSession;
}

export function askForKey() {
  if (document.body.dataset.level === "locked") return;
  document.body.dataset.level = "locked";
  element("login").hidden = false;
  element("key").focus();
}

async function logIn(event) {
  event.preventDefault();
  const headers = { ...CHANGE, Authorization: `Bearer ${element("key").value.trim()}` };
  element("key").value = "";
  try {
    const answer = await fetch(SESSION, { method: "POST", headers });
    if (answer.ok) return location.reload();
    element("login-says").textContent = t(answer.status === 429 ? "login.wait" : "login.wrong");
  } catch {
    // A key with characters that no header has, or no server.
    element("login-says").textContent = t("login.wrong");
  }
}

async function logOut() {
  await fetch(SESSION, { method: "DELETE", headers: CHANGE });
  location.reload();
}

element("login").addEventListener("submit", logIn);
element("logout").addEventListener("click", logOut);
