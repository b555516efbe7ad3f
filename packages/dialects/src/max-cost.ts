import type { Decoded } from './canonical/codec.js';
import { parseJson } from './canonical/json-read.js';
import { type Member, memberRemovals, membersNamed } from './json-layout.js';
import { joinSplices } from './splice.js';

/**
 * What a request may cost at most, in US dollars: a member of ours at the top of every body, in every dialect. It is taken out before anybody else
 * reads the body, so that it is neither sent, nor a loss, nor counted as input.
 */
export const MAX_COST_MEMBER = 'max_cost_usd';

/** A limit on what a request may cost, and the body without it. */
export interface CostLimited {
  readonly body: Buffer;
  /** dollars as plain decimal digits, more than 0, at most 9 decimals; null: no limit */
  readonly maxCostUsd: string | null;
}

/** Takes the limit out of a JSON body. All other bytes stay; a member of the same name further inside is somebody else's. */
export function takeMaxCost(body: Buffer, members: ReadonlyMap<string, Member>): Decoded<CostLimited> {
  const member = members.get(MAX_COST_MEMBER);
  if (member === undefined) return { ok: true, value: { body, maxCostUsd: null } };
  const raw = body.toString('utf8', member.valueFrom, Math.min(member.valueTo, member.valueFrom + RAW_CHARACTERS_MAX));
  const read = readJsonAmount(member.valueTo - member.valueFrom > RAW_CHARACTERS_MAX ? 'too long' : raw);
  if (!read.ok) return read;
  const splices = memberRemovals(members.values(), membersNamed(members, [MAX_COST_MEMBER]));
  return { ok: true, value: { body: joinSplices(body, splices), maxCostUsd: read.value } };
}

const RAW_CHARACTERS_MAX = 100;
const NUMBER = /^(\d+)(?:\.(\d+))?(?:[eE]([+-]?\d+))?$/;
const PLAIN = /^(\d+)(?:\.(\d+))?$/;
const DECIMALS = 9;
/** more dollars than anybody has, and their nano-dollars fit into 64 bits */
const WHOLE_DIGITS = 9;
const EXPONENT_MAX = 50;

/** The digits are read from the text itself: a float would round them. */
function readJsonAmount(json: string): Decoded<string | null> {
  if (json === 'null') return { ok: true, value: null };
  if (!json.startsWith('"')) return readAmount(json, NUMBER);
  const said = parseJson(json);
  return typeof said === 'string' ? readMaxCost(said) : refused();
}

/** Reads the limit from a text that is no JSON: a field of a form, a header. Only plain decimals. */
export function readMaxCost(said: string): Decoded<string> {
  return said.length > RAW_CHARACTERS_MAX ? refused() : readAmount(said, PLAIN);
}

function readAmount(said: string, grammar: RegExp): Decoded<string> {
  const [, whole = '', decimals = '', exponent = '0'] = grammar.exec(said) ?? [];
  const shift = Number(exponent);
  if (whole === '' || Math.abs(shift) > EXPONENT_MAX) return refused();
  const padded = shift < 0 ? '0'.repeat(-shift) + whole + decimals : whole + decimals + '0'.repeat(shift);
  const point = (shift < 0 ? -shift : 0) + whole.length + shift;
  const before = padded.slice(0, point).replace(/^0+/, '');
  const after = padded.slice(point).replace(/0+$/, '');
  const isAmount = (before !== '' || after !== '') && before.length <= WHOLE_DIGITS && after.length <= DECIMALS;
  if (!isAmount) return refused();
  return { ok: true, value: `${before === '' ? '0' : before}${after === '' ? '' : `.${after}`}` };
}

function refused(): Decoded<never> {
  const range = `more than 0, at most ${'9'.repeat(WHOLE_DIGITS)} and with at most ${DECIMALS} decimals`;
  const message = `${MAX_COST_MEMBER} must be US dollars as a number or a decimal string, ${range}.`;
  return { ok: false, failure: { code: 'invalid_request', message, param: MAX_COST_MEMBER } };
}
