/** Codes of the failures this package throws. */
export const documentErrorCodes = {
  "document.encrypted":
    "The document is locked with a password. Ask whoever has it for a copy without one, or unlock it with a program.",
  "document.damaged":
    "The document cannot be read: it is cut off, or is no PDF at all. Get it again, or try to repair it with a program.",
  "document.too_complex":
    "Reading the document took too long or too much memory, as one does that was made for that. Ask for fewer pages, or look at it with a program.",
} as const;
