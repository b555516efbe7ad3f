import { randomBytes } from 'node:crypto';
import {
  Body,
  Controller,
  Delete,
  Get,
  HttpCode,
  Inject,
  Param,
  Patch,
  Post,
  Query,
  Req,
  UseGuards,
} from '@nestjs/common';
import { type ApiKey, type ChangedKey, createKey, getKey, listKeys, revokeKey, updateKey } from '@tollgate/access';
import type { Admission } from '@tollgate/admission';
import type { Database } from '@tollgate/prisma';
import type { GatewayConfig } from '../../config.js';
import { ADMISSION, CONFIG, DATABASE } from '../../ports.js';
import type { AuthenticatedRequest } from '../authenticated-request.js';
import { type FailureException, refusal } from '../failure-exception.js';
import { decodeBody } from '../json-body.js';
import { ManagementKeyGuard } from '../key.guard.js';
import { encodeKey, keyCreationSchema, keyListingSchema, keyUpdateSchema } from './key-resource.js';

/** Keys by API, for management keys. The same use-cases the dashboard calls; another organisation's key does not exist here. */
@Controller(['v1/keys', 'api/v1/keys'])
@UseGuards(ManagementKeyGuard)
export class KeysController {
  constructor(
    @Inject(DATABASE) private readonly database: Database,
    @Inject(ADMISSION) private readonly admission: Admission,
    @Inject(CONFIG) private readonly config: GatewayConfig,
  ) {}

  @Get()
  async list(@Req() request: AuthenticatedRequest, @Query() query: unknown): Promise<unknown> {
    const wish = decodeBody(keyListingSchema, query, request);
    const page = await listKeys(this.database, {
      organizationId: request.principal.organizationId,
      nowMs: Date.now(),
      limit: 100,
      offset: wish.offset,
      includeDisabled: wish.include_disabled,
    });
    return { data: page.rows.map(encodeKey) };
  }

  @Post()
  async create(@Req() request: AuthenticatedRequest, @Body() body: unknown): Promise<unknown> {
    const wish = decodeBody(keyCreationSchema, body, request);
    const created = await createKey(this.database, {
      organizationId: request.principal.organizationId,
      projectId: wish.project_id ?? null,
      kind: wish.kind,
      name: wish.name,
      limitNanousd: wish.limit ?? null,
      expiresAtMs: wish.expires_at ?? null,
      // A member stays bound by their own limits in what they make by API.
      createdById: request.principal.createdById,
      pepper: this.config.keyPepper,
      nowMs: Date.now(),
      random: randomBytes,
    });
    switch (created.kind) {
      case 'created':
        return { data: encodeKey(created.key), key: created.token };
      case 'invalid':
        throw refusal(request, { code: 'invalid_request', message: created.message, param: created.field });
      case 'not_found':
        throw refusal(request, { code: 'not_found', message: 'There is no such project.', param: 'project_id' });
      case 'too_many':
        throw refusal(request, {
          code: 'invalid_request',
          message: `An organisation may have ${created.limit} keys at most.`,
        });
    }
  }

  @Get(':hash')
  async read(@Req() request: AuthenticatedRequest, @Param('hash') keyId: string): Promise<unknown> {
    const key = await getKey(this.database, this.reference(request, keyId));
    if (key === null) throw noSuchKey(request);
    return { data: encodeKey(key) };
  }

  @Patch(':hash')
  async update(
    @Req() request: AuthenticatedRequest,
    @Param('hash') keyId: string,
    @Body() body: unknown,
  ): Promise<unknown> {
    const wish = decodeBody(keyUpdateSchema, body, request);
    const changed = await updateKey(this.database, {
      ...this.reference(request, keyId),
      ...(wish.name === undefined ? {} : { name: wish.name }),
      ...(wish.disabled === undefined ? {} : { isDisabled: wish.disabled }),
      ...(wish.limit === undefined ? {} : { limitNanousd: wish.limit }),
      ...(wish.expires_at === undefined ? {} : { expiresAtMs: wish.expires_at }),
    });
    return { data: encodeKey(await this.announced(request, changed)) };
  }

  @Delete(':hash')
  @HttpCode(200)
  async revoke(@Req() request: AuthenticatedRequest, @Param('hash') keyId: string): Promise<unknown> {
    await this.announced(request, await revokeKey(this.database, this.reference(request, keyId)));
    return { deleted: true };
  }

  /** The change is committed; telling Redis makes every gateway forget the key at its next admission. */
  private async announced(request: AuthenticatedRequest, changed: ChangedKey): Promise<ApiKey> {
    switch (changed.kind) {
      case 'changed':
        await this.admission.raiseAuthVersion({
          organizationId: request.principal.organizationId,
          authVersion: changed.authVersion,
        });
        return changed.key;
      case 'invalid':
        throw refusal(request, { code: 'invalid_request', message: changed.message, param: changed.field });
      case 'revoked':
        throw refusal(request, { code: 'invalid_request', message: 'A revoked key cannot be changed.' });
      case 'not_found':
        throw noSuchKey(request);
    }
  }

  private reference(request: AuthenticatedRequest, keyId: string) {
    return { organizationId: request.principal.organizationId, keyId, nowMs: Date.now() };
  }
}

function noSuchKey(request: AuthenticatedRequest): FailureException {
  return refusal(request, { code: 'not_found', message: 'There is no such key.' });
}
