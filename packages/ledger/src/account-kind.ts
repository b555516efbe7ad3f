/** Accounts of an organisation: what the house owes it, and what it may spend first. */
export const CUSTOMER_ACCOUNT_KINDS = ['customer_credit', 'promo_credit', 'dispute_hold'] as const;

/** The house's own accounts. Nobody's balance row; they are summed from the entries. */
export const HOUSE_ACCOUNT_KINDS = [
  'stripe_clearing',
  'revenue',
  'cogs',
  'provider_payable',
  'platform_loss',
  'promo_expense',
  'tax_payable',
] as const;

export type CustomerAccountKind = (typeof CUSTOMER_ACCOUNT_KINDS)[number];
export type HouseAccountKind = (typeof HOUSE_ACCOUNT_KINDS)[number];
export type AccountKind = CustomerAccountKind | HouseAccountKind;

/** True for accounts that belong to an organisation. */
export function isCustomerAccount(kind: AccountKind): kind is CustomerAccountKind {
  return (CUSTOMER_ACCOUNT_KINDS as readonly string[]).includes(kind);
}
