import { describe, expect, test } from "vitest";

import { storeSqliteErrorCodes } from "./error-codes.ts";
import { toTauError } from "./store-errors.ts";

describe("toTauError()", () => {
  test("lets a caller try again what can succeed later, and nothing else", () => {
    const codes = [...Object.keys(storeSqliteErrorCodes), "journal.unavailable", "journal.conflict"];
    const retryable = codes.filter((code) => toTauError({ code, message: "" }).class === "retryable");
    expect(retryable).toEqual(["store.overloaded", "journal.unavailable", "journal.conflict"]);
  });

  test("keeps the technical cause apart from the message", () => {
    const cause = new Error("disk I/O error at /secret/path");
    const error = toTauError({ code: "journal.unavailable", message: "The disk failed.", cause });
    expect([error.message, error.cause]).toEqual(["The disk failed.", cause]);
  });
});
