// Numbers, sizes, ages and times as the reader writes them; unit symbols are the SI's.
import { language } from "./words.js";

const AGES = [["s", 1, 90], ["min", 60, 5400], ["h", 3600, 172800], ["d", 86400, Infinity]];
const SIZES = [["GB", 1e9], ["MB", 1e6], ["kB", 1e3], ["B", 1]];
const plain = new Intl.NumberFormat(language, { maximumFractionDigits: 1 });
let clock = new Intl.DateTimeFormat(language);

export const number = (value) => plain.format(value);
export const local = (ms) => clock.format(ms);

export function age(seconds) {
  const [symbol, length] = AGES.find(([, , end]) => seconds < end);
  return `${Math.floor(seconds / length)}\u202f${symbol}`;
}

export function size(bytes) {
  const [symbol, length] = SIZES.find(([, least]) => bytes >= least) ?? SIZES.at(-1);
  return `${number(bytes / length)}\u202f${symbol}`;
}

export function zone(timeZone) {
  clock = new Intl.DateTimeFormat(language, {
    timeZone, year: "numeric", month: "2-digit", day: "2-digit",
    hour: "2-digit", minute: "2-digit", second: "2-digit", timeZoneName: "longOffset",
  });
}
