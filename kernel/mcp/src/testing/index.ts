export { describeMcpCredentialStore } from "./describe-credential-store.ts";
