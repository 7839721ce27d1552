export { memoryErrorCodes } from "./error-codes.ts";
export { memoryChanged, memoryExists, memoryNotFound, memoryTooLarge } from "./store/memory-errors.ts";
export { assertMemoryPrefix, foldPath, memoryNamespaces, memoryPathNames } from "./store/memory-path.ts";
export type { MemoryEntry, MemoryFile, MemoryPrecondition, MemoryStore } from "./store/memory-store.ts";
export { assertExpected, assertMemoryText, etagOf, memoryLimits } from "./store/memory-store.ts";
export type { TransientStoreOptions } from "./store/transient-store.ts";
export { createTransientStore } from "./store/transient-store.ts";
export type { FileStoreOptions } from "./store/file-store.ts";
export { createFileStore } from "./store/file-store.ts";
export { assertNoSecrets, withoutSecrets } from "./secrets.ts";
export type { MemoryAction, MemoryVersion } from "./history/history-log.ts";
export type { MemoryAuthor, MemoryHistory, MemoryHistoryOptions } from "./history/memory-history.ts";
export { createMemoryHistory } from "./history/memory-history.ts";
export type { BlamedLine } from "./history/compare-texts.ts";
export { blameMemory, diffMemory } from "./history/compare-texts.ts";
export type { AsOf, Note, NoteSource } from "./notes/note.ts";
export { noteLimits, notePath, notesPrefix } from "./notes/note.ts";
export { parseNote, renderNote } from "./notes/note-codec.ts";
export { notesAsOf } from "./notes/as-of.ts";
export type { NoteBook, NoteBookOptions, NoteDraft, NoteListing, SourceName } from "./notes/note-book.ts";
export { createNoteBook } from "./notes/note-book.ts";
export { indexLimits, renderNoteIndex, usefulness } from "./notes/note-index.ts";
export type { Approver, Inbox, InboxOptions } from "./inbox/inbox.ts";
export { createInbox, maxProposals } from "./inbox/inbox.ts";
export type { Proposal } from "./inbox/proposal.ts";
export type { SearchTerm } from "./search/query.ts";
export { parseQuery, wordsOf } from "./search/query.ts";
export type { IndexedText, IndexHit, SearchIndex } from "./search/search-index.ts";
export { createTransientIndex } from "./search/transient-index.ts";
export { snippetOf } from "./search/snippet.ts";
export type { MemorySearch, MemorySearchOptions } from "./search/memory-search.ts";
export { createMemorySearch } from "./search/memory-search.ts";
export type { Memory, MemoryOptions } from "./memory.ts";
export { createMemory, filesPrefix } from "./memory.ts";
export type { MemoryToolsOptions } from "./tools/memory-context.ts";
export { createMemoryTool } from "./tools/memory-tool.ts";
export { createNoteTool } from "./tools/note-tool.ts";
export { createMemorySearchTool } from "./tools/search-tool.ts";
export { createScratchpadTool } from "./tools/scratchpad-tool.ts";
export type { Scratchpad, ScratchpadChange, WorkingMemory } from "./tools/scratchpad.ts";
export { openWorkingMemory, scratchpadChars } from "./tools/scratchpad.ts";
export { memoryTools } from "./tools/memory-tools.ts";
export type { Flushed, MemoryCache } from "./cache/memory-cache.ts";
export { createMemoryCache } from "./cache/memory-cache.ts";
export type { InstructionChain, InstructionFile, SkippedInstruction } from "./instructions/instructions.ts";
export { instructionEntries, instructionNames, maxInstructionBytes } from "./instructions/instructions.ts";
export type { FindInstructionsOptions } from "./instructions/find-instructions.ts";
export { findInstructions } from "./instructions/find-instructions.ts";
export type { DataAcquisitionPlan, UserQuestion } from "./readiness/acquisition.ts";
export { plansFor, questionsFor } from "./readiness/acquisition.ts";
export type {
  DecideReadinessOptions,
  ReadinessDecision,
  RecommendedAction,
} from "./readiness/decide-readiness.ts";
export { decideKnowledgeReadiness } from "./readiness/decide-readiness.ts";
export type { KnowledgeRequirement } from "./readiness/requirement.ts";
export { parseRequirements } from "./readiness/parse-requirements.ts";
export type {
  KnowledgeProvider,
  Learnt,
  PreparedKnowledge,
  PrepareKnowledgeOptions,
  ReadinessStep,
} from "./readiness/prepare-knowledge.ts";
export { prepareKnowledge } from "./readiness/prepare-knowledge.ts";
export type { AssessOptions, KnowledgeGap, ReadinessReport } from "./readiness/readiness-report.ts";
export { assessReadiness } from "./readiness/readiness-report.ts";
export type { GateDecision, ReadinessGate, ReadinessGateOptions } from "./readiness/readiness-gate.ts";
export { assertReady, createReadinessGate, knowledgeNote } from "./readiness/readiness-gate.ts";
export { goneNotes } from "./readiness/note-evidence.ts";
export type { Handoff, HandoffDecision, HandoffFile } from "./handoff/handoff.ts";
export { renderHandoff } from "./handoff/handoff.ts";
export { createHandoff } from "./handoff/create-handoff.ts";
