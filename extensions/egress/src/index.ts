export type { AddressPolicy } from "./address-policy.ts";
export { createAddressPolicy } from "./address-policy.ts";
export type { AuditSink, EgressCaller, EgressRow } from "./audit.ts";
export type { CheckedFetch, CheckedFetchOptions } from "./checked-fetch.ts";
export { createCheckedFetch } from "./checked-fetch.ts";
export { egressErrorCodes } from "./error-codes.ts";
export type { Lookup } from "./resolve-checked.ts";
