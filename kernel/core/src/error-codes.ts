/** Codes of the failures this package throws or names. */
export const coreErrorCodes = {
  "context.invalid_tenant":
    "The tenant's name has other characters than a-z, 0-9, `_` and `-`, or is longer than 64. Choose another name.",
  "file.unfit":
    "Something that Tau reads is no regular file (a named pipe, a device, a folder), or larger than such a file may be. Put an ordinary file there.",
  internal: "A bug in Tau or in a plug-in. The server's log has the details under the trace id.",
} as const;
