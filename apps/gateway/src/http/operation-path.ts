import { OPERATION_DOORS, type OperationDoor } from '@tollgate/dialects';

const PATH = /^\/(?:api\/)?v1\/([a-z/]+?)\/?(?:\?|$)/;

/** The door of an operation that a URL leads to, or null. */
export function operationDoor(url: string): OperationDoor | null {
  const path = PATH.exec(url)?.[1] ?? '';
  return Object.hasOwn(OPERATION_DOORS, path) ? (path as OperationDoor) : null;
}
