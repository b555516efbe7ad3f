import { randomUUID } from 'node:crypto';
import { PrismaPg } from '@prisma/adapter-pg';
import { bindMigrationAwareSqlAdapterFactory, ColumnTypeEnum } from '@prisma/driver-adapter-utils';
import pg from 'pg';
import { urlOfDatabase } from './arguments.mjs';

/** The catalogue type "char", which the schema describer selects and adapter-pg 7.10 does not know. */
const charType = 18;
const textType = 25;

/** Lets "char" columns through as text and reports them as characters. Touches internals of adapter-pg: pinned to 7.10.0. */
function understandChar(adapter) {
  const { performIO, queryRaw } = Object.getPrototypeOf(Object.getPrototypeOf(adapter));
  const charColumns = new WeakMap();
  adapter.performIO = async (query) => {
    const result = await performIO.call(adapter, query);
    const fields = result.fields ?? [];
    charColumns.set(
      query,
      fields.map((field) => field.dataTypeID === charType),
    );
    for (const field of fields) if (field.dataTypeID === charType) field.dataTypeID = textType;
    return result;
  };
  adapter.queryRaw = async (query) => {
    const result = await queryRaw.call(adapter, query);
    charColumns.get(query)?.forEach((isChar, index) => {
      if (isChar) result.columnTypes[index] = ColumnTypeEnum.Character;
    });
    return result;
  };
}

/** adapter-pg splits scripts at every ';', which breaks function bodies. Sent whole, a script is one implicit transaction. */
function sendScriptsWhole(adapter) {
  adapter.executeScript = async (script) => {
    try {
      await adapter.underlyingDriver().query(script);
    } catch (error) {
      adapter.onError(error);
    }
  };
}

async function connectTo(connectionString, options, beforeDispose = async () => {}) {
  const pool = new pg.Pool({ connectionString, max: 2 });
  const adapter = await new PrismaPg(pool, options).connect();
  understandChar(adapter);
  sendScriptsWhole(adapter);
  adapter.dispose = async () => {
    await pool.end();
    await beforeDispose();
  };
  return adapter;
}

/** A database for the engine to replay migrations in, dropped when the engine is done with it. */
async function connectToOwnShadow(url, options) {
  const name = `prisma_migrate_shadow_db_${randomUUID()}`;
  const admin = new pg.Client({ connectionString: urlOfDatabase(url) });
  await admin.connect();
  await admin.query(`create database "${name}"`);
  return connectTo(urlOfDatabase(url, name), options, async () => {
    await admin.query(`drop database if exists "${name}" with (force)`);
    await admin.end();
  });
}

/** What the schema engine needs of a database: connections to it and to a shadow of it. */
export function migrationAdapter({ url, shadowUrl }) {
  const schema = new URL(url).searchParams.get('schema') ?? undefined;
  const options = { ...(schema === undefined ? {} : { schema }), onPoolError: () => {} };
  return bindMigrationAwareSqlAdapterFactory({
    provider: 'postgres',
    adapterName: '@prisma/adapter-pg',
    connect: () => connectTo(urlOfDatabase(url), options),
    connectToShadowDb: () =>
      shadowUrl === undefined ? connectToOwnShadow(url, options) : connectTo(shadowUrl, options),
  });
}
