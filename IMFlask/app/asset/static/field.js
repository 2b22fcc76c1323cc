// The fields of an operation's form, read off its parameters and its body.

import { element } from "./shared.js";

/** Return the fields of an operation: what requestOf wants, and `hint`, what to put there. */
export function fieldsOf(operation) {
  const fields = (operation.parameters ?? []).map((parameter) => ({
    ...parameter,
    place: parameter.in,
  }));
  const [content] = Object.values(operation.requestBody?.content ?? {}); // of several types one
  for (const [name, property] of Object.entries(content?.schema.properties ?? {})) {
    const required = content.schema.required?.includes(name);
    const { description } = property;
    fields.push({ name, place: "body", schema: notNull(property), required, description });
  }
  return fields.map((field) => ({
    ...field,
    input: inputOf(field, `${operation.operationId}.${field.name}`),
    hint: hintOf(field),
  }));
}

/** Return a field's line in the form. */
export function rowOf({ name, input, hint }) {
  return element(
    "p",
    {},
    element("label", { for: input.id }, name),
    input,
    element("small", { id: `${input.id}.hint` }, hint),
  );
}

function inputOf({ place, schema, required }, id) {
  const attributes = { id, "aria-describedby": `${id}.hint`, autocomplete: "off" };
  if (isFiles(schema)) {
    return element("input", { ...attributes, type: "file", multiple: "" });
  }
  // Without its variables a path is another one; all else is the API's to refuse.
  const needed = place === "path" && required ? { required: "" } : {};
  const options = schema.type === "boolean" ? [true, false] : schema.enum;
  if (options) {
    const texts = options.map((value) =>
      typeof value === "string" ? value : JSON.stringify(value),
    );
    // With a value of its own: a browser joins the spaces of a text.
    const choices = ["", ...texts].map((text) => new Option(text, text));
    return element("select", { ...attributes, ...needed }, ...choices);
  }
  if (schema.type === "array" || schema.type === "object") {
    return element("textarea", { ...attributes, rows: 3, placeholder: "JSON" });
  }
  return element("input", { ...attributes, ...needed, spellcheck: "false", autocapitalize: "off" });
}

function hintOf({ schema, required, description }) {
  const kinds = isFiles(schema) ? ["files"] : (schema.anyOf ?? [schema]).map((one) => one.type);
  const words = [kinds.join(" or ") || "any value"];
  if (required) {
    words.push("required");
  }
  if ("default" in schema) {
    words.push(`default ${JSON.stringify(schema.default)}`);
  }
  return `${words.join(", ")}. ${description ?? ""}`;
}

/** Return the schema without its null, which is sent by leaving the field empty. */
function notNull(schema) {
  const { anyOf, ...rest } = schema;
  const kinds = (anyOf ?? []).filter((one) => one.type !== "null");
  return kinds.length === 1 ? { ...kinds[0], ...rest } : schema;
}

function isFiles(schema) {
  return schema.items?.format === "binary";
}
