// The counts as tiles: made once, rewritten when they change.
import { age, number, size } from "./format.js";
import { counts } from "./judge.js";
import { t } from "./words.js";

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

export function showCounts(city, nowMs) {
  const found = counts(city, nowMs);
  const { books, journal, dead_letters: letters } = city.health;
  tile("count.buses", number(found.reporting), t("count.buses.note", { all: number(found.buses) }));
  tile("count.silent", number(found.silent), t("count.silent.note"));
  tile("count.stations", number(found.stationsReporting), t("count.stations.note", { all: number(found.stations) }));
  tile("count.empty", number(found.empty), t("count.empty.note"));
  tile("count.full", number(found.full), t("count.full.note"));
  tile("count.books", number(books.stored), t(books.balanced ? "count.books.balanced" : "count.books.unbalanced"));
  tile("count.lag", age(journal.lag_s), t("count.lag.note", { size: size(journal.lag_bytes) }));
  tile("count.letters", number(letters.rows), t("count.letters.note"), "/api/v1/deadletters");
}
