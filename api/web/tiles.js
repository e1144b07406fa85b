// The counts as tiles: made once, rewritten when they change.
import { age, number, size } from "./format.js";
import { busCounts, stationCounts } from "./judge.js";
import { t } from "./words.js";

const LETTERS = "/api/v1/deadletters";
const tiles = new Map();

export function write(target, text) {
  if (target.textContent !== text) target.textContent = text;
}

function make(key, href) {
  const box = document.createElement("div");
  const name = document.createElement("dt");
  const held = document.createElement("dd");
  const parts = { figure: document.createElement(href ? "a" : "span"), note: document.createElement("small") };
  if (href) parts.figure.href = href;
  name.textContent = t(key);
  held.id = key;
  held.append(parts.figure, parts.note);
  box.append(name, held);
  document.getElementById("counts").append(box);
  tiles.set(key, parts);
  return parts;
}

function tile(key, figure, note, href) {
  const parts = tiles.get(key) ?? make(key, href);
  write(parts.figure, figure);
  write(parts.note, note);
}

export function showCounts(city, nowMs, seen) {
  if (city.buses) showBuses(busCounts(city.buses, nowMs));
  if (city.stations) showStations(stationCounts(city.stations, nowMs));
  if (city.health.books) showReport(city.health, seen);
}

function showBuses({ all, reporting, silent }) {
  tile("count.buses", number(reporting), t("count.buses.note", { all: number(all) }));
  tile("count.silent", number(silent), t("count.silent.note"));
}

function showStations({ all, reporting, empty, full }) {
  tile("count.stations", number(reporting), t("count.stations.note", { all: number(all) }));
  tile("count.empty", number(empty), t("count.empty.note"));
  tile("count.full", number(full), t("count.full.note"));
}

function showReport({ books, journal, dead_letters: letters }, seen) {
  tile("count.books", number(books.stored), t(books.balanced ? "count.books.balanced" : "count.books.unbalanced"));
  tile("count.lag", age(journal.lag_s), t("count.lag.note", { size: size(journal.lag_bytes) }));
  const link = seen.isOpen(LETTERS) ? LETTERS : undefined;
  tile("count.letters", number(letters.rows), t(link ? "count.letters.note" : "count.letters.short"), link);
}
