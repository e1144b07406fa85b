// The page's words in the reader's language, from one catalogue for all languages.
const LANGUAGES = ["de", "en"];
const asked = new URLSearchParams(location.search).get("lang");
const preferred = navigator.languages.map((tag) => tag.slice(0, 2));
export const language = [asked, ...preferred].find((tag) => LANGUAGES.includes(tag)) ?? "de";

const answer = await fetch("/web/words.json");
const catalogue = await answer.json();

export function t(key, values = {}) {
  const text = catalogue[key][language];
  return text.replace(/\{(\w+)\}/g, (_whole, name) => values[name]);
}

export function known(key) {
  return key in catalogue;
}

export function label(root) {
  document.documentElement.lang = language;
  for (const element of root.querySelectorAll("[data-t]")) element.textContent = t(element.dataset.t);
  for (const element of root.querySelectorAll("[data-t-label]")) element.setAttribute("aria-label", t(element.dataset.tLabel));
  for (const element of root.querySelectorAll("[data-t-hint]")) element.placeholder = t(element.dataset.tHint);
  for (const link of root.querySelectorAll("nav a")) {
    if (link.lang === language) link.setAttribute("aria-current", "true");
  }
}
