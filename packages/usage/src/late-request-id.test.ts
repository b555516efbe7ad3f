import { expect, it } from 'vitest';
import { lateRequestId, requestIdOf } from './late-request-id.js';

const id = '01a1f940-d5bc-7b60-b870-46e25315f6b6';

it('a late settlement stands under an id of its own, beside its request in time, from which the request is found again', () => {
  expect(lateRequestId(id)).toBe('01a1f940-d5bc-8b60-b870-46e25315f6b6');
  expect(requestIdOf(lateRequestId(id))).toBe(id);
  expect(requestIdOf(id)).toBe(id);
  expect(lateRequestId(lateRequestId(id))).toBe(lateRequestId(id));
});
