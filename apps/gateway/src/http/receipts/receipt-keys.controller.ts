import { Controller, Get, Header, Inject } from '@nestjs/common';
import { RECEIPT_KEYS } from '../../ports.js';
import type { ReceiptJwk, ReceiptKeys } from '../../receipts/receipt-keys.js';

/** What anybody needs to check a receipt: the public keys, present and former, as a JWK set. */
@Controller()
export class ReceiptKeysController {
  constructor(@Inject(RECEIPT_KEYS) private readonly keys: ReceiptKeys) {}

  @Get('.well-known/tollgate-receipts.json')
  @Header('cache-control', 'public, max-age=300')
  published(): { readonly keys: readonly ReceiptJwk[] } {
    return { keys: this.keys.published };
  }
}
