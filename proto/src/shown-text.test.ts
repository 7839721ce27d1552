import fc from "fast-check";
import { expect, it } from "vitest";

import { createShownText } from "./shown-text.ts";

it("shows every character of an answer once, however often the listener starts anew", () => {
  fc.assert(
    fc.property(fc.string({ maxLength: 50 }), fc.array(fc.nat(50)), (answer, breaks) => {
      const shown = createShownText();
      let screen = "";
      for (const at of breaks) {
        for (const character of answer.slice(0, at)) screen += shown.take("text", character);
        shown.restarted();
      }
      screen += shown.take("text", answer);
      expect(screen).toBe(answer);
    }),
  );
});

it("does not take the next answer for the one before", () => {
  const shown = createShownText();
  shown.take("text", "Hello");
  shown.fact();
  shown.restarted();
  expect(shown.take("text", "Hello")).toBe("Hello");
  expect(shown.take("thinking", "Hm")).toBe("Hm");
});
