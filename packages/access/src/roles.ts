/** What a member of an organisation is. The database's CHECK has the same list. */
export const ROLES = ['owner', 'admin', 'developer', 'billing', 'viewer'] as const;
export type Role = (typeof ROLES)[number];

/** Everything a signed-in person can be allowed to do to an organisation. */
export const ACTIONS = [
  'usage.read',
  'request.read',
  'key.read',
  'key.write',
  'management_key.write',
  'project.write',
  'retention.write',
  'credit.read',
  'credit.write',
  'member.read',
  'member.write',
  'owner.write',
  'organization.write',
  'terms.accept',
] as const;
export type Action = (typeof ACTIONS)[number];

/** Who may do what. An action without a line does not compile; a role that a line does not name may not. */
const ALLOWED: Readonly<Record<Action, readonly Role[]>> = {
  'usage.read': ['owner', 'admin', 'developer', 'billing', 'viewer'],
  // Request rows show what was asked for, when and with which metadata: not the business of who pays the bill.
  'request.read': ['owner', 'admin', 'developer', 'viewer'],
  'key.read': ['owner', 'admin', 'developer', 'billing', 'viewer'],
  'key.write': ['owner', 'admin', 'developer'],
  // A management key can do what an admin can, so only who is at least that makes one.
  'management_key.write': ['owner', 'admin'],
  'project.write': ['owner', 'admin', 'developer'],
  // What is kept of conversations is a promise to the people in them, and turning it off deletes: not one developer's choice.
  'retention.write': ['owner', 'admin'],
  'credit.read': ['owner', 'admin', 'developer', 'billing'],
  'credit.write': ['owner', 'admin', 'billing'],
  'member.read': ['owner', 'admin', 'developer', 'billing', 'viewer'],
  'member.write': ['owner', 'admin'],
  // An admin runs the organisation but cannot make, change or remove an owner, nor bind it to a contract.
  'owner.write': ['owner'],
  'organization.write': ['owner', 'admin'],
  'terms.accept': ['owner'],
};

/** Whether a role may do an action. What is not in the table (a row or a caller of another release) may nothing. */
export function can(role: Role, action: Action): boolean {
  return Object.hasOwn(ALLOWED, action) && ALLOWED[action].includes(role);
}

/** Reads a stored role; null for one this release does not know. */
export function decodeRole(value: unknown): Role | null {
  return ROLES.find((role) => role === value) ?? null;
}
