// Keeps the page true: asks every two seconds, and ages what it shows every second.
import { BUSES, STATIONS } from "./columns.js";
import { age, local, zone } from "./format.js";
import { newestAge, verdict } from "./judge.js";
import { askForKey, showWho, whoAsks } from "./login.js";
import { everything, Locked } from "./poll.js";
import { Seen } from "./seen.js";
import { Table } from "./table.js";
import { showCounts, write } from "./tiles.js";
import { known, label, t } from "./words.js";

const POLL_MS = 2000;
const PAINT_MS = 1000;
const element = (id) => document.getElementById(id);
const tables = {};
let seen = null;
let painting = null;
let city = null;
let answeredAt = performance.now();
let serverAheadMs = 0;
let isPaused = false;

function reasons(why) {
  if (!why) return t("verdict.reason");
  return why.map(({ cause, words }) => (known(`cause.${cause}`) ? t(`cause.${cause}`) : words)).join(" ");
}

function paint() {
  const nowMs = Date.now() + serverAheadMs;
  const answerAge = (performance.now() - answeredAt) / 1000;
  const newest = city && newestAge(city, nowMs);
  const found = verdict({ city, newest, answerAge, isPaused });
  const says = t(found.key, { why: reasons(found.why) });
  document.body.dataset.level = found.level;
  write(element("says"), says);
  document.title = `${says.split(/[.:]/)[0]} · Ausguck`;
  if (!city) return;
  const none = city.isPart ? t("age.unknown") : t("age.none");
  const data = newest === null ? none : t("age.newest", { age: age(newest) });
  write(element("age"), `${data}, ${t("age.answer", { age: age(answerAge) })}`);
  element("age").title = local(nowMs - (newest ?? 0) * 1000);
  // Frozen counts stay as they were when they were true: only ages go on.
  showCounts(city, nowMs - (found.level === "old" ? answerAge * 1000 : 0), seen);
  for (const [name, table] of Object.entries(tables)) table.show(city[name], nowMs, seen.isPart);
}

// Of a server that gives the status alone, the clock is taken for ours, and its zone too.
function showServer({ clock, site, version }) {
  serverAheadMs = clock ? Date.parse(clock.now) - Date.now() : 0;
  zone(site?.timezone);
  write(element("site"), site?.id ?? "");
  write(element("version"), version ? `Ausguck ${version}` : "Ausguck");
}

async function poll() {
  try {
    if (!isPaused) {
      city = await everything(city, seen);
      answeredAt = performance.now();
      showServer(city.health);
    }
    paint();
  } catch (error) {
    if (error instanceof Locked) return locked();
    console.warn(error);
  }
  setTimeout(poll, POLL_MS);
}

// Nothing is shown, and nothing else asked, before it is known who asks.
async function begin() {
  try {
    const session = await whoAsks();
    if (!session) return locked();
    showWho(session);
    seen = new Seen(session);
  } catch (error) {
    console.warn(error);
    paint();
    return setTimeout(begin, POLL_MS);
  }
  for (const link of document.querySelectorAll("footer a")) link.hidden = !seen.isOpen(link.pathname);
  tables.buses = new Table("buses", BUSES);
  tables.stations = new Table("stations", STATIONS);
  painting = setInterval(paint, PAINT_MS);
  poll();
}

// What was shown to somebody is not left standing for the next.
function locked() {
  if (city) return location.reload();
  clearInterval(painting);
  askForKey();
}

element("pause").addEventListener("click", (event) => {
  isPaused = !isPaused;
  write(event.currentTarget, t(isPaused ? "resume" : "pause"));
  paint();
});
write(element("pause"), t("pause"));
label(document);
begin();
