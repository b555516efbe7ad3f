import { randomBytes } from 'node:crypto';
import { Body, Controller, Delete, Get, HttpCode, Inject, Param, Patch, Post, Req, UseGuards } from '@nestjs/common';
import { createLimit, deleteLimit, getLimit, type LimitRecord, listLimits, updateLimit } from '@tollgate/access';
import type { Admission } from '@tollgate/admission';
import type { Catalog } from '@tollgate/catalog';
import type { Database } from '@tollgate/prisma';
import type { KeyCache } from '../../keys/key-cache.js';
import { ADMISSION, CATALOG, DATABASE, KEYS } from '../../ports.js';
import type { AuthenticatedRequest } from '../authenticated-request.js';
import { type FailureException, refusal } from '../failure-exception.js';
import { decodeBody } from '../json-body.js';
import { FreshKeyGuard, ManagementKeyGuard } from '../key.guard.js';
import {
  amountOf,
  encodeBindingLimit,
  encodeLimit,
  limitCreationSchema,
  limitUpdateSchema,
  paramOf,
} from './limit-resource.js';
import { Turns } from './turns.js';

/** Limits by API. Management keys make and change them; an inference key sees those that bind it. Another organisation's do not exist here. */
@Controller(['v1/limits', 'api/v1/limits'])
export class LimitsController {
  /** A new budget reads a history that may take long, on a connection that keys are verified on too: an organisation has one at a time. */
  private readonly creations = new Turns();

  constructor(
    @Inject(DATABASE) private readonly database: Database,
    @Inject(ADMISSION) private readonly admission: Admission,
    @Inject(KEYS) private readonly keys: KeyCache,
    @Inject(CATALOG) private readonly catalog: () => Catalog,
  ) {}

  @Get()
  @UseGuards(FreshKeyGuard)
  async list(@Req() request: AuthenticatedRequest): Promise<unknown> {
    const { organizationId, keyKind, keyId } = request.principal;
    const isManager = keyKind === 'management';
    const listing = { organizationId, nowMs: Date.now() };
    const limits = await listLimits(this.database, isManager ? listing : { ...listing, keyId });
    return { data: limits.map(isManager ? encodeLimit : encodeBindingLimit) };
  }

  @Post()
  @UseGuards(ManagementKeyGuard)
  async create(@Req() request: AuthenticatedRequest, @Body() body: unknown): Promise<unknown> {
    const wish = decodeBody(limitCreationSchema, body, request);
    const { organizationId } = request.principal;
    const terms = {
      organizationId,
      subject: wish.subject,
      subjectId: wish.subject_id ?? (wish.subject === 'organization' ? organizationId : ''),
      model: this.modelId(request, wish.model ?? null),
      measure: wish.measure,
      window: wish.window ?? null,
      amount: amountOf(wish),
    };
    const created = await this.creations.take(organizationId, () =>
      createLimit(this.database, { ...terms, nowMs: Date.now(), random: randomBytes }),
    );
    switch (created.kind) {
      case 'created':
        await this.announce(organizationId, created.authVersion);
        return { data: encodeLimit(created.limit) };
      case 'invalid':
        throw refusal(request, {
          code: 'invalid_request',
          message: created.message,
          param: paramOf(created.field, wish.measure),
        });
      case 'not_found':
        throw refusal(request, {
          code: 'not_found',
          message: `There is no such ${wish.subject}.`,
          param: 'subject_id',
        });
      case 'exists':
        throw refusal(request, {
          code: 'already_exists',
          message: `This limit is there already; change ${created.ruleId} instead.`,
        });
      case 'too_many':
        throw refusal(request, {
          code: 'invalid_request',
          message: `An organisation may have ${created.limit} limits at most.`,
        });
    }
  }

  @Get(':id')
  @UseGuards(ManagementKeyGuard)
  async read(@Req() request: AuthenticatedRequest, @Param('id') ruleId: string): Promise<unknown> {
    return { data: encodeLimit(await this.find(request, ruleId)) };
  }

  @Patch(':id')
  @UseGuards(ManagementKeyGuard)
  async update(
    @Req() request: AuthenticatedRequest,
    @Param('id') ruleId: string,
    @Body() body: unknown,
  ): Promise<unknown> {
    const { measure } = (await this.find(request, ruleId)).rule;
    const amount = decodeBody(limitUpdateSchema(measure), body, request);
    const { organizationId } = request.principal;
    const changed = await updateLimit(this.database, { organizationId, ruleId, amount, nowMs: Date.now() });
    switch (changed.kind) {
      case 'changed':
        await this.announce(organizationId, changed.authVersion);
        return { data: encodeLimit(changed.limit) };
      case 'invalid':
        throw refusal(request, {
          code: 'invalid_request',
          message: changed.message,
          param: paramOf(changed.field, measure),
        });
      case 'not_found':
        throw noSuchLimit(request);
    }
  }

  @Delete(':id')
  @HttpCode(200)
  @UseGuards(ManagementKeyGuard)
  async remove(@Req() request: AuthenticatedRequest, @Param('id') ruleId: string): Promise<unknown> {
    const { organizationId } = request.principal;
    const deleted = await deleteLimit(this.database, { organizationId, ruleId });
    if (deleted.kind === 'not_found') throw noSuchLimit(request);
    await this.announce(organizationId, deleted.authVersion);
    return { deleted: true };
  }

  /**
   * The change is committed; telling Redis makes every gateway verify its keys again, and read all limits of the organisation anew
   * before the next request is admitted: a snapshot is exact, whatever was in flight when a budget came.
   */
  private async announce(organizationId: string, authVersion: string): Promise<void> {
    await this.admission.raiseAuthVersion({ organizationId, authVersion });
    this.keys.forget(organizationId);
  }

  private async find(request: AuthenticatedRequest, ruleId: string): Promise<LimitRecord> {
    const { organizationId } = request.principal;
    const limit = await getLimit(this.database, { organizationId, ruleId, nowMs: Date.now() });
    if (limit === null) throw noSuchLimit(request);
    return limit;
  }

  /** A limit is kept under our id of the model, whichever of its names was used: that is what requests are counted by. */
  private modelId(request: AuthenticatedRequest, name: string | null): string | null {
    if (name === null) return null;
    const resolved = this.catalog().resolve(name);
    if (resolved.kind === 'found') return resolved.model.id;
    throw refusal(request, { code: 'model_not_found', message: 'There is no such model.', param: 'model' });
  }
}

function noSuchLimit(request: AuthenticatedRequest): FailureException {
  return refusal(request, { code: 'not_found', message: 'There is no such limit.' });
}
