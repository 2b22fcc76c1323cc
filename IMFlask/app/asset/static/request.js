// From the fields of a form to the request that they stand for.

import { credentials, root } from "./shared.js";

const BODIES = {
  "application/json": (fields) => `{${Array.from(filled(fields), member).join()}}`,
  "application/x-www-form-urlencoded": (fields) => appended(new URLSearchParams(), fields),
  "multipart/form-data": (fields) => appended(new FormData(), fields),
};

/**
 * Return the address and the options of `fetch` for an operation of the description.
 *
 * fields: objects with name, place (path, query, header or body), schema and input.
 */
export function requestOf(method, path, operation, fields) {
  const of = (place) => fields.filter((field) => field.place === place);
  let address = root + path;
  for (const [name, value] of filled(of("path"))) {
    if (value === "." || value === "..") {
      throw new Error("a browser takes . and .. for folders"); // and would ask another address
    }
    address = address.replace(`{${name}}`, () => encodeURIComponent(value));
  }
  const query = appended(new URLSearchParams(), of("query")).toString();
  const headers = new Headers(credentials(operation));
  appended(headers, of("header"));
  // Each press is a request, whatever the browser has kept.
  const options = { method, headers, cache: "no-store" };
  const [type] = Object.keys(operation.requestBody?.content ?? {}); // of several the first
  // A browser sends none with these.
  const isWithout = ["GET", "HEAD"].includes(method) && filled(of("body")).next().done;
  if (type && !isWithout) {
    options.body = BODIES[type](of("body"));
    if (type === "application/json") {
      headers.set("Content-Type", type);
    }
  }
  return [query ? `${address}?${query}` : address, options];
}

/** Yield name, value and schema of what is filled in: each file of a field, no empty text. */
function* filled(fields) {
  for (const { name, input, schema } of fields) {
    for (const value of input.files ?? [input.value]) {
      if (value !== "") {
        yield [name, value, schema];
      }
    }
  }
}

function appended(target, fields) {
  for (const [name, value] of filled(fields)) {
    target.append(name, value);
  }
  return target;
}

function fits({ pattern }, value) {
  return pattern && new RegExp(pattern).test(value);
}

/** Return a member of a JSON object; what is no JSON goes as a string, for the API to refuse. */
function member([name, value, schema]) {
  // A decimal number is a string, or an integer.
  const kinds = [schema, ...(schema.anyOf ?? [])];
  let isText = kinds.some((one) => one.type === "string" && (one === schema || fits(one, value)));
  try {
    JSON.parse(value);
  } catch {
    isText = true;
  }
  // Not what JSON.parse made of it: JavaScript rounds large integers.
  return `${JSON.stringify(name)}:${isText ? JSON.stringify(value) : value}`;
}
