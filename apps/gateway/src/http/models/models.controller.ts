import { Controller, Get, Inject, Param, Req, Res } from '@nestjs/common';
import { type Catalog, type Model, PROVIDERS } from '@tollgate/catalog';
import { type MarkupRule, type MarkupTerms } from '@tollgate/pricing';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { type GatewayConfig } from '../../config.js';
import { CATALOG, CONFIG, HOUSE_MARKUP } from '../../ports.js';
import { refusal } from '../failure-exception.js';
import { encodeEndpoint, encodeModel } from './model-listing.js';
import { anthropicModel, anthropicModels, geminiModel, geminiModels } from './vendor-listings.js';

const MINUTE_MS = 60_000;

/** The catalogue, for everybody: prices are no secret. The list is encoded once per minute and version. */
@Controller()
export class ModelsController {
  private encoded: { readonly version: string; readonly body: Buffer } | null = null;

  constructor(
    @Inject(CATALOG) private readonly catalog: () => Catalog,
    @Inject(HOUSE_MARKUP) private readonly houseMarkup: () => readonly MarkupRule[],
    @Inject(CONFIG) private readonly config: GatewayConfig,
  ) {}

  /** One path, three vendors: Anthropic's and Google's clients say who they are. */
  @Get(['v1/models', 'api/v1/models', 'api/v1/models/user'])
  list(@Req() request: FastifyRequest, @Res() reply: FastifyReply): void {
    if (isAnthropic(request)) void reply.send(anthropicModels(this.catalog().models, queryOf(request)));
    else if (isGoogle(request)) void reply.send(geminiModels(this.catalog().models, queryOf(request)));
    else void reply.type('application/json').send(this.encodedList());
  }

  @Get(['v1beta/models'])
  listForGoogle(@Req() request: FastifyRequest): unknown {
    return geminiModels(this.catalog().models, queryOf(request));
  }

  @Get(['v1beta/models/:id'])
  byIdForGoogle(@Req() request: FastifyRequest, @Param('id') id: string): unknown {
    return geminiModel(this.find(request, id));
  }

  @Get(['v1beta/models/:author/:slug'])
  byNameForGoogle(
    @Req() request: FastifyRequest,
    @Param('author') author: string,
    @Param('slug') slug: string,
  ): unknown {
    return geminiModel(this.find(request, `${author}/${slug}`));
  }

  @Get(['v1/models/count', 'api/v1/models/count'])
  count(): unknown {
    return { data: { count: this.catalog().models.length } };
  }

  @Get(['v1/embeddings/models', 'api/v1/embeddings/models'])
  embeddings(): unknown {
    const models = this.catalog().models.filter(({ operation }) => operation === 'embeddings');
    return { data: models.map((model) => encodeModel(model, this.terms(), Date.now())) };
  }

  @Get(['v1/providers', 'api/v1/providers'])
  providers(): unknown {
    const data = PROVIDERS.map(({ id, name }) => ({ name, slug: id, privacy_policy_url: null }));
    return { data };
  }

  @Get(['v1/models/:id', 'api/v1/models/:id'])
  byId(@Req() request: FastifyRequest, @Param('id') id: string): unknown {
    const model = this.find(request, id);
    if (isAnthropic(request)) return anthropicModel(model);
    if (isGoogle(request)) return geminiModel(model);
    return encodeModel(model, this.terms(), Date.now());
  }

  @Get(['v1/models/:author/:slug', 'api/v1/models/:author/:slug'])
  byName(@Req() request: FastifyRequest, @Param('author') author: string, @Param('slug') slug: string): unknown {
    return this.byId(request, `${author}/${slug}`);
  }

  @Get(['v1/models/:author/:slug/endpoints', 'api/v1/models/:author/:slug/endpoints'])
  endpoints(@Req() request: FastifyRequest, @Param('author') author: string, @Param('slug') slug: string): unknown {
    const model = this.find(request, `${author}/${slug}`);
    const encoded = encodeModel(model, this.terms(), Date.now());
    const endpoints = model.endpoints.map((endpoint) => encodeEndpoint(endpoint, this.terms(), Date.now()));
    return {
      data: {
        id: encoded.id,
        name: encoded.name,
        created: encoded.created,
        description: encoded.description,
        endpoints,
      },
    };
  }

  private encodedList(): Buffer {
    const catalog = this.catalog();
    const nowMs = Date.now();
    // What prices follow from: the catalogue, the markup, and which of their dates have come.
    const version = `${catalog.version}/${JSON.stringify(this.houseMarkup())}/${Math.floor(nowMs / MINUTE_MS)}`;
    if (this.encoded?.version === version) return this.encoded.body;
    const data = catalog.models.map((model) => encodeModel(model, this.terms(), nowMs));
    const body = Buffer.from(JSON.stringify({ object: 'list', data, total_count: data.length, links: { next: null } }));
    this.encoded = { version, body };
    return body;
  }

  /** What somebody pays whose organisation has no rules of its own: the listing asks for no key. */
  private terms(): MarkupTerms {
    return { rules: this.houseMarkup(), fallbackBp: this.config.defaultMarkupBp };
  }

  private find(request: FastifyRequest, id: string): Model {
    const resolved = this.catalog().resolve(id);
    if (resolved.kind === 'found') return resolved.model;
    throw refusal(request, {
      code: 'model_not_found',
      message: `The model '${id.slice(0, 256)}' does not exist.`,
      param: 'model',
    });
  }
}

function isAnthropic(request: FastifyRequest): boolean {
  return request.headers['anthropic-version'] !== undefined;
}

function isGoogle(request: FastifyRequest): boolean {
  return request.headers['x-goog-api-key'] !== undefined;
}

function queryOf(request: FastifyRequest): URLSearchParams {
  return new URLSearchParams(request.url.split('?')[1] ?? '');
}
