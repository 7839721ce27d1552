export type { BrowserOptions, BrowserOrder } from "./browser-options.ts";
export type { BrowserTools } from "./create-browser.ts";
export { createBrowser } from "./create-browser.ts";
export { browserErrorCodes } from "./error-codes.ts";
export { findChromium } from "./find-chromium.ts";
