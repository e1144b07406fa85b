// Decides what the page says: verdict, states and counts. No words, no document.
export const BUS_SILENT_S = 60;
export const STATION_SILENT_S = 900;
export const STALE_S = 60;
export const UNREACHABLE_S = 7;

export const ageOf = (item, nowMs) => Math.max(0, nowMs - Date.parse(item.observed_at)) / 1000;

export function newestAge(city, nowMs) {
  let newest = Infinity;
  for (const item of [...(city.buses ?? []), ...(city.stations ?? [])]) newest = Math.min(newest, ageOf(item, nowMs));
  return newest === Infinity ? null : newest;
}

export function verdict({ city, newest, answerAge, isPaused }) {
  const isAway = answerAge > UNREACHABLE_S;
  if (!city) return { key: isAway ? "verdict.away" : "verdict.wait", level: "wait" };
  if (isPaused) return { key: "verdict.paused", level: "old" };
  if (isAway) return { key: "verdict.unreachable", level: "old" };
  const { status, why } = city.health;
  if (status === "failing") return { key: "verdict.failing", level: "bad", why };
  if (newest === null && !city.isPart) return { key: "verdict.empty", level: "warn" };
  if (newest > STALE_S) return { key: "verdict.stale", level: "old" };
  if (status === "degraded") return { key: "verdict.degraded", level: "warn", why };
  return { key: newest === null ? "verdict.running" : "verdict.ok", level: "ok" };
}

export const isSilentBus = (bus, nowMs) => ageOf(bus, nowMs) > BUS_SILENT_S;

export function stationState(station, nowMs) {
  const { num_vehicles_available: bikes, num_docks_available: docks, is_installed, is_renting } = station.values;
  if (ageOf(station, nowMs) > STATION_SILENT_S) return "silent";
  if (is_installed === false || is_renting === false) return "closed";
  if (bikes === 0) return "empty";
  if (docks === 0) return "full";
  return "open";
}

export function busCounts(buses, nowMs) {
  const silent = buses.filter((bus) => isSilentBus(bus, nowMs)).length;
  return { all: buses.length, silent, reporting: buses.length - silent };
}

export function stationCounts(stations, nowMs) {
  const states = stations.map((station) => stationState(station, nowMs));
  const having = (wanted) => states.filter((state) => state === wanted).length;
  return { all: states.length, reporting: states.length - having("silent"), empty: having("empty"), full: having("full") };
}
