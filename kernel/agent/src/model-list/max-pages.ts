/** A list that goes on longer than this is cut: no provider has so many models, and none may keep us busy. */
export const maxPages = 20;
