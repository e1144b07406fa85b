// Shows a key once for a session, and says who is logged in; the key itself is not kept.
import { t } from "./words.js";

const SESSION = "/api/v1/session";
const NO_KEY = 401;
const CHANGE = { "X-Ausguck": "1" };
const element = (id) => document.getElementById(id);

// Who asks, as the server says it; null is nobody, and a session that is over.
export async function whoAsks() {
  const answer = await fetch(SESSION);
  if (answer.status === NO_KEY) return null;
  if (!answer.ok) throw new Error(`${SESSION}: ${answer.status}`);
  const session = await answer.json();
  return session.by === "nobody" ? null : session;
}

export function showWho({ who, by }) {
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
