import { databaseAccess } from './database-access.js';
import { forbiddenDependencies, forbiddenImports } from './dependency-direction.js';
import { exportsWithoutSource, longCode, meaninglessNames, oddFileNames, readmes, strangersAtRoot } from './layout.js';
import type { Rule } from './violation.js';
import { environmentReaders, machinePlaces, typeEscape, unfinished } from './wording.js';

/** Every rule of the house that a program can check. A new one needs a canary, or the canary test fails. */
export const rules = {
  'packages import only what is below them': forbiddenImports,
  'packages depend only on what is below them': forbiddenDependencies,
  'only the named entries stand at the root': strangersAtRoot,
  'no place is called utils, common, shared, helpers, lib or core': meaninglessNames,
  'files are named in kebab-case': oddFileNames,
  'no file is longer than 500 lines': longCode,
  'every room has a README with the five headings': readmes,
  'every package export can be read from source': exportsWithoutSource,
  'nothing escapes the type checker': typeEscape,
  'nothing is left unfinished': unfinished,
  'only config.ts reads the environment': environmentReaders,
  'only *.store.ts touches the database': databaseAccess,
  'no file names a machine or a registry': machinePlaces,
} as const satisfies Record<string, Rule>;

export type RuleName = keyof typeof rules;
