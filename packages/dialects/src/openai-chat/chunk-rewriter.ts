import type { ByteWriter } from '../byte-writer.js';
import type { ChunkLayout } from './chunk-layout.js';

const NOWHERE = Number.MAX_SAFE_INTEGER;

/** Writes one chunk with the splices of REPLY_SPLICES: id and model replaced, usage taken out; all else as it came. */
export class ChunkRewriter {
  readonly #id: Buffer;
  readonly #model: Buffer;
  readonly #keepsNullUsage: boolean;
  readonly #writer: ByteWriter;

  constructor(id: string, model: string, keepsNullUsage: boolean, writer: ByteWriter) {
    this.#id = Buffer.from(JSON.stringify(id));
    this.#model = Buffer.from(JSON.stringify(model));
    this.#keepsNullUsage = keepsNullUsage;
    this.#writer = writer;
  }

  /** [from, to) is the event; the layout is that of its JSON. */
  write(source: Buffer, from: number, to: number, layout: ChunkLayout): void {
    const isDropped = layout.usageFrom !== -1 && (layout.usageIsObject || !this.#keepsNullUsage);
    const usage = isDropped ? layout.usageFrom : NOWHERE;
    const isIdFirst = layout.idFrom < layout.modelFrom;
    const first = isIdFirst ? layout.idFrom : layout.modelFrom;
    const second = isIdFirst ? layout.modelFrom : layout.idFrom;
    let position = from;
    if (layout.hasChoices && first === -1) position = this.#insertMissing(source, from, layout);
    if (usage < first) position = this.#drop(source, position, layout);
    if (first !== -1) position = this.#replace(source, position, first, layout);
    if (usage > first && usage < second) position = this.#drop(source, position, layout);
    if (second !== -1) position = this.#replace(source, position, second, layout);
    if (isDropped && usage > second) position = this.#drop(source, position, layout);
    this.#writer.add(source, position, to);
  }

  #replace(source: Buffer, position: number, valueFrom: number, layout: ChunkLayout): number {
    const isId = valueFrom === layout.idFrom;
    const value = isId ? this.#id : this.#model;
    const valueTo = isId ? layout.idTo : layout.modelTo;
    if (valueTo - valueFrom === value.length && value.compare(source, valueFrom, valueTo) === 0) return position;
    this.#writer.add(source, position, valueFrom);
    this.#writer.add(value, 0, value.length);
    return valueTo;
  }

  #drop(source: Buffer, position: number, layout: ChunkLayout): number {
    this.#writer.add(source, position, layout.usageMemberFrom);
    return layout.usageMemberTo;
  }

  /** A chunk without id or model gets them first: clients take them for granted. */
  #insertMissing(source: Buffer, from: number, layout: ChunkLayout): number {
    const id = layout.idFrom === -1 ? `"id":${this.#id.toString('utf8')},` : '';
    const model = layout.modelFrom === -1 ? `"model":${this.#model.toString('utf8')},` : '';
    const inserted = Buffer.from(id + model);
    this.#writer.add(source, from, layout.bodyFrom);
    this.#writer.add(inserted, 0, inserted.length);
    return layout.bodyFrom;
  }
}
