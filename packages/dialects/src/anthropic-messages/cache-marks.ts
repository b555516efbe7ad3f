import { isObject, objects } from '../canonical/json-read.js';
import type { Losses } from '../canonical/loss.js';
import type { JsonObject } from '../canonical/part.js';

/** The vendor takes this many marks in one request, the one for the whole request included. */
const MARKS_MAX = 4;

interface Mark {
  readonly isHour: boolean;
  /** tools and system text: what every turn shares is dropped last */
  readonly isShared: boolean;
}

/** What happens to a mark, in the order they stand in. */
type Fate = 'kept' | 'shortened' | 'dropped';

/**
 * Marks as the vendor takes them: at most four, and none for an hour behind one for five minutes (tools, system, messages: in that order). Other
 * dialects know neither rule. Too many: the earliest of the messages go, because each later one covers what they covered.
 */
export function fitMarks(body: JsonObject, losses: Losses): JsonObject {
  const marks: Mark[] = [];
  mapMarks(body, (mark) => {
    marks.push(mark);
    return 'kept';
  });
  const fates = fatesOf(marks, body['cache_control'] === undefined ? MARKS_MAX : MARKS_MAX - 1);
  if (fates.every((fate) => fate === 'kept')) return body;
  losses.approximated('cache_control');
  let next = 0;
  return mapMarks(body, () => fates[next++] ?? 'kept');
}

function fatesOf(marks: readonly Mark[], most: number): readonly Fate[] {
  let surplus = Math.max(0, marks.length - most);
  const shared = marks.filter(({ isShared }) => isShared).length;
  let sharedSurplus = Math.max(0, surplus - (marks.length - shared));
  surplus -= sharedSurplus;
  let hasShort = false;
  return marks.map(({ isHour, isShared }) => {
    if (isShared && sharedSurplus > 0) {
      sharedSurplus -= 1;
      return 'dropped';
    }
    if (!isShared && surplus > 0) {
      surplus -= 1;
      return 'dropped';
    }
    if (!isHour) hasShort = true;
    return isHour && hasShort ? 'shortened' : 'kept';
  });
}

type Decide = (mark: Mark) => Fate;

function mapMarks(body: JsonObject, decide: Decide): JsonObject {
  const tools = mapList(body['tools'], true, decide);
  const system = mapList(body['system'], true, decide);
  const messages = objects(body['messages']).map((message) => {
    const content = mapList(message['content'], false, decide);
    return content === message['content'] ? message : { ...message, content };
  });
  return {
    ...body,
    ...(tools === undefined ? {} : { tools }),
    ...(system === undefined ? {} : { system }),
    messages,
  };
}

function mapList(list: unknown, isShared: boolean, decide: Decide): unknown {
  return Array.isArray(list) ? list.map((block: unknown) => mapBlock(block, isShared, decide)) : list;
}

/** What is inside of a block (a result's content) stands before the block's own mark. */
function mapBlock(block: unknown, isShared: boolean, decide: Decide): unknown {
  if (!isObject(block)) return block;
  const content = mapList(block['content'], isShared, decide);
  const inner = content === undefined ? block : { ...block, content };
  const mark = block['cache_control'];
  if (!isObject(mark)) return inner;
  switch (decide({ isHour: mark['ttl'] === '1h', isShared })) {
    case 'kept':
      return inner;
    case 'shortened':
      return { ...inner, cache_control: { ...mark, ttl: '5m' } };
    case 'dropped': {
      const { cache_control: _mark, ...unmarked } = inner;
      return unmarked;
    }
  }
}
