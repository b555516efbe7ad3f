// `npm run verify-receipt -- <file or -> [--keys <file or URL>]`: is this receipt ours, and does it add up? Exit code 0 or 1 (2: could not be tried).
// One file, Node alone, nothing of the programs that sign: anybody may take it away and run it. Amounts are integers of 10⁻¹⁹ dollars throughout.
import { createHash, createPublicKey, verify } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const FORMAT = 'tollgate-receipt/1';
const NANO = 10n ** 10n;
/** many times the longest receipt */
const CHARACTERS_MAX = 1_000_000;
const PRICED_UNITS = 1_000_000n;

/**
 * Every check of a receipt, in order: `{ name, ok, says }`. It is good when all are ok. `keys` is what /.well-known/tollgate-receipts.json answers.
 * Never throws, whatever the texts are.
 */
export function checkReceipt(text, keys) {
  if (text.length > CHARACTERS_MAX) return [failed('receipt', 'this is longer than any receipt')];
  return attempted('receipt', () => {
    const read = readReceipt(text);
    if (read.receipt === undefined) return [failed('receipt', read.problem)];
    const { signature, ...receipt } = read.receipt;
    return [
      ...attempted('signature', () => [checkSignature(receipt, signature, keys)]),
      ...attempted('contents', () => checkContents(receipt)),
    ];
  });
}

const passed = (name, says) => ({ name, ok: true, says });
const failed = (name, says) => ({ name, ok: false, says });
const judged = (name, isRight, right, wrong) => (isRight ? passed(name, right) : failed(name, wrong));

function attempted(name, check) {
  try {
    return check();
  } catch (error) {
    return [failed(name, error.message)];
  }
}

// --- reading --------------------------------------------------------------------------------------------------------

/** A receipt as the API answers it ({"data": …}) or by itself. A key that stands twice is refused: two readers could read two receipts. */
function readReceipt(text) {
  let value;
  try {
    value = JSON.parse(text);
  } catch {
    return { problem: 'this is not JSON' };
  }
  const packed = text.replace(/("(?:[^"\\]|\\.)*")|\s+/g, '$1');
  if (packed !== JSON.stringify(value))
    return { problem: 'a member stands twice, or a text is spelled in an unusual way' };
  const receipt = isObject(value) && Object.keys(value).join() === 'data' ? value.data : value;
  return isObject(receipt) ? { receipt } : { problem: 'this is no receipt' };
}

const isObject = (value) => typeof value === 'object' && value !== null && !Array.isArray(value);

/** Members in the order of their names, no white space: the bytes that were signed. */
function canonical(value) {
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`;
  if (!isObject(value)) return JSON.stringify(value);
  const names = Object.keys(value).sort();
  return `{${names.map((name) => `${JSON.stringify(name)}:${canonical(value[name])}`).join(',')}}`;
}

// --- signature ------------------------------------------------------------------------------------------------------

function checkSignature(receipt, signature, keys) {
  const name = 'signature';
  if (!isObject(signature)) return failed(name, 'the receipt is not signed');
  const { algorithm, kid, value, ...others } = signature;
  if (algorithm !== 'Ed25519' || Object.keys(others).length > 0)
    return failed(name, 'the signature is not of a known kind');
  const bytes = Buffer.from(String(value), 'base64url');
  if (bytes.length !== 64 || bytes.toString('base64url') !== value) return failed(name, 'the signature is damaged');
  const key = keyNamed(kid, keys);
  if (key === undefined) return failed(name, `no published key is named ${kid}`);
  const isRight = verify(null, Buffer.from(canonical(receipt), 'utf8'), key, bytes);
  return judged(name, isRight, `by key ${kid}`, 'the receipt is not what was signed');
}

/** A key counts only under its own thumbprint (RFC 7638): a set cannot rename one. */
function keyNamed(kid, keys) {
  const list = isObject(keys) && Array.isArray(keys.keys) ? keys.keys : [];
  const jwk = list.find((one) => isObject(one) && one.kid === kid && one.kty === 'OKP' && one.crv === 'Ed25519');
  if (jwk === undefined) return undefined;
  const thumbprint = createHash('sha256').update(`{"crv":"Ed25519","kty":"OKP","x":"${jwk.x}"}`).digest('base64url');
  return thumbprint === kid
    ? createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x: jwk.x }, format: 'jwk' })
    : undefined;
}

// --- contents: the arithmetic of a charge, said once more ---------------------------------------------------------------

function checkContents(receipt) {
  if (receipt.format !== FORMAT) return [failed('format', `this program knows ${FORMAT} and not ${receipt.format}`)];
  return [
    ...checkCharge(receipt),
    ...attempted('attempts', () => [checkAttempts(receipt)]),
    ...attempted('corrections', () => checkCorrections(receipt)),
    checkTime(receipt),
    ...attempted('settled_late', () => [checkLateness(receipt)]),
  ];
}

/** A charge or what a correction made of it: each line, and the sums of them. */
function checkCharge(charge) {
  if (!Array.isArray(charge.lines)) return [failed('lines', 'there are none')];
  const lines = charge.lines.map((line, index) => attempted(`line ${index + 1}`, () => [checkLine(line, index)]));
  return [...lines.flat(), ...attempted('sums', () => checkSums(charge))];
}

function checkLine(line, index) {
  const name = `line ${index + 1} (${line.bucket})`;
  const price = integer(line.unit_price_nanousd_per_million);
  if (price * NANO !== dollars(line.unit_price_usd_per_million))
    return failed(name, `${price} nano-dollars are not $${line.unit_price_usd_per_million}`);
  const right = integer(line.quantity) * price * 10_000n;
  const product = `${line.quantity} × $${line.unit_price_usd_per_million} per million`;
  return judged(
    name,
    right === dollars(line.amount_usd),
    `${product} = $${line.amount_usd}`,
    `${product} is $${decimal(right)}, not $${line.amount_usd}`,
  );
}

/** The only rounding is up to a whole nano-dollar, once for the charge and once for what the provider charges. */
function checkSums(receipt) {
  const raw = receipt.lines.reduce(
    (sum, { quantity, unit_price_nanousd_per_million: price }) => sum + integer(quantity) * integer(price),
    0n,
  );
  const subtotal = raw * 10_000n;
  const markup = raw * integer(receipt.markup_bp);
  const charged = ceilDivide(subtotal + markup, NANO) * NANO;
  const fees = dollars(receipt.fees_usd);
  const waived = dollars(receipt.waived_usd);
  const full = charged + fees;
  const isWaivable = waived === 0n || waived === full;
  return [
    amount(receipt, 'subtotal_usd', subtotal),
    amount(receipt, 'markup_usd', markup),
    amount(receipt, 'rounding_usd', charged - subtotal - markup),
    judged('fees_usd', fees % NANO === 0n, `$${receipt.fees_usd}`, 'is no whole number of nano-dollars'),
    judged(
      'waived_usd',
      isWaivable,
      `$${receipt.waived_usd}`,
      `is neither nothing nor the whole charge, $${decimal(full)}`,
    ),
    amount(receipt, 'total_usd', full - waived),
    judged(
      'charge_nanousd',
      integer(receipt.charge_nanousd) * NANO === full - waived,
      receipt.charge_nanousd,
      `is not $${decimal(full - waived)}`,
    ),
    amount(receipt, 'provider_cost_usd', ceilDivide(raw, PRICED_UNITS) * NANO),
  ];
}

const ceilDivide = (value, by) => (value + by - 1n) / by;

function amount(receipt, name, right) {
  return judged(
    name,
    dollars(receipt[name]) === right,
    `$${receipt[name]}`,
    `is $${receipt[name]}; the lines make $${decimal(right)}`,
  );
}

/** What failed before the answer costs nothing; the last attempt costs the whole. Null: the log is gone by now. */
function checkAttempts({ attempts, total_usd: total }) {
  if (attempts === null) return passed('attempts', 'no longer known');
  const wrong = attempts.findIndex(
    ({ charged_usd: charged }, index) => charged !== (index === attempts.length - 1 ? total : '0'),
  );
  return judged(
    'attempts',
    wrong === -1,
    `${attempts.length}, of which the last may cost something`,
    `attempt ${wrong + 1} has a wrong charge`,
  );
}

/** Each correction adds up like a charge, prices the same quantities with the same markup, and differs from what stood before by what was posted. */
function checkCorrections(receipt) {
  const corrections = receipt.corrections.flatMap((correction, index) => {
    const name = `correction ${index + 1}`;
    const before = index === 0 ? receipt : receipt.corrections[index - 1];
    const checks = [
      ...checkCharge(correction),
      ...attempted('difference', () => checkChange(correction, before, receipt)),
    ];
    return checks.map((check) => ({ ...check, name: `${name}: ${check.name}` }));
  });
  const last = receipt.corrections.at(-1) ?? receipt;
  return [
    ...corrections,
    judged(
      'corrected_total_usd',
      receipt.corrected_total_usd === last.total_usd,
      `$${receipt.corrected_total_usd}`,
      `is $${receipt.corrected_total_usd}; the request costs $${last.total_usd} now`,
    ),
  ];
}

function checkChange(correction, before, receipt) {
  const right = dollars(correction.total_usd) - dollars(before.total_usd);
  const told = correction.difference_usd;
  const isSame = quantities(correction) === quantities(receipt) && correction.markup_bp === receipt.markup_bp;
  return [
    judged(
      'difference_usd',
      signedDollars(told) === right,
      `$${told}`,
      `is $${told}; the totals differ by $${decimal(right)}`,
    ),
    judged('usage', isSame, 'is what was charged', 'other quantities or another markup than were charged'),
    judged('fees', correction.fees_usd === receipt.fees_usd, 'are what was charged', 'are not what was charged'),
  ];
}

/** Quantities by bucket. Whether requests themselves have a price is the price list's affair, so that line may come and go. */
function quantities({ lines }) {
  const counted = new Map();
  for (const { bucket, quantity } of lines)
    if (bucket !== 'request') counted.set(bucket, (counted.get(bucket) ?? 0n) + integer(quantity));
  const list = [...counted].map(([bucket, count]) => `${bucket} ${count}`);
  return JSON.stringify(list.sort());
}

/** A request that had been given up and was settled after all says when it was given up; every other one says that it was not late. */
function checkLateness({ settled_late: told, expired_at: at, ending }) {
  const name = 'settled_late';
  if (at === null) return judged(name, told === 'false', 'no', `${told}, and yet it was never given up`);
  const isRight = told === 'true' && new Date(at).toISOString() === at && ending !== 'expired';
  return judged(name, isRight, `yes: it had been given up at ${at}`, `${told}, given up at ${at}, ending ${ending}`);
}

/** The first 48 bits of a request id are its millisecond. */
function checkTime({ request_id: id, requested_at: told }) {
  const atMs = Number.parseInt(String(id).replace('-', '').slice(0, 12), 16);
  const isRight = Number.isFinite(atMs) && new Date(atMs).toISOString() === told;
  return judged('requested_at', isRight, told, `${told} is not the time in the id of the request`);
}

function integer(text) {
  if (typeof text !== 'string' || !/^\d{1,19}$/.test(text)) throw new Error(`${text} is not a whole number`);
  return BigInt(text);
}

function dollars(text) {
  const [, whole, fraction = ''] = /^(\d{1,19})(?:\.(\d{1,19}))?$/.exec(text) ?? [];
  if (typeof text !== 'string' || whole === undefined) throw new Error(`${text} is not an amount`);
  return BigInt(whole) * 10n ** 19n + BigInt(fraction.padEnd(19, '0'));
}

function signedDollars(text) {
  const isNegative = typeof text === 'string' && /^-.*[1-9]/.test(text);
  return isNegative ? -dollars(text.slice(1)) : dollars(text);
}

function decimal(value) {
  if (value < 0n) return `-${decimal(-value)}`;
  const digits = value.toString().padStart(20, '0');
  return `${digits.slice(0, -19)}.${digits.slice(-19)}`.replace(/\.?0+$/, '');
}

// --- command line -----------------------------------------------------------------------------------------------------

const USAGE = 'npm run verify-receipt -- <file or - > [--keys <file or URL of the published keys>]';

function publishedKeysOfInstallation() {
  const file = path.join(path.dirname(fileURLToPath(import.meta.url)), '../../.local/run.json');
  if (!existsSync(file)) throw new Error(`say with --keys whose keys to trust: no installation runs here\n${USAGE}`);
  return `${JSON.parse(readFileSync(file, 'utf8')).urls.gateway}/.well-known/tollgate-receipts.json`;
}

async function readKeys(place) {
  if (!/^https?:/.test(place)) return JSON.parse(readFileSync(place, 'utf8'));
  const response = await fetch(place, { signal: AbortSignal.timeout(10_000) });
  if (!response.ok) throw new Error(`${place} answered ${response.status}`);
  return response.json();
}

async function main(args) {
  const keysAt = args.indexOf('--keys');
  const given = keysAt === -1 ? undefined : args[keysAt + 1];
  const [file, ...rest] = keysAt === -1 ? args : args.toSpliced(keysAt, 2);
  if (file === undefined || rest.length > 0 || (keysAt !== -1 && given === undefined)) throw new Error(USAGE);
  const text = readFileSync(file === '-' ? 0 : file, 'utf8');
  const checks = checkReceipt(text, await readKeys(given ?? publishedKeysOfInstallation()));
  for (const { name, ok, says } of checks) console.log(`${ok ? 'ok   ' : 'WRONG'}  ${name}: ${says}`);
  const wrong = checks.filter(({ ok }) => !ok).length;
  console.log(wrong === 0 ? 'this receipt is genuine and adds up' : `${wrong} of ${checks.length} checks failed`);
  return wrong === 0 ? 0 : 1;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  process.exitCode = await main(process.argv.slice(2)).catch((error) => {
    console.error(error.message);
    return 2;
  });
}
