/**
 * What a negative control breaks in the model, on purpose: each must be found by the laws.
 *
 * From `expiry_appended` on they are what the simulation found in an earlier state of the protocol: a sweeper that appends its record under a
 * done marker, so that Redis acknowledges a settlement without keeping it; a limit that is armed by guess; and so on.
 */
export const DEFECTS = [
  'no_done_marker',
  'no_inside_refund',
  'no_reassertion',
  'no_gate',
  'settle_does_not_debit',
  'sweeper_records_nothing',
  'acknowledge_before_commit',
  'marker_removed_after_one_drain',
  'no_deferred_reserve',
  'no_settling_again',
  'expiry_appended',
  'posted_never_told',
  'forgotten_after_a_day',
  'reload_not_followed',
  'limit_armed_by_guess',
  'orphan_left_by_release',
] as const;

export type Defect = (typeof DEFECTS)[number];
