import { expect, it } from 'vitest';
import { dialectTitle } from './dialect-title';
import { lossGroups } from './losses';

it('losses are told by what became of them, each with what it is', () => {
  expect(
    lossGroups(['logit_bias=dropped', 'tools[0].strict=approximated', 'generationConfig.topK=dropped', 'x[1]=moved']),
  ).toEqual([
    {
      title: 'Left out',
      text: expect.stringContaining('no place'),
      fields: [
        { path: 'logit_bias', meaning: 'preferences for single tokens' },
        { path: 'generationConfig.topK', meaning: 'how many words are considered' },
      ],
    },
    {
      title: 'Replaced',
      text: expect.stringContaining('nearest'),
      fields: [{ path: 'tools[0].strict', meaning: 'that the schema is kept to exactly' }],
    },
    { title: 'Moved', text: expect.any(String), fields: [{ path: 'x[1]', meaning: null }] },
  ]);
});

it('a loss that this release does not know is shown all the same', () => {
  expect(lossGroups(['a=b=shrunk', 'constructor'])).toEqual([
    { title: 'Left out', text: expect.any(String), fields: [{ path: 'constructor', meaning: null }] },
    { title: 'shrunk', text: '', fields: [{ path: 'a=b', meaning: null }] },
  ]);
});

it('a request without losses has none to show', () => {
  expect(lossGroups([])).toEqual([]);
});

it('an API is called by its name, an unknown one by what the log says', () => {
  expect([dialectTitle('anthropic-messages'), dialectTitle('toString')]).toEqual(['Anthropic Messages', 'toString']);
});
