// The endpoints, read off the API's description: a form for each, and what it was answered.

import { shown } from "./answer.js";
import { fieldsOf, rowOf } from "./field.js";
import { showLog } from "./log.js";
import { requestOf } from "./request.js";
import { element, root } from "./shared.js";

const section = document.getElementById("endpoints");

const answer = await fetch(`${root}/openapi.json`).catch(() => null);
if (answer?.ok) {
  const description = await answer.json();
  showEndpoints(description);
  showLog(description);
} else {
  section.append(
    element("p", {}, "There is no description of the API: set OPENAPI in .env, and start again."),
  );
}
performance.mark("usable");

function showEndpoints(description) {
  document.getElementById("token").hidden = !description.components.securitySchemes;
  for (const tag of description.tags) {
    section.append(element("h3", {}, tag.name), element("p", {}, tag.description));
    for (const [path, operations] of Object.entries(description.paths)) {
      for (const [method, operation] of Object.entries(operations)) {
        if (operation.tags.includes(tag.name)) {
          section.append(endpointOf(method.toUpperCase(), path, operation));
        }
      }
    }
  }
}

/** Return the element of an operation: a line that opens, with a form and its answer. */
function endpointOf(method, path, operation) {
  const fields = fieldsOf(operation);
  const status = element("p", { role: "status" });
  const result = element("div");
  const button = element("button", { "aria-label": `Send ${method} ${path}` }, "Send");
  const form = element("form", {}, ...fields.map(rowOf), button);
  const summary = element(
    "summary",
    {},
    element("span", { class: `method ${method.toLowerCase()}` }, method),
    element("code", {}, path),
    element("span", {}, operation.summary ?? ""),
    ...(operation.security ? [element("span", { class: "kind" }, "token")] : []),
  );
  const attributes = { class: "endpoint", "data-operation": operation.operationId };
  const details = element("details", attributes, summary);
  for (const paragraph of (operation.description ?? "").split(/\n\s*\n/).filter(Boolean)) {
    // The lines of a list, or of code, are lines; those of a text are not.
    const isText = !/^(\s|[-*] |\d+\. )/m.test(paragraph);
    details.append(element("p", isText ? {} : { class: "lines" }, paragraph));
  }
  details.append(form, status, result);
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    send(form, () => requestOf(method, path, operation, fields), status, result);
  });
  return details;
}

/** Send a form's request, one at a time, and show what comes back. */
async function send(form, makeRequest, status, result) {
  if (form.ariaBusy === "true") {
    return;
  }
  form.ariaBusy = "true";
  status.className = "";
  status.textContent = "Sending ...";
  result.querySelectorAll("a").forEach((link) => URL.revokeObjectURL(link.href));
  result.replaceChildren();
  let failure = "It cannot be sent";
  try {
    const request = new Request(...makeRequest());
    failure = "There is no answer";
    const start = performance.now();
    const answer = await fetch(request);
    const blob = await answer.blob();
    const milliseconds = (performance.now() - start).toFixed(1);
    const from = answer.redirected ? `, from ${answer.url}` : "";
    status.className = answer.ok ? "good" : answer.status < 500 ? "bad" : "worse";
    status.textContent = `${answer.status} ${answer.statusText}, ${milliseconds} ms, ${blob.size} bytes${from}`;
    result.append(...(await shown(answer, blob)));
  } catch (error) {
    status.className = "worse";
    status.textContent = `${failure}: ${error.message.replace(/\.+$/, "")}.`;
  } finally {
    form.ariaBusy = "false";
  }
}
