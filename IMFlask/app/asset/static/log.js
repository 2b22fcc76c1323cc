// The newest requests of the API log: their times as bars, and a line for each.

import { credentials, element, repeated, root, whileSeen } from "./shared.js";

const COUNT = 30;
const state = document.getElementById("log-state");

/** Show the API log, where the description has it: at an address that ends with /log. */
export function showLog({ paths }) {
  const path = Object.keys(paths).find((one) => one.endsWith("/log") && paths[one].get);
  if (!path) {
    return;
  }
  const operation = paths[path].get;
  document.getElementById("log").hidden = false;
  let newest;
  whileSeen(async () => {
    const headers = credentials(operation);
    const isOpen = !operation.security || headers.Authorization;
    const answer = isOpen ? await read(path, headers) : { description: "It needs the token." };
    if (!answer.result) {
      showEntries([]);
      state.textContent = answer.description;
      newest = undefined;
    } else if (newest !== (answer.result[0]?._id ?? null)) {
      newest = answer.result[0]?._id ?? null;
      showEntries(answer.result.map(entryOf));
    }
  });
}

async function read(path, headers) {
  try {
    return await (await fetch(`${root}${path}?limit=${COUNT}`, repeated(headers))).json();
  } catch (error) {
    return { description: `There was no answer: ${error.message}` };
  }
}

function entryOf({ method, url, status_code: status, process_time: seconds, created_at: date }) {
  return {
    request: `${method} ${url}`,
    status,
    milliseconds: seconds * 1000,
    time: new Date(date).toLocaleTimeString("en-GB"),
    kind: status < 400 ? "good" : status < 500 ? "bad" : "worse",
  };
}

function showEntries(entries) {
  const times = entries.map((entry) => entry.milliseconds).sort((a, b) => a - b);
  const median = times[Math.floor(times.length / 2)];
  state.textContent = entries.length
    ? `${entries.length} requests, median ${figure(median)} ms, slowest ${figure(times.at(-1))} ms.`
    : "There are none yet.";
  document.getElementById("log-entries").replaceChildren(
    ...entries.map(({ time, request, status, milliseconds, kind }) =>
      element(
        "tr",
        {},
        element("td", {}, time),
        element("td", {}, element("code", {}, request)),
        element("td", { class: kind }, String(status)),
        element("td", {}, figure(milliseconds)),
      ),
    ),
  );
  showChart(entries, times);
}

/** Draw a bar for each entry, the newest on the right; its height is the time's logarithm. */
function showChart(entries, times) {
  const chart = document.getElementById("log-chart");
  const [left, right, top, bottom] = [32, 298, 8, 104];
  const low = Math.floor(Math.log10(Math.max(times[0], 0.01)));
  const high = Math.max(Math.ceil(Math.log10(Math.max(times.at(-1), 0.01))), low + 1);
  const heightOf = (milliseconds) => {
    const share = (Math.log10(Math.max(milliseconds, 0.01)) - low) / (high - low);
    return Math.max(share * (bottom - top), 2);
  };
  const width = (right - left) / COUNT;
  const parts = [];
  for (let power = low; entries.length && power <= high; power += 1) {
    const y = bottom - heightOf(10 ** power) * (power > low);
    parts.push(drawn("line", { x1: left, x2: right, y1: y, y2: y }));
    parts.push(drawn("text", { x: left - 4, y: y + 3 }, `${10 ** power}`));
  }
  entries.forEach(({ milliseconds, kind, time, request, status }, index) => {
    const [x, height] = [right - (index + 1) * width, heightOf(milliseconds)];
    const place = { x: x + 1, y: bottom - height, width: width - 2, height, class: kind };
    const title = drawn("title", {}, `${time} ${request}: ${status}, ${figure(milliseconds)} ms`);
    parts.push(drawn("rect", place, title));
  });
  chart.setAttribute("aria-label", `Their times in milliseconds. ${state.textContent}`);
  chart.replaceChildren(...parts);
}

function drawn(name, attributes, ...children) {
  const made = document.createElementNS("http://www.w3.org/2000/svg", name);
  for (const [key, value] of Object.entries(attributes)) {
    made.setAttribute(key, value);
  }
  made.append(...children);
  return made;
}

function figure(milliseconds) {
  return milliseconds.toFixed(milliseconds < 10 ? 2 : 0);
}
