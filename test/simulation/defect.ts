/**
 * What a negative control breaks in the model, on purpose: each must be found by the laws.
 *
 * The first nine are in the scripts or in who calls them when; `news_of_a_minute`, `marker_believed` and `expiry_appended` are what the
 * simulation found in an earlier state of the protocol.
 */
export const DEFECTS = [
  'no_done_marker',
  'no_inside_refund',
  'no_reassertion',
  'no_gate',
  'settle_without_hold_debits',
  'sweeper_records_nothing',
  'acknowledge_before_commit',
  'marker_removed_after_one_drain',
  'no_deferred_reserve',
] as const;

export type Defect = (typeof DEFECTS)[number];
