// What the page may ask for, by what the server says of who asks. No words, no document.
const KINDS = { bus: "/api/v1/buses", station: "/api/v1/stations" };

export class Seen {
  #open;

  constructor({ reads, narrowing }) {
    const { kinds, zones } = narrowing;
    this.#open = new Set(reads);
    // A list of what a key is not for would be answered, and be empty.
    for (const [kind, path] of Object.entries(KINDS)) if (kinds.length && !kinds.includes(kind)) this.close(path);
    this.isPart = zones.length > 0;
  }

  isOpen(path) {
    return this.#open.has(path);
  }

  close(path) {
    this.#open.delete(path);
  }
}
