/** The known names nearest to a name nobody knows, best first. Linear in the catalogue: only for the miss path. */
export function suggestNames(name: string, known: readonly string[], count = 3): string[] {
  const wanted = name.toLowerCase().slice(0, 80);
  const bare = wanted.slice(wanted.lastIndexOf('/') + 1);
  const limit = Math.min(3, Math.max(2, Math.floor(bare.length / 3)));
  const near: { name: string; distance: number }[] = [];
  for (const candidate of known) {
    const ofSlug = boundedDistance(bare, candidate.slice(candidate.lastIndexOf('/') + 1), limit);
    const distance = bare === wanted ? ofSlug : Math.min(ofSlug, boundedDistance(wanted, candidate, limit));
    if (distance <= limit) near.push({ name: candidate, distance });
  }
  near.sort((a, b) => a.distance - b.distance || (a.name < b.name ? -1 : 1));
  return near.slice(0, count).map((entry) => entry.name);
}

/** Edit distance; anything above the limit is reported as limit + 1. Only the diagonal band that can stay below the limit is computed. */
function boundedDistance(a: string, b: string, limit: number): number {
  if (Math.abs(a.length - b.length) > limit) return limit + 1;
  let previous = Array.from({ length: b.length + 1 }, (_, index) => index);
  let current = new Array<number>(b.length + 1).fill(limit + 1);
  for (let row = 1; row <= a.length; row++) {
    const first = Math.max(1, row - limit);
    const last = Math.min(b.length, row + limit);
    current[first - 1] = first === 1 ? row : limit + 1;
    let best = current[first - 1] ?? limit + 1;
    for (let column = first; column <= last; column++) {
      const substitution = (previous[column - 1] ?? 0) + (a[row - 1] === b[column - 1] ? 0 : 1);
      const above = column === row + limit ? limit + 1 : (previous[column] ?? 0) + 1;
      const value = Math.min(substitution, above, (current[column - 1] ?? 0) + 1);
      current[column] = value;
      best = Math.min(best, value);
    }
    if (best > limit) return limit + 1;
    [previous, current] = [current, previous];
  }
  return Math.min(previous[b.length] ?? limit + 1, limit + 1);
}
