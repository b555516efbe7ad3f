import type { FastifyPluginAsync } from 'fastify';
import { z } from 'zod';
import type { World } from '../attempt/serve.js';
import { readJson } from './read-json.js';
import { withoutSecret } from './requests.js';
import { type RuleState, ruleSchema, splitSchema } from './rules.js';
import { settingsSchema } from './settings.js';

const truthQuery = z.object({
  since: z.coerce.number().int().optional(),
  provider: z.string().optional(),
  correlation: z.string().optional(),
});
const replayFolder = z.strictObject({ dir: z.string().min(1) });
const queuedReplay = z.strictObject({
  case: z.string().min(1),
  correlation: z.string().optional(),
  model: z.string().optional(),
  split: splitSchema.optional(),
});

/** The control API: rules, truth, remembered requests, replay and settings. `clearMail` empties the inbox on a reset. */
export function controlRoutes(world: World, clearMail: () => void): FastifyPluginAsync {
  return async (app) => {
    ruleRoutes(app, world);
    truthRoutes(app, world);
    replayRoutes(app, world);

    app.get('/control/settings', () => world.settings.current());
    app.post('/control/settings', (request, reply) => {
      const wanted = readJson(settingsSchema, request, reply);
      return wanted === null ? reply : world.settings.change(wanted);
    });

    app.post('/control/reset', () => {
      world.rules.clear();
      world.truth.clear();
      world.requests.clear();
      world.library.clear();
      world.queue.clear();
      world.promptCache.clear();
      world.settings.reset();
      clearMail();
      return { ok: true };
    });
  };
}

type App = Parameters<FastifyPluginAsync>[0];

function ruleRoutes(app: App, world: World): void {
  app.post('/control/rules', (request, reply) => {
    const rule = readJson(ruleSchema, request, reply);
    if (rule === null) return reply;
    const action = rule.action;
    if (action.kind === 'replay' && world.library.find(action.case) === null) {
      return reply
        .code(404)
        .send({ error: { code: 'unknown_case', message: `No recording named "${action.case}" is loaded.` } });
    }
    return reply.code(201).send({ id: world.rules.add(rule).id });
  });
  app.get('/control/rules', () => ({ rules: world.rules.list().map(withoutSecrets) }));
  app.delete('/control/rules', () => {
    world.rules.clear();
    return { ok: true };
  });
  app.delete<{ Params: { id: string } }>('/control/rules/:id', (request, reply) => {
    const wasThere = world.rules.remove(request.params.id);
    return wasThere
      ? { ok: true }
      : reply.code(404).send({ error: { code: 'unknown_rule', message: 'There is no rule with this id.' } });
  });
}

/** A rule may match on a credential; what is listed shows only its length. */
export function withoutSecrets({ rule, matched, applied }: RuleState): Record<string, unknown> {
  const { header } = rule.match;
  const match =
    header === undefined
      ? rule.match
      : { ...rule.match, header: { name: header.name, value: withoutSecret(header.name, header.value) } };
  return { ...rule, match, matched, applied };
}

function truthRoutes(app: App, world: World): void {
  app.get('/control/truth', (request, reply) => {
    const query = truthQuery.safeParse(request.query);
    if (!query.success)
      return reply
        .code(400)
        .send({ error: { code: 'invalid_control_request', message: z.prettifyError(query.error) } });
    return { entries: world.truth.entries(query.data), forgotten: world.truth.forgotten() };
  });
  app.delete('/control/truth', () => {
    world.truth.clear();
    return { ok: true };
  });
  app.get<{ Querystring: { correlation?: string } }>('/control/last-request', (request, reply) => {
    const found = world.requests.last(request.query.correlation ?? null);
    return (
      found ??
      reply
        .code(404)
        .send({ error: { code: 'unknown_request', message: 'No such request is remembered (the last 200 are).' } })
    );
  });
}

function replayRoutes(app: App, world: World): void {
  app.post('/control/replay', async (request, reply) => {
    const wanted = readJson(replayFolder, request, reply);
    if (wanted === null) return reply;
    try {
      const { cases, skipped } = await world.library.load(wanted.dir);
      return { count: cases.length, skipped, cases };
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      return reply.code(400).send({ error: { code: 'unreadable_folder', message } });
    }
  });
  app.post('/control/replay/next', (request, reply) => {
    const item = readJson(queuedReplay, request, reply);
    if (item === null) return reply;
    if (world.library.find(item.case) === null)
      return reply
        .code(404)
        .send({ error: { code: 'unknown_case', message: `No recording named "${item.case}" is loaded.` } });
    world.queue.push(item);
    return { ok: true };
  });
}
