import { describe, expect, test } from 'vitest';
import { BOUNDARY, FORM_TYPE, formOf } from './lane-target.fixture.js';
import { type Form, fieldText, readForm, spliceForm } from './multipart.js';

const file = { name: 'a.wav', type: 'audio/wav', bytes: Buffer.from([0, 255, 13, 10, 45, 45, 120, 13, 10]) };
const form = formOf([
  ['model', 'm'],
  ['file', file],
  ['user', 'jane'],
]);

function read(body: Buffer, type = FORM_TYPE): Form {
  const result = readForm(body, type);
  if (!result.ok) throw new Error(result.failure.message);
  return result.value;
}

const fieldsOf = (body: Buffer) =>
  read(body).parts.map((part) => [part.name, body.toString('latin1', part.valueFrom, part.valueTo)]);

test('fields and files are found where they stand, whatever bytes a file has', () => {
  expect(fieldsOf(form)).toEqual([
    ['model', 'm'],
    ['file', file.bytes.toString('latin1')],
    ['user', 'jane'],
  ]);
  expect(read(form).parts[1]).toMatchObject({ fileName: 'a.wav', contentType: 'audio/wav' });
});

test('a value is replaced and fields are taken out; every other byte stays', () => {
  const spliced = spliceForm(read(form), { model: 'vendor/model' }, new Set(['user']));
  expect(
    spliced.equals(
      formOf([
        ['model', 'vendor/model'],
        ['file', file],
      ]),
    ),
  ).toBe(true);
});

test.each([[['model']], [['model', 'file']], [['file', 'user']], [['model', 'user']]])(
  'without %j it is still a form',
  (names) => {
    const left = ['model', 'file', 'user'].filter((name) => !names.includes(name));
    expect(fieldsOf(spliceForm(read(form), {}, new Set(names))).map(([name]) => name)).toEqual(left);
  },
);

test('a quoted boundary, other parameters, and other headers', () => {
  const body = Buffer.from(
    `--${BOUNDARY}\r\nContent-Type: text/plain; charset=utf-8\r\ncontent-disposition: form-data; name=model\r\nContent-Length: 1\r\n\r\nm\r\n--${BOUNDARY}--`,
  );
  expect(fieldText(read(body, `multipart/form-data; charset=utf-8; boundary="${BOUNDARY}"`), 'model')).toBe('m');
});

describe('a form that two readers could read in two ways is refused', () => {
  const part = (head: string, value = 'm') => `--${BOUNDARY}\r\n${head}\r\n\r\n${value}\r\n--${BOUNDARY}--\r\n`;
  const named = 'Content-Disposition: form-data; name="model"';
  test.each([
    ['no boundary at the start', `preamble\r\n${part(named)}`],
    ['something behind the end', `${part(named)}more`],
    ['no end', part(named).slice(0, -6)],
    ['a boundary with a tail', part(named).replace(`${BOUNDARY}\r\n`, `${BOUNDARY} \r\n`)],
    ['no name', part('Content-Disposition: form-data')],
    ['two names', part(`${named}; name="other"`)],
    ['an extended name', part(`${named}; name*=utf-8''other`)],
    ['a name that does not end', part('Content-Disposition: form-data; name="model')],
    ['two dispositions', part(`${named}\r\n${named}`)],
    ['a transfer encoding', part(`${named}\r\nContent-Transfer-Encoding: base64`)],
    ['a folded header', part(`${named};\r\n filename="x"`)],
    ['no headers', `--${BOUNDARY}\r\nm\r\n--${BOUNDARY}--\r\n`],
    ['an attachment', part('Content-Disposition: attachment; name="model"')],
  ])('%s', (_what, body) => {
    expect(readForm(Buffer.from(body), FORM_TYPE).ok).toBe(false);
  });

  test.each([
    '',
    'application/json',
    'multipart/form-data',
    'multipart/mixed; boundary=a',
    `multipart/form-data; boundary=${'a'.repeat(71)}`,
  ])('as %j', (type) => {
    expect(readForm(form, type)).toMatchObject({ ok: false, failure: { code: 'unsupported_content_type' } });
  });

  test('too many fields, too large headers', () => {
    expect(readForm(formOf(Array.from({ length: 201 }, () => ['a', ''] as const)), FORM_TYPE).ok).toBe(false);
    expect(readForm(formOf([['a'.repeat(5_000), '']]), FORM_TYPE).ok).toBe(false);
  });

  test('cut anywhere', () => {
    for (let to = 0; to < form.length - 2; to += 1) expect(readForm(form.subarray(0, to), FORM_TYPE).ok).toBe(false);
  });
});

test('a field that stands twice, or is a file, is not taken for one text', () => {
  const twice = read(
    formOf([
      ['model', 'a'],
      ['model', 'b'],
    ]),
  );
  const asFile = read(formOf([['model', { name: 'm.txt', type: 'text/plain', bytes: Buffer.from('m') }]]));
  expect([fieldText(twice, 'model'), fieldText(asFile, 'model'), fieldText(twice, 'other')]).toEqual([
    undefined,
    undefined,
    null,
  ]);
});
