// What a request was answered, as a person can read it.

import { element } from "./shared.js";

const LIMIT = 200_000; // bytes of an answer that are shown: more of them hold a browser up

// The loop over a string's letters is unrolled, or one without an end would take for ever.
const TOKENS = /("[^"\\]*(?:\\.[^"\\]*)*")|([{[])\s*([}\]])?|([}\]])|(,)|(:)|\s+/g;

/** Whether an answer says that it is JSON. */
function isJson(answer) {
  return typeOf(answer).includes("json");
}

/** Return the elements that show an answer: its headers, its text, a link to its bytes. */
export async function shown(answer, blob) {
  const headers = Array.from(answer.headers, ([name, value]) => `${name}: ${value}\n`);
  const details = element(
    "details",
    {},
    element("summary", {}, "Headers"),
    element("pre", { tabindex: 0 }, ...headers),
  );
  const disposition = answer.headers.get("Content-Disposition") ?? "";
  const isBytes = disposition !== "" || !/json|^text\//.test(typeOf(answer));
  const elements = [details];
  if (isBytes || blob.size > LIMIT) {
    const filename = filenameOf(disposition);
    // Of no type that a browser would run with the rights of this page.
    const bytes = new Blob([blob], { type: "application/octet-stream" });
    const link = { href: URL.createObjectURL(bytes), download: filename };
    elements.push(element("p", {}, element("a", link, `Save ${filename}`)));
  }
  if (!isBytes) {
    const text = await blob.slice(0, LIMIT).text();
    const whole = isJson(answer) ? indented(text) : text;
    elements.push(element("pre", { tabindex: 0 }, blob.size > LIMIT ? `${text} ...` : whole));
  }
  return elements;
}

function typeOf(answer) {
  return (answer.headers.get("Content-Type") ?? "").toLowerCase();
}

/** Return JSON text in lines; its values stay as they came, large integers above all. */
function indented(text) {
  let depth = 0;
  const line = () => `\n${"  ".repeat(Math.min(depth, 40))}`;
  return text.replace(TOKENS, (token, string, opens, empty, closes, comma, colon) => {
    if (string) {
      return string;
    }
    if (opens && empty) {
      return opens + empty;
    }
    if (opens) {
      depth += 1;
      return opens + line();
    }
    if (closes) {
      depth -= 1;
      return line() + closes;
    }
    return comma ? comma + line() : colon ? ": " : "";
  });
}

function filenameOf(disposition) {
  const encoded = disposition.match(/filename\*=UTF-8''([^;]+)/)?.[1];
  const plain = disposition.match(/filename="?([^";]+)/)?.[1] ?? "answer";
  try {
    return encoded ? decodeURIComponent(encoded) : plain;
  } catch {
    return plain; // it is no UTF-8
  }
}
