import { describeMcpCredentialStore } from "../testing/index.ts";
import { createMemoryCredentialStore } from "./credential-store.ts";

describeMcpCredentialStore("createMemoryCredentialStore()", createMemoryCredentialStore);
