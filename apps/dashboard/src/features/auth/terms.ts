/** Raised whenever the text of /terms changes in a way that binds; stored with the organisation that accepted it. */
export const TERMS_VERSION = '2026-11-01';
