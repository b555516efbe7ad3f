import { Body, Controller, Get, Inject, Patch, Req, UseGuards } from '@nestjs/common';
import type { Admission } from '@tollgate/admission';
import { changeProjectSettings, type ProjectSettings, readProjectSettings } from '@tollgate/conversations';
import type { Database } from '@tollgate/prisma';
import { z } from 'zod';
import type { KeyCache } from '../../keys/key-cache.js';
import type { ReasoningVault } from '../../memory/reasoning-vault.js';
import { ADMISSION, DATABASE, KEYS, VAULT } from '../../ports.js';
import type { AuthenticatedRequest } from '../authenticated-request.js';
import { refusal } from '../failure-exception.js';
import { decodeBody } from '../json-body.js';
import { ManagementKeyGuard } from '../key.guard.js';

const changeSchema = z.strictObject({
  stores_responses: z.boolean().optional(),
  keeps_reasoning: z.boolean().optional(),
});

/** The project of the calling management key: what it keeps of its conversations. */
@Controller(['v1/project', 'api/v1/project'])
@UseGuards(ManagementKeyGuard)
export class ProjectsController {
  constructor(
    @Inject(DATABASE) private readonly database: Database,
    @Inject(ADMISSION) private readonly admission: Admission,
    @Inject(KEYS) private readonly keys: KeyCache,
    @Inject(VAULT) private readonly vault: ReasoningVault,
  ) {}

  @Get()
  async read(@Req() request: AuthenticatedRequest): Promise<unknown> {
    const settings = await readProjectSettings(this.database, request.principal);
    if (settings === null) throw noSuchProject(request);
    return { data: encode(settings) };
  }

  /** Committed first, announced then: gateways learn of it at the next admission. Turning storage off deletes what was stored. */
  @Patch()
  async change(@Req() request: AuthenticatedRequest, @Body() body: unknown): Promise<unknown> {
    const wish = decodeBody(changeSchema, body, request);
    const { organizationId } = request.principal;
    const changed = await changeProjectSettings(this.database, request.principal, {
      storesResponses: wish.stores_responses,
      keepsReasoning: wish.keeps_reasoning,
    });
    if (changed === null) throw noSuchProject(request);
    await this.admission.raiseAuthVersion({ organizationId, authVersion: changed.authVersion });
    this.keys.forget(organizationId);
    if (!changed.settings.keepsReasoning) await this.vault.forget(organizationId);
    return { data: encode(changed.settings) };
  }
}

function encode({ projectId, name, storesResponses, keepsReasoning }: ProjectSettings) {
  return { id: projectId, name, stores_responses: storesResponses, keeps_reasoning: keepsReasoning };
}

function noSuchProject(request: AuthenticatedRequest) {
  return refusal(request, { code: 'not_found', message: 'There is no such project.' });
}
