// Which import of a program leads to which stand-in, under which control.
const ADMISSION = { specifier: '@tollgate/admission', standIn: './stand-in-admission.mjs' };
const BILLING = { specifier: '@tollgate/billing', standIn: './stand-in-billing.mjs' };
const SPOOL = { specifier: './spool/spool.js', standIn: './stand-in-spool.mjs' };

const replacedBy = {
  'holds-off': [ADMISSION],
  'dedupe-off': [BILLING],
  'stream-only': [SPOOL],
  'spool-only': [ADMISSION],
  bullmq: [ADMISSION, SPOOL],
};

let replaced = [];

export function initialize({ control }) {
  replaced = replacedBy[control] ?? [];
}

export function resolve(specifier, context, next) {
  const found = replaced.find((one) => one.specifier === specifier);
  // A stand-in itself means the real one.
  if (found === undefined || context.parentURL?.includes('/faults/inside/')) return next(specifier, context);
  return { url: new URL(found.standIn, import.meta.url).href, shortCircuit: true };
}
