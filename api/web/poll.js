// Asks the server; what has not changed is not sent again (ETag, 304).
const TIMEOUT_MS = 5000;
const PAGE = 1000;
const NO_KEY = 401;
const FORBIDDEN = 403;
const LISTS = { buses: "/api/v1/buses", stations: "/api/v1/stations" };
const kept = new Map();

// Nobody gets an answer here without a key.
export class Locked extends Error {}

class Forbidden extends Error {}

async function ask(url) {
  const before = kept.get(url);
  const headers = before ? { "If-None-Match": before.tag } : {};
  const answer = await fetch(url, { headers, signal: AbortSignal.timeout(TIMEOUT_MS) });
  if (answer.status === 304) return before.body;
  if (answer.status === NO_KEY) throw new Locked(url);
  if (answer.status === FORBIDDEN) throw new Forbidden(url);
  // A failing server answers 503 with a report, and with problems for all else.
  const isReport = answer.headers.get("Content-Type") === "application/json";
  if (!answer.ok && !isReport) throw new Error(`${url}: ${answer.status}`);
  const body = await answer.json();
  const tag = answer.headers.get("ETag");
  if (tag) kept.set(url, { tag, body });
  return body;
}

async function list(path) {
  const items = [];
  let cursor = null;
  do {
    const page = await ask(`${path}?limit=${PAGE}${cursor ? `&cursor=${encodeURIComponent(cursor)}` : ""}`);
    items.push(...page.items);
    cursor = page.next_cursor;
  } while (cursor);
  return items;
}

// A list that cannot be had keeps its last state, and grows old visibly; null is not for this key,
// and not asked for again.
async function listed(name, seen, before) {
  if (!seen.isOpen(LISTS[name])) return null;
  try {
    return await list(LISTS[name]);
  } catch (error) {
    if (error instanceof Locked) throw error;
    if (!(error instanceof Forbidden)) return before?.[name] ?? [];
    seen.close(LISTS[name]);
    return null;
  }
}

// Health comes first; of it, some keys get the status alone.
export async function everything(before, seen) {
  const health = await ask("/api/v1/health");
  const [buses, stations] = await Promise.all([listed("buses", seen, before), listed("stations", seen, before)]);
  return { health, buses, stations, isPart: seen.isPart || !buses || !stations };
}
