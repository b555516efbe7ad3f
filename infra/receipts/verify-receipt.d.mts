export interface ReceiptCheck {
  readonly name: string;
  readonly ok: boolean;
  readonly says: string;
}

export declare function checkReceipt(text: string, keys: unknown): readonly ReceiptCheck[];
