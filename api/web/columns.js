// What stands in the columns of the two tables.
import { age, local, number } from "./format.js";
import { ageOf, isSilentBus, stationState } from "./judge.js";
import { known, t } from "./words.js";

const unknown = () => ({ text: "–", title: t("unknown"), isQuiet: true });
const figure = (value) => ({ text: number(value), sort: value, isQuiet: true });
const word = (value) => ({ text: value, sort: value });
const id = (key, path) => ({ key, cell: (item) => ({ ...word(item.id), href: `${path}/${item.id}` }) });

function value(key, metric, isNumber) {
  const show = isNumber ? figure : word;
  return { key, isNumber, cell: ({ values }) => (metric in values ? show(values[metric]) : unknown()) };
}

function seen(isSilent) {
  const cell = (item, nowMs) => {
    const sort = ageOf(item, nowMs);
    const title = local(Date.parse(item.observed_at));
    if (!isSilent(item, nowMs)) return { text: age(sort), sort, title, isQuiet: true };
    return { text: `${t("bus.silent")} · ${age(sort)}`, sort, title, state: "silent" };
  };
  return { key: "column.age", cell, isNumber: true };
}

function network({ values }) {
  const name = `net.${values.access_technology}`;
  return known(name) ? { text: t(name), sort: values.access_technology } : unknown();
}

function state(item, nowMs) {
  const now = stationState(item, nowMs);
  return { ...word(t(`station.${now}`)), state: now };
}

export const BUSES = [
  id("bus.id", "/api/v1/buses"), value("bus.line", "line", false), value("bus.guests", "clients_guest", true),
  value("bus.signal", "rsrp_dbm", true), { key: "bus.network", cell: network }, seen(isSilentBus),
];

export const STATIONS = [
  id("station.id", "/api/v1/stations"), value("station.bikes", "num_vehicles_available", true),
  value("station.docks", "num_docks_available", true), { key: "station.state", cell: state }, seen(() => false),
];
