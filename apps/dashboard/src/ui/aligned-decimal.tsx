/** A number as text, moved left by as many unseen zeros as it takes to put the points of a column below each other. */
export function AlignedDecimal({ text, decimals }: { text: string; decimals: number }) {
  const missing = decimals - decimalsOf(text);
  if (missing <= 0) return <>{text}</>;
  return (
    <>
      {text}
      <span aria-hidden className="invisible select-none">
        {(text.includes('.') ? '' : '.') + '0'.repeat(missing)}
      </span>
    </>
  );
}

export function decimalsOf(text: string): number {
  const point = text.indexOf('.');
  return point < 0 ? 0 : text.length - point - 1;
}
