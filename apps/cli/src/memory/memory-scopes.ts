/** Whose memory it is: that of a project, or the person's own for all of them. */
export const memoryScopes = ["project", "user"] as const;
