// Asks the server; what has not changed is not sent again (ETag, 304).
const TIMEOUT_MS = 5000;
const PAGE = 1000;
const NO_KEY = 401;
const kept = new Map();

// Nobody gets an answer here without a key.
export class Locked extends Error {}

async function ask(url) {
  const before = kept.get(url);
  const headers = before ? { "If-None-Match": before.tag } : {};
  const answer = await fetch(url, { headers, signal: AbortSignal.timeout(TIMEOUT_MS) });
  if (answer.status === 304) return before.body;
  if (answer.status === NO_KEY) throw new Locked(url);
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

// Health comes first; a list that cannot be had keeps its last state, and grows old visibly.
export async function everything(before) {
  const health = await ask("/api/v1/health");
  if (!health.clock) throw new Locked("only the status is for everybody");
  const lists = await Promise.allSettled([list("/api/v1/buses"), list("/api/v1/stations")]);
  const locked = lists.find(({ reason }) => reason instanceof Locked);
  if (locked) throw locked.reason;
  const [buses, stations] = lists.map(({ value }, i) => value ?? (i ? before?.stations : before?.buses) ?? []);
  return { health, buses, stations };
}
