/** Codes of the failures this package throws. */
export const skillErrorCodes = {
  "skill.changed":
    "A file of a skill is not the one that was locked. Read what changed, then lock the skill again.",
  "skill.file_not_found": "The skill has no such file. The message names the files it has.",
  "skill.file_not_text": "The file of a skill is not UTF-8 text, which is all that can be shown of it.",
  "skill.invalid":
    "A SKILL.md cannot be used: it is missing or has no description, or its front matter cannot be read. Validate the skill to see every fault.",
  "skill.invalid_lock": "A skills.lock cannot be read. Look at the skills, then lock them again.",
  "skill.invalid_path":
    "A path does not name a file inside of the skill. Write it relative to the skill's folder, without `..`.",
  "skill.invalid_evals":
    "The tests that a skill brings along cannot be read. The message names the file and the test.",
  "skill.invalid_input": "What a skill was given does not fit its schema. The message names the fields.",
  "skill.not_found": "There is no usable skill of that name. The message names the closest ones.",
  "skill.refused_file":
    "A file of a skill is a symbolic link, a hard link or no regular file, which might lead out of its folder. Put a copy there instead.",
  "skill.step_failed":
    "A step of a skill failed or took too long. The message names it; the steps before it are done and stay done.",
  "skill.unavailable":
    "A skill cannot run here: the agent has not the tools, the caller not the scopes, or the program not the model that it needs. Do the task without it.",
  "skill.too_large":
    "A skill has more or larger files than are read: 1,000 files, 5 MB each, 50 MB together. Make it smaller.",
} as const;
