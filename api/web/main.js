// Keeps the page true: asks every two seconds, and ages what it shows every second.
import { BUSES, STATIONS } from "./columns.js";
import { age, local, zone } from "./format.js";
import { newestAge, verdict } from "./judge.js";
import { askForKey, showWho } from "./login.js";
import { everything, Locked } from "./poll.js";
import { Table } from "./table.js";
import { showCounts, write } from "./tiles.js";
import { known, label, t } from "./words.js";

const POLL_MS = 2000;
const PAINT_MS = 1000;
const element = (id) => document.getElementById(id);
const buses = new Table("buses", BUSES);
const stations = new Table("stations", STATIONS);
let city = null;
let answeredAt = performance.now();
let serverAheadMs = 0;
let isPaused = false;

function reasons(why = []) {
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
  const data = newest === null ? t("age.none") : t("age.newest", { age: age(newest) });
  write(element("age"), `${data}, ${t("age.answer", { age: age(answerAge) })}`);
  element("age").title = local(nowMs - (newest ?? 0) * 1000);
  // Frozen counts stay as they were when they were true: only ages go on.
  showCounts(city, nowMs - (found.level === "old" ? answerAge * 1000 : 0));
  buses.show(city.buses, nowMs);
  stations.show(city.stations, nowMs);
}

async function poll() {
  try {
    if (!isPaused) {
      city = await everything(city);
      const { clock, site, version } = city.health;
      answeredAt = performance.now();
      serverAheadMs = Date.parse(clock.now) - Date.now();
      zone(site.timezone);
      write(element("site"), site.id);
      write(element("version"), `Ausguck ${version}`);
    }
    paint();
  } catch (error) {
    if (error instanceof Locked) return locked();
    console.warn(error);
  }
  setTimeout(poll, POLL_MS);
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
const painting = setInterval(paint, PAINT_MS);
showWho();
poll();
