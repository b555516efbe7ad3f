/**
 * The name under which a trial is given once: the verified address in lower case, without a "+tag", because all tags of an
 * address are one mailbox. Dots stay: only some providers ignore them.
 */
export function trialReference(email: string): string {
  const address = email.trim().normalize('NFKC').toLowerCase();
  const at = address.lastIndexOf('@');
  const plus = address.indexOf('+');
  return plus > 0 && plus < at ? address.slice(0, plus) + address.slice(at) : address;
}
