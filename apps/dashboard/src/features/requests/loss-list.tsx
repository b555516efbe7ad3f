import { Card } from '../../ui/card';
import { lossGroups } from './losses';

/** What of a request or its answer did not survive between the API that was used and the provider's. Nothing where all did. */
export function LossList({ losses }: { losses: readonly string[] }) {
  if (losses.length === 0) return null;
  return (
    <Card title="Lost in translation" note="The provider speaks another API than you did. This did not fit it exactly.">
      <div className="grid gap-4">
        {lossGroups(losses).map(({ title, text, fields }) => (
          <section key={title}>
            <h3 className="text-[13px] font-medium">{title}</h3>
            {text === '' ? null : <p className="text-[13px] text-muted">{text}</p>}
            <ul className="mt-2 grid gap-1.5">
              {fields.map(({ path, meaning }) => (
                <li key={path} className="text-[13px] [overflow-wrap:anywhere]">
                  <code className="rounded bg-sunken px-1.5 py-0.5 font-mono text-[12.5px]">{path}</code>
                  {meaning === null ? null : <span className="ml-2 text-muted">{meaning}</span>}
                </li>
              ))}
            </ul>
          </section>
        ))}
        <p className="border-t border-line pt-3 text-[13px] text-muted">
          Send <code className="font-mono text-[12.5px] text-text">X-Tollgate-Strict: true</code> to have a request
          refused where the provider cannot be told all of it.
        </p>
      </div>
    </Card>
  );
}
