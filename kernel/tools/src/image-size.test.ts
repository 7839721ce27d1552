import { describe, expect, it } from "vitest";

import { imageSize } from "./image-size.ts";

/** The beginnings of files that Pillow 12 wrote, each of a picture of 300 × 20. */
const headers = {
  jpeg: "/9j/4AAQSkZJRgABAQAAAQABAAD/2wBDAAgGBgcGBQgHBwcJCQgKDBQNDAsLDBkSEw8UHRofHh0aHBwgJC4nICIsIxwcKDcpLDAxNDQ0Hyc5PTgyPC4zNDL/2wBDAQkJCQwLDBgNDRgyIRwhMjIyMjIyMjIyMjIyMjIyMjIyMjIyMjIyMjIyMjIyMjIyMjIyMjIyMjIyMjIyMjIyMjL/wAARCAAUASwDASIAAhEBAxEB/w==",
  progressive:
    "/9j/4AAQSkZJRgABAQAAAQABAAD/4QAwRXhpZgAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAP/bAEMACAYGBwYFCAcHBwkJCAoMFA0MCwsMGRITDxQdGh8eHRocHCAkLicgIiwjHBwoNyksMDE0NDQfJzk9ODI8LjM0Mv/bAEMBCQkJDAsMGA0NGDIhHCEyMjIyMjIyMjIyMjIyMjIyMjIyMjIyMjIyMjIyMjIyMjIyMjIyMjIyMjIyMjIyMjIyMv/CABEIABQBLAMBIgACEQEDEQH/",
  gif: "R0lGODdhLAEUAIEAAMgKCgAAAAAAAAAAACwAAAAALAEUAEAIfgABCA==",
  "lossy WebP": "UklGRm4AAABXRUJQVlA4IGIAAAAQBQCdASosARQAP5nM4mq5Mi4ooA==",
  "lossless WebP": "UklGRiQAAABXRUJQVlA4TBcAAAAvK8EEAAdQhSJXof8BICH8ny9F9A==",
  "extended WebP": "UklGRoAAAABXRUJQVlA4WAoAAAAIAAAAKwEAEwAAVlA4IFAAAADwBA==",
  png: "iVBORw0KGgoAAAANSUhEUgAAASwAAAAUCAIAAAA=",
};

describe("imageSize()", () => {
  it.each(Object.entries(headers))("reads the size of a %s", (_, base64) => {
    expect(imageSize(Buffer.from(base64, "base64"))).toEqual({ width: 300, height: 20 });
  });

  it.each(Object.entries(headers))("says nothing of a %s that is cut", (_, base64) => {
    const whole = Buffer.from(base64, "base64");
    for (let length = 0; length < 24; length++) {
      const size = imageSize(whole.subarray(0, length));
      expect(size === undefined || (size.width === 300 && size.height === 20)).toBe(true);
    }
    expect(imageSize(whole.subarray(0, 6))).toBeUndefined();
  });

  it("says nothing of what is no picture, and ends on whatever it is given", () => {
    expect(imageSize(Buffer.from("hello"))).toBeUndefined();
    expect(imageSize(Buffer.from("RIFF\0\0\0\0WEBPABCD"))).toBeUndefined();
    expect(imageSize(Buffer.alloc(100_000, 0xff))).toBeUndefined();
    expect(imageSize(Buffer.from("ffd8ffe00000ffe00000", "hex"))).toBeUndefined();
  });
});
