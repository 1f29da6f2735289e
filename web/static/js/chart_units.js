// Amounts of charts in words: short ones along an axis, exact ones under the pointer.
const DIGITS = { maximumSignificantDigits: 3 };
const STYLES = {
  count: {},
  share: { style: "percent", maximumFractionDigits: 1 },
  usd: { style: "currency", currency: "USD", currencyDisplay: "narrowSymbol", ...DIGITS },
  s: { style: "unit", unit: "second", ...DIGITS },
};
const formats = (more) =>
  Object.fromEntries(
    Object.entries(STYLES).map(([unit, style]) => [unit, new Intl.NumberFormat(undefined, { ...style, ...more }).format]),
  );
const axis = formats({ notation: "compact" });
const exact = formats({});

export function axisWords(unit) {
  return (amount) => axis[unit](amount);
}

export function exactWords(unit) {
  return (amount) => exact[unit](amount);
}
