/**
 * The command line of Chromium, without the program: no window, a profile of its own, orders through a pipe.
 *
 * What keeps it from other hosts is the network that it is started in. The flags close ways around a proxy all the same
 * (QUIC, WebRTC, names by HTTPS), and whatever it would tell its vendor.
 */
export function chromiumFlags(profile: string, ownSandbox: boolean): readonly string[] {
  return [
    "--headless=new",
    // In the jail there are no further namespaces to be had: the jail is the sandbox.
    ...(ownSandbox ? [] : ["--no-sandbox"]),
    "--remote-debugging-pipe",
    `--user-data-dir=${profile}`,
    "--window-size=1280,800",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--no-first-run",
    "--no-default-browser-check",
    "--mute-audio",
    "--password-store=basic",
    "--use-mock-keychain",
    "--disable-quic",
    "--force-webrtc-ip-handling-policy=disable_non_proxied_udp",
    "--dns-over-https-mode=off",
    "--dns-prefetch-disable",
    "--no-pings",
    "--disable-background-networking",
    "--disable-breakpad",
    "--disable-client-side-phishing-detection",
    "--disable-component-update",
    "--disable-default-apps",
    "--disable-domain-reliability",
    "--disable-extensions",
    "--disable-notifications",
    "--disable-prompt-on-repost",
    "--disable-search-engine-choice-screen",
    "--disable-sync",
    "--disable-backgrounding-occluded-windows",
    "--disable-renderer-backgrounding",
    "--metrics-recording-only",
    "--deny-permission-prompts",
    `--disable-features=${switchedOff.join(",")}`,
    `--host-resolver-rules=${vendorHosts.map((host) => `MAP ${host} ~NOTFOUND`).join(", ")}`,
    "about:blank",
  ];
}

const switchedOff = [
  "AutofillServerCommunication",
  "CertificateTransparencyComponentUpdater",
  "DialMediaRouteProvider",
  "DnsOverHttpsUpgrade",
  "GlobalMediaControls",
  "HttpsUpgrades",
  "MediaRouter",
  "OptimizationHints",
  "Prerender2",
  "Translate",
];

/** What it asks at its vendor's for updates, whatever its other flags say; no page has anything there. */
const vendorHosts = ["clients2.google.com", "redirector.gvt1.com", "update.googleapis.com"];
