/** Codes of the failures this package throws. */
export const pythonErrorCodes = {
  "pyodide.ended":
    "The Python process ended by itself, most often because the script took all of its memory. Ask it for less.",
} as const;
