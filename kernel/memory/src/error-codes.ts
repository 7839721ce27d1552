/** Codes of the failures this package throws. */
export const memoryErrorCodes = {
  "memory.busy":
    "Other processes kept the memory locked for longer than a write waits. Try again; if it stays so, look for a process that hangs.",
  "memory.changed":
    "The file is not the one that the write was meant for: somebody changed it since it was read. Read it again, then decide again.",
  "memory.exists":
    "There is a file or folder of this name, or of one that differs from it only in case. Choose another name.",
  "memory.invalid_path":
    "A path does not name a file of a memory. Write it like `memory/notes/build.md`, without `..`, hidden names and special characters.",
  "memory.not_found": "The memory has no such file. List what it has.",
  "memory.not_text": "The content is not text in well-formed Unicode, which is all that a memory keeps.",
  "memory.refused_file":
    "A file of a memory is a link, has a second name or is no regular file, so it might lead anywhere. Put a copy there instead.",
  "memory.too_large": "A file or a memory is larger than the limits that the message names. Keep less.",
  "memory.unavailable": "The memory could not be read or written: the disk is full, or not yours to use.",
} as const;
