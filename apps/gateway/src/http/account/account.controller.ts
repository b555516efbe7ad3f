import { Controller, Get, Inject, Param, Query, Req, UseGuards } from '@nestjs/common';
import { getKey, listLimits } from '@tollgate/access';
import { creditsSummary } from '@tollgate/billing';
import type { Database } from '@tollgate/prisma';
import { getRequest, keySpend } from '@tollgate/usage';
import { DATABASE, RECEIPT_KEYS } from '../../ports.js';
import { receiptDocument, signReceipt } from '../../receipts/receipt-document.js';
import type { ReceiptKeys } from '../../receipts/receipt-keys.js';
import type { AuthenticatedRequest } from '../authenticated-request.js';
import { type FailureException, refusal } from '../failure-exception.js';
import { FreshKeyGuard, ManagementKeyGuard } from '../key.guard.js';
import { encodeCallingKey, encodeCredits, encodeGeneration } from './account-resource.js';

/** What an account can ask about itself. Everything is read in the organisation of the key: another's id does not exist. */
@Controller(['v1', 'api/v1'])
export class AccountController {
  constructor(
    @Inject(DATABASE) private readonly database: Database,
    @Inject(RECEIPT_KEYS) private readonly receiptKeys: ReceiptKeys,
  ) {}

  @Get('key')
  @UseGuards(FreshKeyGuard)
  async key(@Req() request: AuthenticatedRequest): Promise<unknown> {
    const { organizationId, keyId } = request.principal;
    const nowMs = Date.now();
    const [key, spend, limits] = await Promise.all([
      getKey(this.database, { organizationId, keyId, nowMs }),
      keySpend(this.database, { organizationId, keyId, nowMs }),
      listLimits(this.database, { organizationId, keyId, nowMs }),
    ]);
    if (key === null) throw missing(request, 'There is no such key.');
    return { data: encodeCallingKey(key, spend, limits) };
  }

  @Get('credits')
  @UseGuards(ManagementKeyGuard)
  async credits(@Req() request: AuthenticatedRequest): Promise<unknown> {
    return { data: encodeCredits(await creditsSummary(this.database, request.principal.organizationId)) };
  }

  @Get('generation')
  @UseGuards(FreshKeyGuard)
  async generation(@Req() request: AuthenticatedRequest, @Query('id') id: unknown): Promise<unknown> {
    return { data: encodeGeneration(request.principal.organizationId, await this.find(request, id)) };
  }

  @Get('receipts/:id')
  @UseGuards(FreshKeyGuard)
  async receipt(@Req() request: AuthenticatedRequest, @Param('id') id: string): Promise<unknown> {
    const { event, log } = await this.find(request, id);
    if (event === null) throw missing(request, 'This request has no receipt yet.');
    const { organizationId } = request.principal;
    const document = receiptDocument({ organizationId, event, attempts: log?.attempts ?? null });
    return { data: signReceipt(document, this.receiptKeys) };
  }

  private async find(request: AuthenticatedRequest, id: unknown) {
    // Every dialect gives its own id of an answer; all of them are made of the request's.
    const requestId = typeof id === 'string' ? id.replace(/^(gen-|msg_|resp_|cmpl-)/, '') : '';
    const found = await getRequest(this.database, { organizationId: request.principal.organizationId, requestId });
    if (found === null) throw missing(request, 'There is no such generation.');
    return found;
  }
}

function missing(request: AuthenticatedRequest, message: string): FailureException {
  return refusal(request, { code: 'not_found', message });
}
