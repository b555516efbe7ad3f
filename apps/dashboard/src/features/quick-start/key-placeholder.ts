/** Stands where a key belongs: keys are shown once, so an example seldom has the reader's own. */
export const KEY_PLACEHOLDER = 'tg_your_key';
