/** Codes of the failures this package throws. */
export const browserErrorCodes = {
  "browser.not_found":
    "There is no Chromium on this machine, or not where the settings say. Install it (apt install chromium), or name its path.",
  "browser.unconfined":
    "The browser would run where nothing keeps it to the hosts it may reach. Give it an environment that does, such as the jail.",
  "browser.not_started": "The browser did not start. `tau doctor` tries it and says more.",
  "browser.crashed": "The browser ended, by itself or because its pages took too much. Navigate anew.",
  "browser.no_page":
    "No page is open: none was opened yet, or the browser was idle for long. Navigate first.",
  "browser.wrong_host":
    "The page is at another host than the call says. The message names it; say that host, so that it can be decided on.",
  "browser.unknown_ref":
    "The page has no element of that reference any more. Take a snapshot and use one of its references.",
  "browser.invalid_url": "The browser opens http and https addresses only. Correct the address.",
  "browser.navigation_failed": "The page could not be loaded. The message says why.",
  "browser.action_failed":
    "The element did not do as it was asked, in time. The message says why; take a snapshot.",
  "browser.busy_page":
    "The page kept its thread busy and did not answer, so that its tab was closed. Use another page.",
  "browser.download_failed": "No download began, or it was too large or broke off. The message says which.",
  "browser.upload_too_large": "The files are larger than may be uploaded at once. Upload smaller ones.",
} as const;
