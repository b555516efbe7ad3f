import { isExtension } from './extensions.js';
import { shapeOf, withoutExtensions } from './request-shape.js';
import { VENDOR_TYPES, type VendorTypeName } from './vendor-types.js';

/** What some body looked like, and what its vendor calls such a body. */
export interface TypedShape {
  readonly type: VendorTypeName;
  readonly shape: unknown;
  /** the first case that had it */
  readonly seenIn: string;
}

/** Gathers looks, each once. */
export class TypedShapes {
  readonly #shapes = new Map<string, TypedShape>();
  #bodies = 0;

  /** how many bodies had them */
  get bodies(): number {
    return this.#bodies;
  }

  get list(): readonly TypedShape[] {
    return [...this.#shapes.values()];
  }

  /** `provider`: who gets it, where that decides which words beyond the vendor's it may hold. */
  add(type: VendorTypeName, body: unknown, seenIn: string, provider = ''): void {
    const { rules } = VENDOR_TYPES[type];
    const shape = shapeOf(
      withoutExtensions(body, (path) => isExtension(type, provider, path)),
      rules,
    );
    this.#bodies += 1;
    const key = `${type} ${JSON.stringify(shape)}`;
    if (!this.#shapes.has(key)) this.#shapes.set(key, { type, shape, seenIn });
  }
}
