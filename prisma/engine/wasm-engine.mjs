import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { pathToFileURL } from 'node:url';

/** Where the engine leaves the message of a Rust panic: the WebAssembly error itself only says "unreachable". */
const panics = {
  message: '',
  get: () => panics.message,
  set_message: (message) => {
    panics.message = message;
  },
};

/** Loads Prisma's official WebAssembly build of the schema engine. */
export async function loadEngine({ datamodelFiles, adapter }) {
  globalThis.PRISMA_WASM_PANIC_REGISTRY = panics;
  const require = createRequire(import.meta.url);
  const folder = path.dirname(require.resolve('@prisma/schema-engine-wasm'));
  const glue = await import(pathToFileURL(path.join(folder, 'schema_engine_bg.js')).href);
  const bytes = readFileSync(path.join(folder, 'schema_engine_bg.wasm'));
  const { instance } = await WebAssembly.instantiate(bytes, { './schema_engine_bg.js': glue });
  glue.__wbg_set_wasm(instance.exports);
  instance.exports.__wbindgen_start();
  const datamodels = datamodelFiles.map((file) => [file, readFileSync(file, 'utf8')]);
  return glue.SchemaEngine.new({ datamodels: datamodels.length > 0 ? datamodels : undefined }, () => {}, adapter);
}

/** An error of the engine as the CLI expects it over JSON-RPC. */
export function encodeEngineError(error) {
  const isPanic = error instanceof WebAssembly.RuntimeError;
  const message = isPanic ? panics.message || String(error) : String(error?.message ?? error);
  const data = { is_panic: isPanic, message, meta: error?.meta ?? null, error_code: error?.code ?? null };
  return { code: 4466, message: 'An error happened. Check the data field for details.', data };
}
