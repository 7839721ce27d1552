/** Codes of the failures this package throws, or puts in front of an error result for the model. */
export const toolErrorCodes = {
  "tool.exists": "A tool of that name is registered already. Choose another name, or call `replace`.",
  "tool.not_found": "No tool of that name is registered. The message names the closest one.",
  "tool.invalid_name": "A tool's name is not 1 to 64 of a-z, A-Z, 0-9, `_` and `-`. Rename it.",
  "tool.invalid_schema":
    "A tool's schema does not describe an object, cannot be written as JSON Schema, or has a broken reference. Correct the schema.",
  "tool.invalid_arguments":
    "The arguments of a call are not JSON or do not fit the tool's schema. The message says what to correct.",
  "tool.invalid_output":
    "A tool answered something else than its output schema says. The message names the place; this is the tool's fault.",
  "tool.missing_scope": "The caller lacks a scope that the tool requires. Grant it, or use another tool.",
  "tool.unknown_role": "The registry knows no role of that name. Name one of its roles, or add it.",
  "tool.timeout":
    "A tool took longer than its `timeoutMs` and was stopped. Ask for less, or raise the limit.",
  "tool.failed":
    "A tool threw an unexpected error; its text stays in the log. Try other input or another tool.",
  "tool.denied": "The permissions refuse the call. The message has the rule's reason.",
  "tool.no_vision":
    "The answer would be a picture, and the model is known to take none. Look at it with a program, or use a model with vision.",
  "file.unread": "A file would be changed that the model has not read in this session. Read it first.",
  "file.stale": "A file has changed since the model read it. Read it again, then repeat the change.",
  "file.not_text":
    "A file is binary, or text in another encoding than UTF-8. The message says how to look at it.",
  "file.too_large": "A file is larger than the tool handles. Read a part of it with another command.",
  "document.no_page":
    "A document has none of the pages that were asked for. The message says how many it has.",
  "file.is_directory": "The path is a directory where a file is wanted. List it with glob.",
  "edit.no_match": "The text to replace is not in the file. The message shows the lines most like it.",
  "edit.ambiguous":
    "The text to replace is in the file more than once. Add lines around it, or set replaceAll.",
  "edit.overlap": "Two edits of one call change the same text. Merge them into one edit.",
  "edit.empty":
    "The text to replace is empty. Use write to make a file; to insert, repeat a line beside the place.",
  "edit.invalid_patch":
    "A patch is not written as apply_patch wants it. The message names the line; send the whole patch again.",
  "edit.no_change": "An edit replaces text by itself. Leave it out.",
  "search.unavailable":
    "Neither ripgrep nor Node could be started in the environment. Install ripgrep, or give its path as `ripgrepPath`.",
  "search.invalid_pattern": "The regular expression or the glob is not valid. The message says why.",
  "search.failed": "The search ended with an error; the message has its words.",
  "git.not_a_repository":
    "The folder has no `.git`. Name the folder of the repository, relative to the workspace.",
  "git.unsafe_repository":
    "The repository leads out of the workspace, or its settings would have Git run something or talk to somebody else. Have a person look at it.",
  "git.invalid_value":
    "A revision, name or path is written in a way that Git could take for something else. Write it plainly.",
  "git.failed": "Git ended with an error; the message has its words.",
  "job.lost":
    "No job of that id is alive: jobs end with the run that started them, and with its process. It is not started again; start it anew if it is still needed.",
  "job.no_input": "The job takes no input: it has ended, or its input was closed.",
  "job.too_many": "The run has as many jobs as it may have at once. End one with job_kill first.",
  "person.unreachable":
    "A tool that asks a person was called where nobody can be asked, such as from another tool. Ask in a call of its own.",
  "shell.needs_terminal":
    "A command would wait for somebody at a terminal, or for ever. The message names the tool or the way to run it.",
  "module.exists": "A module of that name is registered already. Choose another name.",
  "module.not_found": "No module of that name is registered. The message names the closest one.",
  "module.started": "The modules have begun, so that no other one can be added. Register it before.",
  "module.cleanup_failed": "A module could not be cleaned up; the others are. The cause is in the log.",
  "plan.none": "The session has no plan. Make one with `create_plan`.",
  "plan.no_step": "The plan has no step of that number. Steps are counted from 1.",
  "knowledge.not_found": "There is no document of that id. Use one as `knowledge_search` gives it.",
  "knowledge.too_large": "The documents are larger than a knowledge module holds. Leave some out.",
  "datasource.query_failed":
    "A query is no question, is wrong or took too long; the message has the reason. Correct it, or ask for less.",
  "datasource.unreadable": "Data cannot be opened as tables; the message says why.",
  "python.unavailable": "There is no Python in the environment. Install it, or use the one of `@tau/python`.",
  "artifact.not_found":
    "No artifact of this session has that id. Ids are `artifact:` and hexadecimal digits.",
  "reader.invalid_schema":
    "The schema of an answer of `read_untrusted` is of a kind that it does not take. The message names the place.",
  "reader.no_answer":
    "The model that reads untrusted text gave no JSON object, twice. Ask something simpler.",
  "reader.no_handles": "A tool was called where no text can be held. Call `read_untrusted` within a run.",
  "reader.unknown_handle": "No text is held under that handle. Use handles exactly as results name them.",
  "environment.denied":
    "The environment's profile forbids the operation. Work inside the workspace, or ask for a wider profile.",
  "environment.not_found": "The path does not exist. Check its spelling, or look for it with glob.",
  "environment.exists": "The path exists already and the operation wanted to make it. Choose another path.",
  "environment.conflict":
    "Something else changed what a transaction would change, so nothing was carried out. The message names the paths; run the command again.",
  "environment.failed":
    "The system refused an operation, or a command could not be started. The message says why.",
  "permission.invalid_rule":
    "A permission rule cannot be read. The message names the rule, what is wrong and how to write it.",
  "permission.example_failed":
    "A permission rule covers what its `notMatch` lists, or not what its `match` lists. Change the rule or the example.",
} as const;
