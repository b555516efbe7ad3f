import { OPERATION_DOORS, type OperationDoor } from '@tollgate/dialects';
import { explainedUrl } from './explained-url.js';

const PATH = /^\/(?:api\/)?v1\/([a-z/]+?)\/?(?:\?|$)/;

/** The door of an operation that a URL leads to, or null. */
export function operationDoor(url: string): OperationDoor | null {
  const path = PATH.exec(explainedUrl(url))?.[1] ?? '';
  return Object.hasOwn(OPERATION_DOORS, path) ? (path as OperationDoor) : null;
}
