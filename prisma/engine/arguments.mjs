/**
 * What the Prisma CLI tells its schema engine on the command line: files of the data model, the data source as JSON, and
 * for one-shot commands `cli <command>`.
 */
export function decodeArguments(argv, environment) {
  const decoded = { datamodelFiles: [], datasource: {}, command: undefined };
  for (let index = 0; index < argv.length; index++) {
    if (argv[index] === '--datamodels') decoded.datamodelFiles.push(argv[++index]);
    else if (argv[index] === '--datasource') decoded.datasource = JSON.parse(argv[++index]);
    else if (argv[index] === 'cli') decoded.command = argv[++index];
  }
  const url = decoded.datasource.url ?? environment.DATABASE_URL;
  return { ...decoded, url, shadowUrl: decoded.datasource.shadowDatabaseUrl };
}

/** The same server, another database; without Prisma's own `schema` parameter, which Postgres does not know. */
export function urlOfDatabase(url, database) {
  const changed = new URL(url);
  changed.searchParams.delete('schema');
  if (database !== undefined) changed.pathname = `/${encodeURIComponent(database)}`;
  return changed.toString();
}

export const databaseOf = (url) => decodeURIComponent(new URL(url).pathname.slice(1)) || 'postgres';
