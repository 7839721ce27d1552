import { createHash, createHmac } from "node:crypto";
import type { Hash, Hmac } from "node:crypto";

import { SignatureV4 } from "@smithy/signature-v4";

import type { AwsCredentials } from "./credentials.ts";

/** What is to be signed. */
export interface UnsignedRequest {
  readonly url: URL;
  readonly region: string;
  /** They are signed too, so they must go out as they are. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  readonly at: Date;
}

/** Signs a POST with AWS Signature Version 4; answers all headers of it but `host`, which the transport writes. */
export async function signRequest(
  request: UnsignedRequest,
  credentials: AwsCredentials,
): Promise<Readonly<Record<string, string>>> {
  const { url, region, at, body } = request;
  const signer = new SignatureV4({ service: "bedrock", region, credentials, sha256: Sha256 });
  const { headers } = await signer.sign(
    {
      method: "POST",
      protocol: url.protocol,
      hostname: url.hostname,
      path: url.pathname,
      query: {},
      headers: { ...request.headers, host: url.host },
      body,
    },
    { signingDate: at },
  );
  const { host: _host, ...sent } = headers;
  return sent;
}

/** SHA-256, keyed or not, in the shape that the signer wants. */
class Sha256 {
  readonly #secret: Buffer | undefined;
  #hash: Hash | Hmac;

  constructor(secret?: string | ArrayBuffer | ArrayBufferView) {
    this.#secret = secret === undefined ? undefined : toBuffer(secret);
    this.#hash = this.#begin();
  }

  update(data: string | ArrayBuffer | ArrayBufferView): void {
    this.#hash.update(toBuffer(data));
  }

  async digest(): Promise<Uint8Array> {
    return new Uint8Array(this.#hash.digest());
  }

  reset(): void {
    this.#hash = this.#begin();
  }

  #begin(): Hash | Hmac {
    return this.#secret === undefined ? createHash("sha256") : createHmac("sha256", this.#secret);
  }
}

function toBuffer(data: string | ArrayBuffer | ArrayBufferView): Buffer {
  if (typeof data === "string") return Buffer.from(data, "utf8");
  return ArrayBuffer.isView(data)
    ? Buffer.from(data.buffer, data.byteOffset, data.byteLength)
    : Buffer.from(data);
}
