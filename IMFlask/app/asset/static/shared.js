// What the parts of the page share.

const SECONDS = 3;

/** What the addresses of the application begin with: nothing, unless it is mounted somewhere. */
export const root = document.body.dataset.root;

/** Return a new element with these attributes and children; strings are text. */
export function element(name, attributes = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    made.setAttribute(key, value);
  }
  made.append(...children);
  return made;
}

/** Do `work` now, again and again while the page is seen, and when it is seen again. */
export function whileSeen(work) {
  let isAtWork = false;
  async function run() {
    if (isAtWork || document.hidden) {
      return;
    }
    isAtWork = true;
    await work().finally(() => {
      isAtWork = false;
    });
  }
  setInterval(run, SECONDS * 1000);
  document.addEventListener("visibilitychange", run);
  run();
}

/** What a request that the page repeats is to be like: unkept, and given up after a while. */
export function repeated(headers = {}) {
  return { headers, cache: "no-store", signal: AbortSignal.timeout(SECONDS * 2000) };
}

let token = "";
document.getElementById("token-field")?.addEventListener("change", (event) => {
  token = event.target.value; // not before it is whole
});

/** Return the headers with the token, for an operation that asks for one. */
export function credentials(operation) {
  return operation.security && token ? { Authorization: `Bearer ${token}` } : {};
}
