import type { ByteWriter } from '../byte-writer.js';
import type { ChunkLayout } from './chunk-layout.js';

const NOWHERE = Number.MAX_SAFE_INTEGER;

/**
 * Writes one chunk with the splices of REPLY_SPLICES: id and model replaced, usage taken out; all else as it came.
 *
 * Most providers begin every chunk of a stream with the same bytes (id, object, created, model …). The beginning of one
 * chunk is kept as it came and as it was written; a chunk that begins alike is neither scanned nor spliced there again.
 */
export class ChunkRewriter {
  readonly #id: Buffer;
  readonly #model: Buffer;
  readonly #keepsNullUsage: boolean;
  readonly #writer: ByteWriter;
  #head: Buffer = Buffer.alloc(0);
  #writtenHead: Buffer = Buffer.alloc(0);

  constructor(id: string, model: string, keepsNullUsage: boolean, writer: ByteWriter) {
    this.#id = Buffer.from(JSON.stringify(id));
    this.#model = Buffer.from(JSON.stringify(model));
    this.#keepsNullUsage = keepsNullUsage;
    this.#writer = writer;
  }

  /** [from, to) is the event; the layout is that of its JSON. */
  write(source: Buffer, from: number, to: number, layout: ChunkLayout): void {
    const usage = this.#dropsUsage(layout) ? layout.usageFrom : NOWHERE;
    const isIdFirst = layout.idFrom < layout.modelFrom;
    const first = isIdFirst ? layout.idFrom : layout.modelFrom;
    const second = isIdFirst ? layout.modelFrom : layout.idFrom;
    let position = from;
    if (layout.hasChoices && first === -1) position = this.#insertMissing(source, from, layout);
    if (usage < first) position = this.#drop(source, position, layout);
    if (first !== -1) position = this.#replace(source, position, first, layout);
    if (usage > first && usage < second) position = this.#drop(source, position, layout);
    if (second !== -1) position = this.#replace(source, position, second, layout);
    if (usage !== NOWHERE && usage > second) position = this.#drop(source, position, layout);
    this.#writer.add(source, position, to);
  }

  /** As `write`, for a chunk that begins like the kept one. */
  writeTail(source: Buffer, from: number, to: number, layout: ChunkLayout): void {
    let position = from + this.#head.length;
    this.#writer.add(this.#writtenHead, 0, this.#writtenHead.length);
    if (this.#dropsUsage(layout)) position = this.#drop(source, position, layout);
    this.#writer.add(source, position, to);
  }

  /** Where the choices start, if the bytes at `from` begin like the kept chunk; -1 if not. */
  choicesAfterHead(source: Buffer, from: number): number {
    const end = from + this.#head.length;
    if (end === from || end >= source.length) return -1;
    return source.compare(this.#head, 0, this.#head.length, from, end) === 0 ? end : -1;
  }

  /** Keeps the beginning of a chunk with id and model before its choices, and nothing else there that is looked at. */
  keepHead(source: Buffer, from: number, layout: ChunkLayout): void {
    const { choicesFrom, idFrom, modelFrom, usageFrom, errorFrom, groqFrom } = layout;
    if (this.choicesAfterHead(source, from) === choicesFrom) return;
    const hasBoth = idFrom !== -1 && modelFrom !== -1 && idFrom < choicesFrom && modelFrom < choicesFrom;
    const hasMore = errorFrom !== -1 || groqFrom !== -1 || (usageFrom !== -1 && usageFrom < choicesFrom);
    if (!hasBoth || hasMore) return;
    const isIdFirst = idFrom < modelFrom;
    this.#head = Buffer.from(source.subarray(from, choicesFrom));
    this.#writtenHead = Buffer.concat([
      source.subarray(from, isIdFirst ? idFrom : modelFrom),
      isIdFirst ? this.#id : this.#model,
      source.subarray(isIdFirst ? layout.idTo : layout.modelTo, isIdFirst ? modelFrom : idFrom),
      isIdFirst ? this.#model : this.#id,
      source.subarray(isIdFirst ? layout.modelTo : layout.idTo, choicesFrom),
    ]);
    // Where nothing changes the packet's own bytes are written, not these.
    if (this.#writtenHead.equals(this.#head)) this.#head = Buffer.alloc(0);
  }

  #dropsUsage(layout: ChunkLayout): boolean {
    return layout.usageFrom !== -1 && (layout.usageIsObject || !this.#keepsNullUsage);
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
