const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

/** Ids become parts of Redis keys and of delimited values: anything but a lower-case UUID is a mistake of the caller, and throws. */
export function assertUuid(name: string, id: string): void {
  if (!UUID.test(id)) throw new TypeError(`${name} is not a lower-case UUID: ${JSON.stringify(id.slice(0, 60))}`);
}

/** Milliseconds since 1970 that a UUIDv7 was minted at. */
export function requestTimeMs(requestId: string): number {
  return Number.parseInt(requestId.slice(0, 8) + requestId.slice(9, 13), 16);
}
