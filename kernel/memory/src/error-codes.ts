/** Codes of the failures this package throws. */
export const memoryErrorCodes = {
  "memory.busy":
    "Other processes kept the memory locked for longer than a write waits. Try again; if it stays so, look for a process that hangs.",
  "memory.changed":
    "The file is not the one that the write was meant for: somebody changed it since it was read. Read it again, then decide again.",
  "memory.damaged":
    "The text kept of a version is not the one that was written. Take another version; look who writes below `history/`.",
  "memory.exists":
    "There is a file or folder of this name, or of one that differs from it only in case. Choose another name.",
  "memory.invalid_note":
    "A file is no note: its front matter cannot be read, or says something impossible. The message names the line or key to repair.",
  "memory.invalid_path":
    "A path does not name a file of a memory. Write it like `memory/notes/build.md`, without `..`, hidden names and special characters.",
  "memory.needs_person":
    "A service tried to let in what an untrusted source proposed. A person does that, or a rule of the operator.",
  "memory.no_version":
    "The file has no such version, or that one has no text because the file ended with it. Look at its history.",
  "memory.not_flushed":
    "Some keys of a cache were changed by somebody else since they were read, so they were not written. Read them again, then decide again.",
  "memory.not_found": "The memory has no such file. List what it has.",
  "memory.not_text": "The content is not text in well-formed Unicode, which is all that a memory keeps.",
  "memory.refused_file":
    "A file of a memory is a link, has a second name or is no regular file, so it might lead anywhere. Put a copy there instead.",
  "memory.secret":
    "What is to be kept looks like a credential. Keep where the secret is to be found instead, never the secret.",
  "memory.too_large": "A file or a memory is larger than the limits that the message names. Keep less.",
  "memory.unavailable": "The memory could not be read or written: the disk is full, or not yours to use.",
  "memory.untrusted":
    "A session that was shown what nobody vouches for may not delete, rename or replace what is remembered. A person can do it.",
  "readiness.blocked":
    "A task was not begun because something that must be known first is not. Answer the questions that the message names, or change the requirements.",
  "readiness.invalid":
    "A file of requirements cannot be used. The message names every fault; each requirement needs an id and a description.",
} as const;
