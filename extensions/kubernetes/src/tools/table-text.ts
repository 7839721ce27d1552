import type { JsonObject } from "@tau/core";

import { fieldOf, objectsOf, textOf } from "../client/kube-fields.ts";

/** A list as `kubectl get` shows it: the columns that the server chose, or names where it has no table. */
export function tableText(answer: JsonObject, withNamespace: boolean): string {
  if (answer["kind"] !== "Table") return namesText(answer, withNamespace);
  const columns = objectsOf(answer, "columnDefinitions");
  const shown = columns.flatMap((column, index) => (fieldOf(column, "priority") === 0 ? [index] : []));
  const head = shown.map((index) => textOf(columns[index], "name").toUpperCase());
  const rows = objectsOf(answer, "rows").map((row) => {
    const cells: unknown = fieldOf(row, "cells");
    const values: readonly unknown[] = Array.isArray(cells) ? cells : [];
    const place = withNamespace ? [textOf(row, "object", "metadata", "namespace")] : [];
    return [...place, ...shown.map((index) => cellText(values[index]))];
  });
  if (rows.length === 0) return "(none)";
  return [[...(withNamespace ? ["NAMESPACE"] : []), ...head], ...rows]
    .map((row) => row.join("\t"))
    .join("\n");
}

/** What a cluster sends may be anything. */
function cellText(value: unknown): string {
  if (typeof value === "string") return value;
  return value === undefined || value === null ? "" : JSON.stringify(value);
}

function namesText(answer: JsonObject, withNamespace: boolean): string {
  const names = objectsOf(answer, "items").map((item) => {
    const place = withNamespace ? `${textOf(item, "metadata", "namespace")}\t` : "";
    return `${place}${textOf(item, "metadata", "name")}`;
  });
  return names.length === 0 ? "(none)" : names.join("\n");
}
