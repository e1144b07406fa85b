// A table that can be sorted and filtered, and keeps its rows while their cells change.
import { t } from "./words.js";

export class Table {
  #rows = new Map();
  #items = [];
  #nowMs = 0;
  #column = 0;
  #isDown = false;
  #isPart = false;

  constructor(name, columns) {
    this.name = name;
    this.columns = columns;
    this.filter = document.getElementById(`${name}-filter`);
    this.filter.addEventListener("input", () => this.#paint());
    const table = document.getElementById(name);
    this.heads = columns.map((column, index) => this.#head(column, index));
    table.createTHead().insertRow().append(...this.heads);
    this.body = table.createTBody();
    this.empty = document.createElement("p");
    this.empty.className = "empty";
    table.after(this.empty);
  }

  // `items` is null where they are not for this key; `isPart` where it shows some of them only.
  show(items, nowMs, isPart) {
    const isHidden = items === null;
    this.filter.hidden = isHidden;
    this.empty.parentElement.querySelector("table").hidden = isHidden;
    this.#isPart = isPart;
    if (isHidden) return this.#say("none.allowed");
    this.#items = items;
    this.#nowMs = nowMs;
    this.#paint();
  }

  #head(column, index) {
    const head = document.createElement("th");
    const button = document.createElement("button");
    head.scope = "col";
    head.className = column.isNumber ? "number" : "";
    button.type = "button";
    button.textContent = t(column.key);
    button.title = t("sort", { column: t(column.key) });
    button.addEventListener("click", () => {
      this.#isDown = this.#column === index && !this.#isDown;
      this.#column = index;
      this.#paint();
    });
    head.append(button);
    return head;
  }

  #paint() {
    this.heads.forEach((head, index) => {
      const order = this.#isDown ? "descending" : "ascending";
      head.setAttribute("aria-sort", index === this.#column ? order : "none");
    });
    const wanted = this.filter.value.trim().toLowerCase();
    const isWanted = (cell) => !cell.isQuiet && cell.text.toLowerCase().includes(wanted);
    const rows = this.#items
      .map(({ id, ...item }) => ({ id, cells: this.columns.map(({ cell }) => cell({ id, ...item }, this.#nowMs)) }))
      .filter(({ cells }) => cells.some(isWanted))
      .sort((one, other) => this.#compare(one.cells[this.#column].sort, other.cells[this.#column].sort))
      .map(({ id, cells }) => this.#row(id, cells));
    const isSame = rows.length === this.body.rows.length && rows.every((row, i) => row === this.body.rows[i]);
    if (!isSame) this.body.replaceChildren(...rows);
    const none = this.#isPart ? "none.seen" : `none.${this.name}`;
    this.#say(this.#items.length ? "none.match" : none);
    this.empty.hidden = rows.length > 0;
  }

  #say(key) {
    this.empty.hidden = false;
    if (this.empty.textContent !== t(key)) this.empty.textContent = t(key);
  }

  #compare(one, other) {
    if (one === undefined || other === undefined) return (one === undefined) - (other === undefined);
    const order = typeof one === "number" ? one - other : one.localeCompare(other, undefined, { numeric: true });
    return this.#isDown ? -order : order;
  }

  #row(id, cells) {
    if (!this.#rows.has(id)) {
      const row = document.createElement("tr");
      row.append(...this.columns.map(newCell));
      this.#rows.set(id, row);
    }
    const row = this.#rows.get(id);
    cells.forEach((cell, index) => fill(row.cells[index], cell));
    return row;
  }
}

function newCell(column, index) {
  const cell = document.createElement(index ? "td" : "th");
  cell.className = column.isNumber ? "number" : "";
  if (!index) {
    cell.scope = "row";
    cell.append(document.createElement("a"));
  }
  return cell;
}

function fill(element, { text, href, title = "", state = "" }) {
  const holder = element.firstElementChild ?? element;
  if (holder.textContent !== text) holder.textContent = text;
  if (href && !holder.href) holder.href = href;
  if (element.title !== title) element.title = title;
  if (element.dataset.state !== state) element.dataset.state = state;
}
