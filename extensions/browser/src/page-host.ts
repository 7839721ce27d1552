import { joinLabels, TauError, untrusted } from "@tau/core";
import type { Label } from "@tau/core";
import type { Frame, Locator, Page } from "playwright-core";

/** How far to trust whatever a browser answers, its errors included. */
export const webLabel: Label = untrusted("web");

/** The host of a URL with its port, as permissions and labels name it; undefined for what belongs to no host. */
export function hostOf(url: string): string | undefined {
  const parsed = URL.parse(url);
  if (parsed?.protocol !== "http:" && parsed?.protocol !== "https:") return undefined;
  return parsed.host.replace(/\.(?=$|:)/u, "");
}

/** A host that somebody wrote, as browsers write it. */
export function toHost(text: string): string {
  return hostOf(`http://${text}`) ?? text;
}

/** The host that a frame belongs to: of one without an address, that of the frame around it. */
function hostOfFrame(frame: Frame): string | undefined {
  for (let at: Frame | null = frame; at !== null; at = at.parentFrame()) {
    const host = hostOf(at.url());
    if (host !== undefined) return host;
  }
  return undefined;
}

/** The label of what a page shows: everybody who has a frame in it had a say. */
export function labelOfPage(page: Page): Label {
  const hosts = page.frames().flatMap((frame) => hostOfFrame(frame) ?? []);
  return joinLabels(webLabel, ...hosts.map((host) => untrusted(`web:${host}`)));
}

const maxUrlChars = 500;

/** @throws TauError `browser.wrong_host` unless calls about the page's host were decided on */
export function assertHost(page: Page, decided: ReadonlySet<string>): void {
  const host = hostOf(page.url());
  if (host !== undefined && decided.has(host)) return;
  throw new TauError(
    "browser.wrong_host",
    host === undefined
      ? "The tab shows no page. Use browser_navigate first."
      : `The tab is at ${host} now, which no call was about so far, so nothing of it is shown. To go on there: browser_navigate with ${page.url().slice(0, maxUrlChars)}`,
  );
}

/** The element of a reference. @throws TauError `browser.unknown_ref` */
export async function elementAt(page: Page, ref: string): Promise<Locator> {
  const element = page.getByRef(ref);
  const found = await element.count().catch(() => 0);
  if (found > 0) return element;
  throw new TauError(
    "browser.unknown_ref",
    `The page has no element ${ref} any more. Take a browser_snapshot, and use one of its references.`,
  );
}

/** The same of an element that belongs to a host. @throws TauError `browser.unknown_ref`, `browser.wrong_host` */
export async function elementOf(page: Page, ref: string, host: string): Promise<Locator> {
  const element = await elementAt(page, ref);
  const handle = await element.elementHandle({ timeout: 2_000 });
  const frame = await handle.ownerFrame();
  await handle.dispose();
  const actual = frame === null ? undefined : hostOfFrame(frame);
  if (actual === toHost(host)) return element;
  throw new TauError(
    "browser.wrong_host",
    `The element belongs to ${actual ?? "no host"}, not to ${host.slice(0, 200)}. Say that host if you want to act there.`,
  );
}
